"""NWB files: what is written comes back, and other tools' files are read."""

import sys
from datetime import UTC, datetime

import numpy as np
import pynwb
import pytest

from snnedu.brains import culture
from snnedu.brains.culture import grow


def test_a_recording_comes_back_as_it_was(tmp_path):
    recording = grow(73, 0).record(4, repeats=False)
    assert len(recording) > 50
    culture.to_nwb(tmp_path / "dish.nwb", recording)
    back = culture.from_nwb(tmp_path / "dish.nwb")
    assert back.times.tolist() == recording.times.tolist()
    assert back.electrode.tolist() == recording.electrode.tolist()
    assert back.cell.tolist() == recording.cell.tolist()
    assert back.seconds == recording.seconds


def test_pynwb_itself_finds_the_units_their_places_and_nothing_to_complain_about(tmp_path):
    recording = culture.from_trains([np.array([0.1, 0.4]), np.array([0.2])], 1.0)
    culture.to_nwb(tmp_path / "dish.nwb", recording)
    assert pynwb.validate(path=str(tmp_path / "dish.nwb")) == []
    with pynwb.NWBHDF5IO(tmp_path / "dish.nwb", "r") as source:
        file = source.read()
        assert file.units.get_unit_spike_times(0).tolist() == [0.1, 0.4]
        assert file.electrodes["x"][:].tolist() == culture.SITES[:, 0].tolist()


def other(path, electrodes=(), trains=((0.5, 0.7), (0.1,))):
    """Write a file as another lab might: no cells, no intervals, perhaps no electrodes."""
    file = pynwb.NWBFile("another lab", "1", datetime(2020, 1, 1, tzinfo=UTC))
    if electrodes:
        device = file.create_device(name="d")
        group = file.create_electrode_group("g", description="g", location="l", device=device)
        for _ in range(max(electrodes) + 1):
            file.add_electrode(location="l", group=group)
    for k, times in enumerate(trains):
        more = {"electrodes": [electrodes[k]]} if electrodes else {}
        file.add_unit(spike_times=list(times), **more)
    with pynwb.NWBHDF5IO(path, "w") as out:
        out.write(file)
    return path


def test_a_file_of_another_lab_is_read(tmp_path):
    plain = culture.from_nwb(other(tmp_path / "plain.nwb"))
    placed = culture.from_nwb(other(tmp_path / "placed.nwb", electrodes=(7, 2)))
    assert plain.times.tolist() == placed.times.tolist() == [0.1, 0.5, 0.7]
    assert plain.electrode.tolist() == [1, 0, 0]
    assert placed.electrode.tolist() == [2, 7, 7]
    assert placed.cell.tolist() == [-1, -1, -1]
    assert placed.seconds == 0.7


@pytest.mark.bad_input
def test_files_that_cannot_be_read_say_why(tmp_path):
    with pytest.raises(ValueError, match=r"must hold units.*without any"):
        culture.from_nwb(other(tmp_path / "empty.nwb", trains=()))
    with pytest.raises(ValueError, match=r"64 electrodes. Received spikes at electrode 70"):
        culture.from_nwb(other(tmp_path / "many.nwb", electrodes=(70, 2)))


def test_without_pynwb_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pynwb", None)
    for call in (
        lambda: culture.from_nwb(tmp_path / "x.nwb"),
        lambda: culture.to_nwb(tmp_path / "x.nwb", culture.from_trains([], 1.0)),
    ):
        with pytest.raises(ModuleNotFoundError, match=r"NWB.*`pynwb`.*snnedu\[culture\]"):
            call()
