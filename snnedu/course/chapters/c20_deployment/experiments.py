"""What the notebook of this chapter runs and draws, apart from what a learner should see."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import snnedu as snn
from snnedu.silicon._table import Table

STORED = Path(__file__).with_name("exchange.json")  # of `python -m benchmarks.exchange`
READERS = {
    "snntorch": "snnTorch", "norse": "Norse", "sinabs": "sinabs", "spikingjelly": "SpikingJelly"
}  # fmt: skip
STEPS = 25


# ------------------------------------------------------------------------------- graphs and readers


def without_metadata(graph: Any) -> Any:
    """Return the graph as a program sees it that knows NIR and nothing of this library."""
    bare = copy.deepcopy(graph)
    bare.metadata.clear()
    for node in bare.nodes.values():
        node.metadata.clear()
    return bare


def changed(one: Tensor, other: Tensor) -> float:
    """Return the places where spikes differ, for each 100 spikes of the first."""
    return (100 * (one != other).sum() / one.sum()).item()


def table() -> dict[str, Any]:
    """Return what each framework gave back, and their versions."""
    return json.loads(STORED.read_text(encoding="utf-8"))


class Exchange(Table):
    """The stored table, as a notebook shows it."""

    def __repr__(self) -> str:
        return str(self)

    def _lines(self) -> Iterator[tuple[str, ...]]:
        yield ("graph", "original", *READERS.values())
        for row in table()["rows"]:
            yield (row["graph"], str(row["spikes"]), *(_cell(row, name) for name in READERS))

    def _caption(self) -> str:
        versions = ", ".join(map(" ".join, table()["versions"].items()))
        return f"Spikes of the last layer; =: each at its place, ✗: not so. Versions: {versions}"


def show_table() -> None:
    """Show the stored table in the notebook."""
    from IPython.display import display

    display(Exchange())


def _cell(row: dict[str, Any], name: str) -> str:
    found = row["found"][name]
    return "error" if isinstance(found, str) else f"{found} {'=' if row['same'][name] else '✗'}"


def in_snntorch(graph: Any, x_rec: Tensor) -> Tensor | None:
    """Return the spikes that snnTorch's reader gives, None where it is not installed."""
    import contextlib
    import io

    try:  # the reader needs nirtorch, too
        from snntorch.import_nir import import_from_nir  # pyright: ignore[reportMissingTypeStubs]
    except ModuleNotFoundError:
        return None

    state, spikes = None, list[Tensor]()
    with torch.no_grad(), contextlib.redirect_stdout(io.StringIO()):
        net: Any = import_from_nir(copy.deepcopy(graph))
        for x in x_rec.unbind(0):
            spk, state = net(x, state)
            spikes.append(spk)
    return torch.stack(spikes)


def state_dict_of_snntorch(net: snn.Sequential) -> dict[str, Tensor]:
    """Return the parameters of a network of leaky neurons, by the keys that snnTorch gives them."""
    state: dict[str, Tensor] = {}
    for number, layer in enumerate(net):
        if isinstance(layer, snn.Leaky):
            state |= {
                f"lif{number}.threshold": layer.threshold.detach().clone(),
                f"lif{number}.graded_spikes_factor": torch.ones(()),
                f"lif{number}.reset_mechanism_val": torch.tensor(
                    ("subtract", "zero", "none").index(layer.reset_mechanism)
                ),
                f"lif{number}.beta": layer.beta.detach().clone(),
            }
        else:
            state |= {f"fc{number}.{key}": part for key, part in layer.state_dict().items()}
    return state


# --------------------------------------------------------------------------------- two tasks to learn


def task(name: str) -> tuple[Any, Any, Any]:
    """Return training set, test set and encoder: "digits" by rate, "times" by spike times alone."""
    if name == "digits":
        train, test = snn.data.digits()
        return train, test, lambda x: x.expand(STEPS, *x.shape)
    train, test = snn.data.manifolds(5, 20, 50, samples=120)
    return train, test, lambda x: x.transpose(0, 1)


def make(name: str, reset: Any, seed: int) -> snn.Sequential:
    """Return an untrained network of two dense layers for a task."""
    torch.manual_seed(seed)
    inputs, outputs = {"digits": (64, 10), "times": (20, 5)}[name]
    first, second = nn.Linear(inputs, 64), nn.Linear(64, outputs)
    if name == "times":  # one spike of each input must be enough to be heard
        with torch.no_grad():
            first.weight.mul_(4)
            second.weight.mul_(2)
    neurons = (snn.Leaky(0.9, reset_mechanism=reset) for _ in range(2))
    return snn.Sequential(first, next(neurons), second, next(neurons))


