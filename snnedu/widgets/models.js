// The built-in models for the browser: what models.py computes with the library.
// `f` rounds to float32 after every operation, as torch does, so that spikes come out exactly equal.

const f = Math.fround;

export function uniform(seed, count) { // mulberry32 (public domain, Tommy Ettinger)
  return Float64Array.from({ length: count }, (_, i) => {
    let z = (Math.imul(seed, 0x9e3779b1) + Math.imul(i + 1, 0x6d2b79f5)) | 0;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  });
}

function current({ drive, amplitude, steps, seed }) {
  const quarter = Math.floor(steps / 4), random = drive === "noise" && uniform(seed, steps);
  const shape = {
    constant: () => 1,
    step: (t) => Number(t >= quarter && t < steps - quarter),
    pulses: (t) => Number(t % 10 === 0),
    ramp: (t) => t / (steps - 1),
    noise: (t) => 2 * random[t],
  }[drive];
  return Float32Array.from({ length: steps }, (_, t) => amplitude * shape(t));
}

// One step of each neuron: its state and a current in, its next state out. `{}` is rest.
const step = {
  leaky({ spk, mem = 0 }, cur, { beta, threshold, reset_mechanism: reset }) {
    mem = f(f(beta * (spk && reset === "zero" ? 0 : mem)) + cur);
    if (spk && reset === "subtract") mem = f(mem - threshold);
    return { spk: mem > threshold, mem };
  },

  synaptic({ spk, syn = 0, mem = 0 }, cur, { alpha, beta, threshold, reset_mechanism: reset }) {
    syn = f(f(alpha * syn) + cur);
    mem = f(f(beta * mem) + syn);
    if (spk) mem = { zero: 0, subtract: f(mem - threshold), none: mem }[reset];
    return { spk: mem > threshold, syn, mem };
  },

  alpha({ spk, syn_exc = 0, syn_inh = 0 }, cur, { alpha, beta, threshold, reset_mechanism: reset }) {
    const kappa = f(1 / f(1 - f(f(Math.log(alpha)) / f(Math.log(beta)))));
    if (spk && reset === "zero") syn_exc = syn_inh = 0;
    syn_exc = f(f(alpha * syn_exc) + cur);
    syn_inh = f(f(beta * syn_inh) - cur);
    if (spk && reset === "subtract") syn_exc = f(syn_exc - f(threshold / kappa));
    const mem = f(kappa * f(syn_exc + syn_inh));
    return { spk: mem > threshold, syn_exc, syn_inh, mem };
  },

  adaptive({ spk, mem = 0, ada = 0 }, cur, { beta, rho, adaptation, threshold, reset_mechanism: reset }) {
    const over = f(threshold + f(adaptation * ada)); // the threshold of the step before
    mem = f(f(beta * (spk && reset === "zero" ? 0 : mem)) + cur);
    if (spk && reset === "subtract") mem = f(mem - over);
    ada = f(f(rho * ada) + (spk ? f(1 - rho) : 0));
    return { spk: mem > f(threshold + f(adaptation * ada)), mem, ada };
  },
};

// Izhikevich's neuron in double precision, as in biophysics.py: mV and ms, steps of `dt`.
function slopes(cur, v, u, { a, b }) {
  return [0.04 * v * v + 5 * v + 140 - u + cur, a * (b * v - u)];
}

function rungeKutta(cur, v, u, dt, p) {
  const [v1, u1] = slopes(cur, v, u, p);
  const [v2, u2] = slopes(cur, v + (dt / 2) * v1, u + (dt / 2) * u1, p);
  const [v3, u3] = slopes(cur, v + (dt / 2) * v2, u + (dt / 2) * u2, p);
  const [v4, u4] = slopes(cur, v + dt * v3, u + dt * u3, p);
  return [v + (dt / 6) * (v1 + 2 * v2 + 2 * v3 + v4), u + (dt / 6) * (u1 + 2 * u2 + 2 * u3 + u4)];
}

step.izhikevich = ({ spk, mem, rec }, cur, p) => {
  let span = p.dt;
  if (mem === undefined) { // rest
    mem = (p.b - 5 - Math.sqrt((5 - p.b) ** 2 - 4 * 0.04 * 140)) / 0.08;
    rec = p.b * mem;
  }
  if (spk) [span, mem, rec] = [p.dt + mem - 30, p.c, rec + p.d]; // from the moment of the peak
  let [v, u] = rungeKutta(cur, mem, rec, span, p), until = span;
  if (v < 30) return { spk: 0, mem: v, rec: u };
  for (let i = 0; i < 20; i++) { // Newton's method finds the peak
    until -= (v - 30) / slopes(cur, v, u, p)[0];
    [v, u] = rungeKutta(cur, mem, rec, until, p);
    if (Math.abs(v - 30) < 1e-9) break;
  }
  return { spk: 1, mem: 30 + Math.min(p.dt, span - until), rec: u }; // no more than one spike a step
};

