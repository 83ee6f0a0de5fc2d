"""Exercises of 12 · Conversion: the error of a neuron, a threshold, a whole network."""

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import snnedu as snn
from snnedu.core.layer import SpikingLayer
from snnedu.course.attempt import Attempt, WrongAnswer, first_line
from snnedu.course.diagnosis import ByShape, refuse
from snnedu.course.exercise import Exercise


def my_error(z: Tensor, threshold: float, steps: int) -> Tensor:
    """Return by how much the activation that each neuron sends differs from ReLU."""
    count = torch.round(steps * z / threshold).clamp(0, steps)
    return threshold * count / steps - torch.relu(z)


def my_threshold(activations: Tensor, percentile: float) -> Tensor:
    """Return the value that so many percent of all activations do not exceed."""
    return torch.quantile(activations, percentile / 100)


def my_convert(ann: nn.Sequential, thresholds: list[float]) -> snn.Sequential:
    """Return a spiking network with the weights of `ann`, and a threshold for each ReLU."""
    layers, worth, tops = [], 1.0, iter(thresholds)
    for layer in ann:
        if isinstance(layer, torch.nn.ReLU):
            worth = next(tops)
            layer = snn.conversion.IntegrateAndFire(worth)
        elif isinstance(layer, (torch.nn.Linear, torch.nn.Conv2d)):
            layer.weight.data *= worth
        layers.append(layer)
    return snn.Sequential(*layers, snn.Leaky(1.0, reset_mechanism="none"))


# --------------------------------------------------------------------------------------- 12.1

ROUNDED_DOWN = "Your counts are rounded down. That is a neuron that starts at 0; ours starts at θ/2 and rounds to the nearest whole number."
ROUNDED_UP = "Your counts are rounded up, by `ceil` or by θ/2 counted twice. Round T z/θ to the nearest whole number."
ABOVE_T = (
    "Some of your counts are above T. A neuron fires once a step at most: this error is clipping."
)
BELOW_ZERO = "Some of your counts are negative. Under a negative current a neuron stays silent: its count is 0."
NO_CLIP = "Your counts are not clipped: they go below 0, and above T. A neuron fires once a step at most, and never takes a spike back."
COUNTS = "Your error is one of counts. As an activation, one spike is worth θ/T."
NO_THETA = "You compare a rate, N/T, with an activation. A neuron that fires N times in T steps sends θ N/T."
TURNED_ROUND = "Your error has the other sign. It is what the neuron sends, minus what ReLU gives."
NO_SIGN = "Your errors are never negative. Keep their sign: it shows whether a neuron fires too much or too little."
CLIPPED_RELU = "The ReLU that you compare with stops at θ. A ReLU has no largest value: where z is above θ, clipping is an error."
AGAINST_Z = "You compare with z. ReLU gives max(z, 0), so silence is no error where z is negative."
SENT = "You return what the neuron sends, θ N/T. Subtract from it what ReLU gives."
ONE_NUMBER = "You return one number. Return the error of each neuron, in the shape of `z`."
NO_THRESHOLD = (
    "Your count does not depend on θ. In T steps a neuron collects T z, and pays θ for each spike."
)
COUNT_ONLY = "You return the count. One spike is worth θ/T: the activation is θ N/T, and ReLU is subtracted from it."
IN_UNITS_OF_THETA = "Your error is in units of θ. As an activation, one spike is worth θ/T."
NOT_PER_STEP = "You take θ for each spike. That is what the neuron pays: it sends θ N/T, per step."
SQUARED = "You square the errors. Return them as they are, with their sign."
CLIPPED_AT_1 = "You clip the activation at 1. The largest one is θ, with a spike in every step."
LARGEST_COUNT = "Your largest count is not T. A neuron can fire in every step."
UPSIDE_DOWN = "You multiply the count by T/θ. One spike is worth θ/T."
WITHOUT_T = (
    "Your count does not depend on T. In T steps a neuron collects T z, and pays θ for each spike."
)
FORGETS = "Your neuron forgets what is above θ at a spike. Ours subtracts θ, and keeps the rest."
NO_ROUNDING = (
    "You have left out the rounding: only clipping is left. A neuron fires a whole number of times."
)


def _draw_currents() -> Iterator[tuple[Tensor, float, int]]:
    """Draw currents below 0, between 0 and θ, and above θ."""
    for threshold, steps in ((0.7, 5), (1.6, 8)):
        yield threshold * (3 * torch.rand(4, 30) - 1), threshold, steps


