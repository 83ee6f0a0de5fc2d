"""What 17 claims, on few seeds; and what a learner may do without a later cell failing."""

import hashlib
import math
import re

import nbformat
import numpy as np
import pytest
import torch
from matplotlib.axes import Axes

import snnedu as snn
from snnedu.brains import culture
from snnedu.brains.recordings import coincidence, grasshopper
from snnedu.course import check as checks
from snnedu.course.attempt import WrongAnswer
from snnedu.course.chapters.c17_wetware import (
    exercises,
    pictures,
    receptor,
    trains,
    trials,
    truth,
)
from snnedu.course.exercise import exercise, prediction
from snnedu.widgets.panels import fill
from tests.course.cells import TUTORIALS, run_cells

pytestmark = pytest.mark.house


# ---------------------------------------------------------------- trains with a known cause


@pytest.mark.parametrize("ends", [False, True])
def test_planted_bursts_are_found_exactly(ends):
    for seed in range(5):
        train = trains.bursty(4, seed, fewest=5, ends=ends)
        found = exercises.find_bursts(train, 0.1, 5)
        sizes = [((train >= a) & (train <= b)).sum() for a, b in found]
        assert len(found) == 4
        assert min(sizes) == 5
        assert (found[0][0] == train[0]) is np.bool_(ends)
        assert (found[-1][1] == train[-1]) is np.bool_(ends)


def test_a_train_without_a_short_interval_has_no_burst():
    assert exercises.find_bursts(np.arange(20.0), 0.1, 5) == []


def test_the_two_trios_look_alike_until_the_third_neuron_is_asked():
    nobody = np.array([-1.0])
    for seed in range(3):
        shares, rates, widths = {}, [], []
        for direct in (True, False):
            a, b, c = trains.trio(direct, seed=seed)
            rates.append(len(b))
            pairs = culture.correlogram(a, b, reach=0.012)[1]
            widths.append(pairs[13:16] / pairs[14])  # the peak at 2 ms and its shoulders
            shares[direct] = (exercises.followed(a, b, nobody), exercises.followed(a, b, c))
        assert shares[True][0] == pytest.approx(shares[False][0], abs=0.05)
        assert shares[True][1] > 0.18
        assert shares[False][1] < 0.06
        assert rates[0] == pytest.approx(rates[1], rel=0.08)
        assert np.abs(widths[0] - widths[1]).max() < 0.12


# ---------------------------------------------------------------- the real neuron


def test_the_filter_sees_the_sound_of_before():
    sound = grasshopper()[0]
    x_rec = receptor.filtered(sound)
    standard = (sound - sound.mean()) / sound.std()
    assert x_rec.shape == (40_000, 24)
    assert torch.equal(x_rec[1000], standard[1000 - receptor.LAGS])
    assert x_rec[0].abs().sum() == 0


def test_known_and_held_out_seconds_share_no_step():
    steps = torch.arange(40_000)
    known, held_out = receptor.known(steps), receptor.held_out(steps)
    assert len(known) == len(held_out) == 20_000
    assert not set(known.tolist()) & set(held_out.tolist())
    assert known[0] == 0
    assert held_out[0] == 4000


def test_a_blurred_spike_keeps_its_size_and_its_place():
    spk_rec = torch.zeros(400, 1)
    spk_rec[200] = 1
    bell = receptor.blurred(spk_rec)[:, 0]
    assert len(bell) == 100
    assert bell.argmax() == 50
    assert bell.sum() == pytest.approx(1 / receptor.COARSE, rel=1e-4)


def test_own_spikes_are_counted_in_the_past_only():
    real = torch.zeros(300)
    real[100] = 1
    own = receptor._own(real)
    assert own[100].sum() == 0
    assert own[101].tolist() == [1] + [0] * 11
    assert own[109].tolist() == [0, 1] + [0] * 10
    assert own[100 + 96].tolist() == [0] * 11 + [1]
    assert own[100 + 97].sum() == 0


def test_the_filter_has_its_peak_where_spikes_follow_the_sound():
    peak = receptor.LAGS[receptor.linear_filter().argmax()] / 4
    assert 5 < peak < 8  # ms


