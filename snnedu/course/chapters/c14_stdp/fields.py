"""An animation of receptive fields: the weights of some neurons, after more and more images."""

from typing import Any

import torch
from torch import Tensor

from snnedu.viz import embed
from snnedu.viz.player import Animation

ALT = (
    "The weights of 20 neurons as pictures of 28 by 28 pixels. At first they are noise. After some "
    "hundred images blurred digits appear, one in each picture, and then they become sharper."
)


def forming(snapshots: list[tuple[int, Tensor]]) -> Animation:
    """Show 20 receptive fields; `snapshots` are (images shown so far, weights [neurons, 784])."""
    import matplotlib.pyplot as plt
    from celluloid import Camera  # pyright: ignore[reportMissingTypeStubs]

    figure, ax = plt.subplots(figsize=(6.4, 1.8), layout="constrained")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    camera = Camera(figure)
    for shown, weight in snapshots:
        ax.imshow(sheet(weight[:20]).numpy(), "gray_r", vmin=0, vmax=1)
        _title(ax, f"after {shown} images (black: weight 1)")
        camera.snap()
    return embed(camera, fps=2, alt=ALT)


def sheet(weight: Tensor, across: int = 10) -> Tensor:
    """Return the fields side by side, as one image."""
    fields = torch.nn.functional.pad(weight.view(-1, 28, 28), (1, 1, 1, 1))
    rows = fields.view(-1, across, 30, 30).permute(0, 2, 1, 3)
    return rows.reshape(len(rows) * 30, across * 30)


def _title(ax: Any, text: str) -> None:
    ax.text(0.5, 1.02, text, transform=ax.transAxes, ha="center")