def _sent(
    z: Tensor,
    threshold: float,
    steps: int,
    *,
    to: Callable[[Tensor], Tensor] = torch.round,
    low: float | None = 0,
    high: bool = True,
    most: Callable[[float, int], float] = lambda threshold, steps: steps,
    pays: bool = True,
) -> Tensor:
    """Return what a neuron sends, with another rounding or clipping."""
    top = most(threshold, steps) if high else None
    count = to(steps * z / (threshold if pays else 1.0)).clamp(low, top)
    return threshold * count / steps


def _off(**how: Any) -> Callable[..., Tensor]:
    return lambda z, threshold, steps: _sent(z, threshold, steps, **how) - z.relu()


def _simulated(z: Tensor, threshold: float, steps: int) -> Tensor:
    neuron = snn.conversion.IntegrateAndFire(threshold)
    spk_rec, _ = neuron.unroll(z.expand(steps, *z.shape))
    return threshold * spk_rec.mean(0) - z.clamp(min=0)


def _reset_to_zero(z: Tensor, threshold: float, steps: int) -> Tensor:
    neuron = snn.conversion.IntegrateAndFire(threshold)
    neuron.reset_mechanism = "zero"
    return threshold * neuron.unroll(z.expand(steps, *z.shape))[0].mean(0) - z.relu()


def _one_by_one(z: Tensor, threshold: float, steps: int) -> list[list[float]]:
    def error(each: float) -> float:
        count = min(max(round(steps * each / threshold), 0), steps)
        return threshold * count / steps - max(each, 0)

    return [[error(each) for each in row] for row in z.tolist()]


# --------------------------------------------------------------------------------------- 12.2

MAXIMUM = "You return the maximum, whatever `percentile` is."
SHARE_OF_MAX = "You return a share of the maximum. Count values instead: so many percent of them must not be above the threshold."
LEFT_OUT_ZEROS = (
    "You leave out the zeros. All activations of the layer count, those of silent neurons, too."
)
EACH_NEURON = "You return one threshold for each neuron. The layer needs a single one: take all samples and neurons together."
LOWEST = "Your threshold is 0, or far too low: many values are above it. So many percent of them should be below."
MEAN_OF_NEURONS = (
    "You take the percentile of each neuron, then the mean. Take all samples and neurons together."
)
FIRST_SAMPLE = "You look at the first sample only. Take all of them."
HUNDREDTHS = "`quantile` takes a share from 0 to 1, and `percentile` goes up to 100. Divide the percentile by 100."
ONE_AXIS = "`topk` and `kthvalue` look along one axis, and no axis is that long. Take all samples and neurons together first: `activations.flatten()`."
TRIMMED = "You return a mean. The threshold is the value that so many percent do not exceed."


def _draw_activations() -> Iterator[tuple[Tensor, float]]:
    """Draw activations, many of them 0, whose neurons differ in size."""
    for percentile in (90.0, 97.0):
        size = torch.linspace(0.5, 3.0, 50)
        values = size * torch.rand(400, 50) ** 2
        yield values * (torch.rand(400, 50) < 0.6), percentile


def _run_threshold(answer: Attempt, activations: Tensor, percentile: float) -> Any:
    """Return the answer's threshold. Says what PyTorch's error means where there is one."""
    try:
        return answer(activations, percentile)
    except WrongAnswer as reply:
        said = str(reply)
        refuse({HUNDREDTHS: "in the range [0, 1]" in said})
        refuse({ONE_AXIS: "k out of range" in said and "flatten" not in said})
        raise


def _by_sorting(activations: Tensor, percentile: float) -> float:
    ordered = sorted(activations.flatten().tolist())
    return ordered[round(percentile / 100 * len(ordered)) - 1]


def _compare_threshold(got: Tensor, right: Tensor, activations: Tensor, percentile: float) -> str:
    below = 100 * (activations <= got.item()).double().mean()
    return f"{below:.1f} % of the activations do not exceed your threshold. It should be {percentile:g} %."


# --------------------------------------------------------------------------------------- 12.3

