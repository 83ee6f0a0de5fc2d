"""Recordings as NWB files (Neurodata Without Borders), which other tools of the field read.

    culture.to_nwb("dish.nwb", recording)
    recording = culture.from_nwb("dish.nwb")

They need `pynwb`. Source: Rübel et al. 2022, doi:10.7554/eLife.78362.
"""

from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import numpy as np

from snnedu.brains.culture.electrodes import SITES, Recording, in_order
from snnedu.core._extras import extra

BEGAN = datetime(2000, 1, 1, tzinfo=UTC)  # NWB wants a date; a simulated dish has none


def to_nwb(path: str | Path, recording: Recording, description: str = "A recording") -> None:
    """Write a recording: one unit for each pair of electrode and cell, with its times in s.

    An existing file is replaced. Raises ModuleNotFoundError without `pynwb`.
    """
    pynwb = _pynwb()
    file = pynwb.NWBFile(
        session_description=description, identifier=str(uuid4()), session_start_time=BEGAN
    )
    _add_electrodes(file)
    file.add_unit_column("cell", "which cell fired; -1: unknown")
    pairs = np.unique(np.stack([recording.electrode, recording.cell], 1), axis=0)
    for number, cell in pairs.tolist():
        chosen = (recording.electrode == number) & (recording.cell == cell)
        file.add_unit(
            spike_times=recording.times[chosen],
            obs_intervals=[[0.0, recording.seconds]],
            electrodes=[number],
            cell=cell,
        )
    with pynwb.NWBHDF5IO(str(path), "w") as out:
        out.write(file)


def from_nwb(path: str | Path) -> Recording:
    """Read the spikes of an NWB file: those of `to_nwb`, or of others with one electrode a unit.

    `seconds` is where the last observed interval ends, or else the last spike. Units without
    electrodes are numbered instead. Raises ModuleNotFoundError without `pynwb`, ValueError for a
    file without units, or with spikes at electrodes beyond 63.
    """
    with _pynwb().NWBHDF5IO(str(path), "r") as source:
        units = source.read().units
        if units is None or len(units) == 0:
            raise ValueError(
                f"A file must hold units: spike times by cell. Received {path} without any. It may "
                "hold raw voltage only: sort the spikes first."
            )
        rows = [_unit(units, k) for k in range(len(units))]
    times = np.concatenate([row[0] for row in rows])
    electrode, cell = (
        np.concatenate([np.full(len(row[0]), row[part]) for row in rows]) for part in (1, 2)
    )
    if electrode.max(initial=0) >= len(SITES):
        raise ValueError(
            f"There are {len(SITES)} electrodes. Received spikes at electrode {electrode.max()} in "
            f"{path}. Leave the units of other electrodes out."
        )
    ends = [row[3] for row in rows]
    return in_order(times, electrode, cell, float(max([*ends, times.max(initial=0)])))


def _unit(units: Any, k: int) -> tuple[Any, int, int, float]:
    """Return the times (s), electrode, cell and end (s) of a unit."""
    names, electrode = units.colnames, k
    if "electrodes" in names:  # a list for each unit, one after another; its last one counts
        lists = units["electrodes"]
        electrode = int(lists.target.data[int(lists.data[k]) - 1])
    cell = int(units["cell"][k]) if "cell" in names else -1
    end = float(np.max(units.get_unit_obs_intervals(k))) if "obs_intervals" in names else 0.0
    return np.asarray(units.get_unit_spike_times(k), float), electrode, cell, end


def _add_electrodes(file: Any) -> None:
    device = file.create_device(name="array", description="8 x 8 electrodes, 200 um apart")
    group = file.create_electrode_group(
        name="array", description="all electrodes", location="in vitro", device=device
    )
    for x, y in SITES.tolist():
        file.add_electrode(x=x, y=y, z=0.0, location="in vitro", group=group)


def _pynwb() -> ModuleType:
    return extra("pynwb", "NWB files need", "Run: python -m pip install 'snnedu[culture]'")
