"""Event cameras: scenes known by formula, then laws, views, files and bad input."""

import math
import sys
import types
from urllib.error import URLError

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

import snnedu as snn
from snnedu.silicon import _event_loops, event_camera
from snnedu.silicon.events import (
    Events,
    dataset,
    denoise,
    frames,
    from_tonic,
    from_video,
    load,
    save,
    time_surface,
    to_tonic,
    voxel_grid,
)

seeds = st.integers(0, 2**31)
ideal = {"dark": 0.0, "threshold": 0.1}


def sine(amplitude, period, steps, size=(2, 3)):
    """A light whose logarithm is a sine wave, on every pixel."""
    phase = 2 * math.pi * torch.arange(steps + 1, dtype=torch.float64) / period
    return (amplitude * phase.sin()).exp()[:, None, None].expand(-1, *size)


def stream(t, x, y, p, size=(4, 5), duration=100.0):
    return Events(
        torch.tensor(t, dtype=torch.float64),
        *(torch.tensor(part, dtype=torch.int64) for part in (x, y, p)),
        size=size,
        duration=duration,
    )


def some_events(scene=0, **more):
    torch.manual_seed(scene)
    return from_video(torch.rand(20, 4, 5), **{"noise": 20.0, "seed": scene, **more})


# ----------------------------------------------------------------------- scenes known by formula


@pytest.mark.parametrize("theta", [0.1, 0.2, 0.3])
def test_a_sine_wave_gives_the_events_of_the_formula(theta):
    # From 0 up to A: floor(A/θ). From then on M swings between ± that many thresholds.
    amplitude, periods = 1.05, 3
    events = from_video(sine(amplitude, 500, 500 * periods), dark=0.0, threshold=theta)
    per_swing = math.floor(amplitude / theta + 1e-9)
    wanted = 6 * periods * 2 * per_swing
    assert (events.p > 0).sum() == (events.p < 0).sum() == wanted


def test_each_event_of_a_sine_wave_comes_at_its_own_time():
    # The k-th rise of the first quarter is at asin(k θ / A) / 2πf.
    events = from_video(sine(1.05, 1000, 250, (1, 1)), **ideal)
    k = torch.arange(1, 11, dtype=torch.float64)
    assert torch.allclose(events.t, (0.1 * k / 1.05).asin() * 1000 / (2 * math.pi), atol=0.01)


def test_a_moving_edge_gives_each_pixel_its_contrast_when_it_passes():
    # A bright half that moves by a pixel in 4 frames of 0.5 ms; ln(9) = 11 thresholds of 0.2, less.
    place = torch.arange(12)[None, None, :]
    edge = torch.arange(41)[:, None, None] / 4
    video = (1.0 + 8.0 * (edge - place).clamp(0, 1)).expand(-1, 3, -1).double()
    events = from_video(video, dt=0.5, dark=0.0, threshold=0.2)
    assert bool((events.p == 1).all())
    counts = frames(events, 1)[0, 1]
    reached = (edge[-1, 0, 0] > place[0, 0]).float() * math.floor(math.log(9) / 0.2)
    assert torch.equal(counts, reached.expand(3, -1))
    # the edge is over pixel x from 2 x to 2 x + 2 ms
    assert bool(((events.t > 2 * events.x) & (events.t <= 2 * events.x + 2)).all())


def test_a_still_scene_is_silent_and_leaks_at_its_rate():
    still = torch.rand(1, 4, 5).expand(2001, -1, -1)
    assert len(from_video(still)) == 0
    leaky = from_video(still, leak=5.0)  # 5 Hz for 2 s: 10 per pixel
    assert bool((leaky.p == 1).all())
    assert frames(leaky, 1)[0, 1].tolist() == [[10.0] * 5] * 4


def test_noise_has_the_rate_that_was_asked_for_and_both_signs():
    still = torch.ones(1001, 16, 16)
    events = from_video(still, noise=40.0, seed=0)
    expected = 40 * 256  # Poisson: a standard deviation is 1 %
    assert abs(len(events) - expected) < 4 * expected**0.5
    assert abs(events.p.double().mean()) < 0.05


def test_on_and_off_have_a_threshold_each():
    events = from_video(sine(1.05, 100, 300), dark=0.0, threshold=(0.1, 0.5))
    on, off = (events.p > 0).sum() / 6, (events.p < 0).sum() / 6
    assert on > 4 * off > 0


