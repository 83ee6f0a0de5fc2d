"""Events in files, in the arrays of `tonic`, and from its data sets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import torch
from numpy.typing import NDArray

from snnedu.core import _check
from snnedu.core._files import replacing
from snnedu.silicon.event_stream import Events

# (height, width) by tonic's names. Sound has no rows: SHD is one line of 700 channels.
SIZES = {"NMNIST": (34, 34), "DVSGesture": (128, 128), "SHD": (1, 700)}
TONIC = np.dtype([("x", np.int16), ("y", np.int16), ("t", np.int64), ("p", bool)])


def to_tonic(events: Events) -> NDArray[Any]:
    """Return a structured array with the fields x, y, t, p, as tonic's transforms take it.

    t is in whole µs, p is True for ON. As the size of the sensor, tonic wants (width, height, 2).
    """
    array = np.empty(len(events), TONIC)
    array["x"], array["y"] = events.x.numpy(), events.y.numpy()
    array["t"], array["p"] = _microseconds(events), events.p.numpy() > 0
    return array


def from_tonic(
    array: NDArray[Any], size: tuple[int, int], duration: float | int | None = None
) -> Events:
    """Return the events of a structured array with the fields t (µs), x, p and, for images, y.

    `size` is (height, width); `duration` in ms, by default until the last event. p above 0 is ON.
    Events that are not in the order of their times are sorted.
    """
    names = array.dtype.names or ()
    if not {"t", "x", "p"} <= set(names):
        raise ValueError(
            f"`array` must be structured, with the fields t, x, p (and y). Received "
            f"{names or array.dtype}. Name the columns: `array.view([('x', int), …])`."
        )
    array = array[np.argsort(array["t"], kind="stable")]
    t = torch.from_numpy(array["t"].astype(np.float64) / 1000)
    y = array["y"] if "y" in names else np.zeros(len(array))
    x, y = (torch.from_numpy(part.astype(np.int32)) for part in (array["x"], y))
    p = torch.from_numpy(np.where(array["p"] > 0, 1, -1).astype(np.int8))
    last = t[-1].item() if len(t) else 0.0
    return Events(t, x, y, p, size, float(last if duration is None else duration))


def save(path: str | Path, events: Events) -> None:
    """Write events to an `.npz` file that `load` reads; times are kept as they are."""
    parts = {name: getattr(events, name).numpy() for name in ("t", "x", "y", "p")}
    with replacing(path) as part, part.open("wb") as file:
        np.savez_compressed(file, **parts, size=events.size, duration=events.duration)


def load(path: str | Path) -> Events:
    """Read the events that `save` wrote.

    Raises ValueError if the file is of another kind.
    """
    with np.load(path) as file:
        missing = {"t", "x", "y", "p", "size", "duration"} - set(file.files)
        if missing:
            raise ValueError(
                f"A file of events must hold t, x, y, p, size and duration. Received {path} "
                f"without {', '.join(sorted(missing))}. Write it with `snn.events.save`."
            )
        t, x, y, p = (torch.from_numpy(file[name]) for name in ("t", "x", "y", "p"))
        height, width = (int(length) for length in file["size"])
        return Events(t, x, y, p, (height, width), float(file["duration"]))


class Recordings:
    """A data set of tonic: `events, label = recordings[0]`; `len(recordings)` counts."""

    def __init__(self, source: Any, size: tuple[int, int]) -> None:
        self.source, self.size = source, size

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: int) -> tuple[Events, int]:
        """Return a recording and its label."""
        array, label = self.source[index]
        return from_tonic(array, self.size), int(label)

    def __iter__(self) -> Iterator[tuple[Events, int]]:
        return (self[index] for index in range(len(self)))


def dataset(name: str, folder: str | Path, *, train: bool = True) -> Recordings:
    """Return recordings and labels of "NMNIST", "DVSGesture" or "SHD", through `tonic`.

    NMNIST: MNIST's digits on a screen, before a camera that makes three saccades, 34 x 34 pixels.
    DVSGesture: eleven gestures, 128 x 128 pixels. SHD: spoken digits as spikes of 700 channels.
    They are downloaded into `folder` on first use; what is there already needs no network.

    Raises ModuleNotFoundError without tonic, ConnectionError where the download fails.
    Source: Orchard et al. 2015, doi:10.3389/fnins.2015.00437; Amir et al. 2017,
    doi:10.1109/CVPR.2017.781; Cramer et al. 2022, doi:10.1109/TNNLS.2020.3044364.
    """
    _check.one_of("name", name, SIZES)
    try:
        from tonic import datasets  # pyright: ignore[reportMissingImports]
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"These recordings need `{error.name}`, which is not installed. "
            "Run: python -m pip install 'snnedu[events]'"
        ) from error
    try:
        source = getattr(datasets, name)(save_to=str(folder), train=train)
    except (URLError, ConnectionError, TimeoutError, RuntimeError) as error:
        raise ConnectionError(
            f"{name} must be in {folder}, or be downloaded. It is not there, and the download "
            f"failed: {error}. Connect to the internet, or copy the files there as tonic names "
            f"them. `snn.events.from_video` makes events without any download."
        ) from error
    return Recordings(source, SIZES[name])


def _microseconds(events: Events) -> NDArray[np.int64]:
    return np.rint(1000 * events.t.numpy()).astype(np.int64)
