"""What 11 claims, on few seeds; and what a learner may do without a later cell failing."""

import math

import pytest
import torch

import snnedu as snn
from snnedu.course.chapters.c11_event_cameras import experiments
from snnedu.course.chapters.c11_event_cameras.explorers import camera_explorer, watch_digit
from snnedu.course.exercise import exercise
from snnedu.widgets.panels import fill
from tests.course.cells import run_cells

pytestmark = pytest.mark.house
ANSWERS = {name: exercise(f"11.{n}").solution for n, name in enumerate(
    ("my_camera", "my_surface", "my_denoise"), start=1)}  # fmt: skip


def set_up():
    return run_cells("11", "t11-01")


def filmed(*ids, **changes):
    """Return the names of the cells that train, on two seeds."""
    names = run_cells("11", "t11-28 t11-30 t11-30b", {"[:700]": "[:400]"}, **set_up())
    found = "results = {camera: {} for camera in films}"
    return run_cells("11", "t11-33", {found: "", "range(8)": "range(2)"}, **names)


def test_shuffled_times_keep_the_counts_and_equal_counts_keep_only_times():
    x_rec = torch.poisson(torch.rand(22, 5, 16), generator=torch.Generator().manual_seed(0))
    shuffled, equal = experiments.shuffle_times(x_rec), experiments.equalize_counts(x_rec)
    assert torch.equal(shuffled.sum(0), x_rec.sum(0))
    assert not torch.equal(shuffled, x_rec)
    assert torch.equal(equal.sum(0), torch.full((5, 16), 3.0))
    many = (x_rec > 0).sum(0) >= 3
    assert bool(((equal > 0) <= (x_rec > 0))[:, many].all())  # none is added where there are enough


def test_the_line_camera_sees_a_digit_column_by_column():
    scan = torch.zeros(1, 8, 8)
    scan[0, 2, 3] = 1.0  # one dot: row 2, and ON before OFF
    x_rec = experiments.line_camera(scan.flatten(1))[:, 0]
    off, on = x_rec[:, 2], x_rec[:, 10]
    assert x_rec.sum() == off.sum() + on.sum() > 0
    assert off.sum() == on.sum() == 6  # ln(1.05 / 0.05) / 0.5
    assert on.nonzero().max() <= off.nonzero().min()


def test_the_shaken_camera_sees_each_digit_alone():
    scans = snn.data.digits()[1][0][:3]
    together = experiments.shaken_camera(scans)
    alone = [experiments.shaken_camera(scan[None])[:, 0] for scan in scans]
    assert torch.equal(together, torch.stack(alone, 1))
    assert together.sum() > 0


def test_the_line_camera_needs_times_and_the_shaken_one_does_not():
    names = filmed()
    found = {
        (camera, change): names["accuracies"](camera, experiments.CHANGES[change])[0].mean()
        for camera in names["films"] for change in ("as recorded", "times shuffled")
    }  # fmt: skip
    assert found["line camera", "as recorded"] - found["line camera", "times shuffled"] > 0.3
    assert found["shaken camera", "as recorded"] - found["shaken camera", "times shuffled"] < 0.08


def test_counts_alone_tell_more_than_networks_on_shuffled_times():
    names = filmed()
    for camera, least in (("line camera", 0.35), ("shaken camera", 0.8)):
        counted = experiments.counts_alone(*names["films"][camera])
        shuffled = names["accuracies"](camera, experiments.shuffle_times)[0].mean()
        assert counted > least
        assert counted > shuffled - 0.05
    assert experiments.counts_alone(*names["films"]["line camera"]) < 0.6


def test_the_longer_a_membrane_remembers_the_more_is_lost_backwards():
    names, back = filmed(), []
    for beta in (0.5, 0.9, 1.0):
        forward, reverse = names["accuracies"](
            "line camera", experiments.unchanged, backwards=True, beta=beta
        )
        assert forward.mean() > 0.65
        back.append(reverse.mean())
    assert back[0] > back[1] + 0.2
    assert back[1] > back[2]


def test_with_delays_more_is_lost_backwards():
    names = filmed()
    lost = []
    for delays in (False, True):
        run = names["accuracies"]("line camera", experiments.unchanged, delays, backwards=True)
        lost.append((run[0] - run[1]).mean())
    assert 0.3 < lost[0] < lost[1]


