"""The four codes: their statistics, their inverses, their bounds; and beside snnTorch."""

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import Tensor

from snnedu import spikegen

numbers = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=8).map(torch.tensor)
steps = st.integers(1, 60)


# --- rate ------------------------------------------------------------------------------------


def test_rate_has_the_mean_and_variance_of_independent_steps():
    p = torch.linspace(0, 1, 11)
    counts = spikegen.rate(p.expand(4000, 11), 50, seed=0).sum(0)
    assert counts[:, 0].max() == 0
    assert counts[:, -1].min() == 50
    error = (50 * p * (1 - p) / 4000).sqrt()
    assert ((counts.mean(0) - 50 * p).abs() <= 4 * error).all()
    assert torch.allclose(counts.var(0), 50 * p * (1 - p), rtol=0.1)


def test_rate_decodes_to_within_its_standard_error():
    p = torch.rand(500, generator=torch.Generator().manual_seed(1))
    for num_steps in (25, 400):
        error = spikegen.decode_rate(spikegen.rate(p, num_steps, seed=2)) - p
        expected = (p * (1 - p) / num_steps).mean().sqrt()
        assert error.square().mean().sqrt().item() == pytest.approx(expected.item(), rel=0.15)


def test_rate_takes_gain_and_offset_and_saturates():
    x = torch.tensor([0.0, 0.5, 1.0])
    spk_rec = spikegen.rate(x, 2000, gain=3, offset=0.25, seed=0)
    assert spk_rec.mean(0).tolist() == pytest.approx([0.25, 1, 1], abs=0.04)


def test_rate_of_data_with_time_first_keeps_their_shape():
    spk_rec = spikegen.rate(torch.tensor([[0.0, 1.0], [1.0, 0.0]]))
    assert spk_rec.tolist() == [[0, 1], [1, 0]]


def test_random_draws_follow_the_seed():
    x = torch.full((40,), 0.5)
    state = torch.random.get_rng_state()
    one, other = spikegen.rate(x, 9, seed=3), spikegen.rate(x, 9, seed=4)
    assert torch.equal(state, torch.random.get_rng_state())
    assert not torch.equal(one, other)
    generator = torch.Generator().manual_seed(3)
    assert torch.equal(one, spikegen.rate(x, 9, seed=generator))
    assert not torch.equal(one, spikegen.rate(x, 9, seed=generator))  # it has moved on
    torch.manual_seed(3)
    assert torch.equal(one, spikegen.rate(x, 9))  # the CPU's own state is such a generator too
    assert torch.equal(spikegen.population(x, 9, 4, seed=3), spikegen.population(x, 9, 4, seed=3))


# --- latency ---------------------------------------------------------------------------------


@given(numbers, steps, st.booleans(), st.booleans())
@settings(deadline=None)
def test_every_number_spikes_once_at_most(x: Tensor, num_steps: int, linear: bool, clip: bool):
    spk_rec = spikegen.latency(x, num_steps, linear=linear, clip=clip)
    assert spk_rec.shape == (num_steps, *x.shape)
    counts = spk_rec.sum(0)
    assert ((counts == 1) | (counts == 0)).all()
    if not clip:
        assert (counts == 1).all()
    assert (counts[x <= 0.01] == (0 if clip else 1)).all()


@given(numbers, steps, st.booleans())
@settings(deadline=None)
def test_larger_numbers_never_spike_later(x: Tensor, num_steps: int, linear: bool):
    times = spikegen.latency(x.sort().values, num_steps, linear=linear).argmax(0)
    assert (times.diff() <= 0).all()


@given(numbers, st.integers(2, 60), st.booleans())
@settings(deadline=None)
def test_a_number_keeps_its_time_in_any_batch(x: Tensor, num_steps: int, linear: bool):
    together = spikegen.latency(x, num_steps, linear=linear)
    alone = torch.stack([spikegen.latency(one, num_steps, linear=linear) for one in x], 1)
    assert torch.equal(together, alone)


