// Plays an animation in a notebook's output: play, pause, scrub; no kernel, no network, no library.
// `figure` is a <figure> with a still picture in it, which stays where scripts do not run.
// `film` is what viz.py and _player.py wrote: pictures to leaf through, or spikes to draw.

const DAY = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]; // Okabe and Ito
const NIGHT = ["#56b4e9", "#e69f00", "#00b98a", "#cc79a7", "#f0e442", "#d55e00"];
const DASHES = [[], [6, 3], [6, 3, 1, 3], [1, 3], [8, 2, 2, 2, 2, 2], [2, 5]];
const BUTTON = "min-width:80px;padding:4px 10px;border:1px solid;border-radius:6px;background:none;color:inherit;font:inherit";

function play(figure, film) {
  const add = (parent, tag, attributes, style) => {
    const element = parent.appendChild(document.createElement(tag));
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.style.cssText = style;
    return element;
  };
  const still = figure.querySelector("img"), last = film.steps - 1, wide = `width:${film.width}px;max-width:100%;`;
  const canvas = add(figure, "canvas", { role: "img", "aria-label": still.alt }, `${wide}display:block`);
  const bar = add(figure, "div", { role: "group", "aria-label": "Animation" },
    `${wide}display:flex;gap:10px;align-items:center;font-size:13px;padding:4px 0`);
  const button = add(bar, "button", { type: "button" }, BUTTON);
  const slider = add(bar, "input", { type: "range", min: 0, max: last, "aria-label": film.clock },
    "flex:1;min-width:60px;accent-color:#0072b2");
  const clock = add(bar, "span", {}, "min-width:9.5em;text-align:right;font-variant-numeric:tabular-nums");
  const paint = film.frames ? pictures(canvas, film) : chart(canvas, film);
  let step, playing, began;

  const show = (to) => {
    step = to;
    slider.value = step;
    clock.textContent = film.dt ? `${round(step * film.dt, 5)} ms` : `${film.clock} ${step + 1} of ${film.steps}`;
    slider.setAttribute("aria-valuetext", clock.textContent);
    paint(step);
  };
  const run = (on) => {
    playing = on;
    button.textContent = on ? "❚❚ Pause" : "▶\ufe0e Play";
    if (!on) return;
    if (step === last) show(0);
    began = performance.now() - (step / film.fps) * 1000;
    requestAnimationFrame(tick);
  };
  const tick = (now) => { // by the clock: a slow machine leaves steps out, but keeps the pace
    if (!playing) return;
    const due = Math.min(last, Math.max(step, Math.floor(((now - began) / 1000) * film.fps)));
    if (due !== step) show(due);
    if (step === last || !figure.isConnected) run(false);
    else requestAnimationFrame(tick);
  };

  button.onclick = () => run(!playing);
  slider.oninput = () => { run(false); show(+slider.value); };
  figure.onkeydown = (event) => event.stopPropagation(); // or JupyterLab would move to the next cell
  still.style.display = "none";
  run(false), show(last); // what the still picture showed
  new ResizeObserver(() => paint(step)).observe(canvas);
  new MutationObserver((_, watch) => (figure.isConnected ? paint(step) : watch.disconnect()))
    .observe(document.body, { attributes: true }); // another theme
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  new IntersectionObserver((seen, watch) => { // starts once, when it comes into view
    if (!seen.some((entry) => entry.isIntersecting)) return;
    watch.disconnect();
    if (step === last) run(true);
  }, { threshold: 0.5 }).observe(canvas);
}

// Pictures: each holds only the pixels that differ from those of the picture before.
function pictures(canvas, film) {
  const images = film.frames.map((source) => Object.assign(new Image(), { src: source }));
  const ready = Promise.all(images.map((image) => image.decode())), pen = canvas.getContext("2d");
  [canvas.width, canvas.height] = film.size;
  let painted = -1;
  return (step) => ready.then(() => {
    if (step < painted) painted = -1;
    while (painted < step) pen.drawImage(images[++painted], 0, 0);
  });
}

