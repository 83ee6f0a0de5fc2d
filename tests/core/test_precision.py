"""Numbers of every kind: labels of any integer type, 16 bits, devices without float64."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

import snnedu as snn
from snnedu import functional as f, spikegen
from snnedu.core import _check

SPIKE_LOSSES = (
    f.ce_rate_loss, f.ce_count_loss, f.mse_count_loss, f.ce_temporal_loss, f.mse_temporal_loss,
)  # fmt: skip
LOSSES = (*SPIKE_LOSSES, f.ce_max_membrane_loss, f.mse_membrane_loss)
ACCURACIES = (f.accuracy_rate, f.accuracy_temporal, f.accuracy_max_membrane)
HALVES = (torch.float16, torch.bfloat16)
INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


def spikes(*shape: int, p: float = 0.3, seed: int = 0) -> Tensor:
    return (torch.rand(shape, generator=torch.Generator().manual_seed(seed)) < p).float()


# --- labels of any integer type --------------------------------------------------------------

RIGHT = torch.tensor([0, 5, 3, 1, 2])


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("loss", LOSSES)
def test_losses_take_labels_of_any_integer_type(loss: Callable[..., Tensor], dtype: torch.dtype):
    rec, weight = spikes(12, 5, 6), torch.arange(6.0)
    expected = loss(rec, RIGHT), loss(rec, RIGHT, weight=weight)
    assert loss(rec, RIGHT.to(dtype)) == expected[0]
    assert loss(rec, RIGHT.to(dtype), weight=weight) == expected[1]


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("accuracy", ACCURACIES)
def test_accuracies_take_labels_of_any_integer_type(
    accuracy: Callable[..., float], dtype: torch.dtype
):
    rec = spikes(12, 5, 6)
    assert accuracy(rec, RIGHT.to(dtype)) == accuracy(rec, RIGHT)


def test_a_class_for_each_step_may_be_of_any_integer_type():
    rec, targets, weight = spikes(4, 5, 6), RIGHT.expand(4, 5), torch.arange(6.0)
    expected = f.mse_membrane_loss(rec, targets, weight=weight)
    for dtype in INTEGERS:
        assert f.mse_membrane_loss(rec, targets.to(dtype), weight=weight) == expected


def test_small_integers_know_more_classes_and_steps_than_they_can_count():
    rec, right = spikes(300, 5, 300), torch.tensor([0, 100, 3, 1, 2])
    expected = f.ce_count_loss(rec, right)
    for dtype in INTEGERS:  # the highest class, 299, is no int8
        assert f.ce_count_loss(rec, right.to(dtype)) == expected
    times = torch.tensor([0, 100, 3, 1, 2]).expand(5, 5)
    expected = f.mse_temporal_loss(rec[..., :5], times, target_is_time=True)
    for dtype in INTEGERS:
        given = times.to(dtype)
        assert f.mse_temporal_loss(rec[..., :5], given, target_is_time=True) == expected


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_class_weights_may_have_another_precision(dtype: torch.dtype):
    rec, weight = spikes(12, 5, 6), torch.arange(6.0)
    for loss in LOSSES:
        expected = loss(rec, RIGHT, weight=weight)
        assert loss(rec, RIGHT, weight=weight.to(dtype)) == expected
        assert loss(rec.double(), RIGHT, weight=weight).item() == pytest.approx(expected.item())


# --- 16 bits ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("loss", LOSSES)
def test_losses_of_16_bits_are_those_of_32(loss: Callable[..., Tensor], dtype: torch.dtype):
    rec = spikes(700, 5, 6, p=0.6)  # counts and times beyond 256, where bfloat16 has gaps
    rec[:600, 0] = 0
    half = rec.to(dtype).requires_grad_()
    full = rec.clone().requires_grad_()
    losses = loss(half, RIGHT), loss(full, RIGHT)
    assert losses[0].dtype == torch.float32
    assert losses[0].item() == losses[1].item()
    for one in losses:
        one.backward()
    assert half.grad is not None
    assert full.grad is not None
    torch.testing.assert_close(half.grad, full.grad.to(dtype))


@pytest.mark.parametrize("dtype", HALVES)
def test_decoders_of_16_bits_tell_close_counts_and_times_apart(dtype: torch.dtype):
    rec = torch.zeros(600, 1, 2, dtype=dtype)
    rec[:301, 0, 1] = rec[:300, 0, 0] = 1  # bfloat16 has 300 and 302
    assert f.predict_rate(rec).item() == 1
    rec = torch.zeros(2051, 1, 2, dtype=dtype)
    rec[2049, 0, 1] = rec[2050, 0, 0] = 1  # float16 has 2048 and 2050
    assert f.predict_temporal(rec).item() == 1
    assert f.spike_times(rec).tolist() == [[[2050, 2049]]]
    crowd = torch.ones(600, 1, 4, dtype=dtype)
    crowd[0, 0, :3] = 0
    assert f.predict_rate(crowd, num_classes=2).item() == 1
    right = torch.tensor([1])
    assert f.accuracy_rate(crowd, right, num_classes=2) == 1


@pytest.mark.parametrize("dtype", HALVES)
def test_regularizers_of_16_bits_are_those_of_32(dtype: torch.dtype):
    rec = spikes(300, 300, 3, p=0.97)  # 87,000 spikes: float16 ends at 65,504
    for penalty in (f.l1_rate_sparsity, f.lower_activity_loss, f.upper_activity_loss):
        expected = penalty(rec)
        assert expected > 0 or penalty is f.lower_activity_loss
        assert penalty(rec.to(dtype)).item() == pytest.approx(expected.item(), rel=1e-5)


def climb(x: Tensor) -> Tensor:
    """Return a signal from 3 to 4 in steps of 1/64, which 16 bits hold exactly."""
    return 3 + (x.sort().values * 64).round() / 64


HALF_ENCODERS: dict[str, Callable[[Tensor], Tensor]] = {
    "rate": lambda x: spikegen.rate(x, 300, gain=0.9, offset=0.03, seed=0),
    "latency": lambda x: spikegen.latency(x, 260),
    "latency, linear": lambda x: spikegen.latency(x, 1300, linear=True),
    "latency, clip": lambda x: spikegen.latency(x, 260, tau=300, linear=True, clip=True),
    "delta": lambda x: spikegen.delta(x.sort().values, 0.003, off_spike=True),
    "delta, feedback": lambda x: spikegen.delta(climb(x), 0.01, padding=True, feedback=True),
    "population": lambda x: spikegen.population(x, 200, seed=0),
}


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("name", HALF_ENCODERS)
def test_encoders_of_16_bits_give_the_spikes_of_32(name: str, dtype: torch.dtype):
    encode = HALF_ENCODERS[name]
    x = torch.rand(400, generator=torch.Generator().manual_seed(1)).to(dtype)
    spk_rec = encode(x)
    assert spk_rec.dtype == dtype
    assert 0 < spk_rec.abs().float().mean() < 1
    assert torch.equal(spk_rec.float(), encode(x.float()))


@pytest.mark.parametrize("dtype", HALVES)
def test_a_small_probability_of_16_bits_fires_as_often_as_it_says(dtype: torch.dtype):
    p = torch.full((1000, 1000), 5e-4, dtype=dtype)
    count = spikegen.rate(p, 1, seed=0).float().sum().item()
    expected = 1e6 * p[0, 0].item()
    assert abs(count - expected) < 5 * expected**0.5


HALF_DECODERS: dict[str, Callable[[Tensor], Tensor]] = {
    "rate": spikegen.decode_rate,
    "latency": spikegen.decode_latency,
    "latency, linear": lambda spk: spikegen.decode_latency(spk, linear=True),
    "delta": lambda spk: spikegen.decode_delta(spk, 0.003, start=1.0),
    "population": spikegen.decode_population,
}


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("name", HALF_DECODERS)
def test_decoders_of_16_bits_are_those_of_32_rounded_once(name: str, dtype: torch.dtype):
    decode = HALF_DECODERS[name]
    spk_rec = spikes(1500, 8, 6)
    spk_rec[:500, :4] = 0
    decoded = decode(spk_rec.to(dtype))
    assert decoded.dtype == dtype
    assert torch.equal(decoded, decode(spk_rec).to(dtype))


@pytest.mark.parametrize("dtype", HALVES)
def test_a_network_of_16_bits_trains_and_reports_its_rates_in_32(dtype: torch.dtype):
    torch.manual_seed(0)
    net = snn.Sequential(nn.Linear(6, 50), snn.Leaky(0.9), nn.Linear(50, 2), snn.Leaky(0.9))
    net.to(dtype)
    x = torch.rand(64, 6, generator=torch.Generator().manual_seed(0)).to(dtype)
    targets = (x[:, :3].sum(1) < x[:, 3:].sum(1)).byte()
    how: Any = {"encode": lambda x: 2 * x.expand(20, *x.shape)}
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
    history = snn.fit(
        net, (x, targets), optimizer=optimizer, epochs=8, clip=1.0, progress=False, **how
    )
    assert history.loss[-1] < history.loss[0]
    rates = snn.evaluate(net, (x, targets), **how).rates
    spk_rec = net.record(how["encode"](x))["1"].spk
    assert rates["1"] == pytest.approx(spk_rec.float().mean().item(), rel=1e-6)


# --- devices without float64 -----------------------------------------------------------------


class _NoFloat64(TorchDispatchMode):
    """Answer float64 as Apple's devices do; numbers made by `torch.tensor` come from the CPU."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        answer = func(*args, **(kwargs or {}))
        parts = answer if isinstance(answer, tuple | list) else [answer]
        made = func is torch.ops.aten.lift_fresh.default
        if not made and any(isinstance(p, Tensor) and p.dtype == torch.float64 for p in parts):
            raise TypeError(f"{func}: the MPS framework doesn't support float64")
        return answer