// Hodgkin and Huxley's axon, as in biophysics.py; the numbers are those of its `Membrane`.
const relax = (x, target, rate, dt) => target + (x - target) * Math.exp(-rate * dt);
const slide = (x) => (x === 0 ? 1 : -x / Math.expm1(-x)); // x / (1 - exp(-x))

function gateRates(v) {
  return {
    m: [slide((v + 40) / 10), 4 * Math.exp(-(v + 65) / 18)],
    h: [0.07 * Math.exp(-(v + 65) / 20), 1 / (1 + Math.exp(-(v + 35) / 10))],
    n: [0.1 * slide((v + 55) / 10), 0.125 * Math.exp(-(v + 65) / 80)],
  };
}

function relaxMembrane(cur, v, { m, h, n }, dt) {
  const sodium = 120 * m ** 3 * h, potassium = 36 * n ** 4, all = sodium + potassium + 0.3;
  return relax(v, (cur + sodium * 50 + potassium * -77 + 0.3 * -54.387) / all, all, dt);
}

step.hodgkin_huxley = ({ mem = REST.mem, m = REST.m, h = REST.h, n = REST.n }, cur, { dt }) => {
  const middle = relaxMembrane(cur, mem, { m, h, n }, dt / 2), rates = gateRates(middle);
  const move = (x, [open, close]) => relax(x, open / (open + close), open + close, dt);
  const gates = { m: move(m, rates.m), h: move(h, rates.h), n: move(n, rates.n) };
  const after = relaxMembrane(cur, middle, gates, dt / 2);
  return { spk: mem <= 0 && after > 0, mem: after, ...gates };
};

const REST = (() => { // where V stays, by bisection
  const steady = (v) => Object.fromEntries(
    Object.entries(gateRates(v)).map(([gate, [open, close]]) => [gate, open / (open + close)]));
  let low = -200, high = 200;
  for (let i = 0; i < 60; i++) {
    const mem = (low + high) / 2;
    if (relaxMembrane(0, mem, steady(mem), 0.05) > mem) low = mem; else high = mem;
  }
  return { mem: low, ...steady(low) };
})();

const IN_MV = ["izhikevich", "hodgkin_huxley"]; // in double precision

function unroll(name, cur, settings) { // one neuron over time: its spikes and every state
  const single = (v) => (typeof v === "number" && !IN_MV.includes(name) ? f(v) : v);
  const p = Object.fromEntries(Object.entries(settings).map(([k, v]) => [k, single(v)]));
  const out = {};
  let now = {};
  cur.forEach((value, t) => {
    now = step[name](now, value, p);
    for (const k in now) (out[k] ??= new Float32Array(cur.length))[t] = now[k];
  });
  return out;
}

const sum = (array) => array.reduce((total, value) => total + value, 0);
const apart = (a, b) => Math.sqrt(sum(a.map((value, k) => (value - b[k]) ** 2)) / a.length);  // RMS

function one(name, p) {
  const cur = current(p), out = unroll(name, cur, p), count = sum(out.spk);
  return { cur, ...out, count, rate: (100 / p.steps) * count };
}

function irregularity(spk) { // the coefficient of variation of the intervals, and words for it
  const times = Array.from(spk.keys()).filter((t) => spk[t]), gaps = times.slice(1).map((t, i) => t - times[i]);
  const n = gaps.length, total = sum(gaps), squares = sum(gaps.map((gap) => gap * gap));
  const cv = n ? Math.sqrt(n * squares - total * total) / total : 0;
  const known = cv < 0.3 ? "like a clock" : cv > 0.6 ? "irregular" : "in between";
  return { cv, pattern: n >= 10 ? `${known} (CV ${cv.toFixed(2)})` : times.length ? "nearly silent" : "silent" };
}

function rint(v) { // to the nearest whole number, halves to the even one, as torch
  const near = Math.round(v);
  return near - v === 0.5 && near % 2 ? near - 1 : near;
}