def test_logarithmic_latency_is_the_charging_time_of_a_circuit():
    tau, theta, dt = 8.0, 0.2, 1e-4
    for x in (0.25, 0.5, 0.9):
        mem, now = 0.0, 0.0
        while mem < theta:
            mem += dt / tau * (x - mem)
            now += dt
        spk_rec = spikegen.latency(torch.tensor(x), 100, tau=tau, threshold=theta)
        assert spk_rec.argmax().item() == round(now)


def test_linear_latency_is_a_straight_line():
    x = torch.tensor([0.0, 0.02, 0.25, 0.5, 1.0])
    assert spikegen.latency(x, 9, linear=True).argmax(0).tolist() == [8, 8, 6, 4, 0]


def test_late_spikes_come_at_the_end_or_not_at_all():
    x = torch.tensor([0.001, 0.4, 0.5, 0.6, 0.9])
    late = spikegen.latency(x, 5, tau=10, linear=True)
    assert late.argmax(0).tolist() == [4, 4, 4, 4, 1]
    in_time = spikegen.latency(x, 5, tau=10, linear=True, clip=True)
    assert in_time.sum(0).tolist() == [0, 0, 0, 1, 1]  # the times are 10, 6, 5, 4 and 1


@pytest.mark.parametrize("linear", [True, False])
def test_latency_decodes_to_a_number_with_the_same_spike(linear: bool):
    x = torch.linspace(0.02, 1, 99)
    spk_rec = spikegen.latency(x, 50, linear=linear)
    decoded = spikegen.decode_latency(spk_rec, linear=linear)
    assert torch.equal(spikegen.latency(decoded, 50, linear=linear), spk_rec)
    if linear:
        assert (decoded - x).abs().max() < 0.5 / 49 + 1e-6  # half a step


@pytest.mark.parametrize(("theta", "most"), [(0.01, 0.27), (0.1, 0.105), (0.3, 0.07)])
def test_logarithmic_latency_reads_the_middle_of_the_numbers_that_share_a_step(
    theta: float, most: float
):
    x = torch.linspace(0, 1, 1001)
    spk_rec = spikegen.latency(x, 17, threshold=theta)
    decoded = spikegen.decode_latency(spk_rec, threshold=theta)
    step = spk_rec.argmax(0)
    means = torch.zeros(17).index_add(0, step, x) / step.bincount(minlength=17)
    assert (decoded - means[step]).abs().max() < 0.01
    assert (decoded - x).square().mean().sqrt() < most < (0.5 - x).square().mean().sqrt()


def test_a_clipped_code_keeps_silent_numbers_out_of_its_last_step():
    x = torch.tensor([0.1, 0.303, 0.9])
    spk_rec = spikegen.latency(x, 17, threshold=0.3, clip=True)
    assert spk_rec.sum(0).tolist() == [0, 1, 1]
    decoded = spikegen.decode_latency(spk_rec, threshold=0.3, clip=True)
    assert torch.allclose(decoded[1:], x[1:], atol=0.05)


def test_silence_decodes_to_zero():
    assert spikegen.decode_latency(torch.zeros(5, 2)).tolist() == [0, 0]


# --- delta -----------------------------------------------------------------------------------


def test_delta_sees_rises_and_falls():
    x = torch.tensor([1.0, 2.0, 0.0, 2.0, 2.9])
    assert spikegen.delta(x, 1).tolist() == [1, 1, 0, 1, 0]
    assert spikegen.delta(x, 1, off_spike=True).tolist() == [1, 1, -1, 1, 0]
    assert spikegen.delta(x, 1, off_spike=True, padding=True).tolist() == [0, 1, -1, 1, 0]


@given(st.integers(0, 99), st.floats(0.05, 0.5))
@settings(deadline=None)
def test_with_feedback_the_reconstruction_stays_within_one_threshold(seed: int, theta: float):
    generator = torch.Generator().manual_seed(seed)
    moves = (torch.rand(200, 3, generator=generator, dtype=torch.float64) * 2 - 1) * theta
    x = moves.cumsum(0) + 5
    spk_rec = spikegen.delta(x, theta, off_spike=True, padding=True, feedback=True)
    assert 0 < spk_rec.abs().mean() < 1
    rebuilt = spikegen.decode_delta(spk_rec, theta, start=x[0])
    assert (rebuilt - x).abs().max() <= theta + 1e-9


