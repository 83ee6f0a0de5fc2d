"""Online learning: one trace by hand, then the gradient of BPTT as oracle, memory, bad input."""

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import nn

import snnedu as snn
from snnedu.brains import eligibility
from snnedu.brains.online import RULES, FeedbackLinear, OnlineLayer, state_bytes
from snnedu.core import surrogate

STEPS, BATCH, INPUTS, NEURONS = 12, 3, 4, 5
NEURON_KINDS = {
    "leaky": lambda reset: snn.Leaky(0.8, reset_mechanism=reset),
    "leaky, own β": lambda reset: snn.Leaky(
        torch.linspace(0.3, 0.95, NEURONS), reset_mechanism=reset
    ),
    "adaptive": lambda reset: snn.AdaptiveLeaky(0.8, 0.9, 2.0, reset_mechanism=reset),
    "adaptive, own": lambda reset: snn.AdaptiveLeaky(
        torch.linspace(0.3, 0.95, NEURONS),
        torch.linspace(0.5, 0.99, NEURONS),
        torch.linspace(0.2, 3.0, NEURONS),
        reset_mechanism=reset,
    ),
}
RESETS = ("subtract", "zero", "none")


def pair(rule, kind="leaky", reset="subtract", seed=0, **more):
    """Two layers of the same weights in float64, one with `rule`, one with BPTT; and inputs."""
    torch.manual_seed(seed)
    one, other = (
        OnlineLayer(INPUTS, NEURONS, NEURON_KINDS[kind](reset), rule=r, **more).double()
        for r in (rule, "bptt")
    )
    one.weight.data[:, :INPUTS].abs_()
    other.load_state_dict(one.state_dict())
    return one, other, 1.5 * torch.randn(STEPS, BATCH, INPUTS, dtype=torch.float64)


def run(layer, x_rec):
    outs, state = [], None
    for x in x_rec:
        out, state = layer(x, state)
        outs.append(out)
    return torch.stack(outs)


def gradient(layer, x_rec):
    """The gradient of a loss that differs from step to step and neuron to neuron."""
    outs = run(layer, x_rec)
    wanted = torch.sin(torch.arange(outs.numel(), dtype=outs.dtype)).view_as(outs)
    assert len(outs.detach().unique()) > 1  # spikes, and silence
    layer.weight.grad = None
    (outs - wanted).square().sum().backward()
    return layer.weight.grad


# --------------------------------------------------------------------------------- one synapse


def test_a_trace_rises_with_each_spike_and_decays_as_the_membrane():
    layer = OnlineLayer(1, 1, snn.Leaky(0.5), recurrent=False)
    state, found = None, []
    for x in (1.0, 0.0, 0.0, 1.0, 0.0):
        _, state = layer(torch.full((1, 1), x), state)
        found.append(state.past.mem.item())
    assert found == [1.0, 0.5, 0.25, 1.125, 0.5625]


def test_the_gradient_is_signal_times_slope_times_trace():
    layer = OnlineLayer(1, 1, snn.Leaky(0.5), recurrent=False)
    layer.weight.data.fill_(0.4)
    state = None
    for _ in range(3):
        out, state = layer(torch.ones(1, 1), state)
    layer.weight.grad = None
    (3 * out).sum().backward()
    slope = snn.surrogate.atan().derivative(torch.tensor(0.4 * 1.75 - 1))
    assert layer.weight.grad.item() == pytest.approx(3 * slope.item() * 1.75)


# ---------------------------------------------------------------------------------- the oracle


@given(
    st.sampled_from(sorted(NEURON_KINDS)),
    st.sampled_from(RESETS),
    st.sampled_from([0.0, 0.7]),
    st.integers(0, 1000),
)
@settings(max_examples=15, deadline=None)
def test_rtrl_has_the_gradient_of_bptt(kind, reset, kappa, seed):
    one, other, x_rec = pair("rtrl", kind, reset, seed, kappa=kappa)
    torch.testing.assert_close(gradient(one, x_rec), gradient(other, x_rec), rtol=1e-9, atol=1e-9)


