"""Skip connections: a part of a chain whose input is added to its output.

    net = Sequential(
        nn.Linear(64, 128), Leaky(0.9),
        Residual(nn.Linear(128, 128), Leaky(0.9)),      # spikes + spikes: 0, 1 or 2
        nn.Linear(128, 10), Leaky(0.9),
    )

`Sequential` lays the layers inside out in its chain, between two marks: one keeps what comes in,
the other adds it. So they are recorded, stepped and exported as all others ("2.0", "2.1").
"""

from typing import Any

from torch import Tensor, nn


class Residual(nn.Sequential):
    """Layers, with neurons or without, whose input is added to their output: y = x + f(x).

    Input and output have the same shape. After neurons, x and f(x) are spikes, and y counts them:
    0, 1 or 2. Through the sum gradients reach early layers directly. Residuals may be nested. What
    has no place for a sum of two paths, such as NIR's writer here, refuses them by name.
    Source: Fang et al. 2021, arXiv:2102.04159, whose "ADD" this is.
    """

    def forward(self, input: Any) -> Tensor:  # noqa: A002 - torch's own name
        """Raise TypeError: only a `Sequential` knows which parts need time."""
        raise TypeError(
            "`Residual` is a layer of a `Sequential`, which runs it. Received a call. Write "
            "`Sequential(..., Residual(...), ...)`."
        )


class SkipMark(nn.Module):
    """Where a `Residual` starts, and where it ends, in the chain of a `Sequential`."""

    def __init__(self, ends: bool) -> None:
        super().__init__()
        self.ends = ends

    def forward(self, *args: Any) -> Tensor:
        """Raise TypeError: passing the input on would lose the skip connection."""
        raise TypeError(
            "A skip connection joins two paths, and this function follows one. Received a network "
            "with `Residual`. Use one without it."
        )

    def pass_on(self, x: Tensor, kept: list[Tensor]) -> Tensor:
        """Keep `x`, or add what was kept last."""
        if not self.ends:
            kept.append(x)
            return x
        before = kept.pop()
        if before.shape[1:] != x.shape[1:]:  # the first dimension may be one step that lasts
            raise ValueError(
                f"`Residual` adds its input to its output, which needs equal shapes. Received "
                f"{list(before.shape)} and {list(x.shape)}. Change the sizes inside, or put a "
                f"layer before it."
            )
        return before + x

    def __repr__(self) -> str:
        return f"Residual: {'add the input' if self.ends else 'keep the input'}"


STARTS, ENDS = SkipMark(ends=False), SkipMark(ends=True)
