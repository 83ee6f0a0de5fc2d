// The view of an Explorer: controls, panels on canvases, one line with the outcome.
// Outputs come from `models` (models.js, before this file; simulated here, at once) or from the kernel
// (any Python function: one request in flight, and the latest value wins). canvas.js draws.

function render({ model, el }) {
  const spec = model.get("_spec");
  const text = {
    outcome: h("p", { className: "outcome" }),
    spoken: h("p", { className: "spoken", ariaLive: "polite" }), // read aloud when a drag has ended
    error: h("p", { className: "error", role: "alert", hidden: true }),
    note: h("p", { className: "note", hidden: true }),
    code: h("code", {}),
  };
  const inputs = spec.controls.map((control) => field(control, () => {
    if (control.options) forget(canvases); // another word may mean another scale
    changed();
  }, save));
  const controls = h("fieldset", { className: "controls" },
    ...inputs.map((input) => input.element));
  const canvases = spec.panels.map(({ height }) => h("canvas", { style: `height:${height}px`, role: "img" }));
  const later = h("p", { className: "later" }, LATER);
  const back = h("button", { type: "button", onclick: reset }, "Reset");
  const stop = spec.stop && h("button", { type: "button", disabled: true, onclick: () => {
    model.widget_manager?.kernel?.interrupt?.(); // a message would wait until the cell is done
    model.send({ kind: "stop" });
  } }, "Stop");
  const asked = spec.predict && question(spec, (answer) => {
    model.set("guess", answer);
    model.save_changes();
    unlock();
    inputs[0]?.input.focus();
  });
  const pictures = h("div", { className: "panels", role: "group", style: `--columns:${spec.columns}` }, ...canvases);
  const root = h("div", { className: "snnedu", role: "group", ariaLabel: spec.title || "Explorer" },
    spec.title && h("p", { className: "title" }, spec.title),
    asked?.element, controls,
    pictures, later,
    text.outcome, text.spoken, text.note, text.error, stop,
    h("p", { className: "foot" },
      spec.controls.length && back, spec.code && text.code, spec.code && copyButton(text.code)));
  // Otherwise JupyterLab takes the arrow keys to move from cell to cell.
  root.addEventListener("keydown", (event) => event.stopPropagation());
  el.append(root);

  let values = { ...model.get("values") };
  let outputs = null, settings = values; // what is on the screen
  let stale = Boolean(spec.model); // whether to simulate again before drawing
  let waiting = 0; // the animation frame asked for
  let gone = false; // whether the kernel that answered is no more
  const ask = spec.model ? null : asker(model, accept, (waits) => say(text.note, waits && WAITING));

  function changed() {
    values = Object.fromEntries(inputs.map((input) => [input.name, input.read()]));
    text.code.textContent = fill(spec.code, values, spec.controls, true);
    share();
    if (ask) ask(values);
    else { stale = true; repaint(); }
  }
  function share() { // with Python and with linked widgets, once `save_changes` is called
    model.set("values", values);
    for (const { name, trait } of spec.controls) model.set(trait, values[name]);
  }
  function save() {
    share();
    model.save_changes();
  }
  function write(settings) {
    for (const input of inputs) input.write(settings[input.name]);
    changed();
  }
  function reset() {
    forget(canvases);
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
  function paint() { // in one frame: simulate, then draw every panel
    waiting = 0;
    if (stale) [outputs, settings] = [models[spec.model]({ ...spec.constants, ...values }), values];
    stale = false;
    if (!outputs || !root.isConnected) return;
    const known = { ...spec.constants, ...settings, ...outputs }, theme = themeOf(root);
    canvases.forEach((canvas, i) => drawPanel(canvas, spec.panels[i], known, theme));
    describe(known);
    root.dataset.shown = JSON.stringify(settings);
  }
  function describe(known) {
    const locked = isLocked(), outcome = locked ? "" : fill(spec.outcome, known, spec.controls);
    text.outcome.textContent = outcome;
    const alt = locked ? "" : fill(spec.alt, known, spec.controls);
    pictures.ariaLabel = alt || spec.title || "Panels";
    canvases.forEach((canvas, i) => { // no answer before the guess
      const panel = spec.panels[i];
      canvas.ariaLabel = locked && !panel.given ? nameOf(panel) : inWords(panel, known);
    });
    clearTimeout(root.later);
    root.later = setTimeout(() => { text.spoken.textContent = outcome || alt; }, 500);
  }
  const isLocked = () => Boolean(spec.predict) && !model.get("guess");
  function unlock() { // what gives the answer away is seen after the guess
    const locked = isLocked();
    controls.disabled = back.disabled = locked || gone;
    canvases.forEach((canvas, i) => { canvas.hidden = locked && !spec.panels[i].given; });
    later.hidden = !canvases.some((canvas) => canvas.hidden);
    if (asked) asked.tell(model.get("guess"));
    repaint();
  }
  function fromKernel() { // Python set `values`, or another view of this widget did
    if (JSON.stringify(model.get("values")) !== JSON.stringify(values)) write(model.get("values"));
  }
  const links = spec.controls.map(({ name, trait }) => [`change:${trait}`, () => {
    const now = model.get(trait); // set by another widget that is linked to this control
    if (now !== values[name]) write({ ...values, [name]: now });
  }]);
  function lost() { // the kernel has restarted: it does not know this widget any more
    if (spec.model) return; // simulated here
    gone = true;
    say(text.note, GONE);
    if (stop) stop.disabled = true;
    unlock();
  }
  function fresh() { // a result that Python sent without being asked
    const result = model.get("_result");
    if (result.arrays || result.error) accept(result, result.values);
    // Python has moved the controls before they were shown.
    if (result.values && JSON.stringify(result.values) !== JSON.stringify(values)) ask(values);
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
  for (const [event, follow] of links) model.on(event, follow);
  model.on("change:guess", unlock);
  model.on("change:_result", fresh);
  model.on("comm_live_update", lost);
  for (const input of inputs) input.write(values[input.name]);
  text.code.textContent = fill(spec.code, values, spec.controls, true);
  unlock();
  if (!spec.model) fresh();
  return () => { // the view is gone
    sizes.disconnect();
    themes.disconnect();
    cancelAnimationFrame(waiting);
    model.off("change:values", fromKernel);
    for (const [event, follow] of links) model.off(event, follow);
    model.off("change:guess", unlock);
    model.off("change:_result", fresh);
    model.off("comm_live_update", lost);
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

const LATER = "More appears here when you have answered.";

function question(spec, done) { // the guess comes before the controls; the question stays
  const name = Math.random().toString(36); // radio buttons of one name exclude each other
  const choices = spec.options.map((value) =>
    h("label", { className: "option" }, h("input", { type: "radio", name, value, required: true }), value));
  const free = h("label", {}, h("span", {}, spec.predict), h("input", { type: "text", required: true }));
  const form = h("form", {}, ...(choices.length ? choices : [free]), h("button", {}, "Predict, then play"));
  const reply = h("p", { role: "status", hidden: true });
  const heading = h("p", { className: "question" }, spec.predict);
  const element = h("fieldset", { className: "guess", ariaLabel: choices.length ? spec.predict : "Prediction" }, heading, form, reply);
  form.onsubmit = (event) => {
    event.preventDefault();
    const input = form.querySelector("input:checked") ?? form.querySelector("input[type=text]");
    if (input?.value.trim()) done(input.value.trim());
  };
  const tell = (guess) => {
    form.hidden = Boolean(guess);
    heading.hidden = !choices.length && !guess; // it labels the field
    const mark = spec.right && (guess === spec.right ? "✅ Right." : "Not this one.");
    say(reply, guess && [`Your prediction: “${guess}”.`, mark, spec.replies[guess]].filter(Boolean).join(" "));
  };
  return { element, tell };
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

const GONE = "The kernel has restarted. Run this cell again.";
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

function drawPanel(canvas, panel, outputs, theme) {
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (!width) return;
  const pen = clear(canvas, theme);
  const number = (name) => (typeof name === "string" ? Number(outputs[name][0] ?? outputs[name]) : name);
  const box = { left: 52, right: width - 12, top: 26, bottom: height - (panel.xlabel ? 38 : 24) };
  const frame = (x, y, more) => axes(pen, theme, box, x, y, { ...panel, ...more });
  draw[panel.kind]({ pen, panel, outputs, theme, number, frame, box, canvas, pointer: canvas.pointer });
}

// Axes stay while a slider moves, so that a change is seen: they only grow, unless what they show has
// become tiny. `forget` starts again.
function steady(canvas, [low, high]) {
  const [least, most] = canvas.range ?? [low, high], now = [Math.min(low, least), Math.max(high, most)];
  canvas.range = high - low < 0.2 * (now[1] - now[0]) ? [low, high] : now;
  return canvas.range;
}

const forget = (canvases) => canvases.forEach((canvas) => { canvas.range = null; });

const draw = {
  lines(at) { // Traces and Curve
    const { pen, panel, outputs, theme, number, frame } = at;
    const series = Object.entries(panel.series).map(([name, label], i) =>
      ({ label, y: outputs[name], ...look(theme, i) }));
    const x = panel.x ? outputs[panel.x] : Float32Array.from(series[0].y, (_, i) => i * panel.dt);
    const level = panel.threshold === null ? null : number(panel.threshold);
    const spikes = panel.spikes ? [{ label: "spike", color: theme.series[1] }] : [];
    const needed = limits([...series.map((s) => s.y), level === null ? [] : [level]], panel.ylim, true);
    const [low, high] = steady(at.canvas, needed);
    const to = frame(limits([x], panel.xlim), [low, high + (panel.spikes ? 0.15 * (high - low) : 0)],
      { legend: [...(series.length > 1 || panel.spikes ? series : []), ...spikes],
        whole: !panel.x && Number.isInteger(panel.dt) ? "x" : "" });
    clip(pen, to, () => lines(pen, to, theme, x, series, level));
    // Marks at an edge are drawn whole; what lies outside of the axes is not drawn.
    const inside = (px, py) => px >= to.left - 1 && px <= to.right + 1 && py >= to.top - 1 && py <= to.bottom + 1;
    if (panel.spikes) outputs[panel.spikes].forEach((fires, t) => {
      if (fires && inside(to.x(x[t]), to.top)) spike(pen, to.x(x[t]), to.top + 5, spikes[0].color, 2.5, 10);
    });
    const place = panel.point?.map((name, i) => (i ? to.y : to.x)(number(name)));
    if (place && inside(...place)) dot(pen, ...place, theme);
    if (level !== null) label(pen, "θ", to.right + 3, to.y(level), theme.front);
    hover(at, to, (px) => {
      let i = 0;
      x.forEach((value, k) => { if (Math.abs(to.x(value) - px) < Math.abs(to.x(x[i]) - px)) i = k; });
      const values = series.map((s) => `${s.label} ${short(s.y[i])}`).join(", ");
      return [to.x(x[i]), `${panel.x ? "" : "t = "}${short(x[i])}: ${values}`];
    });
  },

  raster(at) {
    const { pen, panel, outputs, theme, frame, box } = at;
    const spk = outputs[panel.name], [steps, count = 1] = spk.shape, ends = [];
    const spikes = Array.from({ length: steps }, () => []);
    spk.forEach((value, i) => { if (value) spikes[Math.floor(i / count)].push(value < 0 ? ~(i % count) : i % count); });
    const signs = isSigned(spikes) ? ["+1", "\u22121"] : [];
    for (const size of Object.values(panel.groups)) ends.push(size + (ends.at(-1) ?? 0));
    const legend = (signs.length ? signs : Object.keys(panel.groups)).map((label, i) => ({ label, color: look(theme, i).color }));
    const ends_y = panel.top_down ? [count - 0.5, -0.5] : [-0.5, count - 0.5];
    const to = frame([-0.5, steps - 0.5], ends_y, { legend, whole: "xy", rows: each(count, box.bottom - box.top) });
    const kind = (n) => (signs.length ? Number(n < 0) : Math.max(0, ends.findIndex((end) => n < end)));
    raster(pen, to, spikes, { color: (n) => look(theme, kind(n)).color });
    hover(at, to, (px, py) => [px, `t = ${Math.round(to.x.back(px))}, neuron ${Math.round(to.y.back(py))}`]);
  },

  bars(at) {
    const { pen, panel, outputs, theme, frame } = at;
    const tops = outputs[panel.name];
    const names = panel.labels.length ? panel.labels : Array.from(tops, (_, i) => String(i));
    const [low, high] = steady(at.canvas, limits([tops, [0]], panel.ylim, true));
    const to = frame([-0.5, tops.length - 0.5], [low, high + 0.15 * (high - low)], { names });
    const room = to.x(1) - to.x(0) - 3, narrow = (text) => pen.measureText(text).width < room;
    const digits = [3, 2, 1].find((n) => Array.from(tops).every((top) => narrow(short(top, n))));
    tops.forEach((top, i) => {
      const left = to.x(i - 0.36), wide = to.x(i + 0.36) - left;
      pen.fillStyle = theme.series[0];
      pen.fillRect(left, Math.min(to.y(0), to.y(top)), wide, Math.abs(to.y(top) - to.y(0)));
      if (digits) label(pen, short(top, digits), left + wide / 2, to.y(Math.max(top, 0)) - 7, theme.front, "center");
    });
  },

  image(at) {
    const { pen, panel, outputs, theme, box } = at, { gray } = panel, bare = gray && !panel.xlabel;
    const data = outputs[panel.name], [rows, cols] = data.shape;
    const [low, high] = panel.clim ?? limits([data]);
    const to = axes(pen, theme, gray ? square(box, rows, cols) : box, [-0.5, cols - 0.5], [rows - 0.5, -0.5],
      { ...panel, bare, whole: "xy" });
    const small = new OffscreenCanvas(cols, rows), pixels = new ImageData(cols, rows);
    data.forEach((value, i) => pixels.data.set([...shade((value - low) / (high - low || 1), gray), 255], 4 * i));
    small.getContext("2d").putImageData(pixels, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(small, to.left, to.top, to.right - to.left, to.bottom - to.top);
    hover(at, to, (px, py) => {
      const col = Math.round(to.x.back(px)), row = Math.round(to.y.back(py));
      return [px, `row ${row}, column ${col}: ${short(data[row * cols + col])}`];
    });
  },
};

function hover({ pen, pointer, theme }, to, tell) {
  const [px, py] = pointer ?? [];
  if (!(px >= to.left && px <= to.right && py >= to.top && py <= to.bottom)) return;
  const [x, message] = tell(px, py);
  line(pen, [x, x], [to.top, to.bottom], theme.front, FINE);
  const wide = Math.min(pen.measureText(message).width + 12, to.right - 4), left = Math.min(x + 8, to.right - wide);
  pen.fillStyle = theme.front;
  pen.fillRect(left, to.top + 2, wide, 20);
  label(pen, message, left + 6, to.top + 12, theme.back, "left", "", wide - 12);
}

// What a panel shows, for readers who do not see it: each canvas has its own words.
function inWords(panel, outputs) {
  const values = outputs[panel.name], spikes = (spk) => `spikes: ${spk.filter(Boolean).length}`;
  const ends = (array) => ["min", "max"].map((end) => short(array.reduce((a, b) => Math[end](a, b)))).join(" to ");
  const words = {
    lines: () => [...Object.entries(panel.series).map(([name, label]) => `${label} from ${ends(outputs[name])}`),
      ...(panel.spikes ? [spikes(outputs[panel.spikes])] : [])],
    raster: () => [spikes(values), `steps: ${values.shape[0]}`, `rows: ${values.shape[1] ?? 1}`],
    bars: () => Array.from(values, (top, i) => `${panel.labels[i] ?? i} is ${short(top)}`),
    image: () => [`rows: ${values.shape[0]}`, `columns: ${values.shape[1]}`, `values from ${ends(values)}`],
  };
  return `${nameOf(panel)}. ${words[panel.kind]().join(", ")}.`;
}

const nameOf = (panel) => panel.title || panel.ylabel || "Panel";

function square({ left, right, top, bottom }, rows, cols) { // pixels as high as wide
  const side = Math.min((right - left) / cols, (bottom - top) / rows);
  return { left, top, right: left + side * cols, bottom: top + side * rows };
}

const SHADES = STYLE.shades.map((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));

function shade(share, gray) { // ink on paper, or blue for low and orange for high
  const part = Math.max(0, Math.min(1, share));
  if (gray) return Array(3).fill(255 * (1 - part));
  const at = 2 * part, i = Math.min(1, Math.floor(at));
  return SHADES[i].map((low, k) => low + (at - i) * (SHADES[i + 1][k] - low));
}

function dot(pen, x, y, theme) {
  pen.beginPath();
  pen.arc(x, y, 6, 0, 2 * Math.PI);
  [pen.fillStyle, pen.strokeStyle, pen.lineWidth] = [theme.series[1], theme.back, 2];
  pen.setLineDash([]);
  pen.fill();
  pen.stroke();
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
