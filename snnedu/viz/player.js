// Plays an animation in a notebook's output: play, pause, scrub; no kernel, no network, no library.
// `figure` is a <figure> with a still picture in it, which stays where scripts do not run.
// `film` comes from player.py: pictures to show one after the other, or spikes that canvas.js draws.

const BUTTON = "min-width:80px;padding:4px 10px;border:1px solid;border-radius:6px;background:none;color:inherit;font:inherit";

function play(figure, film) {
  const add = (parent, tag, attributes, style) => {
    const element = parent.appendChild(document.createElement(tag));
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.style.cssText = style;
    return element;
  };
  // At rest: all spikes, as in the still picture; but a film stands at its first picture.
  const still = figure.querySelector("img"), last = film.steps - 1, rest = film.frames ? 0 : last, wide = `width:${film.width}px;max-width:100%;`;
  const canvas = add(figure, "canvas", { role: "img", "aria-label": still.alt }, `${wide}display:block;font-family:system-ui,sans-serif`);
  const bar = add(figure, "div", { role: "group", "aria-label": "Animation" },
    `${wide}display:flex;gap:10px;align-items:center;font-size:13px;padding:4px 0`);
  const button = add(bar, "button", { type: "button" }, BUTTON);
  const slider = add(bar, "input", { type: "range", min: 0, max: last, "aria-label": film.clock },
    `flex:1;min-width:60px;accent-color:${STYLE.light[0]}`);
  const clock = add(bar, "span", {}, "min-width:9.5em;text-align:right;font-variant-numeric:tabular-nums");
  const paint = film.frames ? pictures(canvas, film) : chart(canvas, film);
  let step, playing, began;

  const show = (to) => {
    step = to;
    slider.value = step;
    clock.textContent = film.dt ? `${short(step * film.dt, 5)} ms` : `${film.clock} ${step + 1} of ${film.steps}`;
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
  run(false), show(rest);
  new ResizeObserver(() => paint(step)).observe(canvas);
  new MutationObserver((_, watch) => (figure.isConnected ? paint(step) : watch.disconnect()))
    .observe(document.body, { attributes: true }); // another theme
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  new IntersectionObserver((seen, watch) => { // starts once, when it comes into view
    if (!seen.some((entry) => entry.isIntersecting)) return;
    watch.disconnect();
    if (step === rest) run(true);
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
  const height = film.mem ? 400 : 290, floor = height - 36, ceiling = film.mem ? 240 : floor, dt = film.dt ?? 1;
  const signed = isSigned(film.spikes), top = signed ? 26 : 8, whole = film.dt ? "y" : "xy";
  const times = film.spikes.map((_, t) => t * dt), across = [-0.5 * dt, (film.steps - 0.5) * dt];
  const room = film.mem && limits([...film.mem, film.threshold == null ? [] : [film.threshold]], null, true);
  const ends = film.topDown ? [film.neurons - 0.5, -0.5] : [-0.5, film.neurons - 0.5];
  canvas.style.height = `${height}px`;

  return (step) => {
    const width = canvas.clientWidth, theme = themeOf(canvas), pen = clear(canvas, theme), { front } = theme;
    const left = 52, right = width - (film.evidence ? Math.max(210, width * 0.36) : 12);
    const frame = (box, y, words) => axes(pen, theme, { left, right, ...box }, across, y, words);
    const xlabel = film.dt ? "time (ms)" : "time (steps)", colors = theme.series;
    const legend = signed ? [{ label: "+1", color: colors[0] }, { label: "\u22121", color: colors[1] }] : [];
    const to = frame({ top, bottom: ceiling }, ends,
      { ylabel: film.rows, legend, whole, rows: each(film.neurons, ceiling - top), xlabel: film.mem ? null : xlabel });
    const now = to.x(times[step]), color = (n, t) => colors[Number(signed ? n < 0 : t === step)];
    line(pen, [now, now], [4, floor], front, FINE);
    raster(pen, to, film.spikes, { dt, last: step, now: step, color });
    if (film.mem) {
      const series = film.mem.map((u, i) => ({ label: film.names[i], y: u.slice(0, step + 1), ...look(theme, i) }));
      const below = frame({ top: ceiling + 26, bottom: floor }, room,
        { ylabel: "membrane", legend: series, xlabel, whole: film.dt ? "" : "x" });
      lines(pen, below, theme, times, series, film.threshold);
    }
    if (film.evidence) evidence(pen, theme, film, step, right + 34, width, floor);
  };
}

function evidence(pen, theme, { evidence, labels, topDown }, step, start, width, floor) { // bars in the order of the rows
  const now = evidence[step], most = Math.max(...now), level = now.every((value) => value === most);
  const pitch = (floor - 8) / now.length, thick = Math.min(26, pitch * 0.72);
  const zero = start + Math.max(...labels.map((name) => pen.measureText(name).width));
  const [low, high] = limits([...evidence, [0]]), scale = (width - zero - 44) / (high - low);
  now.forEach((value, k) => {
    const row = topDown ? k : now.length - 1 - k, y = 8 + (row + 0.5) * pitch;
    const x = zero + (Math.min(value, 0) - low) * scale, long = Math.abs(value) * scale;
    pen.fillStyle = theme.series[value === most && !level ? 1 : 0];
    pen.fillRect(x, y - thick / 2, long, thick);
    label(pen, labels[k], zero - 6, y, theme.front, "right");
    label(pen, short(value), x + long + 5, y, theme.front);
  });
  label(pen, "evidence", (zero + width) / 2, floor + 29, theme.front, "center");
}
