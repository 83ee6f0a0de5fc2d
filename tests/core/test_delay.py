"""Delays: what goes in comes out later, by how much can be learned, and a task that needs it."""

import copy

import pytest
import torch
from hypothesis import given, strategies as st
from torch import nn

import snnedu as snn
from snnedu.core.delay import DelayLayer

STEPS, BATCH = 14, 3


def noise(*features: int, steps: int = STEPS, seed: int = 0) -> torch.Tensor:
    return torch.randn(steps, BATCH, *features, generator=torch.Generator().manual_seed(seed))


def late(x_rec: torch.Tensor, steps: int) -> torch.Tensor:
    """Shift by hand: zeros come first."""
    return torch.cat([torch.zeros_like(x_rec[:steps]), x_rec[: len(x_rec) - steps]])


# ------------------------------------------------------------------------------ what it computes


@given(st.lists(st.integers(0, 2 * STEPS), min_size=1, max_size=5))
def test_whole_delays_shift_each_channel_exactly(delays):
    x_rec = noise(len(delays))
    x_late, _ = snn.Delay(torch.tensor(delays), 2 * STEPS).unroll(x_rec)
    for channel, steps in enumerate(delays):
        assert torch.equal(x_late[..., channel], late(x_rec[..., channel], min(steps, STEPS)))


def test_one_delay_serves_all_features_of_an_image():
    x_rec = noise(2, 4, 5)
    assert torch.equal(snn.Delay(3).unroll(x_rec)[0], late(x_rec, 3))
    rows = torch.tensor([0, 1, 2, 3])[:, None]
    by_row = snn.Delay(rows).unroll(x_rec)[0]
    assert torch.equal(by_row[:, :, :, 2], late(x_rec[:, :, :, 2], 2))


def test_each_connection_has_its_own_delay():
    delay = torch.tensor([[0, 1], [2, 3], [4, 5]])
    layer = snn.DelayedLinear(2, 3, 5, delay=delay, learn_delay=False)
    x_rec = noise(2)
    cur_rec, _ = layer.unroll(x_rec)
    for out, (first, second) in enumerate(layer.delay.int().tolist()):
        parts = late(x_rec[..., 0], first), late(x_rec[..., 1], second)
        by_hand = sum(w * part for w, part in zip(layer.weight[out], parts, strict=True))
        torch.testing.assert_close(cur_rec[..., out], by_hand + layer.bias[out])


def test_without_a_delay_it_is_a_linear_layer():
    layer = snn.DelayedLinear(4, 6, 3, delay=0, sigma=0)
    linear = nn.Linear(4, 6)
    linear.load_state_dict({"weight": layer.weight, "bias": layer.bias})
    x_rec = noise(4)
    torch.testing.assert_close(layer.unroll(x_rec)[0], linear(x_rec))


@given(st.floats(0, 9), st.floats(0, 20))
def test_the_kernel_is_a_bell_over_the_steps_and_sums_to_one(delay, sigma):
    layer = snn.Delay(delay, 9, sigma=sigma)
    kernel = layer.kernel()
    steps = torch.arange(9, -1, -1)
    assert kernel.sum().item() == pytest.approx(1)
    assert (kernel >= 0).all()
    nearest = (steps - delay).abs().min()
    assert (steps[kernel.argmax()] - delay).abs() == pytest.approx(nearest.item(), abs=1e-5)
    if sigma > 0.1:  # the closed form
        bell = torch.exp(-(((steps - delay) / sigma) ** 2) / 2)
        torch.testing.assert_close(kernel, bell / bell.sum(), rtol=1e-4, atol=1e-6)


def test_without_width_a_delay_is_rounded():
    x_rec = noise(3)
    rounded, _ = snn.Delay(torch.tensor([2.4, 2.6, 2.5]), 6).unroll(x_rec)
    for channel, steps in enumerate((2, 3, 2)):  # halfway: to the even step
        assert torch.equal(rounded[..., channel], late(x_rec[..., channel], steps))


def test_without_width_a_delay_has_no_gradient():
    layer = snn.Delay(torch.tensor([2.0, 2.5, 7.0]), 6 + 1, learn_delay=True, sigma=0)
    layer.unroll(noise(3))[0].square().sum().backward()
    assert torch.equal(layer.delay.grad, torch.zeros(3))


