// Puts the parts to work on this page.
document.querySelectorAll("table[data-sortable]").forEach(sortable);
document.querySelectorAll(".table-block").forEach((block) => { if (block.querySelector(".controls")) filterable(block); });
const redraws = [];
if (report.maps && report.maps.dates.length) redraws.push(explore(report.maps));
if (report.helix.length) redraws.push(helix(report.helix));
let waiting = 0;
window.addEventListener("resize", () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(() => redraws.forEach((draw) => draw())); });
// On paper nothing stays folded.
window.addEventListener("beforeprint", () => { document.querySelectorAll("details").forEach((part) => { part.open = true; }); redraws.forEach((draw) => draw()); });
