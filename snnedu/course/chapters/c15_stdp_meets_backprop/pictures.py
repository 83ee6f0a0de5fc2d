"""Pictures of this chapter: every seed's dot, and receptive fields."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from snnedu.viz import COLORS


def dots(
    ax: Any,
    found: Mapping[str, Sequence[float] | Tensor],
    *,
    shift: float = 0.0,
    color: int = 0,
    label: str = "",
) -> None:
    """Draw a dot for each seed, side by side, and a line for their mean; one place a name."""
    for place, values in enumerate(found.values()):
        shown, middle = torch.as_tensor(values), place + shift
        beside = middle + torch.linspace(-0.06, 0.06, len(shown))
        look = {"ms": 4, "alpha": 0.7, "color": COLORS[color]}
        ax.plot(beside, shown, "oDs^"[color % 4], label=label if place == 0 else None, **look)
        ax.hlines(shown.mean(), middle - 0.09, middle + 0.09, color=COLORS[color], lw=2)
    ax.set(xticks=range(len(found)), xticklabels=list(found), xlim=(-0.5, len(found) - 0.5))


def fields(axes: Any, weight: Tensor, title: str) -> None:
    """Draw the weights of the first neurons as images, side by side on `axes`."""
    side = int(weight.shape[1] ** 0.5)
    row = torch.cat([each.view(side, side) for each in weight], 1)
    axes.imshow(row, cmap="gray_r")
    axes.set(xticks=[], yticks=[])
    axes.set_ylabel(title, rotation=0, ha="right", va="center")
