(() => {
  const $ = (id) => document.getElementById(id);
  const rows = [...document.querySelectorAll("tr.one-behavior")];
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

  function matches(row, words, kind) {
    return (!kind || kind in row.dataset) && words.every((word) => texts.get(row).includes(word));
  }

  function filter() {
    address.keep($("filter"));
    const words = $("filter-text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const kind = $("filter-kind").value;
    let count = 0;
    for (const row of rows) {
      row.hidden = !matches(row, words, kind);
      if (!row.hidden) count += 1;
    }
    for (const area of $("table").tBodies) {
      area.hidden = ![...area.rows].some((row) => row.id && !row.hidden);
    }
    const all = rows.length;
    $("shown").textContent = count === all ? `${all} behaviors` : `${count} of ${all} behaviors`;
    $("no-match").hidden = count > 0;
  }

  for (const id of ["filter-text", "filter-kind"]) $(id).addEventListener("input", filter);
  $("filter").addEventListener("submit", (event) => event.preventDefault());
  $("clear").addEventListener("click", () => {
    $("filter").reset();
    filter();
  });
  address.restore($("filter"));
  $("filter").hidden = false;
  filter();
})();
