"""On a GPU (skipped where there is none): the numbers of the CPU, training, checkpoints."""

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import snnedu as snn
from snnedu import functional as f, spikegen, surrogate
from snnedu.core.spike_times import exact_spike_times

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
SIZE, STEPS = 40, 30
LAYERS: dict[str, Callable[[], nn.Module]] = {
    "Leaky": lambda: snn.Leaky(0.9, learn_beta=True, learn_threshold=True),
    "zero": lambda: snn.Leaky(torch.rand(SIZE), reset_mechanism="zero"),
    "none": lambda: snn.Leaky(0.9, reset_mechanism="none"),
    "sigmoid": lambda: snn.Leaky(0.9, spike_grad=surrogate.sigmoid()),
    "Synaptic": lambda: snn.Synaptic(0.5, 0.9, learn_alpha=True),
    "Alpha": lambda: snn.Alpha(0.9, 0.8),
    "AdaptiveLeaky": lambda: snn.AdaptiveLeaky(torch.rand(SIZE), learn_rho=True),
    "RLeaky": lambda: snn.RLeaky(0.9, linear_features=SIZE),
    "Delay": lambda: snn.Delay(4 * torch.rand(SIZE), max_delay=5, learn_delay=True),
}


@pytest.fixture(autouse=True)
def same_random_numbers():
    torch.manual_seed(0)


def results(layer: nn.Module, cur: Tensor) -> list[Tensor]:
    """Return what a layer answers, and the gradients, on the CPU."""
    cur = cur.clone().requires_grad_()
    outputs = layer.unroll(cur)
    sum(out.square().sum() for out in outputs).backward()
    found = [*outputs, cur.grad, *(p.grad for p in layer.parameters())]
    return [one.detach().cpu() for one in found if one is not None]


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_gives_the_numbers_and_gradients_of_the_cpu(name: str):
    layer, cur = LAYERS[name]().double(), torch.rand(STEPS, 8, SIZE, dtype=torch.float64)
    expected = results(layer, cur)
    layer.zero_grad()
    for ours, theirs in zip(results(layer.cuda(), cur.cuda()), expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", LAYERS)
def test_step_by_step_a_layer_gives_the_numbers_of_its_sequence(name: str):
    layer = LAYERS[name]().double().cuda()
    cur = torch.rand(STEPS, 8, SIZE, dtype=torch.float64, device="cuda")
    whole, state, steps = layer.unroll(cur)[0], (), []
    for now in cur:
        out, *state = layer(now, *state)
        steps.append(out)
    torch.testing.assert_close(torch.stack(steps), whole, rtol=1e-12, atol=1e-12)


def convolutional() -> snn.Sequential:
    return snn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), snn.Leaky(0.9), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(36, 3), snn.Leaky(0.8, threshold=0.1),
    )  # fmt: skip


def test_a_network_streams_records_and_decides_as_on_the_cpu():
    net, x_rec = convolutional().double().eval(), torch.randn(20, 4, 1, 8, 8).double() * 9
    expected, (spk_rec, mem_rec) = net(x_rec), copy.deepcopy(net).cuda()(x_rec.cuda())
    assert 0 < expected[0].mean() < 1
    assert torch.equal(spk_rec.cpu(), expected[0])
    torch.testing.assert_close(mem_rec.cpu(), expected[1])
    net, state, steps = net.cuda(), None, []
    for x in x_rec.cuda():
        spk, state = net.step(x, state)
        steps.append(spk)
    assert torch.equal(torch.stack(steps), spk_rec)
    for name, layer in net.record(x_rec.cuda()).items():
        assert layer.spk.is_cuda, name
    assert torch.equal(f.predict_rate(spk_rec).cpu(), f.predict_rate(expected[0]))


def examples(count: int = 60) -> tuple[Tensor, Tensor]:
    targets = torch.arange(count) % 3
    return torch.eye(3)[targets].repeat_interleave(2, dim=1) + 0.1 * torch.rand(count, 6), targets


def small_net() -> snn.Sequential:
    return snn.Sequential(nn.Linear(6, 20), snn.Leaky(0.9), nn.Linear(20, 3), snn.Leaky(0.9))


def drawn(x: Tensor) -> Tensor:
    """Draw spikes from torch's own random state, which a checkpoint must keep."""
    return spikegen.rate(x.clamp(0, 1), 12)


def test_fit_moves_batches_to_the_network_and_learns():
    history = snn.fit(
        small_net().cuda(), examples(), examples(), encode=drawn, epochs=12, lr=0.05, progress=False
    )
    assert history.test_accuracy[-1] > 0.9


