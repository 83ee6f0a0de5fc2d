// What canvases in a notebook have in common: axes, lines, spikes. Stands before player.js and before
// explorer.js; `STYLE` comes from style.py. Dashes are measured in widths of the line.

const FINE = [2, 3]; // the dashes of "now"

function themeOf(element) { // its own colors; the palette for light or for dark pages
  const { color: front, backgroundColor: back, fontFamily } = getComputedStyle(element);
  const light = front.match(/[\d.]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0);
  return { front, back, font: `12px ${fontFamily}`, series: light > 382 ? STYLE.dark : STYLE.light };
}

function clear(canvas, theme) { // empty, as large as it is shown, sharp; return a pen
  const width = canvas.clientWidth, height = canvas.clientHeight, pen = canvas.getContext("2d");
  const [wide, high] = [width, height].map((side) => Math.round(side * devicePixelRatio));
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  pen.clearRect(0, 0, width, height);
  [pen.fillStyle, pen.font, pen.lineJoin] = [theme.back, theme.font, "round"];
  pen.fillRect(0, 0, width, height);
  return pen;
}

// Draw axes around a box; return the box, with functions from data to pixels (and `back`).
// Tick labels are those of `names`, or whole numbers on the axes in `whole`, or `rows`; none without
// `xlabel`, none at all if `bare`. A legend that would meet the title, or leave the canvas, gets lines
// of its own.
function axes(pen, theme, place, [x0, x1], [y0, y1], words) {
  const { title, xlabel, ylabel, legend = [], names, rows, bare, whole = "" } = words;
  const wide = legendWidth(pen, legend), room = place.right - place.left, keys = wrapped(pen, legend, place.right);
  const meet = title && wide && boldWidth(pen, title) + wide + 8 > room, below = 18 * (keys.length - !meet);
  const box = { ...place, top: place.top + below };
  const scale = (v0, v1, p0, p1) => Object.assign((v) => p0 + ((v - v0) / (v1 - v0)) * (p1 - p0),
    { back: (p) => v0 + ((p - p0) / (p1 - p0)) * (v1 - v0) });
  const { left, right, top, bottom } = box, { front } = theme;
  const to = { ...box, x: scale(x0, x1, left, right), y: scale(y0, y1, bottom, top) };
  const marks = (v0, v1, count, axis) => ticks(v0, v1, count, whole.includes(axis) ? 1 : 0);
  const ys = bare ? [] : rows ?? marks(y0, y1, (bottom - top) / 32, "y");
  for (const v of ys) {
    pen.globalAlpha = 0.15;
    line(pen, [left, right], [to.y(v), to.y(v)], front);
    pen.globalAlpha = 1;
    label(pen, short(v, 6), left - 6, to.y(v), front, "right");
  }
  const xs = bare ? [] : names?.map((_, i) => i) ?? marks(x0, x1, (right - left) / 65, "x");
  if (xlabel != null) for (const v of xs) label(pen, names?.[v] ?? short(v, 6), to.x(v), bottom + 13, front, "center");
  line(pen, [left, left, right], [top, bottom, bottom], front);
  if (bare) line(pen, [left, right, right], [top, top, bottom], front);
  if (xlabel) label(pen, xlabel, (left + right) / 2, bottom + 29, front, "center");
  if (ylabel) upright(pen, ylabel, left - 42, (top + bottom) / 2, front);
  if (title) label(pen, title, left, top - 14 - below, front, "left", "bold ", right - left);
  keys.forEach((row, i) => {
    const y = top - 14 - 18 * (keys.length - 1 - i);
    let end = right;
    for (const { label: name, color, dash } of row.reverse()) {
      end -= pen.measureText(name).width;
      label(pen, name, end, y, front);
      if (dash) line(pen, [end - 26, end - 5], [y, y], color, dash, 2);
      else spike(pen, end - 9, y, color, 2.5, 10);
      end -= dash ? 40 : 26;
    }
  });
  return to;
}

// Draw lines `series` = [{ y, color, dash }] over `x`, and the threshold where `level` is a number.
function lines(pen, to, theme, x, series, level) {
  if (level != null) line(pen, [to.left, to.right], [to.y(level), to.y(level)], theme.front, STYLE.threshold);
  for (const { y, color, dash } of series) {
    line(pen, Array.from(y, (_, i) => to.x(x[i])), Array.from(y, to.y), color, dash, 2);
  }
}

