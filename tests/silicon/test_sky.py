"""The sky: geometry by closed form, orbits by the laws of Kepler, scores and tracks by hand."""

import math
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch.testing import assert_close

from snnedu.silicon import sky
from snnedu.silicon.events import Events
from snnedu.silicon.sky import camera as cameras, orbits, passes
from snnedu.silicon.sky.catalog import towards

MU = 398600.8  # km³/s², the Earth's of WGS-72, which SGP4 uses
angles = st.floats(0.0, 2 * math.pi)


def passage(path, t=(), y=(), x=(), size=(16, 16), duration=1000.0, dt=50.0):
    """A pass along a path, with some events."""
    parts = (torch.tensor(part, dtype=torch.int64) for part in (x, y, [1] * len(t)))
    stream = Events(torch.tensor(t, dtype=torch.float64), *parts, size=size, duration=duration)
    path = torch.as_tensor(path, dtype=torch.float64)
    return sky.Pass(stream, path, torch.zeros(len(path)), torch.zeros(0, 2), "drawn", dt)


# ----------------------------------------------------------------------------------- stars, light


def test_the_catalog_holds_the_sky_that_one_knows():
    found = sky.stars()
    assert len(found.mag) == 7982
    assert found.mag.diff().min() >= 0
    assert_close(found.direction.norm(dim=1), torch.ones(7982).double())
    # Sirius, RA 6 h 45 min, declination -16.7°, is the brightest; Polaris is 0.8° from the pole
    ra, dec = math.radians(101.29), math.radians(-16.72)
    sirius = towards(torch.tensor([ra]), torch.tensor([dec]))[0].double()
    assert found.direction[0] @ sirius > math.cos(math.radians(0.05))
    near_pole = found.direction[(found.mag < 2.5), 2].max()
    assert math.cos(math.radians(0.9)) < near_pole < math.cos(math.radians(0.6))


def test_five_magnitudes_are_a_hundredfold_of_light():
    ratio = sky.light(torch.tensor(1.0)) / sky.light(torch.tensor(6.0))
    assert ratio.item() == pytest.approx(100, rel=1e-5)
    assert len(sky.stars(3.0).mag) < len(sky.stars(5.0).mag)


@given(y=st.floats(5.0, 10.0), x=st.floats(5.0, 20.0), flux=st.floats(0.1, 50.0))
@settings(max_examples=30, deadline=None)
def test_no_light_is_lost_wherever_a_star_falls_between_pixels(y, x, flux):
    point = torch.tensor([[[y, x]]]).double()
    picture = sky.film(point, torch.tensor([[flux]]).double(), sky.Camera(16, 26)) - 1
    assert picture.sum().item() == pytest.approx(flux, rel=1e-4)
    rows, columns = torch.arange(16.0).double(), torch.arange(26.0).double()
    assert (picture[0].sum(1) @ rows).item() / flux == pytest.approx(y, abs=0.01)
    assert (picture[0].sum(0) @ columns).item() / flux == pytest.approx(x, abs=0.01)


# ----------------------------------------------------------------------------------------- camera


@given(ra=angles, dec=st.floats(-1.3, 1.3), roll=st.floats(0, 360))
@settings(max_examples=30, deadline=None)
def test_axes_are_orthogonal_and_the_center_is_ahead(ra, dec, roll):
    at = towards(torch.tensor([ra]).double(), torch.tensor([dec]).double())[0]
    axes = cameras.looking(at, roll)
    assert_close(axes @ axes.T, torch.eye(3).double())
    assert torch.linalg.det(axes).item() == pytest.approx(1)  # not mirrored
    assert_close(sky.Camera(9, 21).project(at, axes), torch.tensor([4.0, 10.0]).double())
    assert sky.Camera().project(-at, axes).isnan().all()


