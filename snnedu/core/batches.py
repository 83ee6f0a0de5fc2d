"""What `fit` and `evaluate` take as data, brought to one form: batches `(x, targets)`.

(x, targets)                     tensors or NumPy arrays, samples first
torch.utils.data.Dataset         whose samples are `(x, target)`
DataLoader, list, ...            an iterable of batches `(x, targets)`, samples first

Sequences of unequal length have a third part, `(x, targets, lengths)`, in each of these forms: x is
padded, `[samples, time, ...]`, and lengths say how many steps of each sample count.
"""

import math
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset

from snnedu.core.data import batches

Batch = tuple[Tensor, ...]  # x, targets and, where sequences are padded, lengths
Data = Sequence[Tensor | np.ndarray] | Dataset[Any] | Iterable[Any]

HOW = (
    "Pass a pair `(x, targets)` of tensors or arrays, a torch Dataset, or an iterable of such "
    "pairs, for example a DataLoader."
)


class Batches:
    """Data as batches of tensors, `(x, targets)` or with lengths; each loop over it is one epoch.

    `name` is what the caller calls the data. `batch_size` and `shuffled` are for pairs and data
    sets; a loader has its own. Raises TypeError or ValueError if the data are none of these.
    """

    def __init__(self, name: str, data: Data, batch_size: int, *, shuffled: bool) -> None:
        if isinstance(data, tuple) and data and all(map(_is_pair, data)):
            raise ValueError(
                f"`{name}` must be one data set. Received a tuple of {len(data)} pairs, as "
                f"`data.digits()` returns: training would see the test set. Unpack it, "
                f"`train, test = data.digits()`. For a few batches pass a list."
            )
        self.name, self.batch_size, self.shuffled = name, batch_size, shuffled
        self.pair = _batch(name, data) if _is_pair(data) else None
        source: Any = data
        if isinstance(data, Dataset):
            source = _loader(name, data, batch_size, shuffled)
        if isinstance(source, Tensor | np.ndarray) or not isinstance(source, Iterable):
            raise TypeError(f"`{name}` must hold inputs and targets. Received {_what(data)}. {HOW}")
        self.source: Iterable[Any] = source

    @property
    def count(self) -> int | None:
        """Number of batches in an epoch; None if it is not known, as for a stream."""
        if self.pair is not None:
            return math.ceil(len(self.pair[0]) / self.batch_size)
        try:
            return len(self.source)  # pyright: ignore[reportArgumentType]
        except TypeError:  # a loader has a length only if its data set has one
            return None

    def __iter__(self) -> Iterator[Batch]:
        """Yield batches; data that give none are an error, such as a generator that is used up."""
        empty = True
        for batch in self.source if self.pair is None else self._parts(self.pair):
            empty = False
            yield _batch(self.name, batch)
        if empty:
            raise ValueError(
                f"`{self.name}` must give at least one batch, in each epoch. Received none. "
                f"Pass tensors, a list or a DataLoader; a generator is empty after one epoch."
            )

    def check_first(self) -> None:
        """Look at the first batch, and draw no random numbers that others would miss."""
        if self.pair is None and not isinstance(self.source, Iterator):
            with torch.random.fork_rng([]):
                next(iter(self))

    def _parts(self, pair: Batch) -> Iterator[Batch]:
        if self.shuffled:
            return batches(pair, self.batch_size)
        return zip(*(part.split(self.batch_size) for part in pair), strict=True)


def _is_pair(data: Any) -> bool:
    of_parts = isinstance(data, tuple | list) and len(data) in (2, 3)
    return of_parts and isinstance(data[0], Tensor | np.ndarray)


def _loader(name: str, data: Dataset[Any], batch_size: int, shuffled: bool) -> DataLoader[Any]:
    if isinstance(data, IterableDataset):  # a stream has an order of its own
        return DataLoader(data, batch_size)
    if not isinstance(data, Sized) or len(data) == 0:
        raise ValueError(
            f"`{name}` must hold at least one sample. Received a {type(data).__name__} that is "
            f"empty or does not tell its length. Give it samples, and the method `__len__`."
        )
    return DataLoader(data, batch_size, shuffle=shuffled)


def _batch(name: str, batch: Any) -> Batch:
    """Return `(x, targets)` or `(x, targets, lengths)` as tensors with equally many samples."""
    if not isinstance(batch, tuple | list) or len(batch) not in (2, 3):
        raise TypeError(
            f"Each batch of `{name}` must be a pair, `(x, targets)`, or `(x, targets, lengths)`. "
            f"Received {_what(batch)}. Let the `collate_fn` of your DataLoader return such pairs, "
            f"or make a list of them."
        )
    x, targets, *lengths = (_tensor(name, part) for part in batch)
    if x.ndim == 0 or targets.ndim == 0:
        raise ValueError(
            f"Each batch of `{name}` must hold samples, in x and in targets. Received a single "
            f"one: shapes {list(x.shape)} and {list(targets.shape)}. For a list of samples pass "
            f"`torch.utils.data.DataLoader({name}, batch_size=128)`."
        )
    if len(x) != len(targets):
        raise ValueError(
            f"`{name}` must hold as many targets as samples. Received {len(x)} samples and "
            f"{len(targets)} targets. Samples come first here, not time."
        )
    for each in lengths:
        _check_lengths(name, x, each)
    return x, targets, *lengths


def _check_lengths(name: str, x: Tensor, lengths: Tensor) -> None:
    if lengths.is_floating_point() or lengths.dtype == torch.bool or lengths.shape != x.shape[:1]:
        raise ValueError(
            f"The third part of `{name}` must be lengths: a whole number of steps for each of "
            f"{len(x)} samples. Received {lengths.dtype} of shape {list(lengths.shape)}."
        )


def _tensor(name: str, values: Any) -> Tensor:
    """Return the values as a tensor; floats of NumPy in torch's default precision, as a copy."""
    if isinstance(values, Tensor):
        return values
    try:
        array = np.asarray(values)
        tensor = torch.from_numpy(array.astype(array.dtype.newbyteorder("="), order="C"))
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"`{name}` must hold numbers. Received {_what(values)}: {error} "
            f"Make tensors of them, and of the names of classes their numbers."
        ) from None
    return tensor.to(torch.get_default_dtype()) if tensor.is_floating_point() else tensor


def _what(thing: Any) -> str:
    """Describe what came in a few words."""
    if isinstance(thing, Tensor | np.ndarray):
        return f"a single {type(thing).__name__} of shape {list(thing.shape)}"
    if isinstance(thing, dict):
        return f"a dict of {', '.join(map(repr, thing))}"
    if isinstance(thing, tuple | list):
        return f"a {type(thing).__name__} of {len(thing)}"
    return f"an object of type {type(thing).__name__}"