@contextmanager
def device_without_float64() -> Generator[None]:
    with _NoFloat64():
        yield


def test_the_pretended_device_has_no_float64():
    with device_without_float64(), pytest.raises(TypeError, match="doesn't support float64"):
        torch.ones(3).double()


def test_losses_accuracies_and_decoders_need_no_float64():
    rec = spikes(12, 5, 6).requires_grad_()
    with device_without_float64():
        for loss in LOSSES:
            loss(rec, RIGHT, weight=torch.ones(6)).backward()
        for accuracy in ACCURACIES:
            assert 0 <= accuracy(rec, RIGHT) <= 1
        for read in (f.predict_rate, f.predict_temporal, f.predict_max_membrane):
            read(rec)
        for penalty in (f.l1_rate_sparsity, f.lower_activity_loss, f.upper_activity_loss):
            penalty(rec)


def test_codes_need_no_float64():
    x = torch.rand(20)
    with device_without_float64():
        for encode in HALF_ENCODERS.values():
            encode(x)
        for decode in HALF_DECODERS.values():
            decode(spikes(20, 4, 6))


def test_checks_of_tensors_need_no_float64():
    with device_without_float64():
        _check.fraction("beta", torch.tensor([0.5, 1.0]))
        _check.positive("threshold", torch.tensor([0.5, 1.0]))
        _check.between("rate", torch.tensor([0.5, 1.0]), 0, 1, "")
        for check in (_check.fraction, _check.positive):
            check("beta", 0.5)
            check("beta", torch.tensor(0.5, requires_grad=True))
    with pytest.raises(ValueError, match=r"Received 1\.000000001"):  # which float32 takes for 1
        _check.fraction("beta", 1.000000001)


