"""Real recordings of satellites, stars and planets: the files of the data set EBSSA."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from snnedu.core._extras import extra
from snnedu.silicon.event_stream import Events


class Labels(NamedTuple):
    """Where people saw objects: `found` [labels, 3] as (t in ms, y, x); `number` names them."""

    found: Float[Tensor, "labels 3"]
    number: Int64[Tensor, " labels"]


def load_ebssa(
    path: str | Path, key: str | None = None, size: tuple[int, int] | None = None
) -> tuple[Events, Labels | None]:
    """Return the events of a recording, and its labels where the file has some.

    `path`: a MATLAB file (any version), or one HDF5 file that holds many recordings, of which `key`
    names one. Both keep the events as `TD` with `ts` (µs), `x`, `y` (from 1) and `p`, and the
    labels as `Obj` with `ts`, `x`, `y` and `id`. Times start at the first event. `size` is (height,
    width) of the sensor, by default as far as events and labels reach. `p` is 0 or 1, or 1 or 2.

    The data are not part of this package: see the article for where to get them.
    Raises ValueError for files of another kind, and for an unknown `key`.
    Source: Afshar et al. 2020, doi:10.1109/JSEN.2020.3009687.
    """
    record = _read(Path(path), key)
    if "TD" not in record or not {"ts", "x", "y", "p"} <= set(record["TD"]):
        raise ValueError(
            f"A recording must hold `TD` with ts, x, y and p. Received {path} with "
            f"{', '.join(sorted(record)) or 'nothing'}. Of a file with many recordings name one: "
            f"`key=`."
        )
    td, labels = record["TD"], record.get("Obj")
    order = np.argsort(td["ts"], kind="stable")
    start = float(td["ts"][order[0]])
    t, x, y = _milliseconds(td["ts"][order], start), td["x"][order] - 1, td["y"][order] - 1
    p = np.where(td["p"][order] > (td["p"].min() if td["p"].max() > 1 else 0), 1, -1)
    found = _labels(labels, start) if labels else None
    size = size or _size(y, x, found)
    parts = (torch.from_numpy(part.astype(np.int64)) for part in (x, y, p))
    return Events(torch.from_numpy(t), *parts, size=size, duration=float(t[-1])), found


def _read(path: Path, key: str | None) -> Mapping[str, Any]:
    """Return the structs of a file as arrays in one dimension, by name and field."""
    with path.open("rb") as file:
        head = file.read(128)
    if b"MATLAB 5.0" in head:
        io = extra("scipy.io", "MATLAB files need", "Run: python -m pip install scipy")
        loaded = io.loadmat(path, simplify_cells=True)
        return {
            name: {field: np.atleast_1d(value) for field, value in loaded[name].items()}
            for name in ("TD", "Obj")
            if isinstance(loaded.get(name), dict)
        }
    h5py: Any = extra("h5py", "HDF5 files need", "Run: python -m pip install h5py")
    with h5py.File(path, "r") as file:
        if key is not None and key not in file:
            raise ValueError(
                f"`key` must be one of the recordings of {path}: {', '.join(list(file)[:5])}, … "
                f"Received {key!r}. Pass one of these."
            )
        group = file if key is None else file[key]
        return {
            name: {field: group[name][field][()].flatten() for field in group[name]}
            for name in ("TD", "Obj")
            if name in group
        }


def _labels(labels: Mapping[str, Any], start: float) -> Labels:
    t = _milliseconds(labels["ts"], start)
    found = np.stack([t, labels["y"] - 1.0, labels["x"] - 1.0], -1)
    return Labels(torch.from_numpy(found), torch.from_numpy(labels["id"].astype(np.int64)))


def _milliseconds(ts: Any, start: float) -> Any:
    return (ts.astype(np.float64) - start) / 1000


def _size(y: Any, x: Any, found: Labels | None) -> tuple[int, int]:
    far = np.array([y.max(), x.max()])
    if found is not None and len(found.found):
        far = np.maximum(far, found.found[:, 1:].amax(0).numpy())
    height, width = (int(np.ceil(value)) + 1 for value in far)
    return height, width
