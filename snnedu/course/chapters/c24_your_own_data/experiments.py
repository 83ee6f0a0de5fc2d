"""What 24 measures: whether each layer fires, and what each way to split says."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
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

    As in exercise 05.3, and with layers in between that have no weights.
    """
    weighted = None
    for name, layer in net.named_children():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            weighted = layer
        elif isinstance(layer, snn.SpikingLayer) and weighted is not None:
            while net.record(x_rec)[name].spk.mean() < rate:
                weighted.weight.mul_(1.2)
    return net


def stacked(recordings: Folder) -> tuple[Tensor, Tensor]:
    """Return all windows, `[time, batch, 2, height, width]`, and their classes."""
    return torch.stack([x for x, _ in recordings], 1), recordings.labels


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
    """Split in both ways; return by how many points each estimate is above what comes later."""
    data, again, others = visits
    x_rec, labels = stacked(data)
    found: dict[str, float] = {}
    for name, split in (("windows", by_window), ("persons", by_person)):
        chosen, test = split(data, seed)
        net = train(data, chosen, seed)
        estimate = balanced(net, x_rec[:, test], labels[test])
        found[f"by {name}, same persons"] = estimate - balanced(net, *stacked(again))
        found[f"by {name}, other persons"] = estimate - balanced(net, *stacked(others))
    return found


def is_ours(recordings: Folder) -> bool:
    """Tell whether these are the recordings that come with the chapter."""
    return recordings.classes == sorted(gestures.TIMES) and len(recordings) == 180