def test_the_field_reaches_from_edge_to_edge():
    lens = sky.Camera(64, 64, 10.0)
    axes = cameras.looking(torch.tensor([1.0, 0.0, 0.0]).double())
    side = math.radians(5)
    # With north up, smaller right ascensions are right: seen from inside of the sphere.
    edge = towards(torch.tensor([-side]).double(), torch.tensor([0.0]).double())[0]
    assert_close(lens.project(edge, axes), torch.tensor([31.5, 63.5]).double())
    north = towards(torch.tensor([0.0]).double(), torch.tensor([0.01]).double())[0]
    assert lens.project(north, axes)[0] < 31.5
    points = torch.tensor([[-0.4, 0.0], [-0.6, 0.0], [63.4, 63.4], [0.0, 63.6], [math.nan, 0.0]])
    assert lens.sees(points).tolist() == [True, False, True, False, False]


# ----------------------------------------------------------------------------------------- orbits


@pytest.mark.parametrize("name", sky.TLES)
def test_a_satellite_comes_back_after_its_period_and_obeys_kepler(name):
    minutes = torch.arange(0.0, 300.0, 0.1)
    r = sky.orbit(name, minutes).norm(dim=1)
    per_day = float(sky.TLES[name][1][52:63])
    period = 1440 / per_day
    turns = (minutes / period).long()
    a = (r[turns == 0].max() + r[turns == 0].min()) / 2
    kepler = 2 * math.pi * math.sqrt(a**3 / MU) / 60
    assert kepler == pytest.approx(period, rel=0.003)
    e = float("." + sky.TLES[name][1][26:33])
    if e > 0.1:
        assert (r.max() - r.min()).item() / (2 * a) == pytest.approx(e, rel=0.01)


def test_an_observer_sees_a_satellite_where_it_was_placed():
    position = sky.orbit("CBERS 2", torch.tensor([5.0]))
    for elevation, azimuth in ((30.0, 0.0), (55.0, 120.0), (80.0, 300.0)):
        site = orbits.site_below(position[0], elevation, azimuth)
        seen, distance = sky.sight(position, site, torch.zeros(1).double())
        assert math.degrees(math.asin(seen[0] @ site)) == pytest.approx(elevation, abs=1e-6)
        assert_close(site * orbits.EARTH + seen[0] * distance, position[0])


def test_the_earth_turns_once_in_a_sidereal_day():
    site = torch.tensor([[1.0, 0.0, 0.0]]).double()
    day = 23 * 3600 + 56 * 60 + 4.1
    assert_close(orbits.turned(site, torch.tensor([orbits.TURN * day])), site, atol=1e-5, rtol=0)
    quarter = orbits.turned(site, torch.tensor([orbits.TURN * day / 4]))
    assert quarter[0, 1].item() == pytest.approx(1, abs=1e-6)  # eastward


# ----------------------------------------------------------------------------------------- passes


def test_a_pass_has_a_satellite_that_moves_as_its_orbit_says():
    one = sky.simulate(5)
    seen = one.path[~one.path[:, 0].isnan()]
    assert len(seen) > 40
    speed = seen.diff(dim=0).norm(dim=1) / (one.dt / 1000)  # px/s; 6.4 px are a degree
    assert 0.2 < speed.mean() < 10
    assert speed.std() < 0.05 * speed.mean()


def test_events_gather_around_a_bright_satellite():
    bright = sky.Night(brightest=1.0, faintest=1.0, depth=0.0)
    for seed in range(3):
        one = sky.simulate(seed, night=bright)
        place = torch.stack([one.events.y, one.events.x], -1)
        near = ((place - one.at(one.events.t)).norm(dim=1) < 3).double().mean()
        alone = ((63 - place - one.at(one.events.t)).norm(dim=1) < 3).double().mean()
        assert near > 3 * alone