def test_fixed_delays_are_exact_and_learned_ones_blurred_unless_told_otherwise():
    assert snn.Delay(3, 8).sigma == 0
    assert snn.DelayedLinear(2, 3, 8, learn_delay=False).sigma == 0
    assert snn.Delay(3, 8, learn_delay=True).sigma == 2
    assert snn.DelayedLinear(2, 3, 8).sigma == 2
    assert snn.DelayedLinear(2, 3, 8, sigma=0).sigma == 0
    assert snn.Delay(0, learn_delay=True).sigma == 0


# ------------------------------------------------------------------------------------ its state

LAYERS = {
    "channels": lambda: snn.Delay(torch.tensor([0.0, 2.3, 5, 1]), sigma=0.8),
    "connections": lambda: snn.DelayedLinear(4, 4, 6, sigma=1.0),
}


@pytest.mark.parametrize("name", LAYERS)
def test_steps_stretches_and_the_whole_sequence_give_the_same_numbers(name):
    layer: DelayLayer = LAYERS[name]()
    x_rec, past = noise(4), None
    whole, last = layer.unroll(x_rec)
    for x, expected in zip(x_rec, whole, strict=True):
        x_late, past = layer(x, past)
        torch.testing.assert_close(x_late, expected)
    assert torch.equal(past, last)
    first, past = layer.unroll(x_rec[:3])  # shorter than the longest delay
    second, past = layer.unroll(x_rec[3:], past)
    torch.testing.assert_close(torch.cat([first, second]), whole)
    assert torch.equal(past, last)
    assert last.shape == (BATCH, layer.max_delay, 4)


def test_the_state_is_not_changed_in_place():
    layer, x = snn.Delay(2), torch.ones(1, 3)
    _, past = layer(x)
    kept = past.clone()
    layer(2 * x, past)
    assert torch.equal(past, kept)


def network() -> snn.Sequential:
    torch.manual_seed(0)
    return snn.Sequential(
        snn.DelayedLinear(5, 8, 4, sigma=0.7),
        snn.Leaky(0.8, threshold=0.3),
        snn.Delay(torch.arange(8) % 4),
        nn.Linear(8, 3),
        snn.Leaky(0.8, threshold=0.2),
    )


def test_a_network_with_delays_streams_and_continues():
    net, x_rec = network(), noise(5).abs()
    recordings, last = net.unroll(x_rec, record=True)
    assert list(recordings) == ["1", "4"]
    assert set(last) == {"0", "1", "2", "4"}
    assert 0 < recordings["4"].spk.mean() < 1
    state, streamed = None, []
    for x in x_rec:
        spk, state = net.step(x, state)
        streamed.append(spk)
    assert torch.equal(torch.stack(streamed), recordings["4"].spk)
    first, state = net.unroll(x_rec[:6])
    second, _ = net.unroll(x_rec[6:], snn.detach(state))
    assert torch.equal(torch.cat([first["4"].spk, second["4"].spk]), recordings["4"].spk)
    assert torch.equal(net(x_rec)[0], net(x_rec, recompute=5)[0])


def test_constant_input_is_delayed_too():
    net = snn.Sequential(snn.Delay(3), nn.Linear(2, 2), snn.Leaky(0.9))
    x = torch.ones(1, 2)
    constant, hand = x.expand(6, 1, 2), x.repeat(6, 1, 1)
    assert torch.equal(net(constant)[1], net(hand)[1])


def test_saved_and_loaded_the_numbers_stay():
    net, other, x_rec = network(), network(), noise(5).abs()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter += 0.1
    net[0].sigma = 0.0
    other.load_state_dict(net.state_dict())
    assert torch.equal(net(x_rec)[1], other(x_rec)[1])
    assert torch.equal(net(x_rec)[1], copy.deepcopy(net)(x_rec)[1])


def test_delays_do_not_load_into_a_layer_that_has_no_room_for_them():
    with pytest.raises(RuntimeError, match="size mismatch for steps"):
        snn.Delay(2, 4).load_state_dict(snn.Delay(9).state_dict())


def test_the_summary_counts_neurons_not_delays():
    text = network().summary((5,))
    assert "11 spiking neurons" in text
    assert "DelayedLinear(5, 8, delay=" in text