def test_a_fitted_neuron_beats_chances_on_sound_that_it_has_not_heard():
    spk_rec, losses = receptor.fit("Leaky", seeds=2, epochs=60)
    assert 0 < spk_rec.mean() < 0.1
    assert losses[-1].mean() < losses[0].mean()
    dice = receptor.gamma(receptor.linear_nonlinear(draws=3))
    memory = receptor.gamma(receptor.linear_nonlinear(memory=True, draws=3))
    assert dice.max() < 0.2 < memory.min()
    assert memory.max() < 0.45 < receptor.gamma(spk_rec).mean()


def test_a_model_with_memory_is_refractory_as_the_cell_is():
    spk_rec = receptor.linear_nonlinear(memory=True, draws=2)
    gaps = np.concatenate([np.diff(row.nonzero()[:, 0]) for row in spk_rec.T])
    assert (gaps < 8).mean() < 0.01  # steps: 2 ms; it was 0.03 with a penalty 100 times as large


def test_a_threshold_needs_no_dice_and_keeps_its_dead_time():
    spk_rec, dead, known = receptor.above_threshold()
    assert np.diff(spk_rec[:, 0].nonzero()[:, 0]).min() > dead * 4
    assert receptor.gamma(spk_rec).item() == pytest.approx(known, abs=0.05)  # no overfit
    assert receptor.gamma(spk_rec).item() > 0.45


def test_a_fit_repeats_and_keeps_the_adaptive_neurons_valid():
    one, two = (receptor.fit("AdaptiveLeaky", seeds=2, epochs=5)[0] for _ in range(2))
    assert torch.equal(one, two)
    assert one.shape == (40_000, 2)


def test_gamma_of_the_recording_itself_is_one():
    real = grasshopper()[1]
    assert receptor.gamma(real[:, None]).item() == pytest.approx(1)
    assert coincidence(real[:, None], real).item() == pytest.approx(1)


# ---------------------------------------------------------------- what only a simulation knows


def test_synapses_are_those_of_the_wiring():
    dish = culture.grow(59, seed=1)
    found, wiring = truth.synapses(dish), dish.wiring
    chosen = np.flatnonzero(wiring.excitatory[wiring.source])[::97]
    for s in chosen:
        ends = wiring.electrode[[wiring.source[s], wiring.target[s]]]
        assert (ends < 0).any() or found[tuple(ends)]
    assert 0 < found.mean() < 0.3


def test_most_of_the_strongest_pairs_are_not_connected():
    counts = np.array([truth.found(seed) for seed in range(3)])
    assert counts[:, :2].max() <= 6
    assert (counts[:, 2] < 4).all()


def test_shared_electrodes_hear_two_cells():
    recording = culture.clean(culture.grow(34, seed=0).record(60))
    sites = truth.shared(recording, 20)
    assert sites
    for site in sites:
        assert len(np.unique(recording.cell[recording.electrode == site])) == 2


# ---------------------------------------------------------------- the explorer


def test_the_fano_factor_is_largest_on_day_59_and_a_pulse_fires_what_it_reaches():
    run = snn.culture_explorer().run
    fano = {day: run(day=day, current=0.0)["fano"] for day in (21, 34, 59, 94)}
    assert max(fano, key=fano.get) == 59
    assert fano[34] < 4
    shown = run(day=34, electrode=20, current=3.0)
    assert shown["evoked"][0] > shown["free"][0] + 2


def test_without_a_pulse_both_lines_are_the_same():
    shown = snn.culture_explorer().run(day=34, current=0.0)
    assert np.array_equal(shown["evoked"], shown["free"])
    assert shown["spk"].sum() <= shown["spikes"]


def test_the_explorers_code_runs():
    one = snn.culture_explorer()
    names = {"snn": snn}
    exec(
        fill(one.code, {"day": 34, "electrode": 27, "current": 0.0}, one.controls, as_code=True),
        names,
    )
    assert len(names["recording"]) > 0


def test_the_explorers_code_repeats_what_it_shows():
    one = snn.culture_explorer()
    values = {"day": 34, "electrode": 20, "current": 3.0}
    names = {"snn": snn}
    exec(fill(one.code, values, one.controls, as_code=True), names)
    assert len(names["recording"]) == one.run(**values)["spikes"]


# ---------------------------------------------------------------- the closed loop