@pytest.mark.parametrize("answer", exercise("11.1").accepts, ids=range(5))
def test_a_camera_in_another_form_finds_the_events_of_the_library(answer):
    names = run_cells("11", "t11-05", **set_up()) | {"my_camera": snn.check("11.1", answer)}
    names = run_cells("11", "t11-14", **names)
    assert names["on"] == 1700
    assert 0.95 * 1668 < names["off"] <= 1668


@pytest.mark.parametrize("answer", exercise("11.3").accepts, ids=range(5))
def test_a_filter_in_another_form_removes_the_noise(answer):
    names = set_up() | {"my_denoise": snn.check("11.3", answer)}
    names |= {"video": experiments.moving_digit()}
    names = run_cells("11", "t11-26", {"noise=5.0": "noise=1.0"}, **names)
    assert names["passed"] < 0.25 < 0.85 < names["kept"]


def test_the_explorer_answers_everywhere():
    slow, fast = (watch_digit(0.4, speed, 0.0, 0) for speed in (0.2, 2.0))
    assert slow["count"] == fast["count"] > 1000
    assert fast["rate"] > 9 * slow["rate"]
    assert watch_digit(2.0, 0.2, 5.0, 50)["count"] > 0
    assert watch_digit(2.0, 0.5, 0.0, 0)["count"] == 444  # as the text says
    assert set(slow["row"].unique().tolist()) == {-1.0, 0.0, 1.0}


@pytest.mark.parametrize("noise", [0, 20])
def test_the_code_of_the_explorer_sends_the_events_that_it_shows(noise):
    settings = {"theta": 0.6, "speed": 1.3, "refractory": 1.5, "noise": noise}
    names = {"snn": snn, "video": experiments.moving_digit()}
    exec(fill(camera_explorer().code, settings), names)
    shown = watch_digit(**settings)
    assert len(names["stream"]) == shown["count"]
    assert names["stream"].duration == pytest.approx(shown["duration"])


def test_a_higher_threshold_makes_events_rare_before_it_hides_faint_strokes():
    video = experiments.moving_digit()
    faint = (video.amax(0) > 0.01) & (video.amax(0) < 0.3)
    seen = {}
    for theta in (0.4, 1.0, 2.0):
        stream = snn.events.from_video(video, dt=0.5, threshold=theta)
        fired = torch.zeros(video[0].numel(), dtype=torch.bool)
        fired[stream.pixel] = True
        seen[theta] = len(stream), int((fired & faint.flatten()).sum())
    assert seen[1.0][0] < seen[0.4][0] / 2
    assert seen[1.0][1] > seen[0.4][1] / 2
    assert seen[2.0][1] == 0 < seen[2.0][0]


def test_the_filter_loses_more_than_the_first_events_of_an_edge():
    # From pixel to pixel the digit needs 16 ms: longer than the window of 5 ms.
    clean = snn.events.from_video(experiments.moving_digit(), dt=4.0, threshold=0.4)
    kept = {w: len(snn.events.denoise(clean, w)) / len(clean) for w in (5.0, 20.0)}
    assert kept[5.0] < 0.97 < 0.99 < kept[20.0]


@pytest.mark.parametrize(("answer", "reply"), [
    (lambda L, theta: torch.trunc(L.diff(dim=0, prepend=L[:1]) / theta), "the frame before"),
    (lambda L, theta: torch.zeros_like(L), "differ from those of whole thresholds"),
])  # fmt: skip
def test_11_1_names_the_mistake_that_was_made(answer, reply, capsys):
    snn.check("11.1", answer)
    assert reply in capsys.readouterr().out


def test_11_2_names_a_missing_minus(capsys):
    def grows(t, pixel, num_pixels, at, tau):
        last = torch.full((num_pixels,), -torch.inf)
        for when, where in zip(t[t <= at], pixel[t <= at], strict=True):
            last[where] = when
        return torch.exp((at - last) / tau)

    snn.check("11.2", grows)
    assert "needs a minus" in capsys.readouterr().out


def test_random_events_pass_the_filter_as_often_as_chance_says():
    alone = snn.events.from_video(torch.zeros(49, 32, 40), dt=40.0, noise=5.0, seed=0)
    passed = len(snn.events.denoise(alone, 5.0)) / len(alone)
    chance = [1 - math.exp(-neighbors * 0.005 * 5) for neighbors in (8, 5, 3)]
    inside, border = 30 * 38, 2 * (30 + 38)
    expected = (inside * chance[0] + border * chance[1] + 4 * chance[2]) / (32 * 40)
    assert passed == pytest.approx(expected, abs=3 * (0.18 * 0.82 / len(alone)) ** 0.5 * 1.5)
