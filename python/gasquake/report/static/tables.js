// Tables that sort by a press on a heading and filter by a choice.
function sortable(table) {
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  const key = (row, k) => {
    const cell = row.cells[k];
    if (!cell.classList.contains("number")) return cell.dataset.order ?? cell.textContent;
    return cell.dataset.order === undefined ? NaN : Number(cell.dataset.order);
  };
  heads.forEach((head, k) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const sorted = [...body.rows].map((row) => [key(row, k), row]).sort(([a], [b]) => {
        // What is missing stays at the end, whichever way the rest is turned.
        if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
        const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
        return down ? -order : order;
      });
      body.append(...sorted.map(([, row]) => row));
    });
  });
}

function filterable(block) {
  const controls = block.querySelector(".controls"), rows = [...block.querySelector("tbody").rows];
  const selects = [...controls.querySelectorAll("select")];
  const told = controls.querySelector(".shown");
  const apply = () => {
    let n = 0;
    for (const row of rows) {
      row.hidden = selects.some((s) => s.value && row.cells[Number(s.dataset.filter)].textContent !== s.value);
      n += row.hidden ? 0 : 1;
    }
    told.textContent = words.rows_shown.replace("{n}", n).replace("{total}", rows.length);
  };
  selects.forEach((s) => s.addEventListener("change", apply));
  controls.hidden = selects.length === 0;
  apply();
}
