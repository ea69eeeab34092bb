"use strict";
// Headings sort the table: numbers from the greatest on, texts alphabetically, and the other way round the next time.
for (const heading of document.querySelectorAll("th:not(.histogram)")) {
  const button = document.createElement("button");
  button.append(...heading.childNodes);
  heading.append(button);
  button.addEventListener("click", () => {
    const body = heading.closest("table").tBodies[0];
    const column = heading.cellIndex;
    const value = (row) => {
      const cell = row.cells[column];
      const text = cell.dataset.value ?? cell.textContent;
      return heading.className ? text : text === "" ? NaN : Number(text);
    };
    const state = heading.getAttribute("aria-sort");
    const rises = heading.className ? state !== "ascending" : state === "descending";
    const sign = rises ? 1 : -1;
    const order = (a, b) => {
      const x = value(a);
      const y = value(b);
      if (typeof x === "string") return sign * x.localeCompare(y, "en", { numeric: true });
      if (isNaN(x) || isNaN(y)) return isNaN(x) - isNaN(y);
      return sign * (x - y);
    };
    const rows = [...body.rows].sort(order);
    for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", rises ? "ascending" : "descending");
    body.append(...rows);
  });
}