@given(
    st.sampled_from(sorted(NEURON_KINDS)),
    st.sampled_from(RESETS),
    st.sampled_from([0.0, 0.7]),
    st.integers(0, 1000),
)
@settings(max_examples=15, deadline=None)
def test_eprop_has_it_too_where_no_spike_comes_back(kind, reset, kappa, seed):
    one, other, x_rec = pair("eprop", kind, reset, seed, kappa=kappa)
    for layer in (one, other):
        layer.weight.data[:, INPUTS:] = 0  # the dropped term is 0; these weights still learn
    right = gradient(other, x_rec)
    assert right[:, INPUTS:].abs().max() > 0
    torch.testing.assert_close(gradient(one, x_rec), right, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", NEURON_KINDS)
def test_eprop_is_bptt_whose_recurrent_spikes_are_detached(kind):
    one, other, x_rec = pair("eprop", kind)
    found, right = gradient(one, x_rec), gradient(other, x_rec)
    assert (found - right).norm() > 0.01 * right.norm()  # the term matters

    def detached(x, state):
        cut = None if state is None else state._replace(spk=state.spk.detach())
        return OnlineLayer.forward(other, x, cut)

    other.forward = detached
    torch.testing.assert_close(found, gradient(other, x_rec), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("reset", ["subtract", "none"])
def test_the_layer_is_rleaky(reset):
    layer, _, x_rec = pair("bptt", reset=reset)
    into = nn.Linear(INPUTS, NEURONS, bias=False).double()
    peer = snn.RLeaky(0.8, linear_features=NEURONS, reset_mechanism=reset).double()
    into.weight.data, peer.recurrent.weight.data = layer.weight.data.split([INPUTS, NEURONS], 1)
    peer.recurrent.bias.data.zero_()
    spk_rec, _ = peer.unroll(into(x_rec))
    outs = run(layer, x_rec)
    assert 0 < spk_rec.mean() < 1
    assert torch.equal(spk_rec, outs)
    outs.square().sum().backward()
    spk_rec.square().sum().backward()
    both = torch.cat([into.weight.grad, peer.recurrent.weight.grad], 1)
    torch.testing.assert_close(layer.weight.grad, both, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", NEURON_KINDS)
def test_all_rules_run_the_same_layer(rule, kind):
    one, other, x_rec = pair(rule, kind, kappa=0.5)
    assert torch.equal(run(one, x_rec), run(other, x_rec))
    with torch.no_grad():
        assert torch.equal(run(one, x_rec), run(other, x_rec))


# --------------------------------------------------------------------------------- deep networks


def deep(rule, seed=0):
    torch.manual_seed(seed)
    sizes = zip((INPUTS, NEURONS), (NEURONS, 3), strict=True)
    return nn.ModuleList(
        OnlineLayer(*size, snn.Leaky(0.8), rule=rule, recurrent=False).double() for size in sizes
    )


def deep_gradients(layers, x_rec, cut=lambda number, state: state):
    states = [None, None]
    loss = 0.0
    for t, x in enumerate(x_rec):
        for number, layer in enumerate(layers):
            x, states[number] = layer(x, cut(number, states[number]))
        loss = loss + (x - 0.1 * t).square().sum()
    loss.backward()
    return [layer.weight.grad for layer in layers]


def forget(state):
    if state is None:
        return None
    return state._replace(neuron=tuple(part.detach() for part in state.neuron))


def test_in_a_deep_network_traces_are_exact_on_top_and_miss_what_upper_layers_keep_below():
    x_rec = 2 * torch.rand(STEPS, BATCH, INPUTS, dtype=torch.float64)
    first, last = deep_gradients(deep("eprop"), x_rec)
    first_right, last_right = deep_gradients(deep("bptt"), x_rec)
    torch.testing.assert_close(last, last_right, rtol=1e-9, atol=1e-9)
    assert (first - first_right).norm() > 0.01 * first_right.norm()
    cut, _ = deep_gradients(deep("bptt"), x_rec, lambda n, state: forget(state) if n else state)
    torch.testing.assert_close(first, cut, rtol=1e-9, atol=1e-9)


def test_sltt_is_autograd_within_each_step():
    x_rec = 2 * torch.rand(STEPS, BATCH, INPUTS, dtype=torch.float64)
    found = deep_gradients(deep("sltt"), x_rec)
    right = deep_gradients(deep("bptt"), x_rec, lambda n, state: forget(state))
    for one, other in zip(found, right, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


# ----------------------------------------------------------------------------- learning, memory


def learn(rule, steps, kind="leaky"):
    """Stream so many steps, with an update at each; return the most bytes held."""
    layer, _, _ = pair(rule, kind, kappa=0.5)
    readout = FeedbackLinear(NEURONS, 2).double()
    optimizer = torch.optim.Adam([*layer.parameters(), *readout.parameters()])
    most, state, graph = 0, None, 0.0

    def stream():
        nonlocal state, most, graph
        for _ in range(steps):
            out, state = layer(torch.rand(BATCH, INPUTS, dtype=torch.float64), state)
            loss = readout(out).square().sum()
            most = max(most, state_bytes(state))
            graph = graph + loss
            if rule != "bptt":
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                graph = 0.0
        if rule == "bptt":
            graph.backward()

    return snn.peak_saved_bytes(stream), most


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "bptt"])
@pytest.mark.parametrize("kind", ["leaky", "adaptive"])
def test_memory_does_not_grow_with_time(rule, kind):
    (short, few), (longer, more), (longest, most) = (
        learn(rule, steps, kind) for steps in (10, 100, 1000)
    )
    assert longer == pytest.approx(short, rel=0.01)
    assert longest == pytest.approx(short, rel=0.01)
    assert few == more == most > 0


def test_memory_of_bptt_does():
    assert learn("bptt", 100)[0] > 9 * learn("bptt", 10)[0]


@pytest.mark.parametrize("rule", ["eprop", "rtrl", "sltt"])
def test_a_stream_is_learned_with_the_optimizer_of_your_choice(rule):
    torch.manual_seed(0)
    layer, readout = OnlineLayer(2, 20, rule=rule, kappa=0.8), nn.Linear(20, 1)
    parameters = [*layer.parameters(), *readout.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=0.002, momentum=0.5)
    losses, state = [], None
    for t in torch.arange(400.0):
        out, state = layer(torch.stack([torch.ones(()), (t / 5).sin()])[None], state)
        loss = (readout(out) - (t / 5).cos()).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-100:]) / 100 < 0.25  # 0.5 if it always said 0