def test_a_training_on_the_gpu_resumes_where_it_stopped(tmp_path):
    data = examples()

    def train(epochs: int, checkpoint: Path | None = None) -> snn.Sequential:
        torch.manual_seed(1)
        net = small_net().cuda()
        snn.fit(net, data, encode=drawn, epochs=epochs, checkpoint=checkpoint, progress=False)
        return net

    straight = train(4)
    train(2, tmp_path / "net.pt")
    resumed = train(4, tmp_path / "net.pt")
    for ours, theirs in zip(resumed.parameters(), straight.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_spikes_are_drawn_on_the_device_and_again_with_the_same_seed():
    p = torch.rand(8, 20, device="cuda")
    first, second = (spikegen.rate(p, 50, seed=3) for _ in range(2))
    assert first.is_cuda
    assert torch.equal(first, second)
    assert abs(first.mean() - p.mean()) < 0.05


def test_autocast_computes_neurons_in_32_bits():
    net, x_rec = small_net().cuda(), torch.rand(20, 8, 6, device="cuda")
    with torch.autocast("cuda", dtype=torch.bfloat16):
        spk_rec, mem_rec = net(x_rec)
    assert mem_rec.dtype == torch.float32
    assert 0 < spk_rec.mean() < 1


# --- brains and silicon ------------------------------------------------------------------------


def test_stdp_learns_on_the_gpu_what_it_learns_on_the_cpu():
    usual = snn.plasticity.Plastic(12, 5, snn.plasticity.STDP(), start=0.9, seed=0)
    there, x_rec = copy.deepcopy(usual).cuda(), (torch.rand(60, 2, 12) < 0.1).float()
    spk_rec, before = there.learn(x_rec.cuda()), usual.weight.clone()
    assert torch.equal(spk_rec.cpu(), usual.learn(x_rec))
    assert torch.equal(there.weight.cpu(), usual.weight)
    assert not torch.equal(usual.weight, before)


@pytest.mark.parametrize("rule", ["eprop", "rtrl", "sltt"])
def test_a_stream_is_learned_as_on_the_cpu(rule: str):
    layer = snn.online.OnlineLayer(6, 5, rule=rule).double()
    x_rec = torch.rand(12, 4, 6, dtype=torch.float64)
    expected = stream_gradient(copy.deepcopy(layer), x_rec)
    found = stream_gradient(layer.cuda(), x_rec.cuda())
    torch.testing.assert_close(found.cpu(), expected, rtol=1e-9, atol=1e-9)


def stream_gradient(layer: snn.online.OnlineLayer, x_rec: Tensor) -> Tensor:
    state = None
    for x in x_rec:
        out, state = layer(x, state)
        out.sum().backward()
    assert layer.weight.grad is not None
    return layer.weight.grad


def test_energy_is_that_of_the_cpu():
    net, x_rec = convolutional().eval(), torch.randn(20, 4, 1, 8, 8) * 9
    reports = [snn.energy.report(net.to(d), x_rec.to(d)).to_dict() for d in ("cpu", "cuda")]
    assert reports[0]["total"].keys() == reports[1]["total"].keys()
    for name, value in reports[0]["total"].items():
        assert reports[1]["total"][name] == pytest.approx(value, rel=1e-3), name


def test_a_network_on_the_gpu_is_exported_rounded_and_made_integer():
    pytest.importorskip("nir")
    net, x_rec = small_net().cuda(), torch.rand(20, 8, 6, device="cuda")
    net[0].weight.data.mul_(5)
    for other in (snn.quantize.weights(net, bits=4), snn.quantize.aware(net, bits=4)):
        assert other(x_rec)[0].is_cuda
    assert snn.quantize.integer(net)(x_rec.cpu())[0].sum() >= 0
    back = snn.from_nir(snn.to_nir(net, 1e-3, quiet=True))
    assert torch.equal(back(x_rec.cpu())[0], net.cpu()(x_rec.cpu())[0])


def test_a_converted_network_counts_on_the_gpu_as_on_the_cpu():
    ann = nn.Sequential(nn.Linear(6, 9), nn.ReLU(), nn.Linear(9, 3))
    x = torch.rand(30, 6)
    expected = snn.conversion.outputs(snn.conversion.convert(ann, x), x, 16)
    found = snn.conversion.outputs(snn.conversion.convert(ann.cuda(), x.cuda()), x.cuda(), 16)
    torch.testing.assert_close(found.cpu(), expected, rtol=1e-3, atol=0.1)


def test_exact_spike_times_come_back_to_the_gpu():
    inputs = torch.rand(4, 6, 1) * 20, 3 * torch.rand(5, 6)
    found = []
    for device in ("cpu", "cuda"):
        given = [each.to(device).requires_grad_() for each in inputs]
        spikes = exact_spike_times(*given)
        grads = torch.autograd.grad(spikes[spikes.isfinite()].sum(), given)
        found.append([spikes.detach(), *grads])
    expected, ours = found
    assert all(each.is_cuda for each in ours)
    for one, other in zip(ours, expected, strict=True):
        torch.testing.assert_close(one.cpu(), other)


def test_what_is_off_the_device_is_named():
    with pytest.raises(TypeError, match="one device"):
        small_net().cuda()(torch.rand(20, 8, 6))
