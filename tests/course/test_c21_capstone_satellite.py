"""What 21 claims, small; its tensors against hand counts; its explorer against the library."""

import pytest
import torch

import snnedu as snn
from snnedu.course import check as checks
from snnedu.course.attempt import WrongAnswer
from snnedu.course.chapters.c21_capstone_satellite import experiments
from snnedu.course.chapters.c21_capstone_satellite.explorers import night_explorer
from snnedu.course.exercise import exercise
from snnedu.silicon import sky

pytestmark = pytest.mark.house


@pytest.fixture(scope="module")
def some():
    return experiments.passes(range(6))


def test_kept_events_are_those_of_the_kept_blocks(some):
    events = some[0].events
    blocks = torch.zeros(80, 16, 16)
    blocks[30, 4, 9] = 1
    kept = experiments.keep(events, blocks > 0)
    inside = (events.t >= 3000) & (events.t < 3100) & (events.y // 4 == 4) & (events.x // 4 == 9)
    assert len(kept) == inside.sum()
    assert len(experiments.keep(events, torch.ones(80, 16, 16))) == len(events)


def test_a_film_has_each_event_and_a_patch_sees_around_its_block(some):
    events = some[0].events
    x_rec = experiments.film(events)
    assert x_rec.shape == (80, 2, 64, 64)
    assert 0.8 * len(events) < x_rec.sum() <= len(events)
    seen = experiments.patches(events).view(80, 16, 16, 2, 8, 8)
    assert torch.equal(seen[:, 5, 7], x_rec[:, :, 18:26, 26:34])
    assert (seen[:, 0, 0, :, :2] == 0).all()  # beyond the edge


def test_a_film_that_was_changed_is_made_anew(some):
    before = experiments.film(some[0].events).clone()
    experiments.film(some[0].events).zero_()
    assert before.any()
    assert torch.equal(experiments.film(some[0].events), before)
    assert not torch.equal(experiments.film(some[1].events), before)


def test_distances_are_zero_where_the_satellite_is(some):
    away = experiments.distances(some[0])
    at = some[0].at(torch.arange(80) * 100.0 + 50)
    step = int((~at[:, 0].isnan()).nonzero()[10])
    row, column = (at[step] / 4 + 0.125).long().tolist()
    assert away[step].argmin() == 16 * row + column
    assert away[step].min() < 3


def test_features_as_a_network_fire_as_the_layer_does_without_inhibition(some):
    layer = experiments.learn_features(some, neurons=3)
    layer.inhibition = 0.0
    layer.theta.zero_()
    wanted = layer(experiments.patches(some[0].events))
    got, _ = experiments.as_network(layer)(experiments.film(some[0].events)[:, None])
    assert 0 < wanted.mean() < 1
    same = got[:, 0].permute(0, 2, 3, 1).flatten(1, 2) == wanted
    assert same.double().mean() > 0.999


def test_the_filter_beats_all_events_and_the_tracker_is_more_exact(some):
    everything = experiments.judge(lambda events: events, some)
    kept = experiments.judge(experiments.filter_keeps(800.0), some)
    alone, tracked, late = experiments.follow(experiments.filter_keeps(800.0), some)
    assert alone == kept
    assert kept.informedness > everything.informedness
    assert tracked.error < kept.error
    assert len(late) == 6
    assert min(late) >= 0
    again = experiments.judge(experiments.filter_keeps(800.0), some, advance=sky.track_step)
    assert again == tracked


def test_turned_events_find_no_more_than_chance(some):
    again = experiments.turned(experiments.turned(some[0].events))
    assert torch.equal(again.x, some[0].events.x)
    assert torch.equal(again.y, some[0].events.y)
    assert abs(experiments.judge(experiments.turned, some).informedness) < 0.15
    way = experiments.filter_keeps(800.0)
    _, _, late = experiments.follow(lambda events: experiments.turned(way(events)), some)
    assert late.count(float("inf")) > len(some) / 2


def test_a_satellite_is_followed_after_five_reports_near_it(some):
    one = some[0]
    seen = (~one.path[:, 0].isnan()).nonzero()[:, 0] * one.dt
    start = float((seen[0] / 100).ceil()) * 100 + 1000
    times = start + 100 * torch.arange(8).double()
    reports = torch.cat([times[:, None], one.at(times)], 1)
    assert experiments.delay(reports, one) == start + 400 - float(seen[0])
    gaps = reports[[0, 1, 2, 3, 5, 6, 7]]
    assert experiments.delay(gaps, one) == float("inf")
    assert experiments.delay(reports + torch.tensor([0, 0, 3.0]), one) == float("inf")


def test_another_threshold_leaves_the_network_as_it_was(some):
    net = experiments.make_detector(0)
    assert experiments.with_threshold(net, 2.0)[5].threshold == 2.0
    assert net[5].threshold == 1.0


def test_detectors_score_at_each_threshold_as_they_do_with_it(some):
    net = experiments.make_detector(0)
    with torch.no_grad():
        net[4].weight *= 5  # untrained outputs hardly fire
    found = experiments.mean_at((0.3, 1.0), [net], some[:2])
    for threshold, value in found.items():
        way = experiments.network_keeps(experiments.with_threshold(net, threshold))
        assert value == experiments.judge(way, some[:2]).informedness
    assert found[0.3] != found[1.0]


def test_a_detector_learns_and_its_first_weights_wake_it(some):
    net = experiments.make_detector(0)
    before = experiments.judge(experiments.network_keeps(net), some).informedness
    spikes = net.record(experiments.film(some[0].events)[:, None])
    assert spikes["3"].spk.sum() > 100
    experiments.train(net, some, updates=15)
    after = experiments.judge(experiments.network_keeps(net), some).informedness
    assert after > before + 0.1


def test_each_varied_pass_has_a_sensor_of_its_own():
    noises = [len(one.events) for one in experiments.varied_passes(range(4))]
    assert max(noises) > 1.5 * min(noises)


def test_few_events_are_near_the_satellite(some):
    assert 0.02 < experiments.share_near(some) < 0.3
    assert experiments.share_near(some, radius=1e3) == pytest.approx(1, abs=0.05)


def test_the_explorer_shows_what_the_library_computes():
    one = night_explorer()
    one.number, one.noise, one.window = 3, 0.2, 100
    shown = one.run()
    true = sky.simulate(3, night=sky.Night(noise=0.2, brightest=4.0, faintest=4.0))
    kept = snn.events.denoise(true.events, 100)
    assert shown["near"] + shown["far"] == len(true.events)
    assert shown["near_kept"] + shown["far_kept"] == len(kept)
    assert shown["near"] / len(true.events) == pytest.approx(experiments.share_near([true]))


def test_a_step_that_changes_its_input_is_named():
    def my_step(place, speed, seen, dt, alpha, beta):
        place += speed * dt
        missed = (seen - place).nan_to_num(0.0)
        return place + alpha * missed, speed + beta / dt * missed

    with pytest.raises(WrongAnswer, match="changes its input"):
        checks.verdict(exercise("21.2"), my_step, 0)


def share(found):
    return float(found.float().mean())


@pytest.mark.parametrize(
    ("wrong", "reply"),
    [
        (lambda found, true: max(0, share(found[true]) - share(found[~true])), "below 0"),
        (lambda found, true: (found & true).sum() / found.sum(), "precision"),
        (lambda found, true: (share(found[true]), share(~found[~true])), "One number"),
        (lambda found, true: share(found[true]) + share(found[~true]) - 1, "false alarms"),
        (lambda found, true: share(found & true) + share(~found & ~true) - 1, "all volumes"),
    ],
)
def test_wrong_scores_are_named(wrong, reply):
    with pytest.raises(WrongAnswer, match=reply):
        checks.verdict(exercise("21.1"), wrong, 0)


def test_a_place_without_a_speed_is_named_and_lists_of_tensors_are_right():
    right = exercise("21.2").solution
    checks.verdict(exercise("21.2"), lambda *given: [list(part) for part in right(*given)], 0)
    with pytest.raises(WrongAnswer, match="two tensors"):
        checks.verdict(exercise("21.2"), lambda *given: right(*given)[0], 0)
    with pytest.raises(WrongAnswer, match="in this order"):
        checks.verdict(exercise("21.2"), lambda *given: right(*given)[::-1], 0)


def test_events_of_both_polarities_at_one_pixel_are_two():
    right = exercise("21.3").solution

    def one_of_both(x_rec, beta, threshold):
        return right(torch.stack([x_rec.amax(1), 0 * x_rec[:, 0]], 1), beta, threshold)

    with pytest.raises(WrongAnswer, match="polarities"):
        checks.verdict(exercise("21.3"), one_of_both, 0)
    with pytest.raises(WrongAnswer) as refused:
        checks.verdict(exercise("21.3"), lambda *given: 0 * right(*given).float(), 0)
    assert "mean" not in str(refused.value)