def test_mismatch_spreads_thresholds_by_its_share():
    # A steady rise by 10 in ln: a pixel of threshold θ sends 10/θ events.
    rise = torch.linspace(0, 10, 101, dtype=torch.float64).exp()[:, None, None].expand(-1, 40, 40)
    counts = frames(from_video(rise, dark=0.0, threshold=0.01, mismatch=0.05, seed=0), 1)[0, 1]
    theta = 10 / counts
    assert 0.00995 < theta.mean() < 0.01005
    assert 0.045 < theta.std() / 0.01 < 0.055


def test_a_blind_pixel_misses_what_happens_and_goes_on_from_what_it_sees():
    # ln rises by 0.1 per ms; an event each 1 ms, or after 2.5 ms of blindness 1 ms later.
    rise = (0.1 * torch.arange(22, dtype=torch.float64)).exp()[:, None, None]
    free, blind = (from_video(rise, refractory=r, **ideal) for r in (0.0, 2.5))
    assert torch.allclose(free.t, torch.arange(1.0, 22.0, dtype=torch.float64))
    assert torch.allclose(blind.t, torch.arange(1.0, 21.0, 3.5, dtype=torch.float64))
    assert torch.allclose(
        from_video(rise, refractory=0.25, **ideal).t.diff(), torch.tensor(1.25).double()
    )


# -------------------------------------------------------------------------------------- laws


@given(seed=seeds, steps=st.integers(1, 12), theta=st.floats(0.05, 0.5))
@settings(max_examples=30, deadline=None)
def test_what_events_tell_stays_within_a_threshold_of_the_light(seed, steps, theta):
    torch.manual_seed(seed)
    video = torch.rand(steps + 1, 3, 4).double()
    events = from_video(video, threshold=theta)
    told = (frames(events, 1)[0, 1] - frames(events, 1)[0, 0]).double() * theta
    log = (video + 0.05).log()
    assert bool(((log[-1] - log[0] - told).abs() < theta * 1.001).all())


@given(seed=seeds)
@settings(max_examples=20, deadline=None)
def test_brighter_light_by_one_factor_changes_nothing(seed):
    torch.manual_seed(seed)
    video = torch.rand(8, 3, 4).double() + 0.1
    one, other = (from_video(light, dark=0.0) for light in (video, 64 * video))
    assert len(one) == len(other) > 0
    assert torch.allclose(one.t, other.t)
    assert torch.equal(one.p, other.p)


@given(seed=seeds, refractory=st.sampled_from((0.0, 0.3, 1.7)))
@settings(max_examples=20, deadline=None)
def test_events_of_a_pixel_keep_the_refractory_distance(seed, refractory):
    events = some_events(seed, noise=0.0, refractory=refractory, threshold=0.1)
    assert len(events) > 20
    for pixel in events.pixel.unique():
        assert bool((events.t[events.pixel == pixel].diff() > refractory - 1e-9).all())


@given(st.lists(st.integers(0, 40), max_size=200), st.floats(1e-3, 1e5))
def test_events_come_in_order_and_equal_times_keep_theirs(places, duration):
    t = np.array(places, float) / 40 * duration
    found = event_camera._in_time(t, duration)
    assert np.array_equal(found, np.argsort(t, kind="stable"))


def test_the_seed_names_the_events():
    first, again, other = (some_events(0, seed=seed, mismatch=0.1) for seed in (1, 1, 2))
    assert torch.equal(first.t, again.t)
    assert first.t.shape != other.t.shape or not torch.equal(first.t, other.t)


def test_uncompiled_loops_give_the_same_events(monkeypatch):
    """Without numba the same lines run as they stand."""
    compiled = some_events(refractory=0.4, leak=3.0, mismatch=0.1)
    kept = denoise(compiled, 1.0)
    for name in ("watch", "support"):
        loop = getattr(_event_loops, name)
        monkeypatch.setattr(_event_loops, name, getattr(loop, "py_func", loop))
    plain = some_events(refractory=0.4, leak=3.0, mismatch=0.1)
    assert torch.equal(plain.pixel, compiled.pixel)
    assert torch.allclose(plain.t, compiled.t, rtol=0, atol=1e-9)
    assert 0 < len(kept) < len(compiled)
    assert torch.equal(denoise(compiled, 1.0).t, kept.t)


