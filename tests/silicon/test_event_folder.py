"""Folders of recordings: windows add up to the recordings, classes to folders; then bad input."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import nn

import snnedu as snn
from snnedu.silicon.events import Events, Folder, frames, load, save, to_tonic

SIZE = (4, 5)


def recording(seed=0, duration=100.0, count=200, size=SIZE):
    drawn = torch.Generator().manual_seed(seed)
    t = (torch.rand(count, generator=drawn, dtype=torch.float64) * duration).sort().values
    t[-1:] = duration  # an event at the very end
    y, x = (torch.randint(end, (count,), generator=drawn) for end in size)
    p = 2 * torch.randint(2, (count,), generator=drawn) - 1
    return Events(t, x, y, p, size=size, duration=duration)


def write(folder: Path, durations=(100.0, 100.0, 250.0), **more):
    """Write recordings of these lengths for each of two classes."""
    for label, name in enumerate(("nod", "wave")):
        (folder / name).mkdir(parents=True)
        for number, duration in enumerate(durations):
            one = recording(10 * label + number, duration, **more)
            save(folder / name / f"{number}.npz", one)
    return folder


def test_classes_are_the_folders_in_the_order_of_their_names(tmp_path):
    data = Folder(write(tmp_path), dt=10.0, num_frames=5)
    assert data.classes == ["nod", "wave"]
    assert data.labels.tolist() == 9 * [0] + 9 * [1]
    assert [path.name for path in data.paths[:9]] == 2 * ["0.npz"] + 2 * ["1.npz"] + 5 * ["2.npz"]
    assert data.size == SIZE
    assert "18 windows of 50 ms from 6 recordings: nod 9, wave 9; 4 x 5 pixels" in repr(data)


@given(st.integers(0, 10**6), st.integers(1, 12), st.sampled_from([1.0, 3.0, 7.5, 20.0]))
@settings(max_examples=30, deadline=None)
def test_windows_hold_each_event_once_up_to_the_last_whole_window(seed, num_frames, dt):
    made = recording(seed, 100.0, 60)
    with pytest.MonkeyPatch.context() as patch:
        found = {"a": [Path("a/0.csv")], "b": [Path("b/0.csv")]}
        patch.setattr("snnedu.silicon.event_folder._files", lambda *_: found)
        data = Folder("any", dt=dt, num_frames=num_frames, read=lambda _: made)
    count = len(data) // 2
    window = dt * num_frames
    assert count == max(1, int(100 / window + 1e-9))
    inside = made.t <= count * window if window * count >= 100 else made.t < count * window
    counted = torch.stack([data[index][0] for index in range(count)]).sum((0, 1))
    assert torch.equal(counted, frames(made[inside], 1)[0])
    for index in range(count):
        events = data.events(index)
        assert events.duration == window
        expected = made.t[(made.t >= index * window) & inside] - index * window
        torch.testing.assert_close(events.t, expected[: len(events)])


def test_the_frames_of_a_window_are_those_of_its_events(tmp_path):
    data = Folder(write(tmp_path, (50.0,)), dt=10.0, num_frames=5)
    x, label = data[1]
    assert x.shape == (5, 2, *SIZE)
    assert label == 1
    assert torch.equal(x, frames(load(data.paths[1]), 5))
    assert 0 < (x > 0).float().mean() < 1


def test_a_short_recording_gives_one_window_with_nothing_at_its_end(tmp_path):
    data = Folder(write(tmp_path, (30.0,)), dt=10.0, num_frames=5)
    x, _ = data[0]
    assert len(data) == 2
    assert x.sum() == 200
    assert x[4:].sum() == 0  # the event at 30 ms is the first of frame 3


def test_arrays_of_other_software_are_read_at_any_depth(tmp_path):
    write(tmp_path, (100.0,))
    for name in ("nod", "wave"):
        (tmp_path / name / "anna").mkdir()
        np.save(tmp_path / name / "anna" / "1.npy", to_tonic(recording(3)))
    data = Folder(tmp_path, dt=10.0, num_frames=10, size=SIZE)
    assert [path.name for path in data.paths] == 2 * ["0.npz", "1.npy"]
    assert data[1][0].sum() == 200


def test_arrays_count_from_their_first_event(tmp_path):
    array = to_tonic(recording(3))
    for name, started in (("nod", 0), ("wave", 1_764_150_000_000_000)):
        (tmp_path / name).mkdir()
        later = array.astype([(field, "i8") for field in array.dtype.names])
        later["t"] += started
        np.save(tmp_path / name / "1.npy", later)
    data = Folder(tmp_path, dt=10.0, num_frames=5, size=SIZE)
    assert data.labels.bincount().tolist() == [len(data) // 2] * 2
    for one, other in zip(
        *(range(n, n + len(data) // 2) for n in (0, len(data) // 2)), strict=True
    ):
        assert torch.equal(data[one][0], data[other][0])


def test_classes_of_another_folder_keep_their_numbers(tmp_path):
    for name in ("c", "a"):
        (tmp_path / name).mkdir()
        save(tmp_path / name / "0.npz", recording())
    data = Folder(tmp_path, dt=10.0, num_frames=10, classes=["a", "b", "c"])
    assert data.classes == ["a", "b", "c"]
    assert data.labels.tolist() == [0, 2]
    assert [path.parent.name for path in data.paths] == ["a", "c"]


def test_your_own_reader_takes_other_files(tmp_path):
    for name in ("b", "a"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.csv").write_text(f"{ord(name)}")
        (tmp_path / name / "notes.txt").write_text("not a recording")
    data = Folder(
        tmp_path, dt=10.0, num_frames=10, pattern="*.csv",
        read=lambda path: recording(int(path.read_text())),
    )  # fmt: skip
    assert data.classes == ["a", "b"]
    assert torch.equal(data[1][0], frames(recording(ord("b")), 10))


def test_what_jupyter_leaves_behind_is_left_out(tmp_path):
    write(tmp_path, (100.0,))
    for hidden in (tmp_path / ".ipynb_checkpoints", tmp_path / "nod" / ".ipynb_checkpoints"):
        hidden.mkdir()
        save(hidden / "copy.npz", recording())
    assert len(Folder(tmp_path, dt=10.0, num_frames=10)) == 2


def test_without_keeping_a_file_is_read_again(tmp_path):
    write(tmp_path)
    kept, again = (Folder(tmp_path, dt=5.0, num_frames=4, keep=keep) for keep in (True, False))
    assert len(kept) == len(again)
    for (x, label), (x_again, label_again) in zip(kept, again, strict=True):
        assert torch.equal(x, x_again)
        assert label == label_again
    kept.paths[0].unlink()
    assert kept[0][0].sum() > 0
    with pytest.raises(ValueError, match=r"0\.npz, where reading fails: FileNotFound"):
        again[0]


def test_a_network_learns_from_it(tmp_path):
    # Class "left" has events in the left columns alone, "right" in the others.
    for label, name in enumerate(("left", "right")):
        (tmp_path / name).mkdir()
        for number in range(4):
            made = recording(number)
            side = (made.x > 2) if label else (made.x < 2)
            save(tmp_path / name / f"{number}.npz", made[side])
    data = Folder(tmp_path, dt=10.0, num_frames=5)
    torch.manual_seed(0)
    layers = nn.Linear(40, 8), snn.Leaky(0.9), nn.Linear(8, 2), snn.Leaky(0.9)
    net = snn.Sequential(nn.Flatten(), *layers)
    snn.fit(net, data, epochs=20, batch_size=8, lr=1e-2, progress=False)
    assert snn.evaluate(net, data).accuracy == 1
    spk_rec, _ = net(torch.stack([x for x, _ in data], 1))
    assert 0 < spk_rec.mean() < 1


def no_folder(folder):
    folder.rename(folder.with_name("elsewhere"))


def one_class(folder):
    (folder / "nod").rename(folder / "wave" / "nod")


def empty_class(folder):
    (folder / "clap").mkdir()


def beside(folder):
    (folder / "nod" / "0.npz").rename(folder / "0.npz")


def broken(folder):
    (folder / "wave" / "1.npz").write_bytes(b"half a file")


def other_sensor(folder):
    save(folder / "wave" / "1.npz", recording(size=(8, 8)))


def no_size(folder):
    np.save(folder / "nod" / "0.npy", to_tonic(recording()))


def no_event(folder):
    np.save(folder / "nod" / "0.npy", to_tonic(recording())[:0])


def by_the_clock(path):
    made = load(path)
    return replace(made, t=made.t + 1e9, duration=made.duration + 1e9)


GIVEN: dict[str, Any] = {"dt": 10.0, "num_frames": 10}
BAD: dict[str, tuple[Callable[[Path], object], dict[str, Any], str]] = {
    "no folder": (no_folder, {}, "which is none. It was looked for in"),
    "one class": (one_class, {}, r"two classes or more.* with \['wave'\]"),
    "an empty class": (empty_class, {}, "clap without any"),
    "a file beside": (beside, {}, r"0\.npz, which lies beside"),
    "a broken file": (broken, {}, r"wave.1\.npz, where .* no NumPy file, or was cut off"),
    "another sensor": (other_sensor, {}, r"Received \(8, 8\) in .*wave.1\.npz"),
    "an array without a size": (no_size, {}, r"0\.npy, where .*pass `size`"),
    "an array without events": (no_event, {"size": SIZE}, r"0\.npy, where .*holds no event"),
    "a camera's clock": (lambda _: None, {"read": by_the_clock}, "Subtract the time of the first"),
    "less than a frame": (
        lambda _: None,
        {"dt": 101.0},
        "must last a frame or longer, here 101 ms",
    ),
    "a strange class": (lambda _: None, {"classes": ["nod", "clap"]}, r"Received \['wave'\] in "),
    "another size": (lambda _: None, {"size": (5, 4)}, r"Received \(4, 5\) in .*nod.0\.npz"),
    "no files like that": (lambda _: None, {"pattern": "*.csv"}, "Each class must hold"),
    "dt of 0": (lambda _: None, {"dt": 0.0}, "`dt` must be finite and above 0"),
    "no frames": (lambda _: None, {"num_frames": 0}, "`num_frames` must be 1 or more"),
    "half frames": (lambda _: None, {"num_frames": 2.5}, "`num_frames` must be a whole number"),
    "a reader of arrays": (lambda _: None, {"read": np.load}, "`read` must return `events.Events`"),
    "a reader that fails": (lambda _: None, {"read": lambda _: 1 / 0}, "ZeroDivisionError"),
}


@pytest.mark.bad_input
@pytest.mark.parametrize("name", BAD)
def test_bad_folders_are_answered_by_the_path(name, tmp_path):
    spoil, more, message = BAD[name]
    folder = write(tmp_path / "gestures", (100.0, 100.0))
    spoil(folder)
    with pytest.raises((ValueError, TypeError), match=message):
        Folder(folder, **(GIVEN | more))