def test_random_feedback_changes_the_learning_signal_alone():
    torch.manual_seed(0)
    layer = FeedbackLinear(4, 3)
    peer = nn.Linear(4, 3)
    peer.load_state_dict({"weight": layer.weight, "bias": layer.bias})
    x = torch.rand(5, 4).requires_grad_()
    y = x.detach().clone().requires_grad_()
    assert torch.equal(layer(x), peer(y))
    for net, value in ((layer, x), (peer, y)):
        net(value).square().sum().backward()
    assert torch.equal(layer.weight.grad, peer.weight.grad)
    assert torch.equal(layer.bias.grad, peer.bias.grad)
    torch.testing.assert_close(x.grad, 2 * peer(y).detach() @ layer.feedback)
    assert not torch.allclose(x.grad, y.grad)
    assert "feedback" in layer.state_dict()


# -------------------------------------------------------------------------------------- bad input


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: OnlineLayer(0, 3), ValueError, "`inputs` must be 1 or more"),
        (lambda: OnlineLayer(2, 3.0), TypeError, "`neurons` must be a whole number"),
        (lambda: OnlineLayer(2, 3, rule="e-prop"), ValueError, "Did you mean 'eprop'"),
        (lambda: OnlineLayer(2, 3, kappa=1.5), ValueError, "`kappa` must lie in"),
        (lambda: OnlineLayer(2, 3, snn.Synaptic(0.9, 0.8)), TypeError, "Received Synaptic"),
        (lambda: OnlineLayer(2, 3, snn.Leaky(0.9, learn_beta=True)), ValueError, "learn_beta=True"),
        (lambda: OnlineLayer(2, 3)(torch.ones(4, 5)), ValueError, r"one step, \[batch, 2\]"),
        (lambda: OnlineLayer(2, 3)(torch.ones(9, 4, 2)), ValueError, "for x in x_rec"),
        (lambda: OnlineLayer(2, 3)(torch.ones(4, 2).int()), TypeError, "`x`"),
        (lambda: OnlineLayer(2, 3)(torch.ones(4, 2).double()), TypeError, "one dtype"),
        (lambda: OnlineLayer(2, 3)([1.0, 2.0]), TypeError, "must be a torch.Tensor"),
        (lambda: OnlineLayer(2, 3, snn.Leaky(torch.ones(4)))(torch.ones(1, 2)), ValueError, "beta"),
    ],
)
def test_bad_input_is_answered(make, error, says):
    with pytest.raises(error, match=says):
        make()


