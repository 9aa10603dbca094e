"use strict";
// Shared by the scripts below: colours that the colour-blind tell apart, sharp canvases, numbers.
const report = JSON.parse(document.getElementById("report-data").textContent);
const words = report.words;
const byId = (id) => document.getElementById(id);
// PuOr of ColorBrewer, turned: purple below, orange above. Cividis, sampled.
const DIVERGING = ["#2d004b", "#542788", "#8073ac", "#b2abd2", "#d8daeb", "#f7f7f7", "#fee0b6", "#fdb863", "#e08214", "#b35806", "#7f3b08"];
const SEQUENTIAL = ["#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838"];

function mixed(colours, share) {
  const at = Math.min(Math.max(share, 0), 1) * (colours.length - 1);
  const low = Math.min(Math.floor(at), colours.length - 2);
  const part = (hex, k) => parseInt(hex.slice(1 + 2 * k, 3 + 2 * k), 16);
  const rgb = [0, 1, 2].map((k) => Math.round(part(colours[low], k) + (at - low) * (part(colours[low + 1], k) - part(colours[low], k))));
  return "rgb(" + rgb.join(",") + ")";
}

// A canvas of so many CSS pixels, as sharp as the screen.
function prepared(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  canvas.style.height = height + "px";
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = "12px system-ui, 'Noto Sans', 'Noto Sans CJK SC', sans-serif";
  return pen;
}

const signed = (value, places) => (value < 0 ? "−" : "") + Math.abs(value).toFixed(places);

function decoded(text) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let k = 0; k < raw.length; k += 1) bytes[k] = raw.charCodeAt(k);
  const view = new DataView(bytes.buffer);
  const values = new Int16Array(raw.length / 2);
  for (let k = 0; k < values.length; k += 1) values[k] = view.getInt16(2 * k, true);
  return values;
}

function fill(select, options) {
  for (const [value, label] of options) {
    const option = document.createElement("option");
    option.value = value;
    option.textContent = label;
    select.append(option);
  }
}

function star(pen, x, y, radius) {
  pen.beginPath();
  for (let k = 0; k < 10; k += 1) {
    const r = k % 2 ? radius * 0.45 : radius;
    const a = (Math.PI * k) / 5 - Math.PI / 2;
    pen.lineTo(x + r * Math.cos(a), y + r * Math.sin(a));
  }
  pen.closePath();
}