# -------------------------------------------------------------------------------------- views


def test_frames_count_every_event_once_where_it_belongs():
    events = stream([0, 10, 49.9, 50, 100], [0, 4, 4, 4, 1], [0, 3, 3, 3, 2], [1, 1, 1, -1, -1])
    counts = frames(events, 2)
    assert counts.shape == (2, 2, 4, 5)
    assert counts.sum() == 5
    assert counts[0, 1, 0, 0] == counts[1, 0, 3, 4] == counts[1, 0, 2, 1] == 1
    assert counts[0, 1, 3, 4] == 2


@given(seed=seeds, bins=st.integers(2, 7))
@settings(max_examples=20, deadline=None)
def test_a_voxel_grid_adds_up_to_the_polarities_and_keeps_the_mean_time(seed, bins):
    events = some_events(seed)
    grid = voxel_grid(events, bins).double()
    net = (frames(events, 1)[0, 1] - frames(events, 1)[0, 0]).double()
    assert torch.allclose(grid.sum(0), net, atol=1e-4)
    moment = (grid.sum((1, 2)) * torch.arange(bins)).sum()
    wanted = (events.p * events.t).sum() * (bins - 1) / events.duration
    assert torch.allclose(moment, wanted, atol=1e-3)


def test_a_time_surface_shows_the_age_of_the_last_event():
    events = stream([10, 30, 60, 90], [1, 1, 2, 1], [0, 0, 0, 0], [1, 1, -1, 1])
    surface = time_surface(events, tau=20.0, at=70.0)
    assert surface[1, 0, 1].item() == pytest.approx(math.exp(-2))
    assert surface[0, 0, 2].item() == pytest.approx(math.exp(-0.5))
    assert (surface > 0).sum() == 2
    assert time_surface(events, tau=20.0)[1, 0, 1].item() == pytest.approx(math.exp(-0.5))


def test_denoise_keeps_what_a_neighbor_announced():
    t, x, y = [0, 5, 6, 30, 31, 60], [0, 1, 4, 4, 4, 0], [0, 1, 3, 3, 3, 3]
    events = stream(t, x, y, [1, -1, 1, 1, 1, 1])
    assert denoise(events, 10).t.tolist() == [5.0]  # no neighbor of itself, and not across rows
    assert denoise(events, 4.9).t.tolist() == []


def test_denoise_removes_noise_and_spares_a_moving_edge():
    video = (torch.arange(40)[None, None, :] < torch.arange(60)[:, None, None]).float()
    video = video.expand(-1, 40, -1)
    clean, noisy = (from_video(video, noise=noise, seed=0) for noise in (0.0, 5.0))
    kept = denoise(noisy, 2.0)
    added = len(noisy) - len(clean)
    assert added > 300
    # By chance 8 neighbors, 5 Hz, 2 ms: 8 %. Beside the edge noise passes, too.
    assert 0.95 * len(clean) < len(kept) < len(clean) + 0.25 * added


@pytest.mark.parametrize("view", [lambda e: frames(e, 3), lambda e: voxel_grid(e, 3),
                                  lambda e: time_surface(e, 5.0)])  # fmt: skip
def test_a_stream_without_events_is_empty_in_every_view(view):
    events = from_video(torch.ones(5, 4, 5))
    assert len(events) == len(denoise(events, 1.0)) == 0
    assert view(events).abs().sum() == 0


# -------------------------------------------------------------------------------------- files


def test_what_was_saved_is_loaded(tmp_path):
    events = some_events()
    save(tmp_path / "a.npz", events)
    back = load(tmp_path / "a.npz")
    assert (back.size, back.duration) == (events.size, events.duration)
    assert all(torch.equal(getattr(back, name), getattr(events, name)) for name in "txyp")


def test_arrays_of_tonic_come_back_to_the_microsecond():
    events = some_events()
    array = to_tonic(events)
    assert array.dtype.names == ("x", "y", "t", "p")
    back = from_tonic(array, events.size, events.duration)
    assert torch.allclose(back.t, events.t, rtol=0, atol=6e-4)
    assert torch.equal(back.pixel, events.pixel)
    assert torch.equal(back.p, events.p)