def test_a_quiet_night_shows_only_what_moves():
    quiet = sky.Night(noise=0, hot=0, twinkle=0, mismatch=0, brightest=2.0, faintest=2.0, depth=0.0)
    one = sky.simulate(3, night=quiet)
    place = torch.stack([one.events.y, one.events.x], -1).double()
    assert len(place) > 20
    moving = (place - one.at(one.events.t)).norm(dim=1) < 6
    drifting = torch.cdist(place, one.stars).min(1).values < 3
    assert (moving | drifting).all()


def test_a_slewing_mount_makes_stars_draw_trails():
    still, slewing = (sky.simulate(1, night=sky.Night(slew=slew, noise=0)) for slew in (0.0, 1.0))
    assert len(slewing.events) > 2 * len(still.events)


def test_a_tumbling_satellite_fades_by_its_depth():
    draw = np.random.default_rng(0)
    time = torch.arange(0, 20, 0.01).double()
    mag = passes._tumbling(time, sky.Night(depth=0.9), draw)
    assert (mag.max() - mag.min()).item() == pytest.approx(2.5, abs=0.01)  # to a tenth
    assert 2.5 <= mag.min() <= 5.5
    fainter = sky.dimmer(sky.Night(), 1.0)
    assert (fainter.brightest, fainter.faintest) == (3.5, 6.5)


def test_the_seed_names_the_pass():
    first, again, other = sky.simulate(1), sky.simulate(1), sky.simulate(2)
    assert torch.equal(first.events.t, again.events.t)
    assert_close(first.path, again.path, equal_nan=True)
    assert len(first.events) != len(other.events)


def test_hot_pixels_fire_at_their_rate():
    hot = sky.Night(noise=0, twinkle=0, hot=0.01, hot_rate=20.0)
    cold = sky.Night(noise=0, twinkle=0, hot=0.0)
    more = len(sky.simulate(4, night=hot).events) - len(sky.simulate(4, night=cold).events)
    assert 0.5 < more / (0.01 * 64 * 64 * 20 * 8) < 1.5


# ----------------------------------------------------------------------------------------- scores


def test_a_score_counted_by_hand():
    # Two slices of 500 ms, 4 x 4 blocks of 4 x 4 pixels; the satellite rests in the first corner.
    true = passage([[1.5, 1.5]] * 20)
    found = torch.tensor([[100.0, 1.5, 2.5], [100.0, 12.0, 12.0], [700.0, 12.0, 12.0]])
    one = sky.score(found, true, radius=1.0)
    assert (one.hits, one.entered) == (1, 2)
    assert (one.alarms, one.empty) == (2, 2 * 15)
    assert one.sensitivity == 0.5
    assert one.specificity == pytest.approx(1 - 2 / 30)
    assert one.informedness == pytest.approx(0.5 - 2 / 30)
    assert one.error == pytest.approx(1)
    wide = sky.score(found, true, radius=3.0)  # now three blocks more are near the path
    assert wide.empty == 2 * 12


def test_perfect_is_one_nothing_is_zero_and_everywhere_is_zero():
    true = sky.simulate(0)
    times = torch.arange(len(true.path)) * true.dt
    seen = ~true.path[:, 0].isnan()
    perfect = torch.cat([times[seen, None].double(), true.path[seen]], 1)
    assert sky.score(perfect, true).informedness == 1
    assert sky.score(perfect, true).error == pytest.approx(0)
    assert sky.score(torch.zeros(0, 3), true).informedness == 0
    grid = torch.cartesian_prod(times[::5], torch.arange(0.0, 64, 2), torch.arange(0.0, 64, 2))
    everywhere = sky.score(grid, true)
    assert everywhere.sensitivity == 1
    assert everywhere.specificity == 0


def blind(share, slices=16, side=16):
    """Detections in the middle of volumes that are chosen by chance."""
    volumes = (torch.rand(slices, side, side) < share).nonzero().double()
    return volumes * torch.tensor([500.0, 4.0, 4.0]) + torch.tensor([10.0, 1.5, 1.5])