def test_a_force_to_the_side_of_the_lean_keeps_the_pole_up_and_to_the_other_side_does_not():
    assert trials.linear(20) == trials.LONGEST
    assert trials.linear(-20) < trials.linear(0.0) < 4
    assert trials.linear(20, angle=-0.03) == trials.linear(20)


def test_a_random_search_finds_the_one_number_soon_if_its_jumps_fit():
    found = [(trials.search(seed, 20) >= trials.LONGEST).any() for seed in range(4)]
    too_small = [(trials.search(seed, 0.2) >= trials.LONGEST).any() for seed in range(4)]
    assert all(found)
    assert not any(too_small)


def math_library():
    x = np.linspace(-5, 0, 1001)
    digits = np.exp(x).tobytes() + np.array([math.exp(value) for value in x]).tobytes()
    return hashlib.sha256(digits).hexdigest()[:12]


# A culture is chaotic: a last digit of `exp` that differs gives other spikes within seconds.
@pytest.mark.skipif(math_library() != "8e6dd4b71ba0", reason="stored with another math library")
def test_the_stored_numbers_are_those_of_these_cultures():
    for arm, place in (("adaptive", 0), ("blocked", 0), ("reward", 0)):
        seed = trials.FIRST + place
        seconds = trials.run(culture.grow(34, seed), arm, seed, exercises.my_policy)
        stored = (trials.MEASURED | trials.REWARDED)[arm][place]
        assert trials.late(seconds) == pytest.approx(stored, abs=0.006)
    dish = culture.grow(seed=trials.FIRST, parameters=trials.WILDER_PARAMETERS)
    seconds = trials.run(dish, "adaptive", trials.FIRST, exercises.my_policy)
    assert trials.late(seconds) == pytest.approx(trials.WILDER["adaptive"][0], abs=0.006)


def test_the_arms_hold_the_same_cultures_and_the_verdict_follows_from_them(monkeypatch):
    assert set(trials.MEASURED) == set(trials.ARMS)
    assert {len(row) for row in (trials.MEASURED | trials.REWARDED).values()} == {20}
    mean, low, high = trials.compare("adaptive", "blocked")
    assert low < mean < high
    texts = [option.text for option in prediction("17.p5").options]
    flat = {arm: [3.0 + 0.1 * k for k in range(20)] for arm in trials.ARMS}
    for ahead, right in ((["adaptive"], 0), (["adaptive", "random"], 1), ([], 3)):
        rows = {arm: [x + 2.0 * (arm in ahead) for x in row] for arm, row in flat.items()}
        monkeypatch.setattr(trials, "MEASURED", rows)
        assert trials.verdict() == texts[right]
    rows = {arm: [x + 2.0 * (arm != "none") for x in row] for arm, row in flat.items()}
    monkeypatch.setattr(trials, "MEASURED", rows)
    assert trials.verdict() == texts[2]


def test_the_leads_of_two_kinds_of_culture_are_compared_by_their_difference(monkeypatch):
    one, low, high = trials.compare("adaptive", "random", wilder=True)
    other = trials.compare("adaptive", "random")[0]
    mean, least, most = trials.wilder_lead()
    assert mean == pytest.approx(one - other)
    assert most - least > high - low  # both leads vary
    monkeypatch.setattr(trials, "WILDER", trials.MEASURED)
    assert trials.wilder_lead() == (0, 0, 0)


def test_a_coach_of_ones_own_decides_which_lessons_come():
    heard = []

    def never(values, seconds, usual, dice):
        heard.append((values.shape, seconds <= usual, 0 <= dice < 1))
        return -1

    alone = trials.run(culture.grow(34, 3), "none", 3, exercises.my_policy)
    assert np.array_equal(trials.run(culture.grow(34, 3), "adaptive", 3, never), alone)
    assert set(heard) == {(torch.Size([4]), True, True)}


def test_the_film_shows_a_trial_of_the_library():
    path = trials.film(culture.grow(34, seed=1))
    assert abs(path[-1][1]) > 0.28 or len(path) == 2000
    assert "pole" in pictures.pole_film(path, "A pole.", pictures=3).alt