SPIKES_OF_ONE = "Your weights take each spike for 1. A spike stands for the threshold of the neuron that sends it: multiply the next weights by it."
BIAS_TOO = "You multiply the biases, too. A bias is no spike: it flows at every step as it is."
DIVIDED = "You divide the weights by the threshold. A spike stands for θ: multiply by it."
OWN_THRESHOLD = "You multiply the weights by the threshold of the layer that they lead to. It is that of the layer whose spikes they receive."
LOST = "The threshold gets lost between a ReLU and the next weights. Pooling and `Flatten` do not change what a spike stands for."
ALL_ONE = "Your neurons fire as if all had the threshold 1. Give each ReLU its own of `thresholds`. It multiplies the weights after this ReLU, not those before."
NEURONS_OF_ONE = "Your weights are right, but your neurons ignore `thresholds`: all of them have θ = 1. Pass the next threshold to `IntegrateAndFire`."
REVERSED = "You take `thresholds` from the end. The first one belongs to the first ReLU."
ALL_SO_FAR = "You multiply the weights by all thresholds so far. A spike stands for one: that of the neuron that sends it."
NEEDS_DATA = "Autograd protects a parameter against changes like this one. Change the numbers inside it: `layer.weight.data *= …`."
START_ZERO = "Your neurons start at 0, so that they round down. `snn.conversion.IntegrateAndFire` starts at θ/2."
LEAKS = "Your neurons leak, and forget part of the sum that they should count."
DENSE_LEFT = "You multiply the weights of convolutions only. Dense layers receive spikes, too."
CONVOLUTIONS_LEFT = (
    "You multiply the weights of dense layers only. Convolutions receive spikes, too."
)
LAST_LEFT = (
    "You leave the last weights as they are. They receive spikes, too: multiply them as well."
)
OWN_BIAS = "You divide the weights by the threshold, so that all neurons have θ = 1. Their currents shrink by that: divide the biases, too."
FIRST_FOR_ALL = "All your neurons have the first threshold. Take the next one at each ReLU."
READOUT_FIRES = 'Your last layer pays for its spikes, and so loses what it has added up. It needs `reset_mechanism="none"`.'
READOUT_LEAKS = "Your last layer leaks. A sum over all steps needs β = 1."
NO_READOUT = "Your network ends with weights. Append neurons that only add up, without a leak and without a reset: their membrane is the answer."
FIRST_WEIGHTS = "You multiply the first weights by a threshold. They receive the picture, not spikes: leave them as they are."
LACKS = "Your network lacks layers of `ann`: {}. Only each ReLU is replaced. All others stay, in their order."
NEURON_LAYERS = "Your network has {} layers of neurons. It needs one for each ReLU, and one at the end that adds up: {}."
NOT_A_NETWORK = "Return an `snn.Sequential`."
NO_NEURONS = "A ReLU is still in your network. Put neurons in its place."


def _draw_networks() -> Iterator[tuple[nn.Sequential, list[float], Tensor]]:
    """Draw networks with biases and average pooling, thresholds that fit, and input."""
    for channels in (3, 5):
        ann, x = _draw_ann(channels), torch.rand(8, 1, 8, 8)
        while not _all_alive(ann, x):  # one draw in a hundred has a dead layer
            ann = _draw_ann(channels)
        yield ann, [0.6 * top for top in snn.conversion.thresholds(ann, x)], x


def _draw_ann(channels: int) -> nn.Sequential:
    ann = nn.Sequential(
        nn.Conv2d(1, channels, 3), nn.ReLU(), nn.Conv2d(channels, 4, 3), nn.ReLU(),
        nn.AvgPool2d(2), nn.Flatten(), nn.Linear(16, 12), nn.ReLU(), nn.Linear(12, 4),
    )  # fmt: skip
    with torch.no_grad():
        for layer in (ann[0], ann[2], ann[6], ann[8]):
            layer.weight.mul_(3)  # pyright: ignore
            layer.bias.normal_(std=0.5)  # pyright: ignore
    return ann


def _all_alive(ann: nn.Sequential, x: Tensor) -> bool:
    """Tell whether each ReLU is above 0 somewhere."""
    tops: list[bool] = []
    for layer in ann:
        x = layer(x)
        if isinstance(layer, nn.ReLU):
            tops.append(bool(x.max() > 0))
    return all(tops)