@given(st.integers(0, 10**6), st.floats(0.05, 0.9))
@settings(max_examples=15, deadline=None)
def test_guessing_at_random_is_about_zero_however_often(seed, share):
    torch.manual_seed(seed)
    there = 2 + torch.linspace(0, 8, 4000).double()  # crosses the sensor slowly
    true = passage(torch.stack([there, 14 - there], 1), duration=200_000.0)
    assert abs(sky.score(blind(share, 400, 4), true).informedness) < 0.13  # five deviations


def test_a_fixed_grid_and_a_turned_answer_are_no_better_than_guessing():
    times, places = 500.0 * torch.arange(16) + 250, torch.arange(3.0, 64, 7)
    grid = torch.cartesian_prod(times, places, places).double()
    seen = [sky.simulate(seed) for seed in range(12)]
    assert abs(sky.total(sky.score(grid, one) for one in seen).informedness) < 0.1
    mirrored = (sky.as_found(one.events) for one in seen)
    turned = (torch.cat([found[:, :1], 63 - found[:, 1:]], 1) for found in mirrored)
    scores = (sky.score(found, one) for found, one in zip(turned, seen, strict=True))
    assert abs(sky.total(scores).informedness) < 0.1


def test_sensitivity_counts_each_volume_that_the_path_enters():
    # From column 1.5 to column 10.5 in one slice: three volumes, one of them reported.
    columns = torch.linspace(1.5, 10.5, 10).double()
    true = passage(torch.stack([torch.full_like(columns, 1.5), columns], 1), duration=500.0)
    one = sky.score(torch.tensor([[100.0, 2.0, 6.0]]), true)
    assert (one.hits, one.entered, one.alarms) == (1, 3, 0)
    beside = sky.score(torch.tensor([[100.0, 5.0, 6.0]]), true)  # in between: neither way
    assert (beside.hits, beside.alarms) == (0, 0)


def test_scores_add_up_by_their_volumes():
    true = passage([[1.5, 1.5]] * 20)
    one = sky.score(torch.tensor([[100.0, 1.5, 1.5]]), true)
    none = sky.score(torch.zeros(0, 3), true)
    both = sky.total([one, none])
    assert both == one + none
    assert both.sensitivity == pytest.approx((one.sensitivity + none.sensitivity) / 2)
    assert math.isnan(none.error)
    gone = passage([[math.nan, math.nan]] * 20)
    assert math.isnan(sky.score(torch.zeros(0, 3), gone).sensitivity)


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (torch.zeros(3), "must be \\[detections, 3\\]"),
        (torch.zeros(2, 2), "must be \\[detections, 3\\]"),
        (torch.tensor([[2000.0, 1.0, 1.0]]), "must lie in the recording"),
        (torch.tensor([[10.0, 16.0, 1.0]]), "must lie in the recording"),
        (torch.tensor([[10.0, 1.0, 15.5]]), "must lie in the recording"),
        (torch.tensor([[math.nan, 1.0, 1.0]]), "must lie in the recording"),
    ],
)
def test_detections_that_cannot_be(found, reason):
    with pytest.raises(ValueError, match=reason):
        sky.score(found, passage([[1.5, 1.5]] * 20))


# ----------------------------------------------------------------------------------------- tracks


def test_a_filter_locks_on_to_even_motion():
    place, speed = torch.zeros(2), torch.zeros(2)
    truth = torch.tensor([3.0, -4.0])
    for number in range(1, 120):
        place, speed = sky.track_step(
            place, speed, 0.1 * number * truth, dt=0.1, alpha=0.5, beta=0.2
        )
    assert_close(speed, truth, atol=1e-3, rtol=0)
    assert_close(place, 0.1 * 119 * truth, atol=1e-3, rtol=0)


