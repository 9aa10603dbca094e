// Level maps with a day slider, a value under the pointer, and the profile of the chosen cell.
function explore(maps) {
  const canvas = byId("map-canvas"), side = byId("map-profile");
  const gas = byId("map-gas"), orbit = byId("map-orbit"), level = byId("map-level"), slider = byId("map-day");
  const rows = maps.lat.length, columns = maps.lon.length, layers = maps.levels.length + 1;
  const step = (axis) => (axis.length > 1 ? (axis[axis.length - 1] - axis[0]) / (axis.length - 1) : 1);
  const dx = step(maps.lon), dy = step(maps.lat);
  const west = maps.lon[0] - dx / 2, south = maps.lat[0] - dy / 2;
  const EMPTY = -32768;
  let cell = [nearest(maps.lat, maps.event[1]), nearest(maps.lon, maps.event[0])];
  let frame = null;

  function nearest(axis, value) {
    let best = 0;
    axis.forEach((v, k) => { if (Math.abs(v - value) < Math.abs(axis[best] - value)) best = k; });
    return best;
  }

  const series = new Map();
  function current() {
    const key = gas.value + "|" + orbit.value;
    if (!series.has(key)) {
      const one = maps.series[key];
      series.set(key, { z: decoded(one.z), anomaly: decoded(one.anomaly), scale: one.anomalyScale, unit: one.anomalyUnit, verdicts: one.verdicts, stages: one.stages });
    }
    return series.get(key);
  }

  const at = (layer, row, column) => ((Number(slider.value) * layers + layer) * rows + row) * columns + column;
  const z = (layer, row, column) => { const v = current().z[at(layer, row, column)]; return v === EMPTY ? NaN : v / 100; };
  const layerName = (k) => (k === 0 ? (layers < 2 ? words.layer : words.column) : maps.levels[k - 1] + " hPa");
  const shownLayer = () => Number(level.value || 0);

  function draw() {
    const width = canvas.clientWidth || 600;
    const shape = (rows * dy) / (columns * dx * Math.max(Math.cos((maps.lat[Math.floor(rows / 2)] * Math.PI) / 180), 0.1));
    const left = 46, right = 74, top = 8, bottom = 26;
    const height = Math.min((width - left - right) * shape, 560) + top + bottom;
    const pen = prepared(canvas, width, height);
    const w = width - left - right, h = height - top - bottom;
    const x = (lon) => left + ((lon - west) / (columns * dx)) * w;
    const y = (lat) => top + h - ((lat - south) / (rows * dy)) * h;
    frame = { left, top, w, h };
    pen.fillStyle = "#ededed";
    pen.fillRect(left, top, w, h);
    hatch(pen, left, top, w, h);
    let best = null;
    for (let r = 0; r < rows; r += 1) {
      for (let c = 0; c < columns; c += 1) {
        const value = z(shownLayer(), r, c);
        if (Number.isNaN(value)) continue;
        pen.fillStyle = mixed(DIVERGING, 0.5 + value / (2 * maps.limit));
        const x0 = x(west + c * dx), y0 = y(south + (r + 1) * dy);
        pen.fillRect(x0, y0, x(west + (c + 1) * dx) - x0 + 0.4, y(south + r * dy) - y0 + 0.4);
        if (best === null || value > best[0]) best = [value, r, c];
      }
    }
    pen.save();
    pen.beginPath();
    pen.rect(left, top, w, h);
    pen.clip();
    pen.strokeStyle = "#222";
    pen.lineWidth = 1;
    for (const line of maps.coast) {
      pen.beginPath();
      line.forEach((p) => pen.lineTo(x(p[0]), y(p[1])));
      pen.stroke();
    }
    if (best) {
      pen.beginPath();
      pen.arc(x(maps.lon[best[2]]), y(maps.lat[best[1]]), 9, 0, 2 * Math.PI);
      pen.lineWidth = 4; pen.strokeStyle = "#fff"; pen.stroke();
      pen.lineWidth = 2; pen.strokeStyle = "#000"; pen.stroke();
    }
    star(pen, x(maps.event[0]), y(maps.event[1]), 9);
    pen.lineWidth = 3; pen.strokeStyle = "#fff"; pen.stroke();
    pen.fillStyle = "#000"; pen.fill();
    pen.restore();
    pen.lineWidth = 2; pen.strokeStyle = "#0072b2";
    const cx = x(west + cell[1] * dx), cy = y(south + (cell[0] + 1) * dy);
    pen.strokeRect(cx, cy, x(west + (cell[1] + 1) * dx) - cx, y(south + cell[0] * dy) - cy);
    axes(pen, x, y, left, top, w, h);
    bar(pen, left + w + 14, top, h);
    if (best === null) {
      pen.font = "14px system-ui, sans-serif"; pen.textAlign = "center"; pen.fillStyle = "#333";
      pen.fillText(words.missing_day, left + w / 2, top + h / 2);
    }
    if (report.simulated) {
      pen.font = "italic 11px system-ui, sans-serif"; pen.textAlign = "right"; pen.textBaseline = "alphabetic"; pen.fillStyle = "#222";
      const label = words.simulated, size = pen.measureText(label).width;
      pen.fillStyle = "rgba(255,255,255,.8)"; pen.fillRect(left + w - size - 8, top + h - 17, size + 8, 17);
      pen.fillStyle = "#222"; pen.fillText(label, left + w - 4, top + h - 5);
    }
    profile();
    describe();
  }

  function hatch(pen, left, top, w, h) {
    pen.save();
    pen.beginPath(); pen.rect(left, top, w, h); pen.clip();
    pen.strokeStyle = "#bdbdbd"; pen.lineWidth = 1; pen.beginPath();
    for (let k = -h; k < w; k += 8) { pen.moveTo(left + k, top + h); pen.lineTo(left + k + h, top); }
    pen.stroke(); pen.restore();
  }

  function ticks(low, high, most) {
    const raw = (high - low) / most;
    const size = [0.5, 1, 2, 5, 10, 20, 45].find((s) => s >= raw) || 90;
    const found = [];
    for (let v = Math.ceil(low / size) * size; v <= high + 1e-9; v += size) found.push(v);
    return found;
  }

  function axes(pen, x, y, left, top, w, h) {
    pen.strokeStyle = "#57606a"; pen.lineWidth = 1; pen.strokeRect(left, top, w, h);
    pen.fillStyle = "#32383f"; pen.font = "11px system-ui, sans-serif";
    pen.textAlign = "center"; pen.textBaseline = "top";
    for (const v of ticks(west, west + columns * dx, Math.max(2, w / 70))) {
      const turned = ((v + 540) % 360) - 180, side = turned === -180 ? "" : turned < 0 ? "W" : turned > 0 ? "E" : "";
      pen.fillText(Math.abs(turned) + "°" + side, x(v), top + h + 6);
      pen.fillRect(x(v), top + h, 1, 4);
    }
    pen.textAlign = "right"; pen.textBaseline = "middle";
    for (const v of ticks(south, south + rows * dy, Math.max(2, h / 45))) {
      pen.fillText(Math.abs(v) + "°" + (v < 0 ? "S" : v > 0 ? "N" : ""), left - 7, y(v));
      pen.fillRect(left - 4, y(v), 4, 1);
    }
  }

  function bar(pen, left, top, h) {
    const parts = 80;
    for (let k = 0; k < parts; k += 1) {
      pen.fillStyle = mixed(DIVERGING, 1 - (k + 0.5) / parts);
      pen.fillRect(left, top + (k * h) / parts, 12, h / parts + 0.6);
    }
    pen.strokeStyle = "#57606a"; pen.lineWidth = 1; pen.strokeRect(left, top, 12, h);
    pen.fillStyle = "#32383f"; pen.textAlign = "left"; pen.textBaseline = "middle"; pen.font = "11px system-ui, sans-serif";
    for (const share of [-1, -0.5, 0, 0.5, 1]) {
      const place = top + h / 2 - (share * h) / 2;
      pen.fillText(signed(share * maps.limit, Number.isInteger(maps.limit / 2) ? 0 : 1), left + 17, Math.min(Math.max(place, top + 6), top + h - 6));
    }
    pen.save(); pen.translate(left + 44, top + h / 2); pen.rotate(Math.PI / 2);
    pen.textAlign = "center"; pen.fillText(words.zscore, 0, 0); pen.restore();
  }

  function profile() {
    if (layers < 2) return;
    const width = side.clientWidth || 220;
    const height = Math.max(frame.h + 34, 260);
    const pen = prepared(side, width, height);
    const left = 44, right = 10, top = 22, bottom = 26, w = width - left - right, h = height - top - bottom;
    const values = maps.levels.map((_, k) => z(k + 1, cell[0], cell[1]));
    const high = Math.log(maps.levels[0]) + 0.05, low = Math.log(maps.levels[layers - 2]) - 0.05;
    const limit = Math.max(maps.limit, ...values.filter((v) => !Number.isNaN(v)).map(Math.abs));
    const x = (v) => left + w / 2 + (v / limit) * (w / 2 - 8);
    const y = (p) => top + h - ((high - Math.log(p)) / (high - low)) * h;
    pen.fillStyle = "#f6f8fa"; pen.fillRect(left, top, w, h);
    const edge = (k) => (k < 0 ? top + h : k >= values.length - 1 ? top : (y(maps.levels[k]) + y(maps.levels[k + 1])) / 2);
    values.forEach((v, k) => { if (Number.isNaN(v)) hatch(pen, left, edge(k), w, edge(k - 1) - edge(k)); });
    pen.strokeStyle = "#8c959f"; pen.lineWidth = 1;
    const rule = (x0, y0, x1, y1, dash) => { pen.setLineDash(dash); pen.beginPath(); pen.moveTo(x0, y0); pen.lineTo(x1, y1); pen.stroke(); pen.setLineDash([]); };
    rule(x(0), top, x(0), top + h, []);
    rule(x(maps.threshold), top, x(maps.threshold), top + h, [4, 3]);
    if (Math.log(maps.split) < high && Math.log(maps.split) > low) rule(left, y(maps.split), left + w, y(maps.split), [2, 3]);
    pen.strokeStyle = "#b35806"; pen.lineWidth = 1.8; pen.beginPath();
    let open = false;
    values.forEach((v, k) => {
      if (Number.isNaN(v)) { open = false; return; }
      if (open) pen.lineTo(x(v), y(maps.levels[k])); else pen.moveTo(x(v), y(maps.levels[k]));
      open = true;
    });
    pen.stroke();
    values.forEach((v, k) => {
      if (Number.isNaN(v)) return;
      pen.beginPath(); pen.arc(x(v), y(maps.levels[k]), k + 1 === shownLayer() ? 5 : 3, 0, 2 * Math.PI);
      pen.fillStyle = k + 1 === shownLayer() ? "#0072b2" : "#b35806"; pen.fill();
    });
    pen.strokeStyle = "#57606a"; pen.strokeRect(left, top, w, h);
    pen.fillStyle = "#32383f"; pen.font = "11px system-ui, sans-serif"; pen.textAlign = "right"; pen.textBaseline = "middle";
    let last = Infinity;
    maps.levels.forEach((p) => { if (last - y(p) >= 13) { pen.fillText(String(p), left - 5, y(p)); last = y(p); } });
    pen.textAlign = "center"; pen.textBaseline = "top";
    for (const v of [-limit, 0, limit]) pen.fillText(signed(v, Number.isInteger(v) ? 0 : 1), Math.min(Math.max(x(v), left + 6), left + w - 6), top + h + 6);
    pen.textBaseline = "alphabetic"; pen.fillText(words.profile, left + w / 2, 14);
  }

  const degrees = (value, plus, minus) => Math.abs(value) + "°" + (value < 0 ? minus : plus);
  function describe() {
    const k = Number(slider.value), now = current();
    const parts = [maps.dates[k], now.stages[k]];
    if (maps.dates[k] === maps.originDate) parts.push(words.origin_day);
    parts.push(words.verdict_here + (maps.verdicts[now.verdicts[k]] || now.verdicts[k]));
    byId("map-state").textContent = parts.join(" · ");
    slider.setAttribute("aria-valuetext", maps.dates[k]);
    const [row, column] = cell, value = z(shownLayer(), row, column);
    const lon = ((maps.lon[column] + 540) % 360) - 180;
    const place = degrees(maps.lat[row], "N", "S") + " " + degrees(lon, "E", "W") + " · " + layerName(shownLayer()) + " · ";
    const excess = now.anomaly[at(shownLayer(), row, column)];
    byId("map-readout").textContent = place + (Number.isNaN(value) ? words.no_value
      : words.z + " = " + signed(value, 2) + (excess === EMPTY ? "" : " · " + words.anomaly + " " + signed(excess * now.scale, 2) + " " + now.unit));
  }

  function point(event) {
    const box = canvas.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left - frame.left) / frame.w) * columns);
    const row = rows - 1 - Math.floor(((event.clientY - box.top - frame.top) / frame.h) * rows);
    if (row < 0 || row >= rows || column < 0 || column >= columns || (row === cell[0] && column === cell[1])) return;
    cell = [row, column];
    draw();
  }

  fill(gas, maps.gases);
  fill(orbit, maps.orbits);
  fill(level, Array.from({ length: layers }, (_, k) => [k, layerName(k)]));
  if (layers < 2) { byId("map-level-label").remove(); side.remove(); canvas.parentElement.classList.add("single"); level.value = "0"; }
  slider.max = String(maps.dates.length - 1);
  slider.value = String(maps.start);
  for (const control of [gas, orbit, level]) control.addEventListener("change", draw);
  slider.addEventListener("input", draw);
  canvas.addEventListener("pointermove", point);
  canvas.addEventListener("pointerdown", point);
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!move) return;
    event.preventDefault();
    cell = [Math.min(Math.max(cell[0] + move[0], 0), rows - 1), Math.min(Math.max(cell[1] + move[1], 0), columns - 1)];
    draw();
  });
  byId("explorer").hidden = false;
  draw();
  return draw;
}
