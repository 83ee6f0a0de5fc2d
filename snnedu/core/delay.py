"""Delays: what goes in comes out some steps later, and how many steps can be learned.

    echo = Delay(torch.arange(4), max_delay=3)      # four channels, each delayed by its own steps
    x, past = echo(x)                               # one step, from silence; x is [batch, 4]
    x, past = echo(x, past)                         # the next step
    x_rec, past = echo.unroll(x_rec)                # all steps; x_rec is [time, batch, 4]

`DelayedLinear` is a linear layer whose connections have a delay each, beside their weight. Both are
layers of a `Sequential`. State goes in and comes out: `past` is what is still on its way.
"""

import math
from typing import Any

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from snnedu.core import _check

Now = Float[Tensor, "batch *features"]
Out = Float[Tensor, "batch *outputs"]
OverTime = Float[Tensor, "time batch *features"]
Later = Float[Tensor, "time batch *outputs"]
Line = Float[Tensor, "past_and_time batch *features"]
Past = Float[Tensor, "batch max_delay *features"]  # the last inputs, oldest first
Kernel = Float[Tensor, "taps *delays"]

NARROWEST = 1e-3  # steps; a narrower kernel would not be another one


class DelayLayer(nn.Module):
    """What `Delay` and `DelayedLinear` share: inputs on their way, and how a delay is learned.

        x'[t] = sum over n of K[n] x[t - n]        n = 0 ... max_delay
        K[n] ∝ exp(-(n - d)² / 2σ²)                summing to 1; σ = 0: d rounded to a whole step

    d = `delay`, from 0 to `max_delay`, and σ = `sigma` are in steps; inputs before the first step
    are 0. A step number has no derivative. The kernel K has one: while σ > 0, each delay is blurred
    over its neighbors, and the gradient says in which direction the input would do more good. With
    σ = 0 the gradient is 0, and delays stay where they started. So by default σ is a quarter of
    `max_delay` if delays are learned, and 0 if not. In our tests on shifted spikes, a quarter came
    closest over lines of 5 to 40 steps; a fixed σ of half a step or less left delays near their
    start. Lower `layer.sigma` to 0 while you train: then each delay ends at one step. An optimizer
    may push a delay outside: it is held at the nearer end where it is used.
    Source: Hammouamri et al. 2023, arXiv:2306.17670; there σ falls to 0.5, and d is rounded.
    """

    delay: Tensor
    sigma: Tensor
    steps: Tensor

    def __init__(
        self, delay: Tensor, max_delay: int, sigma: float | None, learn_delay: bool
    ) -> None:
        super().__init__()
        dtype = torch.get_default_dtype()
        if sigma is None:
            sigma = max_delay / 4 if learn_delay else 0.0
        # Saved with the delays: they cannot be loaded into a layer of another `max_delay`.
        self.register_buffer("steps", torch.arange(max_delay, -1, -1, dtype=dtype))
        self.register_buffer("sigma", self._checked("sigma", sigma).to(dtype))
        start = self._checked("delay", delay).to(dtype).clone()
        if learn_delay:
            self.register_parameter("delay", nn.Parameter(start))
        else:
            self.register_buffer("delay", start)

    @property
    def max_delay(self) -> int:
        """The longest delay, in steps."""
        return len(self.steps) - 1

    def forward(self, x: Now, past: Past | None = None) -> tuple[Out, Past]:
        """Advance one step: `x, past = layer(x, past)`; a past of None is silence."""
        _check.floating("x", x)
        x_rec, past = self.unroll(x.unsqueeze(0), past)
        return x_rec[0], past

    def unroll(self, x_rec: OverTime, past: Past | None = None) -> tuple[Later, Past]:
        """Run a whole sequence: `x_rec, past = layer.unroll(x_rec, past)`.

        `x_rec` is `[time, batch, *features]`; `past`, `[batch, max_delay, *features]`, is None for
        silence, or what the last call returned. The numbers are those of a loop over steps.

        Raises ValueError or TypeError where shapes, dtypes or devices do not fit.
        """
        _check.time_first("x_rec", x_rec, 2)
        self._check_features(x_rec)
        line = torch.cat([self._before(x_rec, past).transpose(0, 1), x_rec])
        return self._late(line), line[len(x_rec) :].transpose(0, 1).contiguous()

    def kernel(self) -> Kernel:
        """Return K, the share of each step, `[max_delay + 1, *delays]`, the longest delay first."""
        steps = self.steps.view(-1, *[1] * self.delay.ndim)
        delay = _held(self.delay, self.max_delay)
        # Halfway between two steps, a kernel without width would be shared by both.
        delay = torch.where(self.sigma > 0, delay, delay.detach().round())
        away = (steps - delay) / self.sigma.clamp(min=NARROWEST)
        return (-away.square() / 2).softmax(0)  # a softmax cannot overflow

    def _late(self, line: Line) -> Later:
        """Return the delayed input, `line` being the past and the input, one after the other."""
        raise NotImplementedError

    def _check_features(self, x_rec: Tensor) -> None:
        raise NotImplementedError

    def _before(self, x_rec: Tensor, past: Tensor | None) -> Tensor:
        shape = (x_rec.shape[1], self.max_delay, *x_rec.shape[2:])
        if past is None:
            return x_rec.new_zeros(shape)
        if tuple(past.shape) != shape:
            raise ValueError(
                f"`past` must be [batch, max_delay, *features], here {shape}. Received "
                f"{tuple(past.shape)}. For a new batch pass None, which means silence."
            )
        _check.same_kind("unroll(x_rec, past)", x_rec, past)
        return past

    def _checked(self, name: str, value: Any) -> Tensor:
        tensor = torch.as_tensor(value).detach()
        if name == "delay":
            fix = "Make the layer with a larger `max_delay`, or choose shorter delays."
            _check.between(name, tensor, 0, self.max_delay, fix)
        else:
            _check.between(name, tensor, 0, math.inf, "It is the width of the kernel, in steps.")
        return tensor

    def __setattr__(self, name: str, value: Any) -> None:
        """Let `layer.sigma = 0.5` and `layer.delay = d` count from the next call on, or raise."""
        if name not in ("delay", "sigma") or isinstance(value, nn.Parameter):
            return super().__setattr__(name, value)
        old, new = getattr(self, name), self._checked(name, value)
        if new.numel() > 1 and new.shape != old.shape:
            raise ValueError(
                f"`{name}` must keep its shape, {tuple(old.shape)}. Received {tuple(new.shape)}. "
                f"Make a new layer for other delays."
            )
        with torch.no_grad():
            old.copy_(new)
        return None


