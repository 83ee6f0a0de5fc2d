// The view of an Explorer: controls, panels on canvases, one line that says what came out.
// Outputs come from `models` (models.js, put before this file; simulated here, at once) or from the
// kernel (any Python function: one request in flight, and the latest value wins).

const DAY = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]; // Okabe-Ito
const NIGHT = ["#56b4e9", "#e69f00", "#00b98a", "#cc79a7", "#f0e442", "#d55e00"];
const DASHES = [[], [7, 3], [2, 2.5], [10, 3, 2, 3], [4, 4], [1, 4]];

function render({ model, el }) {
  const spec = model.get("_spec");
  const text = {
    outcome: h("p", { className: "outcome" }),
    spoken: h("p", { className: "spoken", ariaLive: "polite" }), // said when a drag has ended
    error: h("p", { className: "error", role: "alert", hidden: true }),
    note: h("p", { className: "note", hidden: true }),
    code: h("code", {}),
  };
  const inputs = spec.controls.map((control) => field(control, changed, save));
  const controls = h("fieldset", { className: "controls" },
    ...inputs.map((input) => input.element));
  const canvases = spec.panels.map(({ height }) => h("canvas", { style: `height:${height}px`, role: "img" }));
  const back = h("button", { type: "button", onclick: reset }, "Reset");
  const stop = spec.stop && h("button", { type: "button", disabled: true, onclick: () => {
    model.widget_manager?.kernel?.interrupt?.(); // a message alone would wait until the cell is done
    model.send({ kind: "stop" });
  } }, "Stop");
  const guess = spec.predict && question(spec, (answer) => {
    model.set("guess", answer);
    model.save_changes();
    unlock();
    inputs[0]?.input.focus();
  });
  const root = h("div", { className: "snnedu", role: "group", ariaLabel: spec.title || "Explorer" },
    spec.title && h("p", { className: "title" }, spec.title),
    guess, controls,
    h("div", { className: "panels", style: `--columns:${spec.columns}` }, ...canvases),
    text.outcome, text.spoken, text.note, text.error, stop,
    h("p", { className: "foot" },
      spec.controls.length && back, spec.code && text.code, spec.code && copyButton(text.code)));
  // Else JupyterLab takes the arrow keys to go from cell to cell.
  root.addEventListener("keydown", (event) => event.stopPropagation());
  el.append(root);

  let values = { ...model.get("values") };
  let outputs = null, settings = values; // what is on the screen
  let stale = Boolean(spec.model); // whether to simulate again before drawing
  let waiting = 0; // the animation frame asked for
  const ask = spec.model ? null : asker(model, accept, (waits) => say(text.note, waits && WAITING));

  function changed() {
    values = Object.fromEntries(inputs.map((input) => [input.name, input.read()]));
    text.code.textContent = fill(spec.code, values, spec.controls, true);
    if (ask) ask(values);
    else { stale = true; repaint(); }
  }
  function save() {
    model.set("values", values);
    model.save_changes();
  }
  function write(settings) {
    for (const input of inputs) input.write(settings[input.name]);
    changed();
  }
  function reset() {
    write(Object.fromEntries(spec.controls.map((control) => [control.name, control.value])));
    save();
  }
  function accept(result, asked = values) {
    say(text.error, result.error);
    root.classList.toggle("failed", Boolean(result.error));
    if (!result.error) [outputs, settings] = [unpack(result), asked];
    repaint();
  }
  function repaint() {
    waiting ||= requestAnimationFrame(paint);
  }
  function paint() { // one frame: simulate, then draw every panel; never cleared without being drawn
    waiting = 0;
    if (stale) [outputs, settings] = [models[spec.model]({ ...spec.constants, ...values }), values];
    stale = false;
    if (!outputs || !root.isConnected) return;
    const known = { ...spec.constants, ...settings, ...outputs }, theme = colours(root);
    canvases.forEach((canvas, i) => drawPanel(canvas, spec.panels[i], known, theme));
    describe(known);
    root.dataset.shown = JSON.stringify(settings);
  }
  function describe(known) {
    const outcome = fill(spec.outcome, known, spec.controls);
    const before = model.get("guess") && `Your prediction: ${model.get("guess")}. Now: `;
    text.outcome.textContent = before + outcome;
    const alt = fill(spec.alt, known, spec.controls);
    for (const canvas of canvases) canvas.ariaLabel = alt;
    clearTimeout(root.later);
    root.later = setTimeout(() => { text.spoken.textContent = outcome || alt; }, 500);
  }
  function unlock() {
    const locked = Boolean(spec.predict) && !model.get("guess");
    controls.disabled = back.disabled = locked;
    if (guess) guess.hidden = !locked;
    repaint();
  }
  function fromKernel() { // Python set `values`, or another view of this widget did
    if (JSON.stringify(model.get("values")) !== JSON.stringify(values)) write(model.get("values"));
  }
  function fresh() { // an outcome that Python sent of its own accord
    const result = model.get("_result");
    if (result.arrays || result.error) accept(result);
    if (stop) stop.disabled = result.texts?.state !== "training";
  }

  canvases.forEach((canvas) => {
    const point = (pointer) => { canvas.pointer = pointer; repaint(); };
    canvas.onpointermove = ({ offsetX, offsetY }) => point([offsetX, offsetY]);
    canvas.onpointerleave = () => point(null);
  });
  const sizes = new ResizeObserver(repaint);
  sizes.observe(root);
  const themes = new MutationObserver(repaint); // JupyterLab marks its theme on the body
  themes.observe(document.body, { attributes: true });
  model.on("change:values", fromKernel);
  model.on("change:guess", unlock);
  model.on("change:_result", fresh);
  for (const input of inputs) input.write(values[input.name]);
  text.code.textContent = fill(spec.code, values, spec.controls, true);
  unlock();
  if (!spec.model) fresh();
  return () => { // the view is gone
    sizes.disconnect();
    themes.disconnect();
    cancelAnimationFrame(waiting);
    model.off("change:values", fromKernel);
    model.off("change:guess", unlock);
    model.off("change:_result", fresh);
    ask?.end();
  };
}