@pytest.mark.bad_input
def test_a_state_of_another_batch_is_refused():
    layer = OnlineLayer(2, 3)
    _, state = layer(torch.ones(4, 2))
    with pytest.raises(ValueError, match=r"one batch size. Received 4 and 5"):
        layer(torch.ones(5, 2), state)


def test_the_layer_shows_itself():
    assert "2, 3, rule='sltt', recurrent=False, kappa=0.5" in repr(
        OnlineLayer(2, 3, rule="sltt", recurrent=False, kappa=0.5)
    )


@pytest.mark.parametrize("reset", ["subtract", "zero", "none"])
@pytest.mark.parametrize("rule", ["eprop", "rtrl"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_compiled_traces_are_those_of_torch_to_the_last_bit(rule, reset, dtype, monkeypatch):
    pytest.importorskip("numba")
    x_rec = 2 * (torch.rand(30, 3, 5) < 0.5).to(dtype)

    def traces():
        torch.manual_seed(0)
        neuron = snn.AdaptiveLeaky(torch.rand(7), reset_mechanism=reset)
        layer = OnlineLayer(5, 7, neuron, rule=rule).to(dtype)
        state, found = None, []
        for x in x_rec:
            _, state = layer(x, state)
            found.append(torch.cat([part.expand(3, 7, -1) for part in state.past], -1))
        return torch.stack(found)

    compiled = traces()
    monkeypatch.setattr(eligibility, "has_numba", lambda: False)
    assert compiled.abs().max() > 1
    assert torch.equal(compiled, traces())


def test_without_gradients_no_trace_is_carried():
    layer, _, x_rec = pair("eprop", "adaptive", kappa=0.5)
    with torch.no_grad():
        out, state = layer(x_rec[0])
    assert state.past is None
    assert state.filtered is None
    assert not out.requires_grad
    _, learning = layer(x_rec[0])
    assert state_bytes(learning) > 2 * state_bytes(state)


def test_a_surrogate_of_your_own_gives_spikes_and_slopes_to_every_rule():
    def early(x):  # fires at 0.2 below the threshold; its slope is 1 where |x| < 1
        return (x > -0.2).to(x.dtype).detach() + (x.clamp(-1, 1) - x.clamp(-1, 1).detach())

    one, other, x_rec = pair("rtrl")
    usual = run(one, x_rec).detach()
    one.neuron.spike_grad = other.neuron.spike_grad = early
    assert not torch.equal(run(one, x_rec), usual)
    assert torch.equal(run(one, x_rec), run(other, x_rec))
    torch.testing.assert_close(gradient(one, x_rec), gradient(other, x_rec), rtol=1e-9, atol=1e-9)


def test_learning_needs_no_node_of_a_spike(monkeypatch):
    # Each step of e-prop paid for two such nodes, a fifth of its time, and used none of them.
    layer, x = OnlineLayer(2, 3), torch.ones(4, 2)
    monkeypatch.setattr(surrogate._Spike, "forward", None)
    out, state = layer(x)
    out, _ = layer(x, state)
    out.sum().backward()
    assert layer.weight.grad.abs().max() > 0
