// Sorting for `<table class="tableau" data-tri>`: a header with `data-tri="texte|nombre"` becomes a button.
// A cell may give what it is sorted by in `data-valeur` (centimes, ISO date); else its text is read.
(() => {
  const collator = new Intl.Collator("fr", { sensitivity: "base", numeric: true });

  const value = (row, column, kind) => {
    const cell = row.cells[column];
    const raw = cell.dataset.valeur ?? cell.textContent.trim();
    return kind === "nombre" ? Number.parseFloat(String(raw).replace(/[\s\u202f\u00a0]/g, "").replace(",", ".")) || 0 : raw;
  };

  const sort = (table, header) => {
    const up = header.getAttribute("aria-sort") !== "ascending";
    const column = header.cellIndex;
    const kind = header.dataset.tri;
    for (const other of table.tHead.querySelectorAll("[aria-sort]")) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", up ? "ascending" : "descending");
    const body = table.tBodies[0];
    const rows = Array.from(body.rows, (row) => [value(row, column, kind), row]);
    rows.sort(([a], [b]) => (kind === "nombre" ? a - b : collator.compare(a, b)) * (up ? 1 : -1));
    body.append(...rows.map(([, row]) => row));
  };

  for (const table of document.querySelectorAll("table[data-tri]")) {
    for (const header of table.tHead.querySelectorAll("th[data-tri]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "tableau__tri";
      button.append(...header.childNodes);
      header.append(button);
      button.addEventListener("click", () => sort(table, header));
    }
  }
})();