function clip(pen, to, paint) {
  pen.save();
  pen.beginPath();
  pen.rect(to.left, to.top - 1, to.right - to.left, to.bottom - to.top + 2);
  pen.clip();
  paint();
  pen.restore();
}

// Draw the neurons that spike in each step: `n` for a spike of +1, `~n` for one of -1.
// Where both occur, +1 stands on the middle of the neuron's row, and -1 hangs from it.
function raster(pen, to, spikes, { dt = 1, last = spikes.length - 1, now, color }) {
  const signed = isSigned(spikes), between = (low, value, high) => Math.max(low, Math.min(high, value));
  const tall = between(2, 0.8 * Math.abs(to.y(0) - to.y(1)), 14);
  const wide = between(1, 0.8 * (to.x(dt) - to.x(0)), Math.min(3, tall));
  for (let t = 0; t <= last; t++) for (const n of spikes[t]) {
    const more = t === now ? 2 : 0, half = signed && (n < 0 ? -1 : 1);
    spike(pen, to.x(t * dt), to.y(n < 0 ? ~n : n), color(n, t), wide + more, tall + more, half);
  }
}

const isSigned = (spikes) => spikes.some((row) => row.some((n) => n < 0));

function spike(pen, x, y, color, wide, tall, half = 0) { // `half`: 1 above y only, -1 below it only
  pen.fillStyle = color;
  pen.fillRect(Math.round(x - wide / 2), half < 0 ? y : y - tall / 2, wide, half ? tall / 2 : tall);
}

const look = (theme, i) => ({ color: theme.series[i % 6], dash: STYLE.dashes[i % 6] });

function line(pen, xs, ys, color, dash = [], width = 1) {
  [pen.strokeStyle, pen.lineWidth] = [color, width];
  pen.setLineDash(dash.map((length) => length * width));
  pen.beginPath();
  xs.forEach((x, i) => pen.lineTo(x, ys[i]));
  pen.stroke();
}

function label(pen, words, x, y, color, align = "left", weight = "", most = undefined) {
  const { font } = pen;
  [pen.font, pen.fillStyle, pen.textAlign, pen.textBaseline] = [weight + font, color, align, "middle"];
  pen.fillText(words, x, y, most); // narrower letters rather than cut words
  pen.font = font;
}

function boldWidth(pen, words) {
  const { font } = pen;
  pen.font = `bold ${font}`;
  const { width } = pen.measureText(words);
  pen.font = font;
  return width;
}

function legendWidth(pen, legend) {
  return legend.reduce((sum, { label, dash }) => sum + pen.measureText(label).width + (dash ? 40 : 26), 0);
}

function wrapped(pen, legend, room) { // the entries of each line of a legend, one line at least
  const rows = [[]];
  for (const entry of legend) {
    if (rows.at(-1).length && legendWidth(pen, [...rows.at(-1), entry]) > room) rows.push([]);
    rows.at(-1).push(entry);
  }
  return rows;
}

// The rows of a raster that get a number: all of ten, such as classes, where there is room.
const each = (count, height) => (count <= 10 && height / count > 10 ? [...Array(count).keys()] : undefined);

function upright(pen, words, x, y, color) {
  pen.save();
  pen.translate(x, y);
  pen.rotate(-Math.PI / 2);
  label(pen, words, 0, 0, color, "center");
  pen.restore();
}

function limits(arrays, fixed, room) { // what the data need, in round numbers; `fixed` ends win
  let low = Infinity, high = -Infinity;
  for (const array of arrays) for (const v of array) { low = Math.min(low, v); high = Math.max(high, v); }
  if (!(high > low)) { low -= 0.5; high += 0.5; }
  if (room) {
    const step = round((high - low) / 5);
    low = Math.floor(low / step) * step;
    high = Math.ceil(high / step) * step;
  }
  return [fixed?.[0] ?? low, fixed?.[1] ?? high];
}

function ticks(v0, v1, count, least = 0) { // round numbers, `count` at most, `least` apart
  const low = Math.min(v0, v1), high = Math.max(v0, v1);
  const step = Math.max(least, round((high - low) / Math.max(1, count)));
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

function round(rough) { // the next 1, 2 or 5 times a power of ten
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find((m) => m * power >= rough * 0.999);
}

const short = (v, digits = 3) => String(Number(v.toPrecision(digits))).replace("-", "\u2212");