// Spikes as they come; below them membranes, beside them the evidence for each class.
function chart(canvas, film) {
  const pen = canvas.getContext("2d");
  const [height, floor, ceiling] = film.mem ? [400, 364, 240] : [290, 254, 254]; // where panels end
  canvas.style.height = `${height}px`;

  return (step) => {
    const width = canvas.clientWidth, ink = getComputedStyle(canvas).color;
    const colours = ink.match(/[\d.]+/g).slice(0, 3).reduce((sum, part) => sum + +part, 0) > 382 ? NIGHT : DAY;
    const left = 52, right = width - (film.evidence ? Math.max(210, width * 0.36) : 12), dt = film.dt ?? 1;
    const x = (t) => left + ((t + 0.5) / film.steps) * (right - left);
    const text = (words, x, y, align = "center", colour = ink) => {
      [pen.fillStyle, pen.textAlign] = [colour, align];
      pen.fillText(words, x, y);
    };
    const line = (path, colour, dash, thick) => {
      [pen.strokeStyle, pen.lineWidth] = [colour, thick];
      pen.setLineDash(dash);
      pen.stroke(new Path2D(path));
    };
    const panel = (top, bottom, low, high, marks, name) => { // returns the height of a value
      const y = (value) => bottom - ((value - low) / (high - low)) * (bottom - top);
      line(`M${left} ${top}V${bottom}H${right}`, ink, [], 1);
      for (const mark of marks) text(mark, left - 6, y(mark) + 4, "right");
      pen.rotate(-Math.PI / 2);
      text(name, -(top + bottom) / 2, 13);
      pen.rotate(Math.PI / 2);
      return y;
    };
    [canvas.width, canvas.height] = [width * devicePixelRatio, height * devicePixelRatio]; // wipes it, too
    pen.scale(devicePixelRatio, devicePixelRatio);
    pen.font = "12px system-ui, sans-serif";

    line(`M${x(step)} 4V${floor}`, ink, [2, 3], 1); // now
    for (const mark of film.ticks) text(mark, x(mark / dt), floor + 15);
    text(film.dt ? "time (ms)" : "time (steps)", (left + right) / 2, floor + 32);
    const row = panel(8, ceiling, -0.5, film.neurons - 0.5, film.rows, "neuron");
    for (let t = 0; t <= step; t++) {
      const [colour, wide, least] = t === step ? [colours[1], 4, 4] : [colours[0], 2, 2.5];
      const tall = Math.max(least, Math.min(14, 0.8 * (row(0) - row(1))));
      pen.fillStyle = colour;
      for (const n of film.spikes[t]) pen.fillRect(Math.round(x(t) - wide / 2), row(n) - tall / 2, wide, tall);
    }
    if (film.mem) {
      const y = panel(ceiling + 26, floor, ...film.mem_limits, film.mem_ticks, "membrane");
      if (film.threshold != null) line(`M${left} ${y(film.threshold)}H${right}`, ink, [5, 4], 1);
      film.mem.forEach((mem, n) => {
        const path = mem.slice(0, step + 1).map((u, t) => `${x(t)} ${y(u)}`).join("L");
        const key = left + (n * (right - left)) / Math.max(4, film.mem.length);
        line(`M${path}M${key + 6} ${ceiling + 14}h18`, colours[n], DASHES[n], 1.6);
        text(film.names[n], key + 28, ceiling + 18, "left", colours[n]);
      });
    }
    if (film.evidence) {
      const now = film.evidence[step], most = Math.max(...now), level = now.every((value) => value === most);
      const pitch = (floor - 8) / now.length, thick = Math.min(26, pitch * 0.72);
      const zero = right + 34 + Math.max(...film.labels.map((name) => pen.measureText(name).width));
      const [low, high] = film.evidence_limits, scale = (width - zero - 44) / (high - low);
      now.forEach((value, k) => {
        const y = 8 + (k + 0.5) * pitch, start = zero + (Math.min(value, 0) - low) * scale, long = Math.abs(value) * scale;
        pen.fillStyle = colours[value === most && !level ? 1 : 0];
        pen.fillRect(start, y - thick / 2, long, thick);
        text(film.labels[k], zero - 6, y + 4, "right");
        text(round(value, 3), start + long + 5, y + 4, "left");
      });
      text("evidence", (zero + width) / 2, floor + 32);
    }
  };
}

const round = (value, digits) => +value.toPrecision(digits);