// ---- controls -------------------------------------------------------------------------------

function h(tag, attributes, ...children) { // an element with its children
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in element && name !== "style" && name !== "role") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter(Boolean));
  return element;
}

function field(control, changed, save) {
  const label = [control.label, control.unit && `(${control.unit})`].filter(Boolean).join(" ");
  const shown = h("span", { className: "value", ariaHidden: true });
  const input = control.options
    ? h("select", {}, ...control.options.map((option) => h("option", { value: option }, option)))
    : h("input", { type: "range", min: control.min, max: control.max, step: control.step });
  const tell = () => {
    if (control.options) return;
    shown.textContent = Number(input.value).toFixed(control.digits);
    input.ariaValueText = `${shown.textContent} ${control.unit}`.trim();
  };
  input.oninput = () => { tell(); changed(); };
  input.onchange = save;
  return {
    name: control.name, input,
    element: h("label", {}, h("span", {}, label), input, shown),
    read: () => (control.options ? input.value : Number(input.value)),
    write: (value) => { input.value = value; tell(); },
  };
}

function question(spec, done) { // the guess comes before the controls
  const answer = spec.options.length
    ? h("select", { required: true }, ...["", ...spec.options].map((o) => h("option", { value: o }, o || "choose")))
    : h("input", { type: "text", required: true });
  const form = h("form", { className: "guess" },
    h("label", {}, h("span", {}, spec.predict), answer), h("button", {}, "Predict, then play"));
  form.onsubmit = (event) => {
    event.preventDefault();
    if (answer.value.trim()) done(answer.value.trim());
  };
  return form;
}

const say = (paragraph, message) => {
  paragraph.textContent = message || "";
  paragraph.hidden = !message;
};

function fill(template, known, controls, asCode) { // "{beta}", "{rate:.1f}": the rules of `fill` in panels.py
  return template.replace(/\{(\w+)(?::\.(\d)f|:(s))?\}/g, (all, name, digits, bare) => {
    const value = known[name]?.length === 1 ? known[name][0] : known[name];
    if (typeof value === "string") return asCode && !bare ? JSON.stringify(value) : value;
    if (typeof value !== "number") return all;
    const control = controls.find((one) => one.name === name);
    if (digits) return value.toFixed(digits);
    return control ? value.toFixed(control.digits) : String(Number(value.toPrecision(4)));
  });
}

function copyButton(code) {
  const button = h("button", { type: "button" }, "Copy as code");
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch { // a page that did not come over https has no clipboard
      getSelection().selectAllChildren(code);
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy as code"; }, 1500);
  };
  return button;
}

// ---- kernel ---------------------------------------------------------------------------------