def test_one_step_by_hand_and_one_without_a_detection():
    place, speed, seen = torch.tensor([[10.0, 20.0], [3.0, 3.0], [1.0, 1.0]]).split(1)
    seen = torch.tensor([[11.3, 20.3]])
    place_1, speed_1 = sky.track_step(place, speed, seen, dt=0.1, alpha=0.5, beta=0.2)
    assert_close(place_1, torch.tensor([[10.8, 20.3]]))  # predicted 10.3 and 20.3
    assert_close(speed_1, torch.tensor([[5.0, 3.0]]))
    still, same = sky.track_step(
        place, speed, torch.full((1, 2), math.nan), dt=0.1, alpha=0.5, beta=0.2
    )
    assert_close(still, torch.tensor([[10.3, 20.3]]))
    assert torch.equal(same, speed)


def moving(steps=40, speed=(4.0, 2.0), start=(5.0, 5.0), gap=()):
    t = 0.1 * torch.arange(steps).double()[:, None]
    place = torch.tensor(start).double() + t * torch.tensor(speed).double()
    rows = torch.cat([1000 * t + 50, place], 1)
    return rows[[number not in gap for number in range(steps)]]


def test_a_track_follows_what_moves_and_ignores_what_rests():
    star = moving(speed=(0.0, 0.0), start=(25.0, 25.0))
    reports = sky.track(torch.cat([moving(), star]), steps=40, size=(32, 32))
    late = reports[reports[:, 0] > 2000]
    assert len(late) == 20  # one for each of the last steps
    # what is reported at the end of a step was seen in its middle
    truth = torch.tensor([5.0, 5.0]) + (late[:, :1] / 1000 - 0.1) * torch.tensor([4.0, 2.0])
    assert (late[:, 1:] - truth).norm(dim=1).max() < 0.5


def test_a_track_survives_a_gap_and_ends_after_a_longer_one():
    gap = range(20, 26)
    bridged = sky.track(moving(gap=gap), steps=40, size=(32, 32), patience=8)
    inside = (bridged[:, 0] > 2100) & (bridged[:, 0] <= 2600)
    assert inside.sum() == 5
    broken = sky.track(moving(gap=gap), steps=40, size=(32, 32), patience=3)
    inside = (broken[:, 0] > 2400) & (broken[:, 0] <= 2900)
    assert inside.sum() == 0


def test_two_tracks_that_cross_stay_two():
    down, up = moving(), moving(speed=(-4.0, 2.0), start=(21.0, 5.0))
    reports = sky.track(torch.cat([down, up]), steps=40, size=(32, 32), gate=1.5)
    assert (reports[:, 0] == 1500).sum() == 2
    assert (reports[:, 0] == 3500).sum() == 2


def test_the_tracker_uses_the_step_that_it_is_given():
    def frozen(place, speed, seen, dt, alpha, beta):
        return place, speed

    assert len(sky.track(moving(), steps=40, size=(32, 32), advance=frozen)) == 0


def test_a_step_of_other_numbers_tracks_the_same():
    def in_single(*given):
        return [part.float().numpy() for part in sky.track_step(*given)]

    right = sky.track(moving(), steps=40, size=(32, 32))
    found = sky.track(moving(), steps=40, size=(32, 32), advance=in_single)
    assert_close(found, right, rtol=1e-4, atol=1e-4)


def test_nothing_found_means_nothing_reported():
    assert sky.track(torch.zeros(0, 3), steps=5, size=(8, 8)).shape == (0, 3)