def test_without_feedback_a_slow_drift_is_lost():
    x = torch.linspace(0, 1, 100).unsqueeze(1)
    assert spikegen.delta(x, 0.1).sum() == 0
    with_feedback = spikegen.delta(x, 0.1, feedback=True)
    assert with_feedback.sum() == pytest.approx(10, abs=1)
    assert (spikegen.decode_delta(with_feedback, 0.1) - x).abs().max() < 0.1 + 1e-5


# --- population ------------------------------------------------------------------------------


def test_a_neuron_likes_its_own_number_best():
    x = torch.linspace(-1, 1, 5)
    fields = spikegen.receptive_fields(x, 5, low=-1, high=1)
    assert torch.equal(fields.argmax(-1), torch.arange(5))
    assert fields.diagonal().tolist() == [1] * 5
    assert fields[0, 1].item() == pytest.approx(math.exp(-0.5))  # one distance away


def test_a_population_decodes_better_with_more_steps():
    x = torch.rand(300, generator=torch.Generator().manual_seed(0)) * 4 - 1
    errors: list[float] = []
    for num_steps in (5, 50, 500):
        spk_rec = spikegen.population(x, num_steps, 12, low=-1, high=3, seed=1)
        assert spk_rec.shape == (num_steps, 300, 12)
        assert 0 < spk_rec.mean() < 1
        error = spikegen.decode_population(spk_rec, low=-1, high=3) - x
        errors.append(error.square().mean().sqrt().item())
    assert errors[0] < 0.4
    assert errors[1] < errors[0] / 2
    assert errors[2] < errors[1] / 2  # the square root of ten is 3.2


def test_a_silent_population_is_not_a_number():
    assert spikegen.decode_population(torch.zeros(5, 2, 8)).isnan().all()


def test_receptive_fields_feed_a_latency_code():
    fields = spikegen.receptive_fields(torch.tensor([0.5]), 5)
    times = spikegen.latency(fields, 20, linear=True).argmax(0)
    assert times[0].argmin() == 2


# --- laws of all encoders --------------------------------------------------------------------

ENCODERS: list[Callable[[Tensor], Tensor]] = [
    lambda x: spikegen.rate(x, 7, seed=0),
    lambda x: spikegen.latency(x, 7),
    lambda x: spikegen.latency(x, 7, linear=True, clip=True),
    lambda x: spikegen.population(x, 7, seed=0),
    lambda x: spikegen.delta(x.expand(7, *x.shape) * (x * 0 + 1), 0.3, off_spike=True),
]