def test_training_needs_no_float64():
    x = torch.rand(64, 6)
    net = snn.Sequential(nn.Linear(6, 20), snn.Leaky(0.9), nn.Linear(20, 2), snn.Leaky(0.9))
    train = x.numpy().astype(np.float64), (x[:, 0] > x[:, 1]).byte().numpy()
    with device_without_float64():
        history = snn.fit(
            net, train, train, encode=lambda x: 2 * x.expand(9, *x.shape), epochs=2, clip=1.0,
            penalty=lambda spk: f.upper_activity_loss(spk["1"]), progress=False,
        )  # fmt: skip
    assert history.epochs == 2


def test_codes_and_losses_work_on_tensors_of_the_cpu_whatever_the_default_device():
    x, rec = torch.rand(20), spikes(12, 5, 6)
    with torch.device("meta"):  # a device that holds no numbers, so that their use is noticed
        encoded = [encode(x) for encode in HALF_ENCODERS.values()]
        for decode in HALF_DECODERS.values():
            assert decode(rec).device.type == "cpu"
        for loss in LOSSES:
            assert loss(rec, RIGHT, weight=rec.new_ones(6)).device.type == "cpu"
        (made, labels), _ = snn.data.manifolds(2, 4, 20, samples=5)
        some, _ = next(snn.data.batches((x, x), 4, seed=0))
    assert all(spk_rec.device.type == "cpu" for spk_rec in [*encoded, made, labels, some])
