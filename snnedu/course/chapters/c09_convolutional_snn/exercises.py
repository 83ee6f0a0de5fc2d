"""Exercises of 09 · Convolutional SNNs: merge a pooling, fold a batch norm, keep a layer calm."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torch.nn.utils.fusion import fuse_conv_bn_eval

from snnedu.course.attempt import Attempt, WrongAnswer
from snnedu.course.diagnosis import ByShape, numbers, refuse
from snnedu.course.exercise import Exercise
from snnedu.course.form import tensor


def my_merge(weight: Tensor) -> Tensor:
    """Return the weights that act on the spikes as averaging them and then `weight` would."""
    wider = weight.repeat_interleave(2, -1).repeat_interleave(2, -2)
    return wider / 4


def my_fold(conv: Any, norm: Any) -> tuple[Tensor, Tensor]:
    """Return weights and bias of one convolution that does what `conv` and `norm` do."""
    factor = norm.weight / (norm.running_var + norm.eps).sqrt()
    weight = factor[:, None, None, None] * conv.weight
    return weight, factor * (conv.bias - norm.running_mean) + norm.bias


def my_penalty(spk_rec: Tensor, low: float, high: float) -> Tensor:
    """Return how far the channels' rates lie outside of [low, high], squared, on average."""
    rate = spk_rec.mean((0, 1, 3, 4))
    too_low = (low - rate).clamp(min=0)
    too_high = (rate - high).clamp(min=0)
    return (too_low**2 + too_high**2).mean()


# --------------------------------------------------------------------------------------- 09.1

A_SUM = "Your weights are four times as large as they should be. They add up the four spikes of a window, and an average divides by 4."
DIVIDES_BY_2 = "You divide by 2. A window has four pixels, two rows of two, so each gets a quarter."
ROUNDS_DOWN = "`//` rounds down: most of your weights become 0 or -1. Divide with `/`."
BY_KERNEL = "You divide by the size of the kernel. The average is taken over a window of the pooling: 2 x 2 pixels."
TILED = "You repeat the whole kernel beside itself. Each of its weights belongs to one window, so it must become a square of 2 x 2 equal weights."
HOLES = "You put zeros between the weights: then only one pixel of each window is heard. All four of them count in an average."
ONE_AXIS = (
    "Your kernel grew in one direction only. A window is two pixels high and two pixels wide."
)


def _draw_weights() -> Iterator[tuple[Tensor]]:
    """Draw kernels of two sizes: 3 x 3 tells a window of 4 from a kernel of 9."""
    yield (torch.randn(2, 3, 3, 3),)
    yield (torch.randn(4, 1, 2, 2),)


def _wider(weight: Tensor) -> Tensor:
    return 4 * my_merge(weight)


def _holes(share: float) -> Callable[[Tensor], Tensor]:
    def merge(weight: Tensor) -> Tensor:
        wider = torch.zeros(*weight.shape[:2], 2 * weight.shape[2], 2 * weight.shape[3])
        wider[..., ::2, ::2] = weight * share
        return wider

    return merge