@pytest.mark.parametrize("encode", ENCODERS)
@pytest.mark.parametrize("shape", [(), (3,), (2, 1, 8, 8)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_codes_put_time_first_and_keep_the_dtype(
    encode: Callable[[Tensor], Tensor], shape: tuple[int, ...], dtype: torch.dtype
):
    x = torch.rand(shape).to(dtype)
    kept = x.clone()
    spk_rec = encode(x)
    assert spk_rec.shape[: 1 + x.ndim] == (7, *shape)
    assert spk_rec.dtype == dtype or "delta" in encode.__code__.co_names
    assert set(spk_rec.unique().tolist()) <= {-1, 0, 1}
    assert torch.equal(x, kept)


# --- beside snnTorch -------------------------------------------------------------------------


@pytest.mark.parity
def test_delta_equals_snntorch():
    theirs = pytest.importorskip("snntorch.spikegen")
    x = torch.rand(50, 4, 3, generator=torch.Generator().manual_seed(0))
    for off_spike in (True, False):
        for padding in (True, False):
            expected = theirs.delta(x, 0.2, padding, off_spike)
            ours = spikegen.delta(x, 0.2, padding=padding, off_spike=off_spike)
            assert torch.equal(ours, expected)


@pytest.mark.parity
@pytest.mark.parametrize("linear", [True, False])
@pytest.mark.parametrize("clip", [True, False])
def test_latency_equals_snntorch_above_threshold(linear: bool, clip: bool):
    theirs = pytest.importorskip("snntorch.spikegen")
    x = torch.linspace(0.3, 1, 57)
    expected = theirs.latency(x, 30, 0.25, 10, linear=linear, clip=clip)
    ours = spikegen.latency(x, 30, threshold=0.25, tau=10, linear=linear, clip=clip)
    assert torch.equal(ours, expected)


@pytest.mark.parity
def test_a_spike_time_does_not_depend_on_the_batch():
    """snnTorch's `normalize` stretches a batch by its latest spike: 0.5 spikes early, or last."""
    theirs = pytest.importorskip("snntorch.spikegen")
    alone, beside = torch.tensor([0.5]), torch.tensor([0.5, 0.02])
    times = [theirs.latency(x, 20, normalize=True)[:, 0].argmax().item() for x in (alone, beside)]
    assert times[0] != times[1]
    assert torch.equal(spikegen.latency(alone, 20)[:, 0], spikegen.latency(beside, 20)[:, 0])


# --- bad input -------------------------------------------------------------------------------

X = torch.rand(5, 3)
BAD: list[tuple[str, Callable[[], object], type[Exception], str]] = [
    ("rate: above 1", lambda: spikegen.rate(X + 1, 5), ValueError, r"`data` must lie in \[0, 1\]"),
    ("rate: below 0", lambda: spikegen.rate(-X, 5), ValueError, "Rescale it"),
    ("rate: NaN", lambda: spikegen.rate(X * math.nan, 5), ValueError, "nan"),
    ("rate: bytes", lambda: spikegen.rate(X.byte(), 5), TypeError, r"torch.uint8.*\.float\(\)"),
    ("rate: array", lambda: spikegen.rate(X.numpy(), 5), TypeError, "Received ndarray"),
    ("rate: no step", lambda: spikegen.rate(X, 0), ValueError, "`num_steps` must be 1 or more"),
    ("rate: half a step", lambda: spikegen.rate(X, 2.5), TypeError, "whole number"),
    ("rate: empty", lambda: spikegen.rate(X[:0]), ValueError, "at least one step"),
    ("latency: above 1", lambda: spikegen.latency(X + 1, 5), ValueError, r"\[0, 1\]"),
    ("latency: NaN", lambda: spikegen.latency(X * math.nan, 5), ValueError, "nan"),
    ("latency: tau 0", lambda: spikegen.latency(X, 5, tau=0), ValueError, "`tau` must be finite"),
    (
        "latency: threshold 1",
        lambda: spikegen.latency(X, 5, threshold=1),
        ValueError,
        "`threshold` must lie in",
    ),
    ("latency: -1 step", lambda: spikegen.latency(X, -1), ValueError, "1 or more"),
    ("delta: threshold 0", lambda: spikegen.delta(X, 0), ValueError, "`threshold` must be finite"),
    ("delta: NaN", lambda: spikegen.delta(X * math.nan), ValueError, "Drop or fill"),
    ("delta: empty", lambda: spikegen.delta(X[:0]), ValueError, "at least one step"),
    ("delta: int", lambda: spikegen.delta(X.int()), TypeError, "torch.int32"),
    (
        "population: outside",
        lambda: spikegen.population(X + 1, 5),
        ValueError,
        "Set `low` and `high`",
    ),
    ("population: one", lambda: spikegen.population(X, 5, 1), ValueError, "num_neurons - 1"),
    ("population: width", lambda: spikegen.population(X, 5, width=0), ValueError, "`width`"),
    (
        "population: upside down",
        lambda: spikegen.population(X, 5, low=1, high=0),
        ValueError,
        "`high - low`",
    ),
    ("decode: nothing", lambda: spikegen.decode_rate(X[:0]), ValueError, "at least one step"),
    (
        "decode: no neurons",
        lambda: spikegen.decode_population(X[:, 0]),
        ValueError,
        r"2 dimension\(s\)",
    ),
    ("decode: whole", lambda: spikegen.decode_latency(X.long()), TypeError, "floating-point"),
]


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("call", "error", "message"), [b[1:] for b in BAD], ids=[b[0] for b in BAD]
)
def test_bad_input_raises(call: Callable[[], object], error: type[Exception], message: str):
    with pytest.raises(error, match=message):
        call()
