"""A sequence as one node: both engines, threads, forks, caches, and what happens without numba."""

import copy
import os
import subprocess
import sys
import threading

import pytest
import torch

import snnedu as snn
from snnedu import surrogate
from snnedu.core import _sequence, _threads

loops = pytest.importorskip("snnedu.core._loops")

SURROGATES = ["atan", "fast_sigmoid", "sigmoid", "triangular", "straight_through"]
SIZE = 2_500  # several blocks of neurons, and no multiple of one


@pytest.fixture(autouse=True)
def same_random_numbers():
    """Whether a few neurons fire is a matter of their numbers."""
    torch.manual_seed(0)


def run(layer, cur):
    layer.zero_grad()
    cur = cur.clone().requires_grad_()
    outputs = layer.unroll(cur)
    (sum(out.square().sum() for out in outputs)).backward()
    return [out.detach() for out in outputs], [cur.grad, *(p.grad for p in layer.parameters())]


def layers():
    return [
        snn.Leaky(0.9, learn_beta=True, learn_threshold=True),
        snn.Synaptic(0.5, 0.9, learn_alpha=True),
        snn.AdaptiveLeaky(torch.rand(SIZE), learn_rho=True, learn_adaptation=True),
    ]


@pytest.mark.parametrize("layer", layers(), ids=lambda layer: type(layer).__name__)
def test_the_compiled_loops_give_the_numbers_of_torch(layer, monkeypatch):
    cur = torch.randn(60, 1, SIZE) * 0.7
    compiled, compiled_grads = run(layer, cur)
    assert 0 < compiled[0].mean() < 1
    monkeypatch.setattr(_sequence, "has_numba", lambda: False)
    plain, plain_grads = run(layer, cur)
    for a, b in zip(compiled, plain, strict=True):
        assert torch.equal(a, b)
    for a, b in zip(compiled_grads, plain_grads, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("layer", layers(), ids=lambda layer: type(layer).__name__)
def test_several_threads_give_the_numbers_of_one(layer, monkeypatch):
    cur, before = torch.randn(30, 1, SIZE) * 0.7, torch.get_num_threads()
    one, one_grads = run(layer, cur)
    assert 0 < one[0].mean() < 1
    monkeypatch.setattr(loops, "PARALLEL", 1)  # as if the sequence were long
    torch.set_num_threads(3)
    try:
        many, many_grads = run(layer, cur)
    finally:
        torch.set_num_threads(before)
    for a, b in zip([*one, *one_grads], [*many, *many_grads], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-4)
    assert all(torch.equal(a, b) for a, b in zip(one, many, strict=True))


@pytest.mark.parametrize(("neurons", "threads"), [(100, 1), (2000, 3)])
def test_a_small_recurrent_product_wakes_no_second_thread(neurons, threads, monkeypatch):
    # Each step waits for it. On a busy machine a second thread made a sequence 15 times slower.
    used, linear, before = [], _threads.linear, torch.get_num_threads()
    monkeypatch.setattr(
        _threads, "linear", lambda *args: [used.append(torch.get_num_threads()), linear(*args)][1]
    )
    layer, cur = snn.RLeaky(0.9, linear_features=neurons), torch.randn(3, 2, neurons)
    torch.set_num_threads(3)
    try:
        spk = layer.unroll(cur.requires_grad_())[0]
        spk.sum().backward()
        layer(cur[0])
        assert used == [threads] * 7
        with pytest.raises(RuntimeError):
            _threads.product(torch.ones(2, 3), torch.ones(2, 2))
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(("layer", "sleeping", "threads"), [
    (snn.Leaky(0.9), True, 1), (snn.Leaky(0.9), False, 3),
    (snn.RLeaky(0.9, V=0.1, all_to_all=False), True, 1),
    (snn.RLeaky(0.9, linear_features=4), True, 3),
], ids=str)  # fmt: skip
def test_steps_in_torch_wait_for_no_thread_that_sleeps(layer, sleeping, threads, monkeypatch):
    monkeypatch.setattr(_sequence, "has_numba", lambda: False)
    monkeypatch.setattr(_threads, "SLEEPING", sleeping)
    used, forward, before = [], _sequence._forward_in_torch, torch.get_num_threads()

    def noted(*args):
        used.append(torch.get_num_threads())
        forward(*args)

    monkeypatch.setattr(_sequence, "_forward_in_torch", noted)
    torch.set_num_threads(3)
    try:
        cur = torch.rand(5, 2, 4, requires_grad=True)
        cur.register_hook(lambda _: used.append(torch.get_num_threads()))
        layer.unroll(cur)[0].sum().backward()
        assert used == [threads, 3]
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("layer", layers(), ids=lambda layer: type(layer).__name__)
def test_a_sequence_from_rest_is_one_from_zeros(layer):
    # From rest nothing is passed to the loops.
    cur, n = torch.randn(3, 2, SIZE), len(layer.state_names)
    results = []
    for state in ((), (torch.zeros(2, SIZE),) * n):
        layer.zero_grad()
        drive = cur.clone().requires_grad_()
        outputs = layer.unroll(drive, *state, record=False)
        sum((k + 1) * out.sum() for k, out in enumerate(outputs)).backward()
        results.append([*outputs, drive.grad, *(p.grad for p in layer.parameters())])
    for a, b in zip(*results, strict=True):
        assert torch.equal(a, b)
    spk, state = torch.zeros(2, SIZE), (None,) * n
    for row in cur:
        spk, *state = layer(row, *state)
    assert 0 < spk.mean() < 1
    for a, b in zip(results[0][1:], state, strict=False):
        assert torch.equal(a, b)


@pytest.mark.parametrize("compiled", [True, False])
def test_the_last_state_is_the_callers_to_change(compiled, monkeypatch):
    if not compiled:
        monkeypatch.setattr(_sequence, "has_numba", lambda: False)
    grads = []
    for spoil in (False, True):
        cur = torch.linspace(-1, 2, 30).reshape(10, 1, 3).requires_grad_()
        spk, mem = snn.Leaky(0.9).unroll(cur, record=False)
        if spoil:
            mem.detach().zero_()
        spk.sum().backward()
        grads.append(cur.grad)
    assert torch.equal(*grads)
    assert grads[0].any()


@pytest.mark.parametrize("move", [
    lambda layer: setattr(layer.beta, "data", layer.beta.data.clone()),
    lambda layer: layer.share_memory(),
], ids=["data", "share_memory"])  # fmt: skip
def test_a_parameter_may_move_in_memory_before_the_backward_pass(move):
    grads = []
    for moves in (False, True):
        layer = snn.Leaky(0.9, learn_beta=True)
        cur = torch.linspace(-1, 2, 60).reshape(20, 1, 3).requires_grad_()
        _, mem = layer.unroll(cur)
        if moves:
            move(layer)
        trash = [torch.full((), -7.0) for _ in range(3000)]  # takes the place that has been freed
        mem.sum().backward()
        grads.append((cur.grad, layer.beta.grad))
        del trash
    assert torch.equal(grads[0][0], grads[1][0])
    assert torch.equal(grads[0][1], grads[1][1])


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("spike_grad", [None, surrogate.custom(lambda x: torch.exp(-x.abs()))],
                         ids=["built in", "custom"])  # fmt: skip
@pytest.mark.parametrize("layer", [snn.Leaky(0.9), snn.RLeaky(0.9, linear_features=5),
                                   snn.AdaptiveLeaky(0.9, learn_beta=True)], ids=repr)  # fmt: skip
def test_a_batch_of_nothing_has_gradients_of_nothing(layer, spike_grad, compiled, monkeypatch):
    if not compiled:
        monkeypatch.setattr(_sequence, "has_numba", lambda: False)
    if spike_grad is not None:
        layer = copy.deepcopy(layer)
        layer.spike_grad = spike_grad
    cur = torch.rand(4, 0, 5).requires_grad_()
    layer.unroll(cur)[0].sum().backward()
    assert cur.grad.shape == cur.shape


@pytest.mark.parametrize("wanted", ["cur", "mem", "syn", "alpha", "beta", "threshold", "weight"])
def test_each_derivative_comes_without_the_others(wanted, monkeypatch):
    layer = snn.RSynaptic(0.5, 0.9, linear_features=4, learn_alpha=True, learn_beta=True,
                          learn_threshold=True)  # fmt: skip
    leaves = {"cur": torch.randn(12, 3, 4), "mem": torch.randn(3, 4), "syn": torch.randn(3, 4)}
    leaves |= dict(layer.named_parameters()) | {"weight": layer.recurrent.weight}

    def derivatives(names):
        for name, leaf in leaves.items():
            leaf.requires_grad_(name in names)
        spk, _, mem = layer.unroll(leaves["cur"], leaves["syn"], leaves["mem"])
        assert 0 < spk.mean() < 1
        return torch.autograd.grad((spk + 0.1 * mem).sum(), [leaves[name] for name in names])

    every = dict(zip(leaves, derivatives([*leaves]), strict=True))
    compiled = derivatives([wanted])[0]
    monkeypatch.setattr(_sequence, "has_numba", lambda: False)
    for found in (compiled, derivatives([wanted])[0]):
        torch.testing.assert_close(found, every[wanted], rtol=1e-4, atol=1e-4)


def test_several_callers_at_once():
    cur = torch.randn(60, 1, SIZE)
    expected = snn.Leaky(0.9).unroll(cur)[1]
    found = []
    callers = [
        threading.Thread(target=lambda: found.append(snn.Leaky(0.9).unroll(cur)[1]))
        for _ in range(4)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert [torch.equal(mem, expected) for mem in found] == [True] * 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_works():
    # As a DataLoader's worker does. The pool of threads of the parent is of no use to the child.
    script = """
import os, sys, torch, snnedu as snn
torch.set_num_threads(2)
cur = torch.ones(60, 1, 20_000) * 0.3
expected = snn.Leaky(0.9).unroll(cur)[0].sum().item()
child = os.fork()
if child == 0:
    torch.set_num_threads(1)  # torch's own threads are gone
    torch.get_num_threads = lambda: 2
    os._exit(0 if snn.Leaky(0.9).unroll(cur)[0].sum().item() == expected else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], timeout=120, check=False)
    assert done.returncode == 0


def test_without_numba_the_library_works_and_says_nothing():
    script = """
import sys
sys.modules["numba"] = None
import torch, snnedu as snn
spk, mem = snn.Leaky(0.9).unroll(torch.full((8, 1, 1), 0.5))
assert spk.flatten().tolist() == [0, 0, 1, 0, 1, 0, 0, 1]
"""
    done = subprocess.run(
        [sys.executable, "-c", script], timeout=120, check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_a_folder_for_the_compiled_code_the_library_works_and_says_why():
    script = (
        "import torch, snnedu as snn; print(snn.Leaky(0.9).unroll(torch.ones(3, 1, 1))[0].sum())"
    )
    nowhere = {"NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator"}
    nowhere["NUMBA_CACHE_DIR"] = os.path.join(os.devnull, "x")
    done = subprocess.run([sys.executable, "-c", script], env=os.environ | nowhere, timeout=120,
                          check=True, capture_output=True, text=True)  # fmt: skip
    assert done.stdout == "tensor(2.)\n"
    assert done.stderr.count("Set NUMBA_CACHE_DIR to a folder") == 1  # of several loops


def test_numba_is_imported_only_when_a_float32_sequence_runs():
    script = """
import sys, torch, snnedu as snn
lif = snn.Leaky(0.9)
lif(torch.zeros(1, 1)), lif.double().unroll(torch.zeros(2, 1, 1).double())
assert "numba" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], timeout=120, check=True)


