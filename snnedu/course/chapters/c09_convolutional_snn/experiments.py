"""What 09 does with its networks: train them on digits that move, count, film and draw."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import affine_grid, cross_entropy, grid_sample

import snnedu as snn
from snnedu.core.data import mnist_small

Pictures = Float[Tensor, "batch 1 height width"]
Record = Float[Tensor, "time batch classes"]
Labels = Int[Tensor, " batch"]

TURN, SIZE, SHIFT = 0.15, 0.1, 0.14  # radians; share of the size; 2 of 14 pixels from the middle
LEAST = 84  # % right: what lies below is not drawn
AT_ONCE = 200  # digits that are recorded together: more would take more memory
TRAIN, TEST = [(x.view(-1, 1, 28, 28), labels) for x, labels in mnist_small()]


def constant(x: Pictures, steps: int = 5) -> Float[Tensor, "time batch 1 height width"]:
    """Return the same pictures at every step."""
    return x.expand(steps, *x.shape)


def loss(mem_rec: Record, targets: Labels) -> Tensor:
    """Return the cross-entropy of the mean membranes of the readout."""
    return cross_entropy(mem_rec.mean(0), targets)


def accuracy(mem_rec: Record, targets: Labels) -> float:
    """Return the share of pictures whose class has the highest mean membrane."""
    return (mem_rec.mean(0).argmax(1) == targets).float().mean().item()


def trained(
    net: snn.Sequential, epochs: int, lr: float | int = 1e-2, **more: Any
) -> snn.Sequential:
    """Train a network on digits that are moved about; the learning rate falls from `lr` to 0.

    `more` goes to `snn.fit`.
    """
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    snn.fit(
        net, TRAIN, encode=lambda x: constant(moved(x) if net.training else x), loss=loss,
        accuracy=accuracy, epochs=epochs, batch_size=32, scheduler=schedule, progress=False, **more,
    )  # fmt: skip
    return net


def score(net: snn.Sequential, steps: int = 5) -> Any:
    """Return accuracy and firing rates on the test digits."""
    how: Any = {"loss": loss, "accuracy": accuracy}
    return snn.evaluate(net, TEST, encode=lambda x: constant(x, steps), **how)


def learned(net: snn.Sequential, seed: int, steps: int = 4) -> float:
    """Train on half of the digits for two epochs; return the share of right answers."""
    half = TRAIN[0][:1000], TRAIN[1][:1000]
    how: Any = {"encode": lambda x: constant(x, steps), "loss": loss, "accuracy": accuracy}
    snn.fit(net, half, **how, epochs=2, batch_size=32, lr=1e-2, seed=seed, progress=False)
    return score(net, steps).accuracy


def moved(x: Pictures) -> Pictures:
    """Turn, resize, slant and shift each picture a little, at random: new digits from old ones."""
    turn, size, slant, right, down = 2 * torch.rand(5, len(x)) - 1
    turn, size, slant = TURN * turn, 1 + SIZE * size, SIZE * slant
    across = torch.stack([size * turn.cos(), slant - turn.sin(), SHIFT * right], 1)
    along = torch.stack([turn.sin(), size * turn.cos(), SHIFT * down], 1)
    grid = affine_grid(torch.stack([across, along], 1), list(x.shape), align_corners=False)
    return grid_sample(x, grid, align_corners=False)


@torch.no_grad()
def rates(net: snn.Sequential, steps: int = 4) -> Float[Tensor, " layers"]:
    """Return the share of steps in which the neurons of each layer spike, for 100 digits."""
    recordings = net.record(constant(TEST[0][:100], steps)).values()
    return torch.stack([part.spk.mean() for part in recordings])


@torch.no_grad()
def channel_rates(net: snn.Sequential, layer: str) -> Float[Tensor, " channels"]:
    """Return the rate of each channel of a layer on the test digits."""
    batches = TEST[0].split(AT_ONCE)
    rates = [net.record(constant(x))[layer].spk.mean((0, 1, 3, 4)) for x in batches]
    return torch.stack(rates).mean(0)


@torch.no_grad()
def by_steps(net: snn.Sequential) -> Float[Tensor, "steps 2"]:
    """Return spikes per picture, and the share of right answers, after 1, 2, … 5 steps."""
    found = torch.zeros(5, 2)
    for x, labels in zip(TEST[0].split(AT_ONCE), TEST[1].split(AT_ONCE), strict=True):
        first, second, out = net.record(constant(x)).values()
        spikes = (first.spk.flatten(1).sum(1) + second.spk.flatten(1).sum(1)).cumsum(0)
        right = (out.mem.cumsum(0).argmax(2) == labels).sum(1)
        found = found + torch.stack([spikes, right], 1)
    return found / len(TEST[0])


@torch.no_grad()
def additions(net: snn.Sequential, steps: int) -> float:
    """Return the additions per picture that spikes cause after the first layer."""
    first, second, _ = net.record(constant(TEST[0][:AT_ONCE], steps)).values()
    pooled = net[3](first.spk.flatten(0, 1)).unflatten(0, first.spk.shape[:2])
    both = (net[4], pooled), (net[8], second.spk.flatten(2))
    return sum(snn.synaptic_operations(*each).float().mean().item() for each in both)


def multiplications(net: snn.Sequential) -> int:
    """Return those of an ordinary network of this shape after its first layer."""
    dense = (net[4], torch.ones(1, 1, 8, 7, 7)), (net[8], torch.ones(1, 1, 784))
    return sum(int(snn.synaptic_operations(*each).item()) for each in dense)


def film(net: snn.Sequential, picture: Float[Tensor, "1 height width"], steps: int = 10) -> Any:
    """Animate the feature maps of the first spiking layer; the picture stands on the left."""
    from celluloid import Camera

    from snnedu.viz import embed

    with torch.no_grad():
        first = next(iter(net.record(picture.expand(steps, 1, *picture.shape)).values()))
    maps = first.spk[:, 0]  # [step, channel, height, width]
    figure, axes = _grid()
    camera = Camera(figure)
    for number, spk in enumerate(maps, start=1):
        axes[0].imshow(picture[0].numpy(), cmap="gray_r", vmin=0, vmax=1)
        axes[0].text(0.04, 0.9, f"step {number}", transform=axes[0].transAxes)
        for ax, channel in zip(axes[1:], spk, strict=True):
            ax.imshow(channel.numpy(), cmap="gray_r", vmin=0, vmax=1)
        camera.snap()
    alt = (
        f"A digit, and beside it the feature maps of {maps.shape[1]} channels over {steps} steps, a "
        f"black pixel for each spike. Each channel spikes at other parts of the picture."
    )
    animation = embed(camera, fps=2, alt=alt)
    animation.film["clock"] = "step"  # one picture is one step
    return animation


def front(curves: Sequence[Mapping[str, Float[Tensor, "steps 2"]]]) -> None:
    """Draw accuracy against spikes: a panel for each network, a line for each penalty.

    A point is a number of steps, from 1 to 5.
    """
    from matplotlib import pyplot as plt

    size: Any = {"figsize": (10.5, 3.8), "sharey": True, "layout": "constrained"}
    figure, axes = plt.subplots(1, len(curves), **size)
    for number, (ax, lines) in enumerate(zip(axes, curves, strict=True)):
        for place, (name, points) in enumerate(lines.items()):
            style: Any = {"color": snn.viz.COLORS[place], "marker": "os^D"[place]}
            ax.plot(points[:, 0], 100 * points[:, 1], ms=5, label=name, **style)
        for steps, (spikes, right) in enumerate(lines["no penalty"].tolist(), start=1):
            where: Any = {"xytext": (0, 8), "textcoords": "offset points", "ha": "center"}
            if 100 * right > LEAST:
                ax.annotate(f"{steps}", (spikes, 100 * right), fontsize=9, **where)
        ax.set(xlabel="spikes per picture", title=f"network {number}", xlim=(50, 2200))
        ax.set_xscale("log")
        ticks = [100, 200, 400, 800, 1600]
        ax.set_xticks(ticks, [str(tick) for tick in ticks])
        ax.minorticks_off()
        ax.spines[["top", "right"]].set_visible(False)
    axes[0].set(ylabel="right (% of test)", ylim=(LEAST, 100))
    axes[0].legend(frameon=False, loc="lower right", title="numbers: steps (no penalty)")
    snn.viz.describe(
        figure,
        f"Accuracy against spikes per picture for {len(curves)} networks: a point for each number of "
        "steps, a line for each penalty. All lines rise steeply, then turn flat. The lines of networks with "
        "a penalty begin at fewer spikes than the one without.",
    )


def dots(right: Mapping[str, Float[Tensor, " seeds"]]) -> None:
    """Draw the share of right answers, a dot for each seed, and their means as lines."""
    from matplotlib import pyplot as plt

    figure, ax = plt.subplots(figsize=(6.4, 2.9), layout="constrained")
    for place, (name, found) in enumerate(right.items()):
        color, across = snn.viz.COLORS[place], place + torch.linspace(-0.12, 0.12, len(found))
        ax.plot(across, 100 * found, "os^D"[place], color=color, alpha=0.7, label=name)
        ax.plot([place - 0.25, place + 0.25], 2 * [100 * found.mean().item()], color=color)
    ax.set(xticks=range(len(right)), xticklabels=list(right), ylabel="right (% of test)")
    ax.set_ylim(65, 90)
    ax.set_title("markers: seeds; lines: their means", loc="left", fontsize="medium")
    ax.spines[["top", "right"]].set_visible(False)
    snn.viz.describe(
        figure,
        "Share of right answers of a deep network: without norm, without norm but with weights "
        "twice as large, with batch norm, and with a norm for each step; six dots and their mean "
        "each. The first mean is the lowest. The dots of the other three overlap.",
    )


def _grid() -> tuple[Any, list[Any]]:
    """Return a figure with a large picture on the left and eight small ones."""
    from matplotlib import pyplot as plt

    layout: Any = [[0, 0, 1, 2, 3, 4], [0, 0, 5, 6, 7, 8]]
    figure, axes = plt.subplot_mosaic(layout, figsize=(7.2, 2.7), layout="constrained")
    for number, ax in axes.items():
        ax.set(xticks=[], yticks=[])
        ax.set_title(f"channel {number}" if number else "the picture", fontsize=9)
    return figure, [axes[number] for number in range(9)]
