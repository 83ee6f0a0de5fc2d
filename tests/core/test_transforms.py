"""A layer inside what torch offers around it: right numbers or a clear error, never wrong ones."""

import copy
import io
import warnings

import pytest
import torch
from torch import nn
from torch.autograd import forward_ad

import snnedu as snn

pytestmark = pytest.mark.traced
FEATURES = 5


def currents(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(12, 3, FEATURES, generator=generator) * 0.8 + 0.3


def layers():
    torch.manual_seed(0)
    return [
        snn.Leaky(0.9, learn_beta=True, learn_threshold=True),
        snn.Lapicque(5.0, 1.5, 0.7, 0.4),
        snn.Synaptic(0.5, 0.9),
        snn.Alpha(0.9, 0.6, 0.3),
        snn.AdaptiveLeaky(0.9, reset_mechanism="zero"),
        snn.RLeaky(0.9, linear_features=FEATURES),
        snn.RSynaptic(0.5, 0.9, linear_features=FEATURES),
    ]


@pytest.fixture(params=layers(), ids=lambda layer: type(layer).__name__)
def layer(request):
    return copy.deepcopy(request.param)


class Unrolled(nn.Module):
    """What a user would compile or trace."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, cur_rec):
        return self.layer.unroll(cur_rec)


class OneStep(nn.Module):
    """What a user would export."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, cur, *state):
        return self.layer(cur, *state)


def network():
    torch.manual_seed(0)
    net = snn.Sequential(nn.Linear(4, 5), snn.Leaky(0.9), nn.Linear(5, 3), snn.Leaky(0.9))
    for linear in (net[0], net[2]):
        linear.bias.data += 0.3  # awake
    return net


def assert_all_equal(found, expected):
    assert 0 < expected[0].mean() < 1
    for ours, theirs in zip(found, expected, strict=True):
        assert torch.equal(ours, theirs)


def gradient(run, cur, weight):
    cur = cur.clone().requires_grad_()
    return torch.autograd.grad((run(cur)[0] * weight).sum(), cur)[0]


@pytest.mark.filterwarnings("ignore")  # torch's compiler calls what torch itself deprecates
def test_torch_compile_gives_the_same_numbers_and_gradients(layer):
    # A node that reads addresses once gave differences of 1.5, then 1e18, without a word.
    torch.compiler.reset()
    weight = currents(1)[:6]
    compiled = torch.compile(Unrolled(layer), backend="aot_eager", fullgraph=True)
    for scale in (1.0, 1.1):  # one graph for both: each takes seconds to compile
        cur = (currents()[:6] * scale).requires_grad_()
        assert_all_equal(compiled(cur), layer.unroll(cur))
    found, expected = gradient(compiled, cur, weight), gradient(layer.unroll, cur, weight)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.filterwarnings("ignore")
def test_a_compiled_network_gives_the_same_numbers():
    torch.compiler.reset()
    net, x_rec = network(), 3 * torch.rand(20, 6, 4)
    assert_all_equal(torch.compile(net, backend="eager", fullgraph=True)(x_rec), net(x_rec))


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_torch_jit_trace_follows_other_inputs(layer):
    traced = torch.jit.trace(Unrolled(layer), currents())
    assert_all_equal(traced(currents(1)), layer.unroll(currents(1)))


def test_torch_func_grad(layer):
    cur, weight = currents(), currents(1)
    found = torch.func.grad(lambda cur: (layer.unroll(cur)[0] * weight).sum())(cur)
    torch.testing.assert_close(found, gradient(layer.unroll, cur, weight), rtol=1e-4, atol=1e-4)


def test_torch_func_grad_by_parameters():
    layer, cur = snn.Leaky(0.9, learn_beta=True), currents()
    layer.unroll(cur)[1].sum().backward()
    found = torch.func.grad(
        lambda beta: torch.func.functional_call(Unrolled(layer), {"layer.beta": beta}, cur)[1].sum()
    )(layer.beta.detach())
    torch.testing.assert_close(found, layer.beta.grad, rtol=1e-4, atol=1e-2)


def test_vmap_over_sequences(layer):
    many = torch.stack([currents(), currents(1)])
    found = torch.vmap(layer.unroll)(many)
    for i, cur in enumerate(many):
        expected = layer.unroll(cur)
        assert 0 < expected[0].mean() < 1
        for ours, theirs in zip(found, expected, strict=True):
            torch.testing.assert_close(ours[i], theirs)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
def test_forward_mode_gives_the_directional_derivative(layer):
    cur, weight, direction = currents(), currents(1), currents(2)
    with forward_ad.dual_level():
        spk, *_ = layer.unroll(forward_ad.make_dual(cur, direction))
        tangent = forward_ad.unpack_dual((spk * weight).sum()).tangent
    assert tangent is not None
    expected = (gradient(layer.unroll, cur, weight) * direction).sum()
    torch.testing.assert_close(tangent, expected, rtol=1e-3, atol=1e-2)


# --------------------------------------------------------------------------------- 16 bit, autocast


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_step_by_step_equals_the_sequence_in_every_dtype(layer, dtype):
    # In bfloat16 1,814 of 4,190 spikes once differed: one path rounded β.
    cur = currents().to(dtype)
    spk_rec, *recordings = layer.unroll(cur)
    state, spikes = (), []
    for row in cur.unbind(0):
        spk, *state = layer(row, *state)
        spikes.append(spk)
    assert spk_rec.dtype == dtype
    assert_all_equal([spk_rec], [torch.stack(spikes)])
    for recorded, last in zip(recordings, state, strict=True):
        torch.testing.assert_close(recorded[-1], last)
    wide = torch.promote_types(dtype, torch.float32)
    assert {part.dtype for part in (*recordings, *state)} == {wide}


def test_a_state_in_16_bit_is_taken():
    cur = currents().bfloat16()
    layer = snn.Leaky(0.9)
    spk, mem = layer(cur[0], cur[1])
    assert torch.equal(mem, layer(cur[0].float(), cur[1].float())[1])
    assert spk.dtype == torch.bfloat16


def test_a_network_under_autocast_streams_what_it_unrolls(layer):
    net = snn.Sequential(nn.Linear(4, FEATURES), layer, nn.Linear(FEATURES, 3), snn.Leaky(0.9))
    x_rec = 3 * torch.rand(7, 3, 4, generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", torch.bfloat16):
        spk_rec, _ = net(x_rec)
        state, spikes = None, []
        for x in x_rec.unbind(0):
            spk, state = net.step(x, state)
            spikes.append(spk)
        spk_rec.float().sum().backward()
    assert torch.equal(spk_rec, torch.stack(spikes))
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net[0].parameters())


# ------------------------------------------------------------------------------------------- export


def start_of(layer):
    return tuple(torch.rand(3, FEATURES) for _ in layer.state_names)


def test_one_step_exports(layer):
    # `.item()` in a clamp once stopped every network.
    cur, state = currents(), start_of(layer)
    exported = torch.export.export(OneStep(layer), (cur[0], *state)).module()
    for found, expected in zip(exported(cur[1], *state), layer(cur[1], *state), strict=True):
        torch.testing.assert_close(found, expected)


def onnx_session(module, args):
    ort = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the exporter itself calls is deprecated
        torch.onnx.export(module, args, dynamo=True, verbose=False).save(file)
    session = ort.InferenceSession(file.getvalue())
    names = [given.name for given in session.get_inputs()]
    return lambda *x: session.run(None, {n: v.numpy() for n, v in zip(names, x, strict=True)})


def test_one_step_runs_in_onnx_runtime(layer):
    cur, state = currents(), start_of(layer)
    run = onnx_session(OneStep(layer), (cur[0], *state))
    for found, expected in zip(run(cur[1], *state), layer(cur[1], *state), strict=True):
        torch.testing.assert_close(torch.tensor(found), expected.detach())


class NetworkStep(nn.Module):
    """A network with its state laid out, as an exported graph wants it."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x, *membranes):
        state = {"1": membranes[:1], "3": membranes[1:]}
        spk, state = self.net.step(x, state)
        return spk, state["1"][0], state["3"][0]


def test_a_network_streams_in_onnx_runtime():
    net = network()
    x_rec, state = 3 * torch.rand(20, 6, 4), (torch.zeros(6, 5), torch.zeros(6, 3))
    run, spikes = onnx_session(NetworkStep(net), (x_rec[0], *state)), []
    for x in x_rec:
        spk, *state = (torch.tensor(part) for part in run(x, *state))
        spikes.append(spk)
    assert_all_equal([torch.stack(spikes)], [net(x_rec)[0]])


def test_a_layer_on_fake_tensors_has_a_repr():
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        assert "beta=" in repr(snn.Leaky(0.9))


# ----------------------------------------------------------------------------- replicas, hooks


def test_a_replica_of_data_parallel_learns():
    # It holds parameters as plain tensors with a history; setting one detached it, silently.
    layer = snn.Leaky(0.9, learn_beta=True)
    replica = layer._replicate_for_data_parallel()
    replica.beta = layer.beta * 1
    replica.unroll(currents())[1].sum().backward()
    assert layer.beta.grad is not None
    assert layer.beta.grad.item() != 0


@pytest.mark.parametrize("kind", ["register_forward_hook", "register_forward_pre_hook"])
def test_hooks_of_a_spiking_layer_are_called_at_each_step_of_a_sequence(kind):
    # They were called by `net.step` and never by `net(x_rec)`.
    net = network()
    x_rec, calls = 3 * torch.rand(7, 8, 4), []
    expected = net(x_rec)
    handle = getattr(net[1], kind)(lambda module, *args: calls.append(args[0][0].shape))
    assert_all_equal(net(x_rec), expected)
    assert calls == [torch.Size([8, 5])] * 7
    net(x_rec[:1].expand(7, 8, 4))  # constant input is no exception
    assert len(calls) == 14
    handle.remove()
    net(x_rec)
    assert len(calls) == 14