@given(st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_reports_lie_on_the_sensor_and_know_no_future(seed):
    torch.manual_seed(seed)
    noise = torch.rand(300, 3).double() * torch.tensor([4000.0, 31.0, 31.0])
    reports = sky.track(noise, steps=40, size=(32, 32), gate=6, confirm=3)
    assert (reports[:, 1:] >= -0.5).all()
    assert (reports[:, 1:] < 31.5).all()
    past = sky.track(noise[noise[:, 0] < 2000], steps=20, size=(32, 32), gate=6, confirm=3)
    assert_close(past, reports[reports[:, 0] <= 2000])


# ------------------------------------------------------------------------------------ real files


@pytest.fixture
def td():
    return {
        "ts": np.array([[5000.0, 6500.0, 9000.0]]).T,
        "x": np.array([[1.0, 8.0, 3.0]]).T,
        "y": np.array([[1.0, 2.0, 6.0]]).T,
        "p": np.array([[0.0, 1.0, 1.0]]).T,
    }


@pytest.fixture
def obj():
    column = {"ts": 7000.0, "x": 4.0, "y": 5.0, "id": 2.0}
    return {name: np.array([[value]]) for name, value in column.items()}


def check(events, labels):
    assert events.t.tolist() == [0.0, 1.5, 4.0]
    assert events.x.tolist() == [0, 7, 2]
    assert events.y.tolist() == [0, 1, 5]
    assert events.p.tolist() == [-1, 1, 1]
    assert events.size == (6, 8)
    assert labels.found.tolist() == [[2.0, 4.0, 3.0]]
    assert labels.number.tolist() == [2]


def test_a_matlab_file_of_ebssa_is_read(tmp_path, td, obj):
    io = pytest.importorskip("scipy.io")
    io.savemat(tmp_path / "one.mat", {"TD": td, "Obj": obj})
    check(*sky.load_ebssa(tmp_path / "one.mat"))
    io.savemat(tmp_path / "plain.mat", {"TD": td | {"p": td["p"] + 1}})
    events, labels = sky.load_ebssa(tmp_path / "plain.mat", size=(180, 240))
    assert events.p.tolist() == [-1, 1, 1]
    assert events.size == (180, 240)
    assert labels is None


def test_an_hdf5_file_of_many_recordings_is_read(tmp_path, td, obj):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "all.h5", "w") as file:
        for field, value in td.items():
            file[f"first/TD/{field}"] = value
        for field, value in obj.items():
            file[f"first/Obj/{field}"] = value
    check(*sky.load_ebssa(tmp_path / "all.h5", key="first"))
    with pytest.raises(ValueError, match=r"must be one of the recordings.*first"):
        sky.load_ebssa(tmp_path / "all.h5", key="second")
    with pytest.raises(ValueError, match="`TD` with ts"):
        sky.load_ebssa(tmp_path / "all.h5")


# -------------------------------------------------------------------------------------- bad input


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("call", "error", "reason"),
    [
        (lambda: sky.stars(7.0), ValueError, "catalog ends"),
        (lambda: sky.Camera(height=0), ValueError, "height"),
        (lambda: sky.Camera(width=6.5), TypeError, "whole number"),
        (lambda: sky.Camera(field=120), ValueError, "field"),
        (lambda: sky.Night(hot=2.0), ValueError, "hot"),
        (lambda: sky.Night(noise=-1.0), ValueError, "noise"),
        (lambda: sky.Night(brightest=6.0), ValueError, "brightest"),
        (lambda: sky.Night(threshold=0.0), ValueError, "threshold"),
        (lambda: sky.simulate(0, seconds=0), ValueError, "seconds"),
        (lambda: sky.orbit("ISS", torch.zeros(1)), ValueError, "name"),
        (lambda: sky.orbit("DELTA 1 DEB", torch.tensor([1e8])), ValueError, "near the epoch"),
        (lambda: sky.track(torch.zeros(0, 3), steps=0, size=(8, 8)), ValueError, "steps"),
        (lambda: sky.track(torch.zeros(0, 3), steps=1, size=(8, 8), gate=0), ValueError, "gate"),
    ],
)
def test_values_that_cannot_be(call, error, reason):
    with pytest.raises(error, match=reason):
        call()


def test_without_sgp4_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sgp4.api", None)
    with pytest.raises(ModuleNotFoundError, match=r"snnedu\[sky\]"):
        sky.simulate(0)
