"""Two neurons in physical units: physiology, fine references, laws of both, bad input."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from scipy.integrate import solve_ivp
from torch import Tensor

from snnedu import biophysics
from snnedu.brains.biophysics import KINDS, HodgkinHuxley, Izhikevich, Membrane

Neuron = HodgkinHuxley | Izhikevich
MODELS: list[Callable[..., Any]] = [HodgkinHuxley, Izhikevich]


def current(neuron: Neuron, *pieces: tuple[float, float]) -> Tensor:
    """Make a current [time, 1] from pieces (ms, strength)."""
    steps = [torch.full((round(ms / neuron.dt), 1), float(x)) for ms, x in pieces]
    return torch.cat(steps)


def spike_times(neuron: Neuron, *pieces: tuple[float, float]) -> Tensor:
    """Return when the neuron spikes, in ms; within a step too."""
    spk_rec, mem_rec, *_ = neuron.unroll(current(neuron, *pieces))
    steps = spk_rec[:, 0].nonzero()[:, 0]
    mem, dt = mem_rec[:, 0], neuron.dt
    if isinstance(neuron, Izhikevich):
        return (steps.double() + 1) * dt - (mem[steps] - 30)
    before = mem[steps - 1]  # none of the tests has a spike in its first step
    return (steps.double() + before / (before - mem[steps])) * dt


# --- Hodgkin and Huxley: physiology ----------------------------------------------------------


def test_hh_rests_at_minus_65_mv_and_stays_there():
    hh = HodgkinHuxley()
    spk_rec, mem_rec, m_rec, h_rec, n_rec = hh.unroll(current(hh, (50, 0)))
    assert spk_rec.sum() == 0
    assert hh.rest()[0] == pytest.approx(-65, abs=0.01)
    for rec, rest in zip((mem_rec, m_rec, h_rec, n_rec), hh.rest(), strict=True):
        assert (rec - rest).abs().max() < 1e-6
    assert hh.rest()[1:] == pytest.approx((0.053, 0.596, 0.318), abs=0.001)  # the paper's figures


def test_hh_spike_has_the_published_shape():
    hh = HodgkinHuxley()
    _, mem_rec, *_ = hh.unroll(current(hh, (5, 0), (1, 15), (30, 0)))
    mem = mem_rec[:, 0]
    peak = mem.argmax().item()
    assert mem[peak].item() == pytest.approx(40, abs=5)  # the overshoot
    above = (mem > 0).sum() * hh.dt
    assert 0.3 < above < 1.5  # ms
    assert -77 < mem[peak:].min() < -72  # the undershoot ends above E_K
    assert mem[-1].item() == pytest.approx(-65, abs=1)


def test_hh_fires_once_above_2_and_repeatedly_above_6_microampere():
    hh = HodgkinHuxley(dt=0.02)
    cur = torch.tensor([1.5, 3.0, 5.5, 6.5, 10.0]).expand(15_000, 5)  # 300 ms
    spk_rec, *_ = hh.unroll(cur)
    counts = spk_rec.sum(0).tolist()
    assert counts[0] == 0
    assert counts[1] == 1
    assert counts[2] < 4
    assert counts[3] > 10  # repetitive firing begins at 6.3
    assert counts[4] > counts[3]
    assert spk_rec[-2000:].sum(0).tolist()[:3] == [0, 0, 0]


def test_hh_is_blocked_by_too_strong_a_current():
    hh = HodgkinHuxley(dt=0.02)
    spk_rec, *_ = hh.unroll(torch.tensor([50.0, 200.0]).expand(10_000, 2))
    late = spk_rec[5000:].sum(0)
    assert late[0] > 5
    assert late[1] == 0


def test_hh_spikes_when_a_hyperpolarizing_current_ends():
    times = spike_times(HodgkinHuxley(), (5, 0), (50, -10), (30, 0))
    assert len(times) == 1
    assert times[0] > 55


def test_hh_is_refractory():
    hh = HodgkinHuxley()
    soon = spike_times(hh, (5, 0), (0.5, 25), (4, 0), (0.5, 25), (20, 0))
    later = spike_times(hh, (5, 0), (0.5, 25), (20, 0), (0.5, 25), (20, 0))
    assert (len(soon), len(later)) == (1, 2)


def test_hh_without_sodium_channels_is_a_leaky_membrane():
    hh = HodgkinHuxley(g_na=0, g_k=0, e_leak=-60)
    _, mem_rec, *_ = hh.unroll(current(hh, (10, 3)))
    t = torch.arange(1, 1001, dtype=torch.float64) * hh.dt
    closed_form = -60 + 3 / 0.3 * (1 - torch.exp(-0.3 * t))  # I/g and C/g
    assert (mem_rec[:, 0] - closed_form).abs().max() < 1e-9


def test_hh_warm_spikes_are_shorter():
    widths: list[float] = []
    for degrees in (6.3, 16.3):
        hh = HodgkinHuxley(speed=3 ** ((degrees - 6.3) / 10))
        _, mem_rec, *_ = hh.unroll(current(hh, (5, 0), (0.5, 40), (20, 0)))
        widths.append((mem_rec > -20).sum().item() * hh.dt)
    assert 0 < widths[1] < widths[0] / 2


# --- Hodgkin and Huxley: references ----------------------------------------------------------


def hh_reference(strength: float, ms: float) -> Any:
    axon = Membrane()

    def slopes(_: float, y: np.ndarray) -> list[float]:
        v, m, h, n = y
        am, bm, ah, bh, an, bn = biophysics.gate_rates(v)
        ionic = axon.g_na * m**3 * h * (v - axon.e_na) + axon.g_k * n**4 * (v - axon.e_k)
        ionic += axon.g_leak * (v - axon.e_leak)
        return [
            strength - ionic,
            am * (1 - m) - bm * m,
            ah * (1 - h) - bh * h,
            an * (1 - n) - bn * n,
        ]

    def crossing(_: float, y: np.ndarray) -> float:
        return y[0]

    crossing.direction = 1  # pyright: ignore[reportFunctionMemberAccess]
    start, span = HodgkinHuxley().rest(), (0, ms)
    options = {"rtol": 1e-10, "atol": 1e-10, "events": crossing, "dense_output": True}
    return solve_ivp(slopes, span, start, method="LSODA", **options)


def test_hh_follows_a_fine_reference():
    fine, hh = hh_reference(10, 100), HodgkinHuxley()
    times = spike_times(hh, (100, 10)).numpy()
    off = np.abs(times - fine.t_events[0])
    assert len(times) == 7
    assert off[0] < 2e-4
    assert off.max() < 0.005  # ms: half a step, after 90 ms
    _, *recs = hh.unroll(current(hh, (15, 10)))
    exact = fine.sol((np.arange(1500) + 1) * hh.dt)
    for rec, reference, within in zip(recs, exact, (0.05, 1e-3, 2e-4, 2e-4), strict=True):
        assert np.abs(rec[:, 0].numpy() - reference).max() < within


def test_hh_error_falls_with_dt_squared():
    fine = hh_reference(10, 4).sol(4.0)[0]
    errors: list[float] = []
    for dt in (0.04, 0.02, 0.01, 0.005):
        hh = HodgkinHuxley(dt=dt)
        _, mem, *_ = hh.unroll(current(hh, (4, 10)), record=False)
        errors.append(abs(mem.item() - fine))
    for coarse, finer in itertools.pairwise(errors):
        assert math.log2(coarse / finer) == pytest.approx(2, abs=0.25)


BRIAN = {  # Brian 2.9, rk4, steps of 0.002 ms, spike times in ms from rest under uA/cm2
    7: [2.376, 19.64, 36.788, 53.932],
    10: [1.9, 16.822, 31.47, 46.108],
    20: [1.27, 13.332, 24.93, 36.498, 48.064, 59.628],
}


@pytest.mark.parametrize("strength", BRIAN)
def test_hh_spikes_with_brian(strength: int):
    ours = spike_times(HodgkinHuxley(), (60, strength))
    assert ours.tolist() == pytest.approx(BRIAN[strength], abs=0.008)


def test_gate_rates_are_continuous_where_the_formula_gives_zero_by_zero():
    rates = np.array([biophysics.gate_rates(v) for v in np.linspace(-41, -39, 2001)])
    assert biophysics.gate_rates(-40.0)[0] == 1
    assert biophysics.gate_rates(-55.0)[4] == 0.1
    assert np.abs(np.diff(rates, axis=0)).max() < 1e-3
    for v in (-40.0, -55.0):
        for near in (1e-3, 1e-6, 1e-9, 1e-12, 1e-14):
            rate = np.array([biophysics.gate_rates(v + s * near) for s in (-1, 1)])
            assert np.allclose(rate, biophysics.gate_rates(v), atol=near)
    hh = HodgkinHuxley()
    for v in (-40.0, -55.0):
        state = hh(torch.zeros(1), torch.tensor([v]))
        assert all(x.isfinite().all() for x in state)


# --- Izhikevich: the firing classes ----------------------------------------------------------


def test_regular_spiking_slows_down():
    intervals = spike_times(Izhikevich("regular_spiking"), (500, 10)).diff()
    assert intervals[0] < intervals[-1] / 2
    assert (intervals[2:].diff().abs() < 1).all()  # then it keeps its pace


def test_intrinsically_bursting_starts_with_a_burst():
    intervals = spike_times(Izhikevich("intrinsically_bursting"), (500, 10)).diff()
    assert (intervals[:2] < 5).all()
    assert (intervals[4:] > 15).all()


def test_chattering_bursts_again_and_again():
    intervals = spike_times(Izhikevich("chattering"), (500, 10)).diff()
    pauses = (intervals > 20).nonzero()[:, 0]
    assert len(pauses) > 5
    assert (pauses.diff() >= 2).all()  # a burst has three spikes or more
    assert (intervals[intervals <= 20] < 8).all()


def test_fast_spiking_is_fast_and_steady():
    fast = spike_times(Izhikevich("fast_spiking"), (500, 10)).diff()
    regular = spike_times(Izhikevich("regular_spiking"), (500, 10)).diff()
    assert fast.mean() < regular.mean() / 3
    assert fast[-1] / fast[0] < 2 < regular[-1] / regular[0]


def test_low_threshold_spiking_needs_less_current_and_adapts():
    intervals = spike_times(Izhikevich("low_threshold_spiking"), (500, 10)).diff()
    assert intervals[-1] > 2 * intervals[0]
    assert len(spike_times(Izhikevich("low_threshold_spiking"), (500, 2))) > 0
    assert len(spike_times(Izhikevich("regular_spiking"), (500, 2))) == 0


def test_thalamo_cortical_fires_on_release():
    relay = Izhikevich("thalamo_cortical")
    assert len(spike_times(relay, (100, 0))) == 0
    times = spike_times(relay, (100, 0), (200, -10), (100, 0))
    assert len(times) >= 2
    assert times[0] > 300
    assert (times.diff() < 20).all()


def test_a_resonator_rings_and_a_regular_neuron_does_not():
    crossings: list[int] = []
    for kind in ("resonator", "regular_spiking"):
        neuron = Izhikevich(kind)
        spk_rec, mem_rec, _ = neuron.unroll(current(neuron, (2, 0.5), (300, 0)))
        assert spk_rec.sum() == 0
        around = mem_rec[:, 0] - neuron.rest()[0]
        around = around[around.abs() > 1e-3]
        crossings.append(int((around[1:] * around[:-1] < 0).sum()))
    assert crossings[0] > 4
    assert crossings[1] <= 2


@pytest.mark.parametrize(("strength", "fires"), [(3.75, False), (3.85, True)])
def test_rest_becomes_unstable_at_the_closed_form_current(strength: float, fires: bool):
    # Small deviations grow where 0.08 V + 5 - a > 0 (the trace of the linearized equations), from
    # V = -62.25 mV on; that is the equilibrium of I = -(0.04 V^2 + 4.8 V + 140) = 3.7975.
    neuron = Izhikevich()
    mem = (-4.8 - math.sqrt(4.8**2 - 0.16 * (140 + strength))) / 0.08
    start = (torch.tensor([mem + 0.01]), torch.tensor([0.2 * mem]))
    spk_rec, *_ = neuron.unroll(current(neuron, (3000, strength)), *start)
    assert (spk_rec.sum() > 0) == fires


def test_the_reset_comes_one_step_after_the_spike():
    neuron = Izhikevich()
    spk_rec, mem_rec, rec_rec = neuron.unroll(current(neuron, (100, 10)))
    steps = spk_rec[:, 0].nonzero()[:, 0]
    assert 0 < len(steps) < 50
    assert ((mem_rec[steps] >= 30) & (mem_rec[steps] <= 30 + neuron.dt)).all()
    assert (mem_rec[steps + 1] < -60).all()
    jump = (rec_rec[steps + 1] - rec_rec[steps])[:, 0]
    assert jump.tolist() == pytest.approx([8.0] * len(steps), abs=0.2)
    assert mem_rec[spk_rec == 0].max() < 30


# --- Izhikevich: references ------------------------------------------------------------------


def izhikevich_reference(kind: str, strength: float, ms: float) -> np.ndarray:
    a, b, c, d = KINDS[kind]

    def slopes(_: float, y: np.ndarray) -> list[float]:
        return [0.04 * y[0] ** 2 + 5 * y[0] + 140 - y[1] + strength, a * (b * y[0] - y[1])]

    def peak(_: float, y: np.ndarray) -> float:
        return y[0] - 30

    peak.terminal = True  # pyright: ignore[reportFunctionMemberAccess]
    now, state, times = 0.0, list(Izhikevich(kind).rest()), list[float]()
    while now < ms:
        options = {"rtol": 1e-12, "atol": 1e-12, "events": peak, "max_step": 0.5}
        piece = solve_ivp(slopes, (now, ms), state, method="DOP853", **options)
        now, state = piece.t[-1], [c, piece.y[1, -1] + d]
        times += [now] if piece.status == 1 else []
    return np.array(times)


@pytest.mark.parametrize("kind", KINDS)
def test_izhikevich_follows_a_fine_reference_to_fourth_order(kind: str):
    fine = izhikevich_reference(kind, 10, 300)
    errors: list[float] = []
    for dt in (0.1, 0.025, 0.0125):
        times = spike_times(Izhikevich(kind, dt=dt), (300, 10)).numpy()
        assert len(times) == len(fine) > 2
        errors.append(np.abs(times - fine).mean())
        assert np.abs(times - fine).max() < 1e-3  # ms
    assert math.log2(errors[1] / errors[2]) > 3.4


# --- laws of both ----------------------------------------------------------------------------


def assert_equal(one: tuple[Tensor, ...], other: tuple[Tensor, ...], within: float = 0.0) -> None:
    for a, b in zip(one, other, strict=True):
        assert a.shape == b.shape
        assert (a - b).abs().max() <= within


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 20 + 10


@pytest.mark.parametrize("model", MODELS)
def test_steps_and_pieces_equal_the_whole(model: Callable[..., Neuron]):
    neuron, cur_rec = model(), noise(3000, 2, 3)
    whole = neuron.unroll(cur_rec)
    assert 0 < whole[0].mean() < 1
    first = neuron.unroll(cur_rec[:1000])
    second = neuron.unroll(cur_rec[1000:], *(rec[-1] for rec in first[1:]))
    assert_equal(whole, tuple(torch.cat(pair) for pair in zip(first, second, strict=True)))
    spk_rec, *last = neuron.unroll(cur_rec, record=False)
    assert_equal(whole[:1] + tuple(rec[-1] for rec in whole[1:]), (spk_rec, *last))
    state: tuple[Tensor, ...] = ()
    for t in range(20):
        spk, *now = neuron(cur_rec[t], *state)
        assert_equal((spk, *now), tuple(rec[t] for rec in whole))
        state = tuple(now)


@pytest.mark.parametrize("model", MODELS)
def test_a_neuron_depends_only_on_its_own_past(model: Callable[..., Neuron]):
    neuron, cur_rec = model(), noise(2000, 4)
    together = neuron.unroll(cur_rec)
    alone = neuron.unroll(cur_rec[:, 2:3])
    assert_equal(tuple(rec[:, 2:3] for rec in together), alone)
    changed = cur_rec.clone()
    changed[1000:] += 50
    later = neuron.unroll(changed)
    assert_equal(tuple(rec[:1000] for rec in together), tuple(rec[:1000] for rec in later))
    assert not torch.equal(together[1], later[1])


@pytest.mark.parametrize("model", MODELS)
def test_compiled_and_plain_python_give_equal_numbers(
    model: Callable[..., Neuron], monkeypatch: pytest.MonkeyPatch
):
    pytest.importorskip("numba")
    neuron, cur_rec = model(), noise(2000, 2)
    compiled = neuron.unroll(cur_rec)
    monkeypatch.setattr(biophysics._compiled, "has_numba", lambda: False)
    assert 0 < compiled[0].mean() < 1
    assert_equal(neuron.unroll(cur_rec), compiled, within=1e-9)


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=20), st.floats(1e-4, 0.1))
@settings(deadline=None, max_examples=30)
def test_gates_stay_between_0_and_1_and_the_membrane_finite(strengths: list[float], dt: float):
    hh = HodgkinHuxley(dt=dt)
    cur_rec = torch.tensor(strengths).repeat_interleave(50).unsqueeze(1)
    _, mem_rec, *gates = hh.unroll(cur_rec)
    assert mem_rec.isfinite().all()
    for rec in gates:
        assert ((rec >= 0) & (rec <= 1)).all()


@pytest.mark.parametrize("strength", [300.0, 1e3, 1e4, 1e5])
@pytest.mark.parametrize("kind", KINDS)
def test_izhikevich_spikes_at_most_once_a_step(kind: str, strength: float):
    neuron = Izhikevich(kind)
    spk_rec, mem_rec, rec_rec = neuron.unroll(current(neuron, (100, strength)))
    assert mem_rec.isfinite().all()
    assert rec_rec.isfinite().all()
    assert spk_rec.sum() > 50
    assert mem_rec.max() <= 30 + neuron.dt


@pytest.mark.parametrize("strength", [-1e4, 1e4])
def test_plain_python_stays_finite_under_extreme_currents(
    strength: float, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(biophysics._compiled, "has_numba", lambda: False)
    out = HodgkinHuxley().unroll(torch.full((100, 1), strength))
    assert all(rec.isfinite().all() for rec in out)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_nan_and_inf_reach_the_last_membrane(model: Callable[..., Neuron], bad: float):
    cur_rec = torch.full((50, 2), 10.0)
    cur_rec[10, 0] = bad
    _, mem_rec, *_ = model().unroll(cur_rec)
    assert not mem_rec[-1, 0].isfinite()
    assert mem_rec[:, 1].isfinite().all()


@pytest.mark.parametrize("model", MODELS)
def test_constants_can_be_changed_later(model: Callable[..., Neuron]):
    neuron = model()
    name, value = ("g_k", 20.0) if isinstance(neuron, HodgkinHuxley) else ("d", 2.0)
    cur_rec = current(neuron, (50, 10))
    before = neuron.unroll(cur_rec)
    neuron.constants = neuron.constants._replace(**{name: value})
    after = neuron.unroll(cur_rec)
    assert not torch.equal(before[1], after[1])
    assert_equal(after, model(**{name: value}).unroll(cur_rec))
    assert f"{name}={value:g}" in repr(neuron)


# --- bad input -------------------------------------------------------------------------------

CUR = torch.full((5, 2), 10.0)
HH, IZ = HodgkinHuxley(), Izhikevich()


def changed(neuron: Neuron, **values: Any) -> Neuron:
    for name, value in values.items():
        setattr(neuron, name, value)
    return neuron


BAD: list[tuple[str, Callable[[], object], type[Exception], str]] = [
    ("dt 0", lambda: HodgkinHuxley(dt=0), ValueError, "`dt` must be finite and above 0"),
    ("dt 1 ms", lambda: HodgkinHuxley(dt=1), ValueError, r"in \[0, 0\.1\].*one step in ms"),
    ("dt of seconds", lambda: Izhikevich(dt=0.5), ValueError, r"in \[0, 0\.1\]"),
    ("dt later", lambda: changed(Izhikevich(), dt=5).unroll(CUR), ValueError, "`dt` must lie"),
    ("g_na below 0", lambda: HodgkinHuxley(g_na=-1), ValueError, "`g_na` must lie.*blocks"),
    ("no leak", lambda: HodgkinHuxley(g_leak=0), ValueError, "`g_leak` must be finite and above"),
    ("NaN", lambda: HodgkinHuxley(e_k=math.nan), ValueError, "`e_k` must lie"),
    ("unknown", lambda: HodgkinHuxley(g_sodium=1), ValueError, "'g_na'.*Received 'g_sodium'"),
    ("unknown kind", lambda: Izhikevich("chatering"), ValueError, "Did you mean 'chattering'"),
    ("unknown letter", lambda: Izhikevich(e=1), ValueError, "must be one of 'a', 'b', 'c', 'd'"),
    ("reset at the peak", lambda: Izhikevich(c=30), ValueError, "below the peak"),
    ("no rest", lambda: Izhikevich(b=0.3)(CUR[0]), ValueError, r"b <= 0\.267\. Received b=0\.3"),
    ("no step", lambda: HH.unroll(CUR[:0]), ValueError, "at least one step"),
    ("no batch", lambda: HH.unroll(CUR[:, 0]), ValueError, r"2 dimension.*Received shape \(5,\)"),
    ("whole", lambda: IZ.unroll(CUR.int()), TypeError, r"torch.int32.*\.float\(\)"),
    ("number", lambda: HH(10.0), TypeError, "Received float"),
    ("another batch", lambda: HH(CUR[0], CUR[0, :1]), ValueError, r"\(2,\) and \(1,\).*rest"),
    (
        "too many",
        lambda: IZ(CUR[0], CUR[0], CUR[0], CUR[0]),
        TypeError,
        "2 parts: mem, rec. Received 3",
    ),
    ("state whole", lambda: IZ(CUR[0], CUR[0].int()), TypeError, "`mem` must hold"),
]


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("call", "error", "message"), [b[1:] for b in BAD], ids=[b[0] for b in BAD]
)
def test_bad_input_is_answered(call: Callable[[], object], error: type[Exception], message: str):
    with pytest.raises(error, match=message):
        call()