def _run_network(answer: Attempt, ann: nn.Sequential, thresholds: list[float], x: Tensor) -> Tensor:
    """Return the spike counts of all layers, and what the last one has added up in 16 steps."""
    try:
        net = answer.changing(copy.deepcopy(ann), list(thresholds))
    except WrongAnswer as reply:
        said = str(reply)
        refuse({NEEDS_DATA: "leaf Variable" in said or "as parameter 'weight'" in said})
        raise
    refuse({NOT_A_NETWORK: not isinstance(net, snn.Sequential)})
    kinds = [type(layer) for layer in net.modules()]
    refuse({NO_NEURONS: nn.ReLU in kinds, NO_READOUT: kinds[-1] is nn.Linear})
    kept = Counter(type(layer) for layer in ann if not isinstance(layer, nn.ReLU))
    lost = ", ".join(f"`{kind.__name__}`" for kind in kept - Counter(kinds))
    found, needed = sum(issubclass(kind, SpikingLayer) for kind in kinds), len(thresholds) + 1
    refuse({LACKS.format(lost): lost, NEURON_LAYERS.format(found, needed): found != needed})
    try:
        with torch.no_grad():
            *hidden, last = net.record(x.expand(16, *x.shape)).values()
    except Exception as error:
        raise WrongAnswer(f"Your network does not run: {first_line(error)}.") from None
    return torch.cat([*(each.spk.sum(0).flatten() for each in hidden), last.mem[-1].flatten()])


def _built(
    ann: nn.Sequential,
    thresholds: list[float],
    *,
    weight: Callable[[float, float], float] = lambda worth, own: worth,
    bias: Callable[[float, float], float] = lambda worth, own: 1.0,
    neurons: Callable[[float], Any] = lambda top: snn.conversion.IntegrateAndFire(top),
    last: Any = None,
    tops: Callable[[list[float]], list[float]] = list,
    first: Callable[[list[float]], float] = lambda tops: 1.0,
    lost: tuple[Any, ...] = (),
    grows: bool = False,
) -> snn.Sequential:
    """Return `my_convert`, with something else in it."""
    layers, worth, left = list[Any](), first(thresholds), tops(thresholds)
    for layer in ann:
        if isinstance(layer, nn.ReLU):
            top = left.pop(0)
            layer, worth = neurons(top), top * (worth if grows else 1.0)
        elif isinstance(layer, nn.Linear | nn.Conv2d):
            own = left[0] if left else 1.0
            layer.weight.data *= weight(worth, own)
            if layer.bias is not None:
                layer.bias.data *= bias(worth, own)
        elif isinstance(layer, lost):
            worth = 1.0
        layers.append(layer)
    return snn.Sequential(*layers, last or snn.Leaky(1.0, reset_mechanism="none"))


def _normalized(ann: nn.Sequential, thresholds: list[float], bias: bool = True) -> snn.Sequential:
    """Scale the weights so that all thresholds are 1, as Diehl et al. 2015 do."""
    return _built(
        ann,
        thresholds,
        weight=lambda worth, own: worth / own,
        bias=lambda worth, own: 1 / own if bias else 1.0,
        neurons=lambda top: snn.conversion.IntegrateAndFire(1.0),
    )


def _without(
    left: Callable[[nn.Sequential], list[Any]], ann: nn.Sequential, thresholds: list[float]
) -> snn.Sequential:
    """Leave the weights of some layers as they are."""
    before = [(layer, layer.weight.data.clone()) for layer in left(ann)]
    net = _built(ann, thresholds)
    for layer, weight in before:
        layer.weight.data = weight
    return net


def _kind(kind: type[nn.Module]) -> Callable[[nn.Sequential], list[Any]]:
    return lambda ann: [layer for layer in ann if isinstance(layer, kind)]


def _in_place(ann: nn.Sequential, thresholds: list[float]) -> Any:
    weight: Any = ann[0].weight
    weight *= thresholds[0]


def _assigned(ann: nn.Sequential, thresholds: list[float]) -> Any:
    ann[0].weight = ann[0].weight * thresholds[0]  # pyright: ignore


def _copied(ann: nn.Sequential, thresholds: list[float]) -> snn.Sequential:
    readout = snn.conversion.IntegrateAndFire(start=0.0)
    readout.reset_mechanism = "none"
    return _built(copy.deepcopy(ann), thresholds, last=readout)


