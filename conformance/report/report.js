(() => {
  const $ = (id) => document.getElementById(id);
  const table = $("table");
  const heads = [...table.tHead.rows[0].cells];
  const areas = [...table.querySelectorAll("tbody.area")];
  const behaviors = [...table.querySelectorAll("tbody.behavior")];
  const inOrder = [...table.tBodies];
  const fields = { text: $("filter-text"), verdict: $("filter-verdict"), level: $("filter-level"), area: $("filter-area") };
  const diverging = ["crash", "fail", "error", "timeout", "unexpected_pass"];
  const texts = new Map(behaviors.map((one) => [one, one.textContent.toLowerCase()]));
  const places = new Map(behaviors.map((one, at) => [one, at]));
  let sorted = null;

  // Filtering

  function matches(one, words) {
    const verdicts = one.dataset.verdicts.split(" ");
    const wanted = fields.verdict.value;
    return (
      (!wanted || (wanted === "diverging" ? diverging.some((v) => verdicts.includes(v)) : verdicts.includes(wanted))) &&
      (!fields.level.value || one.dataset.level === fields.level.value) &&
      (!fields.area.value || one.dataset.area === fields.area.value) &&
      words.every((word) => texts.get(one).includes(word))
    );
  }

  function filter() {
    address.keep($("filter"));
    const words = fields.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const seen = new Set();
    let count = 0;
    for (const one of behaviors) {
      one.hidden = !matches(one, words);
      if (!one.hidden) {
        count += 1;
        seen.add(one.dataset.area);
      }
    }
    for (const area of areas) area.hidden = sorted !== null || !seen.has(area.dataset.area);
    const all = behaviors.length;
    $("shown").textContent = count === all ? `${all} behaviors` : `${count} of ${all} behaviors`;
    $("no-match").hidden = count > 0;
  }

  function clear() {
    for (const field of Object.values(fields)) field.value = "";
    filter();
  }

  // Sorting: each column goes first one way, then the other, then back to the document's order.

  function sort(column) {
    const first = heads[column].dataset.first || "ascending";
    const second = first === "ascending" ? "descending" : "ascending";
    if (!sorted || sorted.column !== column) sorted = { column, direction: first };
    else if (sorted.direction === first) sorted.direction = second;
    else sorted = null;
    heads.forEach((head, index) => {
      if (sorted && index === sorted.column) head.setAttribute("aria-sort", sorted.direction);
      else head.removeAttribute("aria-sort");
    });
    table.append(...(sorted ? [...areas, ...inSortedOrder()] : inOrder));
    filter();
  }

  function inSortedOrder() {
    const sign = sorted.direction === "ascending" ? 1 : -1;
    const byId = sorted.column === 0;
    const key = (one) => (byId ? one.id : Number(one.rows[0].cells[sorted.column].dataset.key));
    const keys = new Map(behaviors.map((one) => [one, key(one)]));
    return [...behaviors].sort((a, b) => {
      const [left, right] = [keys.get(a), keys.get(b)];
      const order = left < right ? -1 : left > right ? 1 : 0;
      return sign * order || places.get(a) - places.get(b);
    });
  }

  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(column));
    head.append(button);
  });

  // Moving from row to row

  const rowOf = (one) => one.rows[0];
  const detailsOf = (one) => one.querySelectorAll(":scope > .detail > td > details");

  function step(by) {
    const visible = [...table.tBodies].filter((one) => one.classList.contains("behavior") && !one.hidden);
    if (!visible.length) return;
    const here = document.activeElement && document.activeElement.closest("tbody.behavior");
    const at = visible.indexOf(here);
    const next = at < 0 ? (by > 0 ? 0 : visible.length - 1) : Math.min(Math.max(at + by, 0), visible.length - 1);
    rowOf(visible[next]).focus({ preventScroll: true });
    visible[next].scrollIntoView({ block: "nearest" });
  }

  function goToTarget() {
    let id = location.hash.slice(1);
    try {
      id = decodeURIComponent(id);
    } catch {
      return;
    }
    const target = $(id);
    if (!target || !behaviors.includes(target)) return;
    if (target.hidden) clear();
    for (const details of detailsOf(target)) details.open = true;
    target.scrollIntoView();
    rowOf(target).focus({ preventScroll: true });
  }

  // Copying

  function addCopyButton(head) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy: ${head.textContent}`);
    head.append(button);
  }

  function copyBySelection(text) {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }

  async function copy(button) {
    const text = button.closest(".code").querySelector("pre").textContent;
    let done = false;
    try {
      await navigator.clipboard.writeText(text);
      done = true;
    } catch {
      done = copyBySelection(text);
      button.focus();
    }
    button.textContent = done ? "Copied" : "Select and copy by hand";
    $("announcer").textContent = button.textContent;
    setTimeout(() => {
      button.textContent = "Copy";
      $("announcer").textContent = "";
    }, 2000);
  }

  // Events

  const help = $("help");

  const keys = {
    "/": () => fields.text.focus(),
    j: () => step(1),
    k: () => step(-1),
    "?": () => help.showModal(),
    Escape: clear,
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    const typing = event.target.closest("input, select, textarea");
    if (typing && event.key !== "Escape") return;
    const row = event.target.closest("tr.row");
    if (event.key === "Enter" && event.target === row) {
      for (const details of detailsOf(row.parentElement)) details.open = !details.open;
    } else if (Object.hasOwn(keys, event.key)) {
      event.preventDefault();
      keys[event.key]();
      if (typing) typing.blur();
    }
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.copy");
    if (button) copy(button);
    const show = event.target.closest("a[data-show]");
    if (show) {
      clear();
      fields.verdict.value = show.dataset.show;
      filter();
    }
  });

  for (const field of Object.values(fields)) field.addEventListener("input", filter);
  $("filter").addEventListener("submit", (event) => event.preventDefault());
  $("clear").addEventListener("click", clear);
  $("help-button").addEventListener("click", () => help.showModal());
  window.addEventListener("hashchange", goToTarget);
  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const details of folded) details.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const details of folded) details.open = false;
  });

  $("filter").hidden = false;
  document.querySelectorAll(".code-head").forEach(addCopyButton);
  address.restore($("filter"));
  window.addEventListener("load", goToTarget);
  filter();
})();