def test_only_a_surrogate_is_trusted_to_be_a_step():
    cur = torch.randn(10, 2, 3)
    assert snn.Leaky(0.9, spike_grad=torch.sigmoid).unroll(cur)[0].unique().numel() > 2
    assert set(snn.Leaky(0.9).unroll(cur)[0].unique().tolist()) == {0, 1}


class Soft(surrogate.Surrogate):
    """Spikes between 0 and 1."""

    def __call__(self, x):
        return torch.sigmoid(x)


class Flat(surrogate.Surrogate):
    """The name of one that is built in, another slope."""

    def derivative(self, x):
        return torch.ones_like(x)


@pytest.mark.parametrize("kind", [Soft, Flat])
@pytest.mark.parametrize("compiled", [True, False])
def test_a_subclass_of_surrogate_is_asked_for_spikes_and_slopes(kind, compiled, monkeypatch):
    if not compiled:
        monkeypatch.setattr(_sequence, "has_numba", lambda: False)
    spike_grad = kind("atan", surrogate.atan()._shape, 2.0)
    assert_same_as_steps(snn.Leaky(0.9, spike_grad=spike_grad), torch.randn(10, 2, 3))


def assert_same_as_steps(layer, cur):
    weight = torch.randn_like(cur)
    leaves = [cur.requires_grad_(), *(p for p in layer.parameters() if p.requires_grad)]
    state, rows = (), []
    for row in cur.unbind(0):
        spk, *state = layer(row, *state)
        rows.append(spk)
    steps = torch.stack(rows)
    whole = layer.unroll(cur)[0]
    assert torch.equal(whole, steps)
    assert 0 < whole.mean() < 1
    found, expected = [torch.autograd.grad((spk * weight).sum(), leaves) for spk in (whole, steps)]
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("shape", [(2, 3), (4, 1, 1), (3,), ()], ids=str)
def test_one_weight_for_each_neuron_of_a_picture(shape, compiled, monkeypatch):
    # Two dimensions of weights are no matrix here.
    if not compiled:
        monkeypatch.setattr(_sequence, "has_numba", lambda: False)
    layer = snn.RLeaky(0.9, V=torch.rand(shape), all_to_all=False)
    assert_same_as_steps(layer, torch.randn(10, 5, *((2, 3) if len(shape) == 2 else (4, 2, 3))))


