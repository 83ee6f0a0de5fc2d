// The book's own script. What Python replies in a notebook stands in the page as a table; this
// script shows the reply to what a reader chose. Guesses are kept in this browser only.

const KEY = "snnedu-book";
const guesses = recalled(); // {id: {number of the field: choice}}
const shown = {}; // {id: the guess in words}

function recalled() {
  try { return JSON.parse(localStorage.getItem(KEY)) ?? {}; } catch { return {}; }
}

function keep(id, chosen) {
  guesses[id] = chosen;
  try { localStorage.setItem(KEY, JSON.stringify(guesses)); } catch { /* kept until the page closes */ }
}

// A quiz or a prediction: the view is the one of the notebook, the model is a table.
function mountField(host, id, data) {
  const state = { form: data.form, chosen: guesses[id] ?? {}, replies: {} }, changed = {};
  const model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; },
    on: (event, act) => { changed[event] = act; },
    off() {},
    save_changes() { keep(id, state.chosen); reply(); },
  };
  function reply() {
    const entries = Object.entries(state.chosen);
    state.replies = Object.fromEntries(entries.map(([n, choice]) => [n, answer(data, n, choice)]));
    changed["change:replies"]?.();
    const [choice] = Object.values(state.chosen);
    if (data.texts && choice !== undefined) shown[id] = `“${data.texts[choice]}”`;
    if (data.between && !problem(data, choice)) shown[id] = amount(choice, data.unit);
    compare(id, choice);
  }
  host.replaceChildren();
  renderFields({ model, el: host });
  reply();
}

function answer(data, n, choice) {
  if (data.replies) return data.replies[n][choice];
  return problem(data, choice) || `You wrote down ${amount(choice, data.unit)}.`;
}

function problem({ between: [low, high] }, text) { // what is wrong with a number, or ""
  if (!String(text ?? "").trim() || Number.isNaN(Number(text))) return "Please type a number.";
  const outside = (low !== null && text < low) || (high !== null && text > high);
  if (!outside) return "";
  return high === null ? `A guess must be ${low} or more here.` : `A guess must lie between ${low ?? "−∞"} and ${high} here.`;
}

function amount(value, unit) { // 1 spike, 2 spikes
  return `${Number(value)} ${Number(value) === 1 ? unit.replace(/^(\w{3,})s$/, "$1") : unit}`.trim();
}

// An explorer that runs Python in the notebook: here the answers come from a recording.
async function mountRecording(host, data) {
  const [index, numbers] = await Promise.all([unzip(data.index), unzip(data.planes)]);
  const answers = JSON.parse(new TextDecoder().decode(index)), floats = interleaved(numbers);
  const { controls } = data.spec, changed = {};
  const state = { _spec: data.spec, _result: {}, values: data.values, guess: "" };
  const model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; changed[`change:${name}`]?.(); },
    on: (event, act) => { changed[event] = act; },
    off() {}, save_changes() {},
    send(message) {
      if (message.kind !== "run") return;
      const answer = recorded(answers[place(controls, message.values)], floats);
      changed["msg:custom"]({ view: message.view, ...answer }, answer.buffers);
    },
  };
  state._result = { ...recorded(answers[place(controls, data.values)], floats), values: data.values };
  host.replaceChildren();
  renderExplorer({ model, el: host });
  answerExplorers(host);
}