def test_arrays_of_tonic_give_the_frames_of_tonic():
    """Where tonic is installed it is the oracle. It leaves out the last event of a recording."""
    transforms = pytest.importorskip("tonic.transforms")
    events = some_events()
    theirs = transforms.ToFrame(sensor_size=(5, 4, 2), n_time_bins=1)(to_tonic(events))
    assert torch.equal(frames(events[:-1], 1), torch.from_numpy(theirs.astype(np.float32)))


def fake_tonic(monkeypatch, **sets):
    tonic = types.ModuleType("tonic")
    tonic.datasets = types.SimpleNamespace(**sets)
    monkeypatch.setitem(sys.modules, "tonic", tonic)


def test_data_sets_of_tonic_give_events_and_labels(monkeypatch, tmp_path):
    # the fields and the order of SHD: no y, and times that need not ascend
    dtype = np.dtype([("t", int), ("x", int), ("p", int)])
    sound = np.array([(2000, 699, 1), (1000, 3, 1)], dtype)

    def shd(save_to, train):
        assert (save_to, train) == (str(tmp_path), False)
        return [(sound, np.int64(7))]

    fake_tonic(monkeypatch, SHD=shd)
    recordings = dataset("SHD", tmp_path, train=False)
    ((events, label),) = recordings
    assert (len(recordings), label, events.size, events.duration) == (1, 7, (1, 700), 2.0)
    assert events.t.tolist() == [1.0, 2.0]
    assert events.x.tolist() == [3, 699]


def archive_of(name, folder):
    """Write a recording where tonic finds it, in the bytes of its archive: two events, label 7."""
    place = folder / name
    if name == "NMNIST":  # five bytes an event: x, y, polarity and 23 bits of microseconds
        place = place / "Test" / "7"
        place.mkdir(parents=True)
        (place / "00001.bin").write_bytes(bytes([3, 5, 0x80, 3, 232, 33, 0, 0, 7, 208]))
        (folder / name / "test.zip").touch()
    elif name == "DVSGesture":  # columns x, y, p and t in milliseconds
        place = place / "ibmGestureTest" / "user24_led"
        place.mkdir(parents=True)
        np.save(place / "7.npy", np.array([[3, 5, 1, 1], [33, 0, 0, 2]], np.float32))
        (folder / name / "ibmGestureTest.tar.gz").touch()
    else:  # seconds in 16 bits, and units
        place.mkdir()
        (place / "shd_test.h5.zip").touch()
        h5py = pytest.importorskip("h5py")
        with h5py.File(place / "shd_test.h5", "w") as file:
            for key, kind, row in (("times", np.float16, [0.001, 0.002]), ("units", int, [3, 33])):
                rows = file.create_dataset(f"spikes/{key}", 1, h5py.vlen_dtype(kind))
                rows[0] = np.array(row, kind)
            file["labels"] = [7]
            file["extra/keys"], file["extra/speaker"] = [b"seven"], [0]


@pytest.mark.parametrize("name", ["NMNIST", "DVSGesture", "SHD"])
def test_tonic_reads_what_its_archives_hold(name, monkeypatch, tmp_path):
    """Where tonic is installed: its own reader, on a recording as the archive stores it."""
    tonic = pytest.importorskip("tonic")
    full = {"_folder_contains_at_least_n_files_of_type": lambda *_: True}
    for attribute, value in full.items():  # or else it downloads ten thousand recordings
        monkeypatch.setattr(tonic.dataset.Dataset, attribute, value)
    archive_of(name, tmp_path)
    ((events, label),) = dataset(name, tmp_path, train=False)
    assert label == 7
    assert events.t.tolist() == pytest.approx([1.0, 2.0], rel=1e-3)
    assert events.x.tolist() == [3, 33]
    if name == "SHD":
        assert (events.size, set(events.y.tolist()), set(events.p.tolist())) == ((1, 700), {0}, {1})
    else:
        assert events.size == ((34, 34) if name == "NMNIST" else (128, 128))
        assert (events.y.tolist(), events.p.tolist()) == ([5, 0], [1, -1])
    assert frames(events, 1).sum() == 2


# ---------------------------------------------------------------------------------- bad input


def test_without_tonic_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tonic", None)
    with pytest.raises(ModuleNotFoundError, match=r"snnedu\[events\]"):
        dataset("NMNIST", tmp_path)