const WAITING = "The kernel has not answered yet: it is busy, or not running.";

function asker(model, accept, waits) {
  const view = Math.random().toString(36).slice(2);
  let asked = null, next = null, timer = 0;
  function ask(values) {
    next = values;
    if (!asked) send();
  }
  function send() {
    [asked, next] = [next, null];
    timer = setTimeout(waits, 2000, true);
    // Jupyter's server holds the answer back for up to 40 ms, until the browser has acknowledged the
    // kernel's status "busy" (Nagle's algorithm). A message sent at once carries that acknowledgement.
    const status = ({ content }) => content.execution_state === "busy" && model.send({ kind: "nudge" });
    model.send({ kind: "run", view, values: asked }, { iopub: { status } });
  }
  function answered(message, buffers) {
    if (message.view !== view) return;
    clearTimeout(timer);
    waits(false);
    const settings = asked;
    asked = null;
    if (next) send();
    accept({ ...message, buffers }, settings);
  }
  model.on("msg:custom", answered);
  return Object.assign(ask, { end() { clearTimeout(timer); model.off("msg:custom", answered); } });
}

function unpack({ arrays = [], buffers = [], texts = {} }) {
  const outputs = { ...texts };
  arrays.forEach(([name, shape], i) => {
    const { buffer, byteOffset, byteLength } = buffers[i];
    const aligned = buffer.slice(byteOffset, byteOffset + byteLength);
    outputs[name] = Object.assign(new Float32Array(aligned), { shape });
  });
  return outputs;
}

// ---- panels ---------------------------------------------------------------------------------

function colours(root) {
  const style = getComputedStyle(root);
  const back = style.backgroundColor, front = style.color;
  const dark = luminance(front) > luminance(back);
  return { back, front, font: `12px ${style.fontFamily}`, series: dark ? NIGHT : DAY };
}

function luminance(colour) { // of "rgb(…)"
  return colour.match(/[\d.]+/g).slice(0, 3).reduce((total, part) => total + Number(part), 0);
}

function drawPanel(canvas, panel, outputs, theme) {
  const width = canvas.clientWidth, height = canvas.clientHeight, ratio = devicePixelRatio || 1;
  if (!width) return;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const ctx = canvas.getContext("2d");
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.font = theme.font;
  ctx.fillStyle = theme.back;
  ctx.fillRect(0, 0, width, height);
  const number = (name) => (typeof name === "string" ? Number(outputs[name][0] ?? outputs[name]) : name);
  draw[panel.kind]({ ctx, panel, outputs, theme, width, height, number, pointer: canvas.pointer });
}

