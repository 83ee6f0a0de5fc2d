"""What 24 measures: whether each layer fires, and what each way to split says."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram
from torch.utils.data import DataLoader, Subset, WeightedRandomSampler

import snnedu as snn
from snnedu.course.chapters.c24_your_own_data import gestures
from snnedu.silicon.events import Folder

Train = Callable[[Folder, Sequence[int], int], snn.Sequential]
Balanced = Callable[[snn.Sequential, Tensor, Tensor], float]
Windows = list[int]
PERSONS = range(1, 13)


def rates(net: snn.Sequential, x_rec: Tensor) -> list[float]:
    """Return the spikes per neuron and step of each spiking layer, in percent."""
    return [100 * layer.spk.mean().item() for layer in net.record(x_rec).values()]


@torch.no_grad()
def wake(net: snn.Sequential, x_rec: Tensor, rate: float = 0.08) -> snn.Sequential:
    """Scale the weights of each layer in turn until its neurons fire in this share of the steps.

    As in exercise 05.3, and with layers in between that have no weights. Raises ValueError where
    larger weights do not help.
    """
    weighted, most = None, 60  # 1.2 ** 60: no weights that make sense are so small
    for name, layer in net.named_children():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            weighted = layer
        elif isinstance(layer, snn.SpikingLayer) and weighted is not None:
            for _ in range(most):
                if net.record(x_rec)[name].spk.mean() >= rate:
                    break
                weighted.weight.mul_(1.2)
            else:
                raise ValueError(
                    f"Larger weights must make layer {name} fire. Received a layer whose input "
                    f"inhibits all its neurons, or holds no spikes. Pass another `seed`."
                )
    return net


@torch.no_grad()
def count_right(net: snn.Sequential, x_rec: Tensor, labels: Tensor) -> int:
    """Return how many windows the network names rightly."""
    return int((net(x_rec)[0].sum(0).argmax(1) == labels).sum())


def with_wide_states(report: snn.energy.Report) -> float:
    """Return the energy of a report at 8 bits, pJ, if states have 16 bits: two accesses each."""
    return report.energy + report.total["states"] * report.prices.access(1)


def stacked(recordings: Folder) -> tuple[Tensor, Tensor]:
    """Return all windows, `[time, batch, 2, height, width]`, and their classes."""
    return torch.stack([x for x, _ in recordings], 1), recordings.labels


def step_by_step(exported: ExportedProgram) -> Callable[[Tensor], tuple[Tensor]]:
    """Return a function that runs an exported step over windows, each of them from rest.

    It takes `[time, batch, 2, height, width]` and returns the spikes, `[time, batch, classes]`.
    """
    step: Any = exported.module()
    inputs: Any = exported.example_inputs  # positional ones, and by name: the file keeps them
    _, *rest = inputs[0]  # the state of rest

    @torch.no_grad()
    def run(x_rec: Tensor) -> tuple[Tensor]:
        windows = list[Tensor]()
        for window in x_rec.split(1, 1):  # the program takes one window at a time
            state, spikes = rest, list[Tensor]()
            for x in window:
                spk, *state = step(x, *state)
                spikes.append(spk)
            windows.append(torch.stack(spikes))
        return (torch.cat(windows, 1),)

    return run


def check_split(recordings: Folder, train: Sequence[int], test: Sequence[int]) -> None:
    """Raise ValueError where a class is missing on one side of a split."""
    for name, side in (("training", train), ("test", test)):
        held = {int(recordings.labels[index]) for index in side}
        missing = [each for k, each in enumerate(recordings.classes) if k not in held]
        if missing:
            known = sorted({path.stem.split("_")[0] for path in recordings.paths})
            raise ValueError(
                f"Training and test must both hold every class. Received a {name} without "
                f"{missing}. Change `held_out`: your files are of {known}."
            )


def equal_classes(
    recordings: Folder, chosen: Sequence[int], batch_size: int = 16
) -> DataLoader[tuple[Tensor, int]]:
    """Return batches of the chosen windows; each class is drawn equally often."""
    labels = recordings.labels[list(chosen)]
    often = labels.bincount(minlength=len(recordings.classes)).double()
    sampler = WeightedRandomSampler((1 / often[labels]).tolist(), len(labels))
    return DataLoader(Subset(recordings, list(chosen)), batch_size, sampler=sampler)


def batches_until(net: snn.Sequential, x: Tensor, labels: Tensor, below: float = 1.0) -> int:
    """Train on one batch, `[batch, time, ...]`, and return after how many steps its loss is low."""
    history = snn.fit(
        net, (x, labels), epochs=60, batch_size=len(x), lr=5e-3, progress=False,
        loss=snn.functional.mse_count_loss, on_batch=lambda report: report.loss < below,
    )  # fmt: skip
    return len(history.batch_loss)


def by_window(recordings: Folder, seed: int, share: float = 0.25) -> tuple[Windows, Windows]:
    """Return the windows for training and for the test, drawn without a look at their files."""
    drawn = torch.randperm(len(recordings), generator=torch.Generator().manual_seed(seed)).tolist()
    held = int(share * len(recordings))
    return drawn[held:], drawn[:held]


def by_person(recordings: Folder, seed: int, held: int = 3) -> tuple[Windows, Windows]:
    """Return the windows for training and for the test; nobody is in both."""
    persons = [path.stem.split("_")[0] for path in recordings.paths]
    names = sorted(set(persons))
    drawn = torch.randperm(len(names), generator=torch.Generator().manual_seed(seed))
    out = {names[number] for number in drawn[:held].tolist()}
    test = [index for index, person in enumerate(persons) if person in out]
    return [index for index, person in enumerate(persons) if person not in out], test


def by_recording(recordings: Folder, seed: int, share: float = 0.25) -> tuple[Windows, Windows]:
    """Return the windows for training and for the test; each file of a class is in one of them."""
    generator = torch.Generator().manual_seed(seed)
    out: set[Path] = set()
    for label in range(len(recordings.classes)):
        places = (recordings.labels == label).nonzero().flatten().tolist()
        files = sorted({recordings.paths[index] for index in places})
        drawn = torch.randperm(len(files), generator=generator).tolist()
        out |= {files[number] for number in drawn[: int(share * len(files))]}
    test = [index for index, path in enumerate(recordings.paths) if path in out]
    return [index for index, path in enumerate(recordings.paths) if path not in out], test


def visits(place: Path) -> tuple[Folder, Folder, Folder]:
    """Return recordings of twelve persons, later ones of the same persons, and those of others."""
    first = gestures.record(place / "first", PERSONS)
    again = gestures.record(place / "again", PERSONS, first=10)
    others = gestures.record(place / "others", [100 + person for person in PERSONS])
    first, again, others = (Folder(at, dt=25.0, num_frames=16) for at in (first, again, others))
    return first, again, others


def estimates(
    train: Train, balanced: Balanced, visits: tuple[Folder, Folder, Folder], seed: int
) -> dict[str, float]:
    """Split in three ways; return by how many points each estimate is above what comes later."""
    data, again, others = visits
    x_rec, labels = stacked(data)
    found: dict[str, float] = {}
    later = {"same": stacked(again), "other": stacked(others)}
    for name, split in (
        ("windows", by_window), ("recordings", by_recording), ("persons", by_person),
    ):  # fmt: skip
        chosen, test = split(data, seed)
        net = train(data, chosen, seed)
        estimate = balanced(net, x_rec[:, test], labels[test])
        for who, given in later.items():
            found[f"by {name}, {who} persons"] = estimate - balanced(net, *given)
    return found


def is_ours(recordings: Folder) -> bool:
    """Tell whether these are the recordings that come with the chapter."""
    return recordings.classes == sorted(gestures.TIMES) and len(recordings) == 180
