// The daily maxima in three dimensions, turned by dragging or by the arrow keys.
function helix(tracks) {
  const canvas = byId("helix-canvas"), chosen = byId("helix-gas");
  const START = [-0.6, 0.42];
  let [yaw, pitch] = START, dots = [], hovered = -1, drag = null;

  function draw() {
    const track = tracks[Number(chosen.value)];
    const width = canvas.clientWidth || 600, height = Math.min(Math.max(width * 0.72, 300), 560);
    const pen = prepared(canvas, width, height);
    const far = 1.05 * Math.max(50, ...track.points.map((p) => Math.max(Math.abs(p[0]), Math.abs(p[1]))));
    const top = Math.ceil(Math.max(4, ...track.points.map((p) => p[2])) / 4) * 4;
    const unit = Math.min(width * 0.32, height * 0.37);
    const place = (p) => {
      const x = p[0] / far, y = p[1] / far, up = (p[2] / top) * 1.5 - 0.75;
      const a = x * Math.cos(yaw) - y * Math.sin(yaw), b = x * Math.sin(yaw) + y * Math.cos(yaw);
      return [width / 2 + a * unit, height * 0.47 - (up * Math.cos(pitch) + b * Math.sin(pitch)) * unit, b * Math.cos(pitch) - up * Math.sin(pitch)];
    };
    const line = (points, colour, thick, dash) => {
      pen.strokeStyle = colour; pen.lineWidth = thick; pen.setLineDash(dash || []); pen.beginPath();
      points.map(place).forEach((p) => pen.lineTo(p[0], p[1]));
      pen.stroke(); pen.setLineDash([]);
    };
    const label = (point, text, align) => {
      const p = place(point);
      pen.save();
      pen.textAlign = align || "center";
      pen.lineWidth = 3; pen.strokeStyle = "#fff"; pen.lineJoin = "round"; pen.strokeText(text, p[0], p[1]);
      pen.fillStyle = "#32383f"; pen.fillText(text, p[0], p[1]);
      pen.restore();
    };
    for (const v of [-1, -0.5, 0, 0.5, 1]) {
      line([[-far, v * far, 0], [far, v * far, 0]], "#d0d7de", 1);
      line([[v * far, -far, 0], [v * far, far, 0]], "#d0d7de", 1);
    }
    line([[0, 0, 0], [0, 0, top]], "#57606a", 1.2);
    const ground = place([0, 0, 0]);
    star(pen, ground[0], ground[1], 9); pen.fillStyle = "#000"; pen.fill();
    const last = Math.max(1, ...track.points.map((p) => p[3]));
    track.points.forEach((p) => line([[p[0], p[1], 0], p], "#c9ced4", 1));
    if (track.curve.length) line(track.curve.filter((p) => Math.abs(p[0]) < 2 * far && Math.abs(p[1]) < 2 * far), "#d55e00", 2.4);
    dots = track.points.map((p, k) => [...place(p), k]);
    [...dots].sort((a, b) => b[2] - a[2]).forEach(([x, y, , k]) => {
      pen.beginPath(); pen.arc(x, y, k === hovered ? 8 : 5.5, 0, 2 * Math.PI);
      pen.fillStyle = mixed(SEQUENTIAL, track.points[k][3] / last); pen.fill();
      pen.strokeStyle = k === hovered ? "#000" : "#fff"; pen.lineWidth = k === hovered ? 2 : 1; pen.stroke();
    });
    // Last, so that no point or line hides a number.
    pen.font = "11px system-ui, sans-serif"; pen.textBaseline = "middle";
    for (let v = 0; v <= top; v += 4) label([0, 0, v], "  " + v, "left");
    label([0, 0, top * 1.06], words.height);
    const round = Math.round(far / 10) * 10;
    label([far * 1.1, 0, 0], words.east); label([0, far * 1.1, 0], words.north);
    label([far, -far * 1.08, 0], "+" + round); label([-far, -far * 1.08, 0], "−" + round);
    pen.font = "11px system-ui, sans-serif"; pen.textAlign = "left"; pen.fillStyle = "#32383f";
    const bar = Math.min(160, width * 0.35);
    for (let k = 0; k < bar; k += 1) { pen.fillStyle = mixed(SEQUENTIAL, k / bar); pen.fillRect(12 + k, height - 30, 1.6, 10); }
    pen.fillStyle = "#32383f";
    if (track.dates.length) { pen.fillText(track.dates[0].slice(5), 12, height - 11); pen.textAlign = "right"; pen.fillText(track.dates[track.dates.length - 1].slice(5), 12 + bar, height - 11); }
    if (report.simulated) { pen.font = "italic 11px system-ui, sans-serif"; pen.textAlign = "right"; pen.fillText(words.simulated, width - 10, height - 11); }
    const point = track.points[hovered];
    byId("helix-readout").textContent = point
      ? track.dates[hovered] + " · " + signed(point[0], 0) + " km E, " + signed(point[1], 0) + " km N · " + track.levels[hovered] + " hPa (" + signed(point[2], 1) + " km) · " + words.z + " = " + signed(track.z[hovered], 2)
      : (track.curve.length ? "" : words.no_fit + ". ") + words.turn_hint;
    canvas.dataset.yaw = yaw.toFixed(3);
    canvas.dataset.pitch = pitch.toFixed(3);
  }

  function turn(across, up) {
    yaw += across;
    pitch = Math.min(Math.max(pitch + up, 0), Math.PI / 2);
    draw();
  }

  fill(chosen, tracks.map((track, k) => [k, track.gas]));
  chosen.addEventListener("change", () => { hovered = -1; draw(); });
  byId("helix-reset").addEventListener("click", () => { [yaw, pitch] = START; hovered = -1; draw(); });
  canvas.addEventListener("pointerdown", (event) => { drag = [event.clientX, event.clientY]; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointermove", (event) => {
    if (drag) {
      turn((event.clientX - drag[0]) * 0.008, (event.clientY - drag[1]) * 0.006);
      drag = [event.clientX, event.clientY];
      return;
    }
    const box = canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    const near = dots.map(([a, b, , k]) => [Math.hypot(a - x, b - y), k]).sort((a, b) => a[0] - b[0])[0];
    const found = near && near[0] < 12 ? near[1] : -1;
    if (found !== hovered) { hovered = found; draw(); }
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { drag = null; });
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.08], ArrowDown: [0, -0.08] }[event.key];
    if (!move) return;
    event.preventDefault();
    turn(...move);
  });
  byId("helix").hidden = false;
  draw();
  return draw;
}