const draw = {
  lines(at) { // Traces and Curve
    const { ctx, panel, outputs, theme, number } = at;
    const series = Object.entries(panel.series).map(([name, label], i) =>
      ({ label, y: outputs[name], colour: theme.series[i % 6], dash: DASHES[i % 6] }));
    const x = panel.x ? outputs[panel.x] : Float32Array.from(series[0].y, (_, i) => i * panel.dt);
    const level = panel.threshold === null ? [] : [number(panel.threshold)];
    const spikes = panel.spikes && { label: "spike", colour: theme.series[1], dash: null };
    const [low, high] = limits([...series.map((s) => s.y), level], panel.ylim, true);
    const to = frame(at, limits([x], panel.xlim), [low, high + (spikes ? 0.15 * (high - low) : 0)],
      [...(series.length > 1 || spikes ? series : []), ...(spikes ? [spikes] : [])]);
    clip(ctx, to, () => {
      for (const y of level) line(ctx, [to.left, to.right], [to.y(y), to.y(y)], theme.front, [4, 4], 1.2);
      for (const s of series) line(ctx, Array.from(x, to.x), Array.from(s.y, to.y), s.colour, s.dash, 2);
      if (spikes) outputs[panel.spikes].forEach((spike, t) => spike && mark(ctx, to.x(x[t]), to.top + 5, spikes.colour));
      if (panel.point) dot(ctx, ...panel.point.map((name, i) => (i ? to.y : to.x)(number(name))), theme);
    });
    if (level.length) label(ctx, "θ", to.right + 3, to.y(level[0]), theme.front);
    hover(at, to, (px) => {
      let i = 0;
      x.forEach((value, k) => { if (Math.abs(to.x(value) - px) < Math.abs(to.x(x[i]) - px)) i = k; });
      const values = series.map((s) => `${s.label} ${short(s.y[i])}`).join(", ");
      return [to.x(x[i]), `${panel.x ? "" : "t = "}${short(x[i])}: ${values}`];
    });
  },

  raster(at) {
    const { ctx, panel, outputs, theme } = at;
    const spk = outputs[panel.name], [steps, count = 1] = spk.shape;
    const groups = Object.entries(panel.groups).map(([label, size], i) =>
      ({ label, size, colour: theme.series[i % 6], dash: null }));
    const to = frame(at, [0, Math.max(1, steps - 1)], [-0.7, count - 0.3], groups);
    const tall = Math.max(1.5, Math.min(14, 0.7 * (to.bottom - to.top) / count));
    const wide = Math.max(1, Math.min(3, 0.8 * (to.right - to.left) / steps));
    let from = 0;
    for (const group of groups.length ? groups : [{ size: count, colour: theme.series[0] }]) {
      ctx.fillStyle = group.colour;
      for (let t = 0; t < steps; t++) for (let n = from; n < from + group.size; n++) {
        if (spk[t * count + n]) ctx.fillRect(to.x(t) - wide / 2, to.y(n) - tall / 2, wide, tall);
      }
      from += group.size;
    }
    hover(at, to, (px, py) => [px, `t = ${Math.round(to.x.back(px))}, neuron ${Math.round(to.y.back(py))}`]);
  },

  bars(at) {
    const { ctx, panel, outputs, theme } = at;
    const tops = outputs[panel.name];
    const names = panel.labels.length ? panel.labels : Array.from(tops, (_, i) => String(i));
    const [low, high] = limits([tops, [0]], panel.ylim, true);
    const to = frame(at, [-0.5, tops.length - 0.5], [low, high + 0.15 * (high - low)], [], names);
    tops.forEach((top, i) => {
      const left = to.x(i - 0.36), wide = to.x(i + 0.36) - left;
      ctx.fillStyle = theme.series[0];
      ctx.fillRect(left, Math.min(to.y(0), to.y(top)), wide, Math.abs(to.y(top) - to.y(0)));
      if (wide > 18) label(ctx, short(top), left + wide / 2, to.y(Math.max(top, 0)) - 7, theme.front, "center");
    });
  },

  image(at) {
    const { ctx, panel, outputs, theme } = at;
    const data = outputs[panel.name], [rows, cols] = data.shape;
    const [low, high] = panel.clim ?? limits([data]);
    const to = frame(at, [-0.5, cols - 0.5], [rows - 0.5, -0.5], []);
    const small = new OffscreenCanvas(cols, rows), pixels = new ImageData(cols, rows);
    data.forEach((value, i) => pixels.data.set([...shade((value - low) / (high - low || 1)), 255], 4 * i));
    small.getContext("2d").putImageData(pixels, 0, 0);
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(small, to.left, to.top, to.right - to.left, to.bottom - to.top);
    hover(at, to, (px, py) => {
      const col = Math.round(to.x.back(px)), row = Math.round(to.y.back(py));
      return [px, `row ${row}, column ${col}: ${short(data[row * cols + col])}`];
    });
  },
};

// Draw axes; return the box inside them, and functions from data to pixels.
function frame({ ctx, panel, theme, width, height }, [x0, x1], [y0, y1], legend, names) {
  const box = { left: 52, right: width - 12, top: 26, bottom: height - (panel.xlabel ? 38 : 24) };
  const scale = (v0, v1, p0, p1) => Object.assign((v) => p0 + ((v - v0) / (v1 - v0)) * (p1 - p0),
    { back: (p) => v0 + ((p - p0) / (p1 - p0)) * (v1 - v0) });
  const to = { ...box, x: scale(x0, x1, box.left, box.right), y: scale(y0, y1, box.bottom, box.top) };
  const xs = names ? names.map((_, i) => i) : ticks(x0, x1, (box.right - box.left) / 65);
  for (const v of ticks(y0, y1, (box.bottom - box.top) / 32)) {
    ctx.globalAlpha = 0.15;
    line(ctx, [box.left, box.right], [to.y(v), to.y(v)], theme.front, [], 1);
    ctx.globalAlpha = 1;
    label(ctx, short(v), box.left - 6, to.y(v), theme.front, "right");
  }
  for (const v of xs) label(ctx, names ? names[v] : short(v), to.x(v), box.bottom + 13, theme.front, "center");
  line(ctx, [box.left, box.left, box.right], [box.top, box.bottom, box.bottom], theme.front, [], 1);
  if (panel.xlabel) label(ctx, panel.xlabel, (box.left + box.right) / 2, height - 9, theme.front, "center");
  if (panel.ylabel) upright(ctx, panel.ylabel, 10, (box.top + box.bottom) / 2, theme.front);
  label(ctx, panel.title, box.left, 12, theme.front, "left", "bold ");
  let right = box.right;
  for (const { label: name, colour, dash } of [...legend].reverse()) {
    right -= ctx.measureText(name).width;
    label(ctx, name, right, 12, theme.front);
    if (dash) line(ctx, [right - 26, right - 5], [12, 12], colour, dash, 2);
    else mark(ctx, right - 9, 12, colour);
    right -= dash ? 40 : 26;
  }
  return to;
}