def test_the_film_shows_no_minus_before_a_zero(monkeypatch):
    written, text = [], Axes.text
    monkeypatch.setattr(Axes, "text", lambda *a, **k: written.append(a[3]) or text(*a, **k))
    pictures.pole_film([(-0.04, 0.1, 1.0), (-0.06, 0.1, 1.0)], "A pole.", pictures=2)
    assert [words.split("cart at ")[1] for words in written] == ["0.0 m", "-0.1 m"]


# ---------------------------------------------------------------- cells that follow an answer


@pytest.mark.parametrize("answer", exercise("17.2").accepts, ids=range(4))
def test_the_cell_after_followed_tells_both_cultures_apart(answer, capsys):
    run_cells("17", "t17-01 t17-22 t17-25", followed=snn.check("17.2", answer))
    shares = [int(share) for share in re.findall(r"≈ (\d+) %", capsys.readouterr().out)]
    (all_1, free_1, chance_1), (all_2, free_2, chance_2) = shares[:3], shares[3:]
    assert all_1 == pytest.approx(free_1, abs=3)
    assert all_2 == pytest.approx(all_1, abs=4)
    assert free_2 == pytest.approx(chance_2, abs=2)
    assert max(chance_1, chance_2) < 6


FREE = "free = [t for t in a if not ((c > t - {}) & (c <= t)).any()]\n"
SHARES = "if seconds > usual: return {}\nends = torch.softmax(values / 0.15, 0).cumsum(0)\n"


@pytest.mark.parametrize(
    ("id", "body", "reply"),
    [
        (
            "17.2",
            FREE.format(20)
            + "return sum(((b > t) & (b <= t + 5)).any() for t in free) / len(free)",
            "20 ms .0.02 s. before",
        ),
        (
            "17.2",
            "free = [t for t in a if not (c <= t).any()]\n"
            "return sum(((b > t) & (b <= t + 0.005)).any() for t in free) / len(free)",
            "20 ms .0.02 s. before",
        ),
        (
            "17.2",
            FREE.format(0.02) + "return np.mean([b[b > t].min() <= t + 0.005 for t in free])",
            "array or list is empty here",
        ),
        (
            "17.2",
            "free = np.array([t for t in a if not ((c > t - 0.02) & (c <= t)).any()])\n"
            "later = b - free[:, None]\nreturn ((later > 0) & (later <= 0.005)).mean()",
            "all pairs",
        ),
        (
            "17.2",
            FREE.format(0.2) + "return np.mean([((b > t) & (b <= t + 0.05)).any() for t in free])",
            "too long",
        ),
        (
            "17.2",
            "free = a[a - np.append(-np.inf, c)[np.searchsorted(c, a)] > 0.02]\n"
            "return np.mean([((b > t) & (b <= t + 0.005)).any() for t in free])",
            "the same moment",
        ),
        ("17.3", SHARES.format(-1) + "return (ends > dice).nonzero()", "several numbers"),
        ("17.3", SHARES.format(-1) + "return ends > dice", "several numbers"),
        ("17.3", SHARES.format(-1) + "return values[(ends < dice).sum()]", "Return its place"),
        ("17.3", SHARES.format(0) + "return (ends < dice).sum()", "return -1"),
        (
            "17.3",
            "if seconds > usual: return -1\n"
            "return ((torch.softmax(values, 0) / 0.15).cumsum(0) < dice).sum()",
            "Divide the values",
        ),
        ("17.1", "return times[0], times[-1]", "list with .start, end."),
        ("17.1", "return [(times[0], times[-1])]", "return a list of . things"),
    ],
)
def test_a_common_slip_gets_a_reply_that_fits(id, body, reply):
    names = {"np": np, "torch": torch}
    arguments = {
        "17.1": "times, longest, fewest",
        "17.2": "a, b, c",
        "17.3": "values, seconds, usual, dice",
    }[id]
    exec(f"def answer({arguments}):\n    " + body.replace("\n", "\n    "), names)
    with pytest.raises(WrongAnswer, match=reply):
        checks.verdict(exercise(id), names["answer"], 0)


def test_the_cell_before_the_exercise_does_not_tell_which_culture_is_which():
    (path,) = TUTORIALS.glob("17_*.ipynb")
    cells = {cell.id: cell.source for cell in nbformat.read(path, as_version=4).cells}
    assert not re.search("direct|drives", cells["t17-22"])
