"""A folder of recordings as a data set: one subfolder for each class, windows of equal length.

    recordings = events.Folder("gestures", dt=20.0, num_frames=20)    # windows of 400 ms
    x, label = recordings[0]                        # [time, 2, height, width], and the class
    recordings.classes, recordings.labels           # names in order; a number for each window
    recordings.paths                                # the file that each window comes from
    events.Folder("later", dt=20.0, num_frames=20, classes=recordings.classes)   # numbered alike

    gestures/circle/anna_1.npz                      # what `events.save` writes
    gestures/wave/anna/first.npy                    # or a structured array with t, x, y, p

A long recording gives several windows, and these are alike: never train on one and test on another
of the same file. Split by `paths`.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.utils.data import Dataset

from snnedu.core import _check
from snnedu.silicon.event_files import from_tonic, load
from snnedu.silicon.event_stream import Events
from snnedu.silicon.event_views import frames

Read = Callable[[Path], Events]
Frames = Float[Tensor, "time 2 height width"]
SAME = 1e-9  # of a window: a recording that lacks so little of one has it
EMPTY = 1000  # windows before the first event: these are times of a camera's clock


class Folder(Dataset[tuple[Tensor, int]]):
    """Windows of the recordings in a folder, as frames, each with the number of its class.

    A recording is cut into windows of `num_frames` frames of `dt` ms, one after the other. What is
    left at the end is not used; a recording shorter than a window gives one, with nothing at its
    end. Frames count events as `events.frames` does: OFF in channel 0, ON in channel 1.

    `folder` holds a subfolder for each class, and these hold files, at any depth. Classes and files
    are in the order of their names; names that start with a dot are left out.
    `classes`: names of the classes in the order of their numbers, where those of another folder are
    to mean the same; by default the subfolders.
    `size`: (height, width) of the sensor in pixels; by default that of the first `.npz`. An `.npy`
    does not say it. Its times are in µs, and count from its first event.
    `read`: a function that takes the path of a file and returns its `Events`, for files of other
    kinds. `pattern` then says which files, for example "*.csv".
    `keep`: hold all events in memory. With False a file is read again for each window.

    Raises ValueError, and names the path, for a folder without classes, a single class, a class
    without recordings, a class that is not in `classes`, a file beside the classes or that cannot
    be read, and for a recording of another sensor, without events for 1000 windows, or shorter than
    a frame.
    """

    def __init__(
        self,
        folder: str | PathLike[str],
        *,
        dt: float | int,
        num_frames: int,
        classes: Sequence[str] | None = None,
        size: tuple[int, int] | None = None,
        read: Read | None = None,
        pattern: str = "*.np[yz]",
        keep: bool = True,
    ) -> None:
        _check.positive("dt", dt)
        _check.count("num_frames", num_frames)
        self.folder, self.dt, self.num_frames = Path(folder), dt, num_frames
        self.size, self.keep, self._own_read = size, keep, read
        found = _files(self.folder, pattern)
        self.classes = list(classes or found)
        _check_classes(self.folder, list(found), self.classes)
        self._events: dict[Path, Events] = {}
        self._windows = [
            (path, number, label)
            for label, name in enumerate(self.classes)
            for path in found.get(name, [])
            for number in range(self._count(path))
        ]

    def __len__(self) -> int:
        return len(self._windows)

    def __getitem__(self, index: int) -> tuple[Frames, int]:
        """Return the frames of a window and the number of its class."""
        return frames(self.events(index), self.num_frames), self._windows[index][2]

    def events(self, index: int) -> Events:
        """Return the events of a window; their times are counted from its start."""
        path, number, _ = self._windows[index]
        recording = self._events[path] if self.keep else self._read(path)
        ends = torch.tensor([number, number + 1], dtype=torch.float64) * self.window
        if recording.duration <= ends[1] * (1 + SAME):
            ends[1] = torch.inf  # an event at the very end belongs to the last window
        times = recording.t.double()  # your own reader may return fewer digits
        first, last = torch.searchsorted(times, ends).tolist()
        t = (times[first:last] - ends[0]).clamp(max=self.window)
        parts = (part[first:last] for part in (recording.x, recording.y, recording.p))
        return Events(t, *parts, size=recording.size, duration=self.window)

    @property
    def window(self) -> float:
        """The length of a window, ms."""
        return float(self.dt * self.num_frames)

    @property
    def labels(self) -> Int[Tensor, " windows"]:
        """The class of each window."""
        return torch.tensor([label for _, _, label in self._windows])

    @property
    def paths(self) -> list[Path]:
        """The file that each window comes from."""
        return [path for path, _, _ in self._windows]

    def __repr__(self) -> str:
        height, width = self.size or (0, 0)
        counts = Counter(label for _, _, label in self._windows)
        shares = ", ".join(f"{name} {counts[label]}" for label, name in enumerate(self.classes))
        return (
            f"Folder({len(self)} windows of {self.window:g} ms from {len(set(self.paths))} "
            f"recordings: {shares}; {height} x {width} pixels)"
        )

    def _count(self, path: Path) -> int:
        """Return how many windows a recording gives; look at it for the first time."""
        recording = self._read(path)
        self._check_times(path, recording)
        if self.keep:
            self._events[path] = recording
        return max(1, int(recording.duration / self.window + SAME))

    def _check_times(self, path: Path, recording: Events) -> None:
        first = recording.t[0].item() if len(recording) else 0.0
        if first >= EMPTY * self.window:
            raise ValueError(
                f"The times of a recording must count from its start. Received {path} with the "
                f"first event at {first:g} ms, {EMPTY} windows or more after the start. Subtract "
                f"the time of the first event."
            )
        if recording.duration < self.dt * (1 - SAME):
            raise ValueError(
                f"Each recording must last a frame or longer, here {self.dt:g} ms. Received "
                f"{recording.duration:g} ms in {path}. Are its times in µs, or in ms for `Events`?"
            )

    def _read(self, path: Path) -> Events:
        try:
            found: Any = self._own_read(path) if self._own_read else _read(path, self.size)
        except Exception as error:
            raise ValueError(
                f"Each recording must be readable. Received {path}, where reading fails: "
                f"{_reason(error)} Repair this file, move it out of the folder, or "
                f"pass your own `read`."
            ) from error
        if not isinstance(found, Events):
            raise TypeError(
                f"`read` must return `events.Events`. Received {type(found).__name__} for {path}. "
                f"Of a structured array make `events.from_tonic(array, size)`."
            )
        self.size = self.size or found.size
        if found.size != tuple(self.size):
            raise ValueError(
                f"All recordings must be of one sensor, here {tuple(self.size)}, (height, width). "
                f"Received {found.size} in {path}. Make a data set of each sensor."
            )
        return found


def _files(folder: Path, pattern: str) -> dict[str, list[Path]]:
    """Return the files of each class, both in the order of their names."""
    if not folder.is_dir():
        raise ValueError(
            f"`folder` must be a folder. Received {fspath(folder)!r}, which is none. It was looked "
            f"for in {Path.cwd()}: pass the whole path."
        )
    classes = sorted(each for each in folder.iterdir() if each.is_dir() and _seen(each, folder))
    beside = sorted(each for each in folder.glob(pattern) if each.is_file() and _seen(each, folder))
    if beside:
        raise ValueError(
            f"Each recording must lie in the subfolder of its class. Received {beside[0]}, which "
            f"lies beside them. Move it to {folder / 'name_of_its_class' / beside[0].name}."
        )
    if len(classes) < 2:
        raise ValueError(
            f"`folder` must hold two classes or more, a subfolder for each. Received {folder} with "
            f"{[each.name for each in classes]}. Is it the folder above or below that you mean?"
        )
    found = {each.name: _recordings(each, pattern) for each in classes}
    for name, paths in found.items():
        if not paths:
            raise ValueError(
                f"Each class must hold recordings, files named {pattern!r}. Received "
                f"{folder / name} without any. Remove it, or pass `pattern` and `read` for files "
                f"of another kind."
            )
    return found


def _check_classes(folder: Path, found: list[str], wanted: list[str]) -> None:
    strange = [name for name in found if name not in wanted]
    if strange:
        raise ValueError(
            f"Each subfolder must be one of the `classes` {wanted}. Received {strange} in "
            f"{folder}. Rename it as the class that it holds, or leave `classes` out."
        )


def _reason(error: Exception) -> str:
    """Say why reading fails. NumPy takes what it does not know for a pickle; we read none."""
    if isinstance(error, (EOFError, BadZipFile)) or "allow_pickle" in str(error):
        return "it is no NumPy file, or was cut off."
    return f"{type(error).__name__}: {error}"


def _recordings(folder: Path, pattern: str) -> list[Path]:
    return sorted(each for each in folder.rglob(pattern) if each.is_file() and _seen(each, folder))


def _seen(path: Path, folder: Path) -> bool:
    return not any(part.startswith(".") for part in path.relative_to(folder).parts)


def _read(path: Path, size: tuple[int, int] | None) -> Events:
    if path.suffix == ".npz":
        return load(path)
    if size is None:
        raise ValueError("An .npy file does not say how large the sensor is: pass `size`.")
    array = np.load(path)
    if not len(array):
        raise ValueError("It holds no event.")
    if "t" in (array.dtype.names or ()):
        array["t"] -= array["t"].min()  # a camera's clock started long ago
    return from_tonic(array, size)