# ------------------------------------------------------------------------------------- learning


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_are_those_of_finite_differences(name):
    torch.manual_seed(1)
    layer = LAYERS[name]().double()
    delay = torch.rand(layer.delay.shape, dtype=torch.float64) * layer.max_delay
    x_rec = noise(4).double().requires_grad_()

    def run(x_rec, delay, sigma):
        values = {"delay": delay, "sigma": sigma}
        return torch.func.functional_call(layer, values, (x_rec[0], past_of(x_rec)))[0]

    def past_of(x_rec):
        return x_rec[1 : 1 + layer.max_delay].transpose(0, 1)

    sigma = torch.tensor(0.9, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(run, (x_rec, delay.requires_grad_(), sigma))


def test_a_delay_outside_its_range_is_held_at_the_end_and_can_come_back():
    layer = snn.Delay(3.0, 4, learn_delay=True, sigma=1.0)
    with torch.no_grad():
        layer.delay.fill_(6.0)
    x_rec = noise(1)
    held = snn.Delay(4.0, 4, sigma=1.0).unroll(x_rec)[0]
    torch.testing.assert_close(layer.unroll(x_rec)[0], held)
    (grad,) = torch.autograd.grad(
        (layer.unroll(x_rec)[0] - late(x_rec, 2)).square().sum(), layer.delay
    )
    assert grad > 0  # down, to 2


def test_a_delay_is_learned_from_afar():
    torch.manual_seed(0)
    layer, x_rec = snn.Delay(2.0, 20, learn_delay=True, sigma=7.0), noise(1, steps=200)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.3)
    for step in range(200):
        layer.sigma = max(0.5, 7.0 * 0.98**step)
        loss = (layer.unroll(x_rec)[0] - late(x_rec, 15)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert layer.delay.item() == pytest.approx(15, abs=0.4)
    layer.sigma = 0.0
    assert torch.equal(layer.unroll(x_rec)[0], late(x_rec, 15))


def shifted(longest: int, seed: int, **options: float) -> float:
    """Learn the delays of four lines of random spikes; return how far off they are, at most."""
    torch.manual_seed(seed)
    wanted = torch.randint(longest + 1, (4,)).float()
    x_rec = (torch.rand(300, 1, 4) < 0.1).float()
    goal = snn.Delay(wanted, longest).unroll(x_rec)[0].sum(-1, keepdim=True)
    layer = snn.DelayedLinear(4, 1, longest, bias=False, **options)
    nn.init.ones_(layer.weight)
    optimizer = torch.optim.Adam([layer.delay], lr=longest / 40)
    for _ in range(150):
        loss = (layer.unroll(x_rec)[0] - goal).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return (layer.delay.detach().clamp(0, longest) - wanted).abs().mean().item()


@pytest.mark.parametrize("longest", [5, 10, 20])
def test_the_width_that_is_the_default_learns_and_no_width_does_not(longest):
    blurred, exact = (
        sum(shifted(longest, seed, **options) for seed in range(3)) / 3
        for options in ({}, {"sigma": 0})
    )
    assert exact > 0.25 * longest / 2
    assert blurred < 0.4 * exact


def gaps(count: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Two spikes, on two lines: is the second one 3 or 8 steps late? All else is equal."""
    targets = torch.randint(2, (count,), generator=generator)
    first = torch.randint(1, 6, (count,), generator=generator)
    x_rec = torch.zeros(20, count, 2)
    sample = torch.arange(count)
    x_rec[first, sample, 0] = 1.0
    x_rec[first + torch.where(targets == 0, 3, 8), sample, 1] = 1.0
    return x_rec, targets


@pytest.mark.parametrize(("learn", "low", "high"), [(True, 0.95, 1.0), (None, 0.4, 0.6)])
def test_a_task_that_cannot_be_done_without_delays(learn, low, high):
    """Neurons without memory (β = 0) fire at coincidences alone: delays must bring them about."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    first = snn.DelayedLinear(2, 32, 10, sigma=3.0) if learn else nn.Linear(2, 32)
    net = snn.Sequential(first, snn.Leaky(0.0), nn.Linear(32, 2), snn.Leaky(1.0))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
    for step in range(120):
        if isinstance(first, snn.DelayedLinear):
            first.sigma = max(0.3, 3.0 * 0.96**step)
        x_rec, targets = gaps(64, generator)
        loss = nn.functional.cross_entropy(net(x_rec)[1][-1], targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if isinstance(first, snn.DelayedLinear):
        first.sigma = 0.0
    x_rec, targets = gaps(500, generator)
    right = (net(x_rec)[1][-1].argmax(1) == targets).float().mean()
    assert low <= right <= high


# ------------------------------------------------------------------------------------ bad input


def test_what_is_set_later_counts_from_then_on():
    layer, x_rec = snn.Delay(torch.tensor([1.0, 2.0]), 5), noise(2)
    layer.delay = 4
    assert torch.equal(layer.unroll(x_rec)[0], late(x_rec, 4))
    layer.delay = torch.tensor([0, 5])
    assert torch.equal(layer.unroll(x_rec)[0][..., 1], late(x_rec[..., 1], 5))
    with pytest.raises(AttributeError, match="max_delay"):
        layer.max_delay = 3


X = torch.zeros(4, BATCH, 2)


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: snn.Delay(-1), ValueError, r"`delay` must lie in \[0, inf\]. Received -1"),
        (lambda: snn.Delay(float("nan"), 3), ValueError, "`delay` must lie in"),
        (
            lambda: snn.Delay(5, 3),
            ValueError,
            r"\[0, 3\]. Received 5. Make the layer with a larger",
        ),
        (lambda: snn.Delay(1, 2.5), TypeError, "`max_delay` must be a whole number. Received 2.5"),
        (lambda: snn.Delay(1, -1), ValueError, "`max_delay` must be 1 or more. Received -1"),
        (lambda: snn.Delay(1, sigma=-1), ValueError, r"`sigma` must lie in .* Received -1"),
        (lambda: snn.Delay(torch.ones(3)).unroll(X), ValueError, r"must broadcast to \(2,\)"),
        (lambda: snn.Delay(1).unroll(X[:0]), ValueError, "time first"),
        (lambda: snn.Delay(1).unroll(X.int()), TypeError, "floating-point"),
        (lambda: snn.Delay(1)([1.0]), TypeError, "must be a torch.Tensor. Received list"),
        (lambda: snn.Delay(2).unroll(X, X), ValueError, r"here \(3, 2, 2\). Received \(4, 3, 2\)"),
        (
            lambda: snn.Delay(2).unroll(X, torch.zeros(3, 2, 2, dtype=torch.float64)),
            TypeError,
            "one device and one dtype",
        ),
        (lambda: setattr(snn.Delay(1), "delay", 2), ValueError, r"\[0, 1\]. Received 2"),
        (lambda: setattr(snn.Delay(1), "sigma", -2), ValueError, "width of the kernel"),
        (
            lambda: setattr(snn.Delay(torch.ones(2)), "delay", torch.ones(3)),
            ValueError,
            r"must keep its shape, \(2,\). Received \(3,\)",
        ),
        (lambda: snn.DelayedLinear(0, 3, 2), ValueError, "`in_features` must be 1 or more"),
        (
            lambda: snn.DelayedLinear(2, 3, 2, delay=9),
            ValueError,
            r"\[0, 2\]. Received a tensor from 9",
        ),
        (lambda: snn.DelayedLinear(3, 3, 2).unroll(X), ValueError, r"needs \[time, batch, 3\]"),
        (
            lambda: snn.DelayedLinear(2, 3, 2).unroll(X[..., None]),
            ValueError,
            "flatten the features",
        ),
    ],
)
def test_bad_input_raises_what_to_do(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.bad_input
def test_a_delay_inside_a_layer_that_sees_no_time_is_refused():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.delay = snn.Delay(1)

    with pytest.raises(TypeError, match="Neurons and delays must be layers"):
        snn.Sequential(Block(), snn.Leaky(0.9))(X)


@pytest.mark.bad_input
def test_a_state_without_what_is_on_its_way_is_refused():
    net = snn.Sequential(snn.Delay(1), snn.Leaky(0.9))
    _, state = net.step(X[0])
    with pytest.raises(ValueError, match=r"of layers 0, 1. Received 1"):
        net.step(X[0], {"1": state["1"]})
