"""The two networks that this chapter compares, with the same layers: one spikes, one does not."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

import snnedu as snn

STEPS, HIDDEN, EPOCHS = 4, 100, 12
LIGHT = 0.2  # a pixel with no more ink than this sends no spike
FAN_OUTS = {"1": HIDDEN, "3": 10}  # how many neurons a spike of each hidden layer reaches
Spikes = Mapping[str, Tensor]


def encode(x: Tensor, steps: int = STEPS) -> Tensor:
    """Return spikes `[time, batch, pixels]`: dark pixels early, light ones late or never."""
    return snn.spikegen.latency(x, steps, threshold=LIGHT, clip=True, linear=True)


def dense(seed: int, price: float = 0.0) -> nn.Sequential:
    """Train 64-100-100-10 with ReLU. Each activation, times its fan-out, costs `price`."""
    torch.manual_seed(seed)
    first, second = nn.Linear(64, HIDDEN), nn.Linear(HIDDEN, HIDDEN)
    net = nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), nn.Linear(HIDDEN, 10))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(EPOCHS):
        for x, labels in snn.data.batches(snn.data.digits()[0], 128, seed=generator):
            hidden = {"1": net[:2](x)}
            hidden["3"] = net[2:4](hidden["1"])
            cost = sum(FAN_OUTS[name] * each.sum() for name, each in hidden.items()) / len(x)
            loss = nn.functional.cross_entropy(net[4](hidden["3"]), labels) + price * cost
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return net.requires_grad_(False)


def spiking(
    seed: int, penalty: Callable[[Spikes], Tensor] | None = None, *, steps: int = STEPS
) -> snn.Sequential:
    """Train 64-100-100-10 with leaky neurons; the last layer adds up. `penalty` as in `fit`."""
    torch.manual_seed(seed)
    net = snn.Sequential(
        nn.Linear(64, HIDDEN), snn.Leaky(0.9), nn.Linear(HIDDEN, HIDDEN), snn.Leaky(0.9),
        nn.Linear(HIDDEN, 10), snn.Leaky(0.9, reset_mechanism="none"),
    )  # fmt: skip
    snn.fit(
        net, snn.data.digits()[0], encode=partial(encode, steps=steps), loss=_loss, accuracy=None,
        penalty=penalty, epochs=EPOCHS, batch_size=128, lr=0.01, seed=seed, progress=False,
    )  # fmt: skip
    return net.requires_grad_(False)


def _loss(mem_rec: Tensor, labels: Tensor) -> Tensor:
    return nn.functional.cross_entropy(mem_rec.mean(0), labels)


def right(net: nn.Sequential, steps: int = STEPS) -> float:
    """Return the percentage of right answers on the test scans."""
    x, labels = given(net, steps), snn.data.digits()[1][1]
    scores = net(x)[1].sum(0) if isinstance(net, snn.Sequential) else net(x)
    return 100 * (scores.argmax(1) == labels).float().mean().item()


def given(net: nn.Sequential, steps: int = STEPS) -> Tensor:
    """Return what a network gets of the test scans: spikes, or ink."""
    x = snn.data.digits()[1][0]
    return encode(x, steps) if isinstance(net, snn.Sequential) else x


def show(report: snn.energy.Report) -> None:
    """Print what each layer does and costs; `print(report)` shows the whole table."""
    names = ("mac", "ac", "skipped", "weights", "states", "activity", "energy")
    print(f"{'':13}", *(f"{name:>9}" for name in names), "(pJ)")
    last: dict[str, Any] = {"name": "total", "layer": "", **report.total}
    for row in [*report.rows, last]:
        numbers = (_about(row[name]) for name in names)
        print(f"{row['name']:5} {row['layer']:7}", *numbers)


def _about(count: float) -> str:
    """Return a count, with "≈" unless it is exact: a mean over the scans is no multiple of 10."""
    return f"{' ' if count % 10 == 0 else '≈'}{count:8,.0f}"


def show_chip(chip: snn.energy.ChipReport) -> None:
    """Print what a chip spends; `print(chip)` shows each core."""
    names = {"synapse": "Synapses", "soma": "Neurons", "network": "Messages"}
    parts = ", ".join(f"{names[name]} ≈ {pj / 1e3:.0f} nJ" for name, pj in chip.parts.items())
    fired = sum(float(spikes.sum()) for spikes in chip.spikes.values())
    print(f"on the chip ≈ {chip.energy / 1e3:.0f} nJ: {parts}")
    print(f"≈ {chip.latency:.2f} ms for one inference, power ≈ {chip.power:.0f} mW")
    print(f"spikes that differ from the network's: ≈ {chip.differing} of ≈ {fired:,.0f}")