@pytest.mark.bad_input
@pytest.mark.parametrize("weight", [torch.ones(4, 4), torch.ones(2, 2), torch.ones(2, 3)], ids=str)
def test_weights_of_another_size_are_refused_not_read(weight):
    layer = snn.RLeaky(0.9, linear_features=3)
    layer.recurrent.weight.data, layer.recurrent.bias.data = weight, torch.ones(len(weight))
    for run_it in (layer.unroll, lambda cur: layer(cur[0], cur[0])):
        with pytest.raises(RuntimeError, match=r"shapes|size"):
            run_it(torch.full((4, 2, 3), 2.0))


@pytest.mark.bad_input
@pytest.mark.parametrize("layer", [
    snn.Leaky(0.9), snn.RLeaky(0.9, linear_features=2), snn.RLeaky(0.9, V=0.1, all_to_all=False)
], ids=repr)  # fmt: skip
def test_neurons_on_another_device_are_refused_not_read(layer):
    layer = copy.deepcopy(layer).to("meta")  # it has no memory at all
    with pytest.raises((RuntimeError, NotImplementedError), match="meta"):
        layer.unroll(torch.rand(3, 1, 2))


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
def test_a_layer_of_no_neurons():
    spk, mem = snn.RLeaky(0.9, linear_features=0).unroll(torch.rand(3, 2, 0))
    assert spk.shape == mem.shape == (3, 2, 0)


