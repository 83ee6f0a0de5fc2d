"""The explorers of this chapter: the window of STDP, and the drift of weights with rates."""

import math
from typing import Any

import torch
from torch import Tensor

from snnedu.brains.plasticity import STDP, VISUAL_CORTEX, bump, fade, impose
from snnedu.course.predict import in_explorer
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Choice, Curve, Slider, Traces

PAIR = STDP(a_plus=0.01, a_minus=0.01, tau_plus=20.0, tau_minus=20.0, w_max=100.0)
RULES = {"pairs": PAIR, "triplets": VISUAL_CORTEX._replace(w_max=100.0)}
KIND = Choice("kind", tuple(RULES), label="rule")
LAGS = torch.arange(-50, 51)  # ms
PAIRINGS, MIDDLE, SHOWN = 20, 50.0, 200  # pairings, a weight far from both bounds, ms
SECONDS, SYNAPSES = 20, 10  # of the random spikes
RATES = torch.linspace(0, 50, 51, dtype=torch.float64)  # Hz


def stdp_explorer(*, ask: str = "", **more: Any) -> Explorer:
    """Drag the lag between two spikes, and how often the pair comes; see what the weight does.

    `ask` names a prediction that is made first. `more` goes to `Explorer`.
    """
    return Explorer(
        _paired,
        [
            Slider("lag", -50, 50, 1, value=10, label="postsynaptic spike later by", unit="ms"),
            Slider("often", 1, 50, 1, value=1, label="pairs a second", unit="Hz"),
            KIND,
        ],
        [
            Traces("x", spikes="pre", title="Presynaptic spikes and their trace x", ylim=(0, 3.2),
                   height=100),
            Traces("y", spikes="post", title="Postsynaptic spikes and their trace y",
                   xlabel="time (ms)", ylim=(0, 4.2), height=110),
            Curve("lags", "change", point=("lag", "now"), xlim=(-50, 50), ylim=(-30, 60),
                  title=f"Change of the weight by {PAIRINGS} pairs (in units of 0.01)",
                  xlabel="lag of the postsynaptic spike (ms)", height=200),
        ],
        title="Two spikes, and a weight",
        outcome="Lag {lag} ms, pairs at {often} Hz: the weight changes by {said} times 0.01.",
        code="snn.stdp_explorer().run(lag={lag}, often={often}, kind={kind})['change']",
        **(in_explorer(ask) if ask else {}),
        **more,
    )  # fmt: skip


def _paired(lag: int, often: int, kind: str) -> dict[str, Any]:
    rule, gap = RULES[kind], round(1000 / often)
    steps = 100 + gap * PAIRINGS
    when = 50 + gap * torch.arange(PAIRINGS)
    post = torch.zeros(steps, 1, dtype=torch.float64)
    post[when] = 1
    pre = torch.zeros(steps, len(LAGS), dtype=torch.float64)
    pre[when[:, None] - LAGS, torch.arange(len(LAGS))] = 1
    change = _moved(pre, post, rule)[0] / 0.01
    place = lag - int(LAGS[0])
    now = change[place].item()
    return {
        "x": _trace(pre[:SHOWN, place], rule.tau_plus), "pre": pre[:SHOWN, place],
        "y": _trace(post[:SHOWN, 0], rule.tau_minus), "post": post[:SHOWN, 0],
        "lags": LAGS, "change": change, "now": now, "said": f"{now:+.1f}",
    }  # fmt: skip


def drift_explorer(*, ask: str = "", **more: Any) -> Explorer:
    """Let both neurons fire at random, with rates of your choice; see where weights drift.

    `ask` names a prediction that is made first. `more` goes to `Explorer`.
    """
    return Explorer(
        _drifted,
        [
            Slider("pre", 1, 20, 1, value=20, label="presynaptic rate", unit="Hz"),
            Slider("post", 0, 50, 1, value=30, label="postsynaptic rate", unit="Hz"),
            Slider("ratio", 0.5, 2.0, 0.05, value=1.5, label="areas of pairs, below/above 0", unit=""),
            KIND,
        ],
        [
            Curve("rates", {"expected": "expected"}, point=("post", "measured"), xlim=(0, 50),
                  ylim=(-0.25, 0.5), title="Drift of a weight (dot: measured in 20 s)",
                  xlabel="postsynaptic rate (Hz)", ylabel="change of the weight (1/s)", height=220),
        ],
        title="Random spikes, and a weight",
        outcome="Measured {said} a second, expected {hoped}.",
        code="snn.drift_explorer().run(pre={pre}, post={post}, ratio={ratio}, kind={kind})['measured']",
        **(in_explorer(ask) if ask else {}),
        **more,
    )  # fmt: skip


def _drifted(pre: int, post: int, ratio: float, kind: str) -> dict[str, Any]:
    rule = RULES[kind]
    if kind == "pairs":
        up, down = _areas(rule)
        rule = rule._replace(a_minus=rule.a_minus * ratio * up / down)
    draw = torch.Generator().manual_seed(0)
    pre_rec, post_rec = (
        (torch.rand(1000 * SECONDS, SYNAPSES, generator=draw) < rate / 1000).double()
        for rate in (pre, post)
    )
    measured = _moved(pre_rec, post_rec, rule).mean().item() / SECONDS
    curve = expected_drift(pre, RATES, rule)
    said, hoped = f"{measured:+.3f}", f"{curve[post].item():+.3f}"
    return {"rates": RATES, "expected": curve, "measured": measured, "said": said, "hoped": hoped}


def expected_drift(pre: float, post: Tensor, rule: STDP) -> Tensor:
    """Return the mean change of a weight in a second, for random spikes at rates in Hz.

    It is u v (A+ τ+ - A- τ-) + u v² A3+ τ+ τ_y, as independent spikes meet as often in both orders.
    In steps of 1 ms sums stand for the areas τ, with the spikes of the same step for τ+.
    """
    both = pre * post / 1000  # pairs a second and millisecond
    up, down = _areas(rule)
    triplets = rule.a3_plus * (1 + _area(rule.tau_plus)) * _area(rule.tau_y) * post / 1000
    return both * (up - down + triplets)


def _areas(rule: STDP) -> tuple[float, float]:
    """Return the areas of the window of pairs, above and below zero."""
    return rule.a_plus * (1 + _area(rule.tau_plus)), rule.a_minus * _area(rule.tau_minus)


def _area(tau: float) -> float:
    """Return the sum of exp(-n/τ) over n = 1, 2, …: nearly τ."""
    return 1 / math.expm1(1 / tau)


def _moved(pre_rec: Tensor, post_rec: Tensor, rule: STDP) -> Tensor:
    """Return the changes of weights that begin far from both bounds."""
    shape = post_rec.shape[1], pre_rec.shape[1]
    start = torch.full(shape, MIDDLE, dtype=torch.float64)
    return impose(start, pre_rec, post_rec, rule) - MIDDLE


def _trace(spk: Tensor, tau: float) -> Tensor:
    """Return the trace of one neuron's spikes after each ms."""
    x, rows = torch.zeros(()), list[Tensor]()
    for now in spk:
        x = bump(fade(x, dt=1.0, tau=tau), now, neighbors="all")
        rows.append(x)
    return torch.stack(rows)
