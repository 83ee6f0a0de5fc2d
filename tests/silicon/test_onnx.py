"""One step, exported: in torch's own format and in ONNX Runtime, with the spikes of `net.step`."""

import io

import numpy as np
import pytest
import torch
from torch import nn

import snnedu as snn

pytestmark = pytest.mark.traced


def exact(net):
    """Give all weights values of k/16: sums of them with spikes are exact in any order."""
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in net.parameters():
            weight.copy_(torch.randint(-4, 12, weight.shape) / 16)
    return net


def networks():
    return {
        "leaky": exact(
            snn.Sequential(
                nn.Linear(6, 8),
                snn.Leaky(0.5),
                nn.Dropout(0.5),
                nn.Linear(8, 3),
                snn.Synaptic(0.5, 0.75, reset_mechanism="zero"),
            )
        ),
        "rest": exact(
            snn.Sequential(
                snn.Delay(torch.arange(6) % 3),
                nn.Linear(6, 5),
                snn.RLeaky(0.5, linear_features=5),
                snn.Residual(nn.Linear(5, 5), snn.Leaky(0.75)),
                nn.Linear(5, 3),
                snn.AdaptiveLeaky(0.5, 0.75),
            )
        ),
    }


def spikes(*shape):
    return (torch.rand(shape, generator=torch.Generator().manual_seed(1)) < 0.5).float()


@pytest.mark.parametrize("kind", ["leaky", "rest"])
def test_an_exported_step_gives_the_spikes_of_the_network(kind):
    net, x_rec = networks()[kind].eval(), spikes(40, 2, 6)
    file = io.BytesIO()
    torch.export.save(snn.to_program(net, (6,), batch=2), file)
    file.seek(0)
    step = torch.export.load(file).module()
    state = [torch.zeros_like(part) for parts in net.step(x_rec[0])[1].values() for part in parts]
    out = []
    for x in x_rec:
        spk, *state = step(x, *state)
        out.append(spk)
    assert torch.equal(torch.stack(out), net(x_rec)[0])
    assert 0 < torch.stack(out).mean() < 1


@pytest.mark.parametrize("kind", ["leaky", "rest"])
def test_onnx_runtime_gives_the_spikes_of_the_network(kind, tmp_path):
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnxruntime")
    net, x_rec = networks()[kind], spikes(40, 1, 6)
    snn.to_onnx(net, tmp_path / "net.onnx", (6,))
    assert net.training  # the network stays as it was
    run = snn.stream(snn.from_onnx(tmp_path / "net.onnx"), x_rec)
    assert torch.equal(run.spk_rec, net.eval()(x_rec)[0])
    assert 0 < run.spk_rec.mean() < 1
    assert run.state_bytes == snn.stream(net, x_rec).state_bytes


def test_a_state_that_rests_elsewhere_is_exported_but_not_written(tmp_path):
    net = snn.Sequential(nn.Linear(2, 2), snn.conversion.IntegrateAndFire(1.0))
    program = snn.to_program(net, (2,))
    assert np.allclose(program.example_inputs[0][1], 0.5)
    with pytest.raises(ValueError, match="rest elsewhere"):
        snn.to_onnx(net, tmp_path / "net.onnx", (2,))


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("act", "error", "words"),
    [
        (lambda: snn.to_program(nn.Sequential(nn.Linear(2, 2)), (2,)), TypeError, "Received Seq"),
        (lambda: snn.to_program(networks()["leaky"], (6,), batch=0), ValueError, "batch"),
        (lambda: snn.from_onnx("nowhere.onnx"), ValueError, "does not exist"),
    ],
)
def test_bad_input_is_answered(act, error, words):
    with pytest.raises(error, match=words):
        act()