def test_what_a_surrogate_keeps_can_be_used_for_learning():
    # It was once called in inference mode, whose tensors autograd does not take.
    kept = [torch.ones(())]

    def spike_grad(x):
        if kept[0].shape != x.shape:
            kept[0] = torch.full_like(x, 2.0)
        two = kept[0]
        return (x > 0).to(x.dtype) + torch.atan(two * x) - torch.atan(two * x).detach()

    layer = snn.Synaptic(0.5, 0.9, spike_grad=spike_grad, reset_mechanism="zero")
    cur = torch.randn(8, 3, 5).requires_grad_()
    layer.unroll(cur)[0].sum().backward()
    assert kept[0].shape[-2:] == (3, 5)
    layer(cur[0])[0].sum().backward()


def test_recurrent_neurons_without_a_batch(recwarn):
    assert_same_as_steps(snn.RLeaky(0.9, linear_features=5), torch.randn(10, 5))
    assert not recwarn.list


class StraightThrough(torch.autograd.Function):
    """Its derivative is the tensor it was given: often one number, expanded."""

    @staticmethod
    def forward(ctx, x):
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(ctx, grad):
        return grad


OWN = {
    "bool": surrogate.custom(lambda x: x.abs() < 0.5),
    "double": surrogate.custom(lambda x: (x.abs() < 0.5).double()),
    "integers": surrogate.custom(lambda x: (x.abs() < 0.5).long()),
    "expanded": surrogate.custom(lambda x: torch.ones(()).expand_as(x)),
    "transposed": surrogate.custom(
        lambda x: torch.exp(-x.abs().transpose(-1, -2).contiguous()).transpose(-1, -2)
    ),
    "straight through": StraightThrough.apply,
}


@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("name", ["Leaky", "RLeaky", "AdaptiveLeaky"])
def test_slopes_of_any_dtype_and_layout(own, name, compiled, monkeypatch):
    if not compiled:
        monkeypatch.setattr(_sequence, "has_numba", lambda: False)
    size = {"linear_features": 5} if name == "RLeaky" else {}
    layer = getattr(snn, name)(0.9, spike_grad=OWN[own], learn_beta=True, **size)
    assert_same_as_steps(layer, torch.randn(12, 3, 5))


@pytest.mark.parametrize("name", SURROGATES)
def test_the_compiled_slopes_are_those_of_surrogate_py(name):
    # U[0] = I, so with weights of one the gradient of one step is h(I - θ).
    build = getattr(surrogate, name)
    spike_grad = build() if name == "straight_through" else build(3.0)
    cur = torch.linspace(-100, 100, 4001)[None, None].requires_grad_()
    snn.Leaky(0.9, spike_grad=spike_grad).unroll(cur)[0].sum().backward()
    expected = spike_grad.derivative(cur.detach() - 1)
    torch.testing.assert_close(cur.grad, expected, rtol=1e-5, atol=1e-6)