async function unzip(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function interleaved(planes) { // the bytes of all numbers: first all first ones, then all second ones, …
  const count = planes.length / 4, bytes = new Uint8Array(planes.length);
  for (let part = 0; part < 4; part++) for (let n = 0; n < count; n++) bytes[4 * n + part] = planes[part * count + n];
  return bytes.buffer;
}

function place(controls, values) { // the number of a setting in the recording: the last control changes first
  return controls.reduce((sum, { name, options, min, max, step }) => {
    const count = options ? options.length : Math.round((max - min) / step) + 1;
    const at = options ? options.indexOf(values[name]) : Math.round((values[name] - min) / step);
    return sum * count + at;
  }, 0);
}

function recorded([arrays, texts, error], buffer) { // as the kernel would have sent it
  if (error) return { error };
  const size = (shape) => 4 * shape.reduce((product, side) => product * side, 1);
  return {
    arrays: arrays.map(([name, shape]) => [name, shape]), texts,
    buffers: arrays.map(([, shape, byteOffset]) => ({ buffer, byteOffset, byteLength: size(shape) })),
  };
}

// The outcome of a prediction, beside the reader's own guess; and the guess in the list at the end.
function compare(id, choice) {
  for (const line of document.querySelectorAll(`.book-thought[data-id="${id}"]`)) {
    line.textContent = shown[id] ? `You thought ${shown[id]}.` : "";
  }
  const host = document.querySelector(`.book-outcome[data-id="${id}"]`);
  if (!host || !shown[id]) return;
  const data = JSON.parse(host.querySelector("script").textContent);
  const [text, color] = data.notes ? data.notes[choice] : numeric(data, Number(choice), shown[id]);
  const note = host.querySelector("div");
  note.innerHTML = text;
  note.style.borderLeftColor = color;
}

function numeric(data, guess, thought) { // the rules of predict.py
  const { value, factor } = data, [size, was] = [Math.abs(guess), Math.abs(value)];
  const near = Math.abs(guess - value) <= Math.max(data.close, 1e-9 * Math.max(size, was));
  const close = near || (was / factor <= size && size <= was * factor && guess * value > 0);
  const own = close ? "" : guess < value ? data.low : data.high;
  const how = close && guess !== value ? ": close." : ".";
  const text = `${close ? "✅ " : ""}You thought ${thought}. It was ${data.was}${how} ${own} ${data.reply}`;
  return [text.trim(), close ? "#009e73" : "#e69f00"];
}

// A guess that was made in an explorer is kept under its question.
function followExplorers() {
  document.addEventListener("submit", ({ target }) => {
    const asked = question(target.closest(".snnedu .guess"));
    const chosen = target.querySelector("input:checked, input[type=text]")?.value;
    if (!asked || !chosen) return;
    keep(asked, chosen);
    for (const line of document.querySelectorAll(".book-thought")) {
      if (line.parentElement.textContent.startsWith(asked)) line.textContent = `You thought “${chosen}”.`;
    }
  }, true);
}

// Each explorer in `host` is given the guess that was kept; it does not take the focus for that.
function answerExplorers(host) {
  for (const field of host.querySelectorAll(".snnedu .guess")) {
    const guess = guesses[question(field)], form = field.querySelector("form");
    const option = [...form.querySelectorAll("input[type=radio]")].find(({ value }) => value === guess);
    const input = option ?? form.querySelector("input[type=text]");
    if (!guess || !input) continue;
    if (option) option.checked = true;
    else input.value = guess;
    host.inert = true;
    form.requestSubmit();
    host.inert = false;
  }
}

const question = (field) => field?.querySelector(".question")?.textContent;

// One button opens and closes all results of the page; a printed page shows them.
function resultsButton() {
  const results = [...document.querySelectorAll("details.hide.above-input, details.hide.below-input")];
  const button = document.querySelector(".book-all");
  const open = (all) => results.forEach((details) => { details.open = all; });
  addEventListener("beforeprint", () => open(true));
  if (!button || !results.length) return;
  button.hidden = false;
  button.onclick = () => {
    const all = results.some((details) => !details.open);
    open(all);
    button.textContent = all ? "Fold all results" : "Show all results";
  };
}

// The theme's light or dark is the page's; canvases look at the body to paint again.
function followTheme() {
  const root = document.documentElement;
  const follow = () => { document.body.dataset.bookTheme = root.dataset.theme ?? ""; };
  new MutationObserver(follow).observe(root, { attributes: true, attributeFilter: ["data-theme"] });
  follow();
}

// What is wider than a phone scrolls by itself, with the keyboard, too.
function scrollers() {
  for (const formula of document.querySelectorAll("mjx-container:not([display])")) {
    formula.classList.toggle("book-wide", formula.firstElementChild.getBoundingClientRect().width > 280);
  }
  for (const box of document.querySelectorAll("mjx-container, .bd-article table")) {
    if (box.scrollWidth > box.clientWidth && box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

addEventListener("resize", scrollers);
document.addEventListener("toggle", scrollers, true); // what was folded has a width now
addEventListener("load", () => { scrollers(); globalThis.MathJax?.startup?.promise.then(scrollers); });
document.addEventListener("DOMContentLoaded", () => {
  for (const host of document.querySelectorAll(".book-field")) {
    mountField(host, host.dataset.id, JSON.parse(host.querySelector("script").textContent));
  }
  for (const host of document.querySelectorAll(".book-recording")) {
    mountRecording(host, JSON.parse(host.querySelector("script").textContent));
  }
  followExplorers();
  answerExplorers(document.body);
  resultsButton();
  followTheme();
});