def _by_hand(weight: Tensor) -> Tensor:
    wider = torch.empty(*weight.shape[:2], 2 * weight.shape[2], 2 * weight.shape[3])
    for row in range(wider.shape[2]):
        for column in range(wider.shape[3]):
            wider[:, :, row, column] = weight[:, :, row // 2, column // 2] / 4
    return wider


# --------------------------------------------------------------------------------------- 09.2

TWO_THINGS = "Return two tensors, the weights and the bias: `return weight, bias`. Of a whole layer, return `layer.weight, layer.bias`."
CHANGES = "Your function changes a layer that it was given, and later code needs that layer as it was. Make new tensors: `factor * weight`, not `weight *= factor`."
UPSIDE_DOWN = "Your factor is upside down: γ stands above the line, the root below it."
NO_EPS = "You leave out ε, or take another number than `norm.eps`. Without it, channels that hardly vary get a factor that is much too large, or infinite: divide by √(v + ε)."
EPS_OUTSIDE = "You add ε to the root. PyTorch adds it to the variance, inside the root: √(v + ε)."
NO_ROOT = "You divide by the variance. A batch norm divides by the standard deviation, its root."
MEAN_IN_WEIGHTS = "Your bias is right. From the weights you subtract the mean, too. The mean is a constant, so it goes into the bias only. The weights get the factor, and nothing else."
NO_SCALE = "You leave out γ, `norm.weight`: the batch norm scales what it has normalized."
NO_SHIFT = (
    "Your weights are right. In the bias, `norm.bias` is missing: the batch norm adds it last."
)
NO_MEAN = "Your weights are right. In the bias, the mean is missing: the batch norm subtracts it."
MEAN_ADDED = "Your weights are right. In the bias you add the mean. The batch norm subtracts it."
PLACES_CHANGED = "Your weights are right. In the bias, b and m have changed places: the batch norm takes m from b."
MEAN_UNSCALED = "Your weights are right, but you do not scale the mean: it is subtracted before the batch norm divides."
BIAS_UNSCALED = "Your weights are right, but the old bias stays as it was. It passes through the batch norm like everything else: scale it, too."
BIAS_KEPT = "Your weights are right, but the bias stays as it was. The batch norm subtracts the mean m from it, scales, and adds c."
NO_OLD_BIAS = (
    "Your weights are right. In the bias, that of the convolution is missing: `conv.bias`."
)
SHIFT_SCALED = (
    "Your weights are right, but you scale `norm.bias`. The batch norm adds it after scaling."
)
WRONG_AXIS = "Your factor runs along the last axis, the columns of the kernel. It has one number for each output channel, which is the first axis: `[:, None, None, None]`."
WRONG_CHANNEL = "Your factor runs along the input channels. A batch norm after the convolution has one number for each of its output channels, the first axis."
WEIGHTS_KEPT = "Your bias is right, but the weights stay as they were. They need the factor, too."


def _draw_layers() -> Iterator[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    """Draw layers with as many channels as columns, so that a wrong axis raises no error."""
    for _ in range(2):
        conv, norm = nn.Conv2d(3, 3, 3), nn.BatchNorm2d(3, eps=0.3)
        with torch.no_grad():
            for each in (norm.weight, norm.bias, norm.running_mean, conv.bias):
                each.copy_(torch.randn(3) + 0.5)  # pyright: ignore[reportOptionalMemberAccess]
            norm.running_var.copy_(torch.rand(3) + 0.2)  # pyright: ignore[reportOptionalMemberAccess]
        yield conv.requires_grad_(False).eval(), norm.requires_grad_(False).eval()


def _run_fold(answer: Attempt, conv: nn.Conv2d, norm: nn.BatchNorm2d) -> Tensor:
    layers = copy.deepcopy(nn.ModuleList([conv, norm]))
    before = copy.deepcopy(layers.state_dict())
    result = answer.changing(*layers)
    after = layers.state_dict()
    changed = any(not torch.equal(value, after[name]) for name, value in before.items())
    two = isinstance(result, (tuple, list)) and len(result) == 2
    refuse({CHANGES: changed, TWO_THINGS: not two})
    weight, bias = (numbers(part) for part in result)
    shapes = [list(weight.shape), list(bias.shape)]
    if shapes != [[3, 3, 3, 3], [3]]:
        raise WrongAnswer(
            f"The weights keep their shape, [3, 3, 3, 3], and there are 3 biases. You return "
            f"{shapes[0]} and {shapes[1]}."
        )
    return torch.cat([weight.flatten(), bias])


def _folding(
    weight: Callable[..., Tensor] = lambda f, w: f[:, None, None, None] * w,
    bias: Callable[..., Tensor] = lambda f, b, m, c: f * (b - m) + c,
    factor: Callable[..., Tensor] = lambda s, v, e: s / (v + e).sqrt(),
) -> Callable[[Any, Any], tuple[Tensor, Tensor]]:
    """Return a folding that does one of its three parts in its own way."""

    def fold(conv: Any, norm: Any) -> tuple[Tensor, Tensor]:
        f = factor(norm.weight, norm.running_var, norm.eps)
        return weight(f, conv.weight), bias(f, conv.bias, norm.running_mean, norm.bias)

    return fold


def _fold_in_place(conv: Any, norm: Any) -> tuple[Tensor, Tensor]:
    weight, bias = my_fold(conv, norm)
    conv.weight.data.copy_(weight)
    return conv.weight, bias


def _fold_in_new_parameters(conv: Any, norm: Any) -> tuple[Tensor, Tensor]:
    weight, bias = my_fold(conv, norm)
    conv.weight, conv.bias = nn.Parameter(weight), nn.Parameter(bias)
    return conv.weight, conv.bias


def _mean_in_weights(conv: Any, norm: Any) -> tuple[Tensor, Tensor]:
    weight, bias = my_fold(conv, norm)
    factor = norm.weight / (norm.running_var + norm.eps).sqrt()
    return weight - (factor * norm.running_mean)[:, None, None, None], bias


def _norm_of_weights(conv: Any, norm: Any) -> tuple[Tensor, Tensor]:
    weight, bias = _mean_in_weights(conv, norm)
    return weight + norm.bias[:, None, None, None], bias


def _fused(conv: Any, norm: Any) -> tuple[Tensor, Any]:
    layer = fuse_conv_bn_eval(conv, norm)
    return layer.weight, layer.bias


def _with_numpy(conv: Any, norm: Any) -> tuple[Any, Any]:
    factor = norm.weight.numpy() / np.sqrt(norm.running_var.numpy() + norm.eps)
    weight = factor[:, None, None, None] * conv.weight.numpy()
    return weight, factor * (conv.bias.numpy() - norm.running_mean.numpy()) + norm.bias.numpy()


def _compare_fold(got: Tensor, right: Tensor, *given: Any) -> str:
    weights = torch.allclose(got[:-3], right[:-3], rtol=1e-4, atol=1e-6)
    bias = torch.allclose(got[-3:], right[-3:], rtol=1e-4, atol=1e-6)
    which = "Your weights are right, the bias is not." if weights else "The weights are not right."
    which = "Your bias is right, the weights are not." if bias else which
    return f"{which} Write the batch norm as a line, y = factor x + rest, and put the convolution in for x."


# --------------------------------------------------------------------------------------- 09.3

PER_NEURON = "You take the rate of each neuron. A pixel in the corner never sees ink, and would be asked to fire. Take one rate for each channel: average over height and width, too."
WHOLE_LAYER = "You take one rate for the whole layer. A silent channel and a busy one then look like two calm ones. Take one rate for each channel."
PER_SAMPLE = "You take a rate for each picture. A channel may be silent on a 1 and busy on an 8: average over the batch, too."
PER_STEP = "You take a rate for each step. Average over time, too."
NO_SQUARE = "You add up how far the rates are outside. Square it: rates far outside then count more than rates close to the edge."
NO_CLAMP = (
    "Your penalty pulls at rates that are inside, too. Between `low` and `high` it must be 0."
)
ONLY_HIGH = "Busy channels are calmed, but silent ones are not woken: `low` has no effect."
ONLY_LOW = "Silent channels are woken, but busy ones are not calmed: `high` has no effect."
TURNED = "Your signs are the other way round: the penalty is above 0 where the rates are inside."
ONE_TURNED = "One of your two differences has the wrong sign: too low is `low - rate`, too high is `rate - high`."
REWARDS = (
    "Your penalty is negative: training would push the rates further outside. Change its sign."
)
MEAN_OF_CHANNELS = "You average over the channels, and their rates are lost in the mean. Each channel has a rate of its own: average over the four other axes."
OTHER_AXIS = "Your rates belong to rows or columns, not to channels. Channels are axis 2: average over the four others."
ABSOLUTE = "With absolute values, rates inside are punished as well: both distances count there. A rate inside is 0 outside: `clamp(min=0)`."
MIDDLE = "You pull each rate to the middle of the two limits. Anywhere between `low` and `high` the penalty must be 0."
SQUARE_LAST = "You square the mean. Square each channel's distance first, then take the mean: one channel far outside then counts more than many that are a little outside."
ROOT = "You take a root. The distances are squared, and stay so."
OF_THOSE_OUTSIDE = (
    "You divide by the number of channels that are outside. Divide by the number of all channels."
)
WORST_ONLY = "You look at the worst channel only. Take the mean over all channels."
COUNTS = "You count spikes. A rate is their share: divide by the steps, the pictures and the pixels, or take the mean."
SUMMED = "You add up the channels. Take their mean, so that the strength means the same for any number of channels."
NO_GRADIENT = "The number is right, but no gradient comes through it. Leave out `detach` and `item`. A number that was made by counting, such as `(rate > high).sum()`, has no gradient either."
ONE_NUMBER = "Return one number, a tensor: the mean over the channels."


def _draw_spikes() -> Iterator[tuple[Tensor, float, float]]:
    """Draw layers whose channels are silent, calm or busy, with limits of their own."""
    for low, high in ((0.1, 0.3), (0.05, 0.2)):
        chance = torch.tensor([0.0, (low + high) / 2, 0.7, 0.5, low / 2])[:, None, None]
        yield (torch.rand(5, 4, 5, 6, 3) < chance).float(), low, high


def _run_penalty(answer: Attempt, spk_rec: Tensor, low: float, high: float) -> Tensor:
    """Return the penalty, and its gradient with respect to each spike."""
    spk_rec = spk_rec.clone().requires_grad_()
    penalty = answer.changing(spk_rec, low, high)
    value = tensor(penalty)
    if value.numel() != 1:
        raise WrongAnswer(ONE_NUMBER)
    value, right = value.reshape(()), my_penalty(spk_rec, low, high)
    if not value.requires_grad:
        refuse({NO_GRADIENT: torch.isclose(value.double(), right.detach().double())})
        return torch.cat([value.detach().reshape(1), torch.zeros(spk_rec.numel())])
    (slope,) = torch.autograd.grad(value, spk_rec)
    return torch.cat([value.detach().reshape(1), 1000 * slope.flatten()])


def _compare_penalty(got: Tensor, right: Tensor, *given: Any) -> str:
    if torch.isclose(got[0], right[0], rtol=1e-4):
        return "The number is right, its gradient is not. Does a part of your answer leave PyTorch, or is it detached?"
    return "The number is not right. Write down each channel's rate, how far it is outside of [low, high], its square, and the mean, one after another."


def _penalizing(
    rate: Callable[[Tensor], Tensor] = lambda spk: spk.mean((0, 1, 3, 4)),
    low: Callable[..., Tensor] = lambda r, a: (a - r).clamp(min=0) ** 2,
    high: Callable[..., Tensor] = lambda r, b: (r - b).clamp(min=0) ** 2,
    total: Callable[[Tensor], Any] = torch.mean,
) -> Callable[..., Any]:
    """Return a penalty that does one of its parts in its own way."""
    return lambda spk_rec, a, b: total(low(rate(spk_rec), a) + high(rate(spk_rec), b))


def _none(rate: Tensor, limit: float) -> Tensor:
    return 0 * rate


def _rate(spk_rec: Tensor) -> Tensor:
    return spk_rec.mean((0, 1, 3, 4))


def _outside(spk_rec: Tensor, low: float, high: float) -> Tensor:
    rate = _rate(spk_rec)
    return (low - rate).clamp(min=0) + (rate - high).clamp(min=0)


def _counts(spk_rec: Tensor) -> Tensor:
    return spk_rec.sum((0, 1, 3, 4))


def _looping(spk_rec: Tensor, low: float, high: float) -> Tensor:
    total = torch.tensor(0.0)
    for channel in spk_rec.unbind(2):
        rate = channel.mean()
        if rate < low:
            total = total + (low - rate) ** 2
        elif rate > high:
            total = total + (rate - high) ** 2
    return total / spk_rec.shape[2]


def _masked(spk_rec: Tensor, low: float, high: float) -> Tensor:
    rate = _rate(spk_rec)
    return ((rate < low) * (low - rate) ** 2 + (rate > high) * (rate - high) ** 2).mean()


def _by_distance(spk_rec: Tensor, low: float, high: float) -> Tensor:
    rate = spk_rec.double().mean((0, 1, 3, 4))
    return ((rate - rate.clamp(low, high)) ** 2).mean()


EXERCISES = [
    Exercise(
        id="09.1",
        title="Average pooling for a chip",
        name="my_merge",
        solution=my_merge,
        cases=_draw_weights,
        mistakes={
            A_SUM: _wider,
            DIVIDES_BY_2: lambda weight: _wider(weight) / 2,
            ROUNDS_DOWN: lambda weight: _wider(weight) // 4,
            BY_KERNEL: lambda weight: _wider(weight) / (weight.shape[-1] * weight.shape[-2]),
            TILED: [
                lambda weight: weight.repeat(1, 1, 2, 2) / 4,
                lambda weight: weight.repeat(1, 1, 2, 2),
            ],
            HOLES: [_holes(0.25), _holes(1.0)],
            ONE_AXIS: [
                ByShape(lambda weight: weight.repeat_interleave(2, -1) / 4),
                ByShape(lambda weight: weight.repeat_interleave(2, -2) / 4),
            ],
        },
        wrong=(lambda weight: my_merge(weight).flip(-1), lambda weight: my_merge(weight) / 4),
        otherwise="Averaging these weights over windows of 2 x 2 does not give a quarter of the old ones.",
        accepts=(
            lambda weight: interpolate(weight, scale_factor=2) / 4,
            lambda weight: np.kron(weight.numpy(), np.full((2, 2), 0.25)),
            lambda weight: torch.kron(weight.double(), torch.full((2, 2), 0.25).double()),
            _by_hand,
            lambda weight: my_merge(weight).tolist(),
        ),
        hints=(
            "Take a kernel of one weight w. It multiplies the average of four spikes. What does each of the four get?",
            "Each weight becomes a square of 2 x 2 equal weights, and each of these is a quarter of it.",
            "`repeat_interleave(2, -1)` writes each column twice, with -2 each row.",
        ),
        right="Average pooling is linear, so weights can do it: no fraction travels.",
    ),
    Exercise(
        id="09.2",
        title="Fold a batch norm",
        name="my_fold",
        solution=my_fold,
        cases=_draw_layers,
        run=_run_fold,
        mistakes={
            NO_EPS: _folding(factor=lambda s, v, e: s / v.sqrt()),
            EPS_OUTSIDE: _folding(factor=lambda s, v, e: s / (v.sqrt() + e)),
            NO_ROOT: [
                _folding(factor=lambda s, v, e: s / (v + e)),
                _folding(factor=lambda s, v, e: s / v),
                _folding(factor=lambda s, v, e: s / v + e),
            ],
            TWO_THINGS: [
                lambda conv, norm: conv,
                lambda conv, norm: {"weight": conv.weight, "bias": conv.bias},
            ],
            CHANGES: [_fold_in_place, _fold_in_new_parameters],
            UPSIDE_DOWN: _folding(factor=lambda s, v, e: (v + e).sqrt() / s),
            MEAN_IN_WEIGHTS: [_mean_in_weights, _norm_of_weights],
            NO_SCALE: _folding(factor=lambda s, v, e: 1 / (v + e).sqrt()),
            NO_SHIFT: _folding(bias=lambda f, b, m, c: f * (b - m)),
            NO_MEAN: _folding(bias=lambda f, b, m, c: f * b + c),
            MEAN_ADDED: _folding(bias=lambda f, b, m, c: f * (b + m) + c),
            PLACES_CHANGED: _folding(bias=lambda f, b, m, c: f * (m - b) + c),
            MEAN_UNSCALED: _folding(bias=lambda f, b, m, c: f * b - m + c),
            BIAS_UNSCALED: _folding(bias=lambda f, b, m, c: b - f * m + c),
            BIAS_KEPT: _folding(bias=lambda f, b, m, c: b),
            NO_OLD_BIAS: _folding(bias=lambda f, b, m, c: c - f * m),
            SHIFT_SCALED: _folding(bias=lambda f, b, m, c: f * (b - m + c)),
            WRONG_AXIS: _folding(weight=lambda f, w: f * w),
            WRONG_CHANNEL: _folding(weight=lambda f, w: f[:, None, None] * w),
            WEIGHTS_KEPT: _folding(weight=lambda f, w: w),
        },
        otherwise=_compare_fold,
        accepts=(
            lambda conv, norm: list(my_fold(conv, norm)),
            lambda conv, norm: tuple(part.numpy() for part in my_fold(conv, norm)),
            lambda conv, norm: tuple(part.double() for part in my_fold(conv, norm)),
            _folding(weight=lambda f, w: f.view(-1, 1, 1, 1) * w),
            _folding(weight=lambda f, w: torch.stack([a * b for a, b in zip(f, w, strict=True)])),
            _folding(weight=lambda f, w: torch.einsum("o,oijk->oijk", f, w)),
            _folding(factor=lambda s, v, e: s * (v + e) ** -0.5),
            _fused,
            _with_numpy,
        ),
        hints=(
            "In evaluation the batch norm is a line: y = γ (x - m) / √(v + ε) + c. What multiplies x? Call it the factor.",
            "x is what the convolution returns: W s + b. The factor goes to W and to b, one number for each output channel.",
            "`factor[:, None, None, None] * conv.weight`; the bias is the factor times (b - m), plus c.",
        ),
        right="What is left of a batch norm on a chip: nothing but other weights.",
    ),
    Exercise(
        id="09.3",
        title="Neither silent nor busy",
        name="my_penalty",
        solution=my_penalty,
        cases=_draw_spikes,
        run=_run_penalty,
        mistakes={
            PER_NEURON: _penalizing(rate=lambda spk: spk.mean((0, 1))),
            WHOLE_LAYER: _penalizing(rate=Tensor.mean),
            PER_SAMPLE: _penalizing(rate=lambda spk: spk.mean((0, 3, 4))),
            PER_STEP: _penalizing(rate=lambda spk: spk.mean((1, 3, 4))),
            NO_SQUARE: _penalizing(
                low=lambda r, a: (a - r).clamp(min=0), high=lambda r, b: (r - b).clamp(min=0)
            ),
            NO_CLAMP: [
                _penalizing(low=lambda r, a: (a - r) ** 2, high=lambda r, b: (r - b) ** 2),
                lambda spk, a, b: torch.maximum(a - _rate(spk), _rate(spk) - b).square().mean(),
            ],
            MEAN_OF_CHANNELS: [
                _penalizing(rate=lambda spk: spk.mean(2)),
                _penalizing(rate=lambda spk: spk.mean((0, 1, 2))),
            ],
            ONLY_HIGH: _penalizing(low=_none),
            ONLY_LOW: _penalizing(high=_none),
            TURNED: _penalizing(
                low=lambda r, a: (r - a).clamp(min=0) ** 2,
                high=lambda r, b: (b - r).clamp(min=0) ** 2,
            ),
            ONE_TURNED: [
                _penalizing(low=lambda r, a: (r - a).clamp(min=0) ** 2),
                _penalizing(high=lambda r, b: (b - r).clamp(min=0) ** 2),
            ],
            REWARDS: _penalizing(total=lambda each: -each.mean()),
            OTHER_AXIS: [
                _penalizing(rate=lambda spk: spk.mean((0, 1, 2, 3))),
                _penalizing(rate=lambda spk: spk.mean((0, 1, 2, 4))),
            ],
            ABSOLUTE: lambda spk, a, b: (
                ((a - _rate(spk)).abs() + (_rate(spk) - b).abs()).square().mean()
            ),
            MIDDLE: lambda spk, a, b: (_rate(spk) - (a + b) / 2).square().mean(),
            SQUARE_LAST: lambda *given: _outside(*given).mean() ** 2,
            ROOT: [
                lambda *given: (_outside(*given) ** 0.5).mean(),
                lambda *given: my_penalty(*given) ** 0.5,
            ],
            OF_THOSE_OUTSIDE: _penalizing(total=lambda each: each[each > 0].mean()),
            WORST_ONLY: lambda *given: _outside(*given).max() ** 2,
            COUNTS: [
                _penalizing(rate=_counts),
                _penalizing(rate=lambda spk: spk.sum(0).mean((0, 2, 3))),
                _penalizing(rate=lambda spk: spk.sum((0, 3, 4)).mean(0)),
            ],
            SUMMED: _penalizing(total=torch.sum),
            NO_GRADIENT: lambda *given: my_penalty(*given).item(),
            ONE_NUMBER: _penalizing(total=lambda each: each),
        },
        otherwise=_compare_penalty,
        accepts=(
            _looping,
            _masked,
            _by_distance,
            _penalizing(low=lambda r, a: torch.relu(a - r).square()),
            _penalizing(rate=lambda spk: spk.transpose(0, 2).flatten(1).mean(1)),
            lambda *given: my_penalty(*given).reshape(1),
        ),
        hints=(
            "`spk_rec` is [time, batch, channels, height, width]. A channel's rate is its mean over the four other axes.",
            "`(low - rate).clamp(min=0)` is how far a rate is too low, and 0 for all others.",
            "Square both distances, add them, and take the mean over the channels.",
        ),
        right="Add it to a loss with a strength of your choice.",
    ),
]