function hover({ ctx, pointer, theme }, to, tell) {
  const [px, py] = pointer ?? [];
  if (!(px >= to.left && px <= to.right && py >= to.top && py <= to.bottom)) return;
  const [x, message] = tell(px, py);
  line(ctx, [x, x], [to.top, to.bottom], theme.front, [2, 3], 1);
  const wide = ctx.measureText(message).width + 12;
  const left = Math.max(to.left, Math.min(x + 8, to.right - wide));
  ctx.fillStyle = theme.front;
  ctx.fillRect(left, to.top + 2, wide, 20);
  label(ctx, message, left + 6, to.top + 12, theme.back);
}

function limits(arrays, fixed, room) { // what the data needs, in round numbers; `fixed` ends win
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

function round(rough) { // the next 1, 2 or 5 times a power of ten
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find((m) => m * power >= rough * 0.999);
}

function ticks(v0, v1, count) {
  const low = Math.min(v0, v1), high = Math.max(v0, v1), step = round((high - low) / Math.max(1, count));
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

const short = (v) => String(Number(v.toPrecision(3))).replace("-", "\u2212");

function shade(share) { // blue, near white, vermilion: darker at both ends
  const stops = [[0, 114, 178], [247, 247, 247], [213, 94, 0]];
  const at = Math.max(0, Math.min(1, share)) * 2, i = Math.min(1, Math.floor(at));
  return stops[i].map((low, k) => low + (at - i) * (stops[i + 1][k] - low));
}

function line(ctx, xs, ys, colour, dash, width) {
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.lineJoin = "round";
  ctx.setLineDash(dash);
  ctx.beginPath();
  xs.forEach((x, i) => ctx.lineTo(x, ys[i]));
  ctx.stroke();
  ctx.setLineDash([]);
}

function label(ctx, words, x, y, colour, align = "left", weight = "") {
  const font = ctx.font;
  ctx.font = weight + font;
  ctx.fillStyle = colour;
  ctx.textAlign = align;
  ctx.textBaseline = "middle";
  ctx.fillText(words, x, y);
  ctx.font = font;
}

function upright(ctx, words, x, y, colour) {
  ctx.save();
  ctx.translate(x, y);
  ctx.rotate(-Math.PI / 2);
  label(ctx, words, 0, 0, colour, "center");
  ctx.restore();
}

function mark(ctx, x, y, colour) { // one spike
  ctx.fillStyle = colour;
  ctx.fillRect(x - 1.25, y - 5, 2.5, 10);
}

function dot(ctx, x, y, theme) {
  ctx.beginPath();
  ctx.arc(x, y, 6, 0, 2 * Math.PI);
  ctx.fillStyle = theme.series[1];
  ctx.fill();
  ctx.lineWidth = 2;
  ctx.strokeStyle = theme.back;
  ctx.stroke();
}

function clip(ctx, to, paint) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(to.left, to.top - 1, to.right - to.left, to.bottom - to.top + 2);
  ctx.clip();
  paint();
  ctx.restore();
}

// ---- a page without a kernel and without a widget manager -------------------------------------

function standAlone(figure, state, css) { // put the live widget in place of its picture
  const changed = {};
  const model = {
    get: (name) => state[name],
    set(name, value) { state[name] = value; changed[`change:${name}`]?.(); },
    on(event, act) { changed[event] = act; },
    save_changes() {}, send() {}, off() {},
  };
  const el = h("div", {});
  figure.replaceChildren(h("style", {}, css), el);
  render({ model, el });
}

export default { render };