@pytest.mark.parametrize(
    "error", [URLError("no host"), RuntimeError("File not found or corrupted.")]
)
def test_without_a_network_the_way_out_is_named(monkeypatch, tmp_path, error):
    def offline(**_):
        raise error

    fake_tonic(monkeypatch, NMNIST=offline)
    with pytest.raises(ConnectionError, match=r"from_video.*without any download"):
        dataset("NMNIST", tmp_path)


light = torch.rand(5, 4, 5)
BAD = {
    "no video": (lambda: from_video([[0.0]]), TypeError, "torch.Tensor"),
    "bytes": (lambda: from_video(light.byte()), TypeError, "floating"),
    "batch": (lambda: from_video(light[:, None]), ValueError, "one at a time"),
    "one frame": (lambda: from_video(light[:1]), ValueError, "two frames"),
    "negative": (lambda: from_video(light - 1), ValueError, "Rescale"),
    "black": (lambda: from_video(0 * light, dark=0.0), ValueError, "above 0"),
    "NaN": (lambda: from_video(light / 0 * 0), ValueError, "finite"),
    "theta": (lambda: from_video(light, threshold=0.0), ValueError, "threshold"),
    "off theta": (lambda: from_video(light, threshold=(0.1, -0.1)), ValueError, "threshold"),
    "dt": (lambda: from_video(light, dt=0.0), ValueError, "`dt`"),
    "mismatch": (lambda: from_video(light, mismatch=-0.1), ValueError, "mismatch"),
    "no duration": (lambda: Events(*[torch.zeros(0)] * 4, (4, 5), 0.0), ValueError, "`duration`"),
    "refractory": (lambda: from_video(light, refractory=-1.0), ValueError, "refractory"),
    "leak": (lambda: from_video(light, leak=math.nan), ValueError, "leak"),
    "noise": (lambda: from_video(light, noise=-1.0), ValueError, "noise"),
    "dark": (lambda: from_video(light, dark=-1.0), ValueError, "dark"),
    "arrays": (lambda: Events(*[np.ones(1)] * 4, (4, 5), 1.0), TypeError, r"torch\.as_tensor\(t\)"),
    "lengths": (lambda: stream([1.0], [1, 2], [1], [1]), ValueError, "equal length"),
    "order": (lambda: stream([2.0, 1.0], [1, 1], [1, 1], [1, 1]), ValueError, "argsort"),
    "late": (lambda: stream([200.0], [1], [1], [1]), ValueError, "duration"),
    "outside": (lambda: stream([1.0], [5], [1], [1]), ValueError, r"\(height, width\)"),
    "zeros": (lambda: stream([1.0], [1], [1], [0]), ValueError, "2 \\* p - 1"),
    "no frames": (lambda: frames(some_events(), 0), ValueError, "num_frames"),
    "one bin": (lambda: voxel_grid(some_events(), 1), ValueError, "num_bins"),
    "tau": (lambda: time_surface(some_events(), 0.0), ValueError, "tau"),
    "window": (lambda: denoise(some_events(), 0.0), ValueError, "window"),
    "plain array": (lambda: from_tonic(np.zeros(3), (4, 5)), ValueError, "structured"),
    "name": (lambda: dataset("N-MNIST", "."), ValueError, "NMNIST"),
}  # fmt: skip


def test_times_in_single_precision_may_end_at_the_duration():
    one = torch.ones(1, dtype=torch.int64)
    made = Events(torch.tensor([0.1]), one, one, one, (4, 5), 0.1)  # 0.1 as float32 is above 0.1
    assert frames(made, 2)[1].sum() == 1


@pytest.mark.bad_input
@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_answered(name):
    call, kind, words = BAD[name]
    with pytest.raises(kind, match=words):
        call()


def test_a_file_of_another_kind_is_refused(tmp_path):
    np.savez(tmp_path / "b.npz", t=np.zeros(3))
    with pytest.raises(ValueError, match=r"without duration, p, size, x, y"):
        load(tmp_path / "b.npz")


def test_a_stream_says_what_it_holds():
    events = stream([1, 2, 3], [0, 1, 2], [0, 0, 0], [1, -1, 1])
    assert repr(events) == "Events(3: 2 ON, 1 OFF; 4 x 5 pixels, 100 ms)"
    assert repr(events[events.p > 0][:1]) == "Events(1: 1 ON, 0 OFF; 4 x 5 pixels, 100 ms)"
    assert snn.events.Events is Events