class Delay(DelayLayer):
    """Delay each channel by its own number of steps: an axon, or a cable.

    `delay`: 0 or more steps, one number for all channels or a tensor that broadcasts to
    `[*features]`. `max_delay`: the longest that may be learned; by default the longest given.
    `learn_delay`: learn the delays. `sigma`: σ of the kernel, in steps; by default
    `max_delay / 4` for learned delays and 0, which is exact, for fixed ones; see `DelayLayer`.
    """

    def __init__(
        self,
        delay: float | int | Shaped[Tensor, "..."],
        max_delay: int | None = None,
        *,
        learn_delay: bool = False,
        sigma: float | int | None = None,
    ) -> None:
        delay = torch.as_tensor(delay)
        _check.between("delay", delay, 0, math.inf, "It counts steps into the past.")
        longest = math.ceil(delay.max().item()) if max_delay is None else _whole(max_delay)
        super().__init__(delay, longest, sigma, learn_delay)

    def _check_features(self, x_rec: Tensor) -> None:
        _check.broadcasts("delay", self.delay, x_rec.shape[2:], x_rec.shape[1:])

    def _late(self, line: Line) -> Later:
        kernel, steps = self.kernel().to(line.dtype), len(line) - self.max_delay
        late = kernel[0] * line[:steps]
        for tap in range(1, len(kernel)):
            late = late + kernel[tap] * line[tap : tap + steps]
        return late

    def extra_repr(self) -> str:
        """Show the delays."""
        return _shown(self)


class DelayedLinear(DelayLayer):
    """A linear layer whose connections have a delay each.

        I_j[t] = b_j + sum over i of w_ji x_i[t - d_ji]

    `weight` (w) and `delay` (d) are `[out_features, in_features]`, `bias` (b) `[out_features]`.
    Weights and biases start as those of `nn.Linear`. `delay`: where the delays start, between 0 and
    `max_delay`; by default they are drawn there. `learn_delay=False` keeps them. `sigma`: σ of the
    kernel, in steps; by default `max_delay / 4`, or 0 for delays that are kept; see `DelayLayer`.
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        max_delay: int,
        bias: bool = True,
        *,
        delay: float | int | Shaped[Tensor, "..."] | None = None,
        learn_delay: bool = True,
        sigma: float | int | None = None,
    ) -> None:
        _check.count("in_features", in_features)
        _check.count("out_features", out_features)
        start = torch.empty(out_features, in_features)
        if delay is None:
            start = start.uniform_(0, _whole(max_delay))
        else:
            start = torch.as_tensor(delay).expand(start.shape)
        super().__init__(start, _whole(max_delay), sigma, learn_delay)
        for name, start in dict(nn.Linear(in_features, out_features).named_parameters()).items():
            self.register_parameter(name, start if name == "weight" or bias else None)

    def _check_features(self, x_rec: Tensor) -> None:
        if x_rec.ndim != 3 or x_rec.shape[-1] != self.weight.shape[1]:
            raise ValueError(
                f"`DelayedLinear` needs [time, batch, {self.weight.shape[1]}]. Received "
                f"{tuple(x_rec.shape)}. Make the layer with `in_features={x_rec.shape[-1]}`, or "
                f"flatten the features."
            )

    def _late(self, line: Line) -> Later:
        kernel = (self.weight * self.kernel()).permute(1, 2, 0).to(line.dtype)  # taps last
        late = torch.conv1d(line.permute(1, 2, 0), kernel, self.bias)  # [batch, outputs, time]
        return late.permute(2, 0, 1)

    def extra_repr(self) -> str:
        """Show the sizes and the delays."""
        outputs, inputs = self.weight.shape
        return f"{inputs}, {outputs}, {_shown(self)}"


def _held(delay: Tensor, max_delay: int) -> Tensor:
    """Return the delays within their range; unlike `clamp`, the gradient can lead them back."""
    return delay + (delay.clamp(0, max_delay) - delay).detach()


def _whole(max_delay: object) -> int:
    if max_delay != 0:
        _check.count("max_delay", max_delay)
    return int(max_delay)  # pyright: ignore[reportArgumentType]


def _shown(layer: DelayLayer) -> str:
    learned = " (learned)" if isinstance(layer.delay, nn.Parameter) else ""
    low, high = layer.delay.min().item(), layer.delay.max().item()
    delays = f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
    return f"delay={delays} of {layer.max_delay}{learned}, sigma={layer.sigma.item():.4g}"
