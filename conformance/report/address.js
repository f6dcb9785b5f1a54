"use strict";
// The filter stands in the page's address, so that what is shown can be sent to somebody.
const address = {
  restore(form) {
    for (const [name, value] of new URLSearchParams(location.search)) {
      const field = form.elements.namedItem(name);
      if (!field || field.name !== name) continue;
      field.value = value;
      if (field.selectedIndex === -1) field.selectedIndex = 0; // no such choice
    }
  },

  keep(form) {
    const url = new URL(location.href);
    for (const { name, value } of form.elements) {
      if (name && value) url.searchParams.set(name, value);
      else if (name) url.searchParams.delete(name);
    }
    if (url.href === location.href) return;
    try {
      history.replaceState(null, "", url);
    } catch {
      // Some viewers show pages whose address cannot change; the filter works all the same.
    }
  },
};