def train(net: snn.Sequential, data: tuple[Any, Any, Any], epochs: int, seed: int) -> Any:
    """Train with Adam, and return the network."""
    snn.fit(
        net, data[0], encode=data[2], epochs=epochs, lr=1e-2, batch_size=64, progress=False,
        seed=seed,
    )  # fmt: skip
    return net


def right(net: snn.Sequential, data: tuple[Any, Any, Any]) -> float:
    """Return the percentage of test samples that the neuron with most spikes names."""
    (x, labels), encode = data[1], data[2]
    with torch.no_grad():
        counts = net(encode(x))[0].sum(0)
    return 100 * (counts.argmax(-1) == labels).float().mean().item()


def four_ways(name: str, seed: int) -> list[float]:
    """Return the percentages of right answers of four ways to a target that resets to zero.

    As trained, with "subtract"; the same, read by the rules of NIR; read before the last epochs,
    which are then trained in the target's neurons; trained in those from the start. All four see
    each sample equally often.
    """
    data = task(name)
    before, last = {"digits": (5, 1), "times": (18, 2)}[name]

    def read(net: snn.Sequential) -> snn.Sequential:
        return snn.from_nir(without_metadata(snn.to_nir(net, quiet=True)), dt=1e-3)

    started = train(make(name, "subtract", seed), data, before, seed)
    native = train(copy.deepcopy(started), data, last, seed + 50)
    looped = train(read(started), data, last, seed + 50)
    target = train(train(make(name, "zero", seed), data, before, seed), data, last, seed + 50)
    return [right(net, data) for net in (native, read(native), looped, target)]


WAYS = ("as trained", "exported", "exported,\ntrained on", "for the target\nfrom the start")
GAPS = (
    ("digits: lost by the export", "digits", 0, 1),
    ("digits: won by training on", "digits", 2, 1),
    ("times: lost by the export", "times", 0, 1),
    ("times: won by training on", "times", 2, 1),
    ("times: from the start, above that", "times", 3, 2),
)


def best(rows: np.ndarray) -> str:
    """Return the way with the highest mean, as the prediction calls it."""
    names = ("as trained", "exported", "exported, then trained on", "for the target from the start")
    return names[int(rows.mean(0).argmax())]


def report(found: dict[str, np.ndarray]) -> None:
    """Print means, and four gaps with their spread over seeds and effect size d."""
    for name, rows in found.items():
        pairs = zip(WAYS, rows.mean(0), strict=True)
        print(
            f"{name:7}",
            *(f"{' '.join(way.split())} ≈ {mean:.1f} %" for way, mean in pairs),
            sep="  ",
        )
    for title, name, one, other in GAPS:
        gap = found[name][:, one] - found[name][:, other]
        spread = gap.std(ddof=1)
        print(
            f"{title:38} ≈ {gap.mean():4.1f} ± {spread:.1f} points, d ≈ {gap.mean() / spread:4.1f}, "
            f"above 0 in ≈ {int((gap > 0).sum())} of {len(gap)} seeds"
        )


def draw_ways(found: dict[str, np.ndarray]) -> Any:
    """Return a described figure: a dot for each seed, a line for the mean; a panel for each task."""
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
    titles = {"digits": "digits (axis from 90 %)", "times": "spike times (axis from 50 %)"}
    for ax, (name, rows) in zip(axes, found.items(), strict=True):
        for place, column in enumerate(rows.T):
            spread = place + np.linspace(-0.15, 0.15, len(column))
            ax.plot(spread, column, "osD^"[place], color=snn.viz.COLORS[place], alpha=0.6)
            ax.plot([place - 0.3, place + 0.3], [column.mean()] * 2, color=snn.viz.COLORS[place])
        ax.set(title=titles[name], xticks=range(4), xlim=(-0.5, 3.5), ylabel="right answers (%)")
        ax.set_xticklabels(WAYS, fontsize=8)
        ax.set_ylim((90, 100) if name == "digits" else (50, 100))
    words = (
        f"{titles[name]}: " + ", ".join(
            f"{' '.join(way.split())} ≈ {mean:.1f} %"
            for way, mean in zip(WAYS, rows.mean(0), strict=True)
        )
        for name, rows in found.items()
    )  # fmt: skip
    snn.viz.describe(
        figure,
        "Right answers of four ways, a dot for each of eight seeds, a line for the mean. "
        f"Means, {'; '.join(words)}.",
    )
    return figure