EXERCISES = [
    Exercise(
        id="12.1",
        title="The error, without a simulation",
        name="my_error",
        solution=my_error,
        cases=_draw_currents,
        mistakes={
            ROUNDED_DOWN: _off(to=torch.floor),
            ROUNDED_UP: _off(to=torch.ceil),
            ABOVE_T: _off(high=False),
            BELOW_ZERO: _off(low=None),
            NO_CLIP: _off(low=-torch.inf, high=False),
            NO_ROUNDING: _off(to=lambda count: count),
            NO_THRESHOLD: _off(pays=False),
            COUNTS: lambda z, threshold, steps: my_error(z, threshold, steps) * steps / threshold,
            NO_THETA: lambda z, threshold, steps: _sent(z, threshold, steps) / threshold - z.relu(),
            TURNED_ROUND: lambda *given: -my_error(*given),
            NO_SIGN: [
                lambda *given: my_error(*given).abs(),
                lambda *given: my_error(*given).relu(),
            ],
            CLIPPED_RELU: lambda z, threshold, steps: (
                _sent(z, threshold, steps) - z.clamp(0, threshold)
            ),
            AGAINST_Z: lambda z, threshold, steps: _sent(z, threshold, steps) - z,
            SENT: _sent,
            COUNT_ONLY: [
                lambda z, threshold, steps: _sent(z, threshold, steps) * steps / threshold,
                lambda z, threshold, steps: torch.round(steps * z / threshold),
            ],
            IN_UNITS_OF_THETA: lambda z, threshold, steps: (
                my_error(z, threshold, steps) / threshold
            ),
            NOT_PER_STEP: lambda z, threshold, steps: steps * _sent(z, threshold, steps) - z.relu(),
            LARGEST_COUNT: [
                _off(most=lambda threshold, steps: threshold),
                _off(most=lambda threshold, steps: 1),
                _off(most=lambda threshold, steps: steps - 1),
            ],
            UPSIDE_DOWN: lambda z, threshold, steps: (
                _sent(z, threshold, steps) * (steps / threshold) ** 2 - z.relu()
            ),
            SQUARED: lambda *given: my_error(*given) ** 2,
            CLIPPED_AT_1: lambda z, threshold, steps: (
                _sent(z, threshold, steps, high=False).clamp(max=1) - z.relu()
            ),
            WITHOUT_T: [
                lambda z, threshold, steps: (
                    threshold * (z / threshold).round().clamp(0, steps) - z.relu()
                ),
                lambda z, threshold, steps: (
                    threshold * (z / threshold).round().clamp(0, steps) / steps - z.relu()
                ),
            ],
            FORGETS: _reset_to_zero,
            ONE_NUMBER: ByShape(lambda *given: my_error(*given).mean()),
        },
        wrong=(lambda z, threshold, steps: threshold / (2 * steps) + 0 * z,),
        otherwise="The errors are not right. Count first: how many times is θ paid out of T z, when the neuron starts at θ/2?",
        accepts=(
            _simulated,
            _one_by_one,
            lambda *given: my_error(*given).numpy(),
            lambda *given: tuple(my_error(*given).double()),
        ),
        hints=(
            "In T steps a neuron collects T z. It starts with θ/2, and pays θ for each spike.",
            "So its count is `torch.round(steps * z / threshold)`, but not below 0 and not above T: `.clamp(0, steps)`.",
            "It sends the activation `threshold * count / steps`. ReLU gives `torch.relu(z)`. Subtract.",
        ),
        right="This predicts the error of a layer for any θ and T, before you simulate anything.",
    ),
    Exercise(
        id="12.2",
        title="Balance a threshold",
        name="my_threshold",
        solution=my_threshold,
        cases=_draw_activations,
        run=_run_threshold,
        mistakes={
            MAXIMUM: lambda activations, percentile: activations.max(),
            SHARE_OF_MAX: lambda activations, percentile: percentile / 100 * activations.max(),
            LEFT_OUT_ZEROS: lambda activations, percentile: my_threshold(
                activations[activations > 0], percentile
            ),
            LOWEST: lambda activations, percentile: my_threshold(activations, 100 - percentile),
            MEAN_OF_NEURONS: [
                lambda activations, percentile: activations.quantile(percentile / 100, 0).mean(),
                lambda activations, percentile: activations.quantile(percentile / 100, 1).mean(),
            ],
            EACH_NEURON: ByShape(
                lambda activations, percentile: activations.quantile(percentile / 100, 0)
            ),
            FIRST_SAMPLE: lambda activations, percentile: my_threshold(activations[0], percentile),
            TRIMMED: lambda activations, percentile: activations.mean(),
            HUNDREDTHS: [
                lambda activations, percentile: torch.quantile(activations, percentile),
                lambda activations, percentile: np.quantile(activations, percentile),
            ],
        },
        otherwise=_compare_threshold,
        rtol=2e-3,
        accepts=(
            _by_sorting,
            lambda *given: my_threshold(*given).item(),
            lambda *given: my_threshold(*given).numpy(),
            lambda activations, percentile: (
                activations.flatten().kthvalue(round(percentile / 100 * activations.numel())).values
            ),
            lambda *given: [my_threshold(*given)],
        ),
        hints=(
            "Take all samples and all neurons together: one threshold for the layer.",
            "`torch.quantile(values, q)` returns the number that a share q of all values does not exceed; q is between 0 and 1, the percentile between 0 and 100.",
        ),
        right="One number for a layer, and no training: data are all that it takes.",
    ),
    Exercise(
        id="12.3",
        title="Convert a network",
        name="my_convert",
        solution=my_convert,
        cases=_draw_networks,
        run=_run_network,
        mistakes={
            SPIKES_OF_ONE: partial(_built, weight=lambda worth, own: 1.0),
            BIAS_TOO: partial(_built, bias=lambda worth, own: worth),
            DIVIDED: partial(_built, weight=lambda worth, own: 1 / worth),
            OWN_THRESHOLD: partial(_built, weight=lambda worth, own: own),
            LOST: [
                partial(_built, lost=(nn.AvgPool2d,)),
                partial(_built, lost=(nn.Flatten,)),
                partial(_built, lost=(nn.AvgPool2d, nn.Flatten)),
            ],
            FIRST_WEIGHTS: [
                partial(_built, first=lambda tops: tops[0]),
                partial(_built, first=lambda tops: tops[-1]),
            ],
            DENSE_LEFT: partial(_without, _kind(nn.Linear)),
            CONVOLUTIONS_LEFT: partial(_without, _kind(nn.Conv2d)),
            LAST_LEFT: partial(_without, lambda ann: [ann[-1]]),
            OWN_BIAS: partial(_normalized, bias=False),
            ALL_ONE: [
                partial(_built, tops=lambda tops: [1.0] * len(tops)),
                partial(
                    _built,
                    weight=lambda worth, own: own,
                    bias=lambda worth, own: own,
                ),
            ],
            NEURONS_OF_ONE: [
                partial(_built, neurons=lambda top: snn.conversion.IntegrateAndFire(1.0)),
                partial(_built, neurons=lambda top: snn.Leaky(1.0)),
            ],
            REVERSED: partial(_built, tops=lambda tops: tops[::-1]),
            ALL_SO_FAR: partial(_built, grows=True),
            NEEDS_DATA: [_in_place, _assigned],
            FIRST_FOR_ALL: partial(_built, tops=lambda tops: tops[:1] * len(tops)),
            START_ZERO: [
                partial(_built, neurons=lambda top: snn.Leaky(1.0, top)),
                partial(_built, neurons=lambda top: snn.conversion.IntegrateAndFire(top, 0.0)),
            ],
            LEAKS: [
                partial(_built, neurons=lambda top, beta=beta: snn.Leaky(beta, top))
                for beta in (0.9, 0.95, 0.99)
            ],
            READOUT_FIRES: [
                partial(_built, last=last)
                for last in (snn.Leaky(1.0), snn.conversion.IntegrateAndFire())
            ],
            READOUT_LEAKS: [
                partial(_built, last=snn.Leaky(beta, reset_mechanism="none"))
                for beta in (0.9, 0.95)
            ],
            NO_READOUT: lambda *given: snn.Sequential(*list(my_convert(*given))[:-1]),
            NOT_A_NETWORK: lambda *given: nn.Sequential(*my_convert(*given)),
            NO_NEURONS: lambda ann, thresholds: snn.Sequential(
                *ann, snn.Leaky(1.0, reset_mechanism="none")
            ),
        },
        otherwise="The spike counts, or the sums of the last layer, are not right. Follow one spike: which neuron sends it, and through which weights does it go next?",
        rtol=1e-3,
        accepts=(_normalized, _copied, partial(_built)),
        hints=(
            "Go through `for layer in ann`. Only two kinds change: at a ReLU put in neurons, and before weights ask what a spike stands for.",
            "Keep that in a variable, 1.0 at first (the input is a current). At a ReLU it becomes the next threshold. At weights: `layer.weight.data *= worth`.",
            '`snn.conversion.IntegrateAndFire(threshold)` for each ReLU; at the end `snn.Leaky(1.0, reset_mechanism="none")`.',
        ),
        right="Biases and pooling need no change, and now you know why.",
    ),
]