// h(x), the derivative that training uses for a spike; k is `alpha` or `slope`.
const derivative = {
  atan: (x, k) => k / 2 / (1 + ((Math.PI / 2) * k * x) ** 2),
  fast_sigmoid: (x, k) => 1 / (k * Math.abs(x) + 1) ** 2,
  sigmoid: (x, k) => k / (2 + Math.exp(k * x) + Math.exp(-k * x)),
  triangular: (x, k) => Math.max(0, 1 - k * Math.abs(x)),
  straight_through: () => 1,
};

function finely(cur, gain, parts = 10) { // `parts` steps for each
  return Float32Array.from({ length: parts * cur.length }, (_, t) => gain * cur[Math.floor(t / parts)]);
}

const ZOO = {
  leaky: {},
  synaptic: { alpha: 0.8, gain: 0.2 },
  alpha: { alpha: 0.97 },
  adaptive: { rho: 0.95, adaptation: 5 },
  izhikevich: { a: 0.02, b: 0.2, c: -65, d: 8, dt: 0.1 },
  hodgkin_huxley: { dt: 0.05 },
};

export const models = {
  leaky(p) {
    const fi_current = Float32Array.from({ length: 61 }, (_, i) => (p.most * i) / 60);
    const flat = (amplitude) => sum(unroll("leaky", new Float32Array(p.steps).fill(amplitude), p).spk);
    const fi_rate = fi_current.map((amplitude) => (100 / p.steps) * flat(amplitude));
    return { ...one("leaky", p), fi_current, fi_rate };
  },

  circuit({ C, R, most, ...p }) {
    const tau = R * C, beta = Math.exp(-1 / tau), gain = R * (1 - beta);
    const { spk, mem, count } = one("leaky", { ...p, beta, amplitude: gain * p.amplitude });
    const own = { beta: f(beta), threshold: f(p.threshold), reset_mechanism: p.reset_mechanism };
    const rate = (I) => { // spikes in 1 s; `one` would keep every step
      if (R * I <= p.threshold) return 0; // U comes to rest at R I: rounding makes no spike
      let now = {}, spikes = 0;
      for (let t = 0; t < 1000; t++) spikes += (now = step.leaky(now, f(gain * I), own)).spk;
      return spikes;
    };
    const fi_current = Float32Array.from({ length: 61 }, (_, i) => (most * i) / 60);
    const fi = { rate: rate(p.amplitude), fi_current, fi_rate: fi_current.map(rate) };
    return { cur: current(p), spk, mem, count, peak: Math.max(...mem), tau, beta, ...fi };
  },

  synaptic: (p) => one("synaptic", p),
  alpha: (p) => one("alpha", p),
  adaptive: (p) => one("adaptive", p),

  izhikevich(p) {
    const cur = finely(current(p), 1), out = unroll("izhikevich", cur, { ...p, dt: 0.1 });
    return { cur, ...out, count: sum(out.spk) };
  },

  zoo(p) {
    const cur = current(p), out = { cur, counts: [] };
    for (const [name, more] of Object.entries(ZOO)) {
      const { gain = 1, ...rest } = more, weaker = cur.map((value) => f(f(gain) * value));
      const input = IN_MV.includes(name) ? finely(cur, 40, Math.round(1 / more.dt)) : weaker;
      const own = { ...p, threshold: 1, reset_mechanism: "subtract", ...rest };
      const { spk, mem, ada } = unroll(name, input, own), count = sum(spk);
      if (ada) out.adaptive_threshold = ada.map((value) => 1 + own.adaptation * value);
      Object.assign(out, { [`${name}_spk`]: spk, [`${name}_mem`]: mem, [`${name}_count`]: count });
      out.counts.push(count);
    }
    return out;
  },

  rate({ x, gain, steps, seed }) {
    const p = x.map((value) => Math.min(1, Math.max(0, gain * value))), n = p.length;
    const spk = Float32Array.from(uniform(seed, steps * n), (draw, i) => draw < p[i % n]);
    const decoded = p.map((_, k) => sum(spk.filter((_, i) => i % n === k)) / steps);
    const spread = p.map((v) => Math.sqrt((v * (1 - v)) / steps));  // the standard error
    const law = Math.sqrt(sum(spread.map((v) => v * v)) / n), error = apart(decoded, p);
    const low = p.map((v, k) => v - spread[k]), high = p.map((v, k) => v + spread[k]);
    Object.assign(spk, { shape: [steps, n] });
    return { spk, p, decoded, low, high, count: sum(spk), error, law };
  },

  latency({ x, steps, theta, pace }) {
    const linear = pace === "linear", last = Math.max(steps - 1, 1), n = x.length;
    const tau = f(linear ? last : last / Math.log(1.01 / 0.01));
    const wait = (v) => rint(tau * (linear ? f(1 - v) : -f(Math.log1p(-f(theta / v)))));
    const times = x.map((v) => (v <= theta ? steps - 1 : Math.min(steps - 1, wait(f(v)))));
    const drive = (t) => Math.min(1, theta / -Math.expm1(-Math.max(t, 1e-9) / tau));
    const middle = (t) => (drive(t - 0.5) + (t === steps - 1 ? 0 : drive(t + 0.5))) / 2;
    const back = (t) => (linear ? Math.min(1, Math.max(0, 1 - t / tau)) : middle(t));
    const spk = Object.assign(new Float32Array(steps * n), { shape: [steps, n] });
    times.forEach((t, k) => { spk[t * n + k] = 1; });
    const decoded = times.map(back);
    return { spk, x, decoded, count: n, error: apart(decoded, x) };
  },

  delta({ x, theta, compare }) {
    const feedback = compare === "the rebuilt signal", spk = new Float32Array(2 * x.length);
    let known = f(x[0]), sent = 0;
    const rebuilt = x.map((v, t) => {
      const change = f(f(v) - (feedback ? known : f(x[Math.max(t - 1, 0)])));
      const spike = Number(change >= f(theta)) - Number(change <= -f(theta));
      if (spike) spk[2 * t + Number(spike > 0)] = 1;
      known = f(known + f(f(theta) * spike));
      sent += spike;
      return f(f(x[0]) + f(f(theta) * sent));
    });
    Object.assign(spk, { shape: [x.length, 2] });
    return { x, rebuilt, spk, count: sum(spk), error: apart(rebuilt, x) };
  },

  surrogate({ kind, slope, at, width }) {
    const x = Float32Array.from({ length: 401 }, (_, i) => (width * (i - 200)) / 200);
    const h = (v) => derivative[kind](v, slope);
    return { x, spk: x.map((v) => v > 0), grad: x.map(h), spk_here: Number(f(at) > 0), grad_here: f(h(f(at))) };
  },

  fluctuation({ mean, spread, beta, steps, long, most, seed }) {
    const draws = uniform(seed, 12 * long), p = { beta, threshold: 1, reset_mechanism: "subtract" };
    const noise = Array.from({ length: long }, (_, t) => sum(draws.subarray(12 * t, 12 * t + 12)) - 6);
    const run = (m, s) => unroll("leaky", Float32Array.from(noise, (z) => m + s * z), p);
    const rate = (spk) => (100 / long) * sum(spk);
    const means = Array.from({ length: 41 }, (_, i) => (most * i) / 40);
    const moving = means.map((m) => rate(run(m, spread).spk));
    const still = means.map((m) => rate(run(m, 0).spk));
    const { spk, mem } = run(mean, spread), cur = Float32Array.from(noise, (z) => mean + spread * z);
    const shown = { cur: cur.slice(0, steps), mem: mem.slice(0, steps), spk: spk.slice(0, steps) };
    return { ...shown, means, moving, still, percent: rate(spk), ...irregularity(spk) };
  },

  network({ weight, inhibition, drive, beta, steps, excitatory, inhibitory, seed }) {
    const count = excitatory + inhibitory;
    const synapses = uniform(seed, count * count), outside = uniform(seed + 1, steps * count);
    const targets = Array.from({ length: count }, (_, from) =>
      Array.from({ length: count }, (_, to) => to).filter((to) => synapses[to * count + from] < 0.1));
    const p = { beta: f(beta), threshold: 1, reset_mechanism: "subtract" };
    const spk = Object.assign(new Float32Array(steps * count), { shape: [steps, count] });
    const active = new Float32Array(steps);
    let states = Array(count).fill({}), arriving = new Float64Array(count);
    for (let t = 0; t < steps; t++) {
      states = states.map((state, n) =>
        step.leaky(state, f(weight * arriving[n] + 0.5 * (outside[t * count + n] < drive)), p));
      arriving = new Float64Array(count);
      states.forEach((state, n) => {
        if (!state.spk) return;
        spk[t * count + n] = 1;
        for (const to of targets[n]) arriving[to] += n < excitatory ? 1 : -inhibition;
      });
      active[t] = (100 * sum(spk.subarray(t * count, (t + 1) * count))) / count;
    }
    const percent = sum(active) / steps;
    return { spk, active, percent, regime: percent < 1 ? "silent" : percent > 25 ? "overactive" : "alive" };
  },
};
