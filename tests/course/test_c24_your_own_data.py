"""What 24 claims: leakage, layers that wake, few bits, a stream; another folder fits in."""

import re

import numpy as np
import pytest
import torch

import snnedu as snn
from snnedu.course.attempt import WrongAnswer
from snnedu.course.chapters.c24_your_own_data import experiments, gestures
from snnedu.course.chapters.c24_your_own_data.explorers import LENGTHS, _binned
from snnedu.course.check import verdict
from snnedu.course.exercise import exercise
from tests.course.cells import run_cells

pytestmark = pytest.mark.house
ANSWERS = {each.name: each.solution for each in map(exercise, ("24.1", "24.2", "24.3"))}
PIPELINE = "rates early train by-window newcomers by-person energy bits files"


@pytest.fixture(scope="module")
def begun():
    """Return the names after the first section."""
    return run_cells("24", "setup folder dataset broken exported make", **ANSWERS)


@pytest.fixture(scope="module")
def done(begun):
    """Return the names after the network is delivered, our solutions in the place of answers."""
    return run_cells("24", f"{PIPELINE} stream card", **begun)


def test_the_recordings_are_drawn_alike_from_their_seeds_and_differ_otherwise():
    one, same, other = (gestures.perform("wave", 3, seed) for seed in (1, 1, 2))
    assert torch.equal(one.t, same.t)
    assert len(one) != len(other)
    assert {len(gestures.perform(name, 3, 1)) > 500 for name in gestures.TIMES} == {True}


def test_a_wave_moves_along_columns_and_a_nod_along_rows():
    for name, far, near in (("wave", "column", "row"), ("nod", "row", "column")):
        swings = [_binned(name, "25 ms", person) for person in (1, 5, 9)]
        assert all(run[far].std() > 1.5 * run[near].std() for run in swings)
    circle = _binned("circle", "25 ms", 3)
    assert 0.5 < circle["column"].std() / circle["row"].std() < 2


def test_a_broken_file_is_named(begun):
    with pytest.raises(ValueError, match=re.escape("p1_0.npz")):
        snn.events.Folder(begun["spoiled"], dt=25.0, num_frames=16)


@pytest.mark.parametrize("read", exercise("24.1").accepts, ids=range(2))
def test_an_accepted_reader_reads_tables(read, begun):
    names = run_cells("24", "exported", **(begun | {"my_read": snn.check("24.1", read)}))
    assert len(names["tables"]) == 4
    for (x, _), (ours, _) in zip(names["tables"], begun["tables"], strict=True):
        assert torch.equal(x, ours)
        assert x.sum() > 200


@pytest.mark.parametrize("split", exercise("24.2").accepts, ids=range(2))
def test_an_accepted_split_trains(split, begun):
    given = begun | {"my_split": snn.check("24.2", split)}
    names = run_cells("24", "rates train newcomers by-person", {
        "epochs=8, ": "epochs=1, ",
        "customers = balanced(net, x_new, labels_new).item()\n": "",
        'newcomers: ≈ {customers:.0f} %")\nsnn.outcome("24.p3", customers)': 'newcomers")',
    }, **given)  # fmt: skip
    chosen, test = ([int(number) for number in part] for part in
                    (names["train_windows"], names["test_windows"]))  # fmt: skip
    ours = ANSWERS["my_split"](begun["recordings"].paths, names["held_out"])
    assert (chosen, test) == ours


def test_the_network_is_silent_and_then_it_is_not(done):
    assert done["rates"][-1] < 0.5 < done["rates"][0]
    assert min(done["woken"]) > 7


def test_one_batch_is_learned_sooner_by_a_woken_network(begun):
    x, labels = experiments.stacked(begun["recordings"])
    few = torch.arange(0, 180, 12)
    needed = []
    for start in (lambda net: net, lambda net: experiments.wake(net, x[:, few])):
        net = start(begun["make"](begun["recordings"], seed=0))
        batch = x[:, few].transpose(0, 1), labels[few]
        needed.append(experiments.batches_until(net, *batch))
    assert needed[1] < needed[0] < 60


def test_each_class_is_drawn_equally_often(begun):
    torch.manual_seed(0)
    loader = experiments.equal_classes(begun["recordings"], range(180))
    drawn = torch.cat([targets for _ in range(5) for _, targets in loader]).bincount() / 900
    assert (drawn - 1 / 3).abs().max() < 0.06


def test_balanced_accuracy_counts_classes_alike(begun):
    names = run_cells("24", "train", **begun)
    labels = torch.tensor([0, 1, 2, 2, 2, 2, 2, 2])
    always = torch.nn.functional.one_hot(torch.full((4, 8), 2), 3).float()
    assert names["balanced"](lambda _: (always, None), None, labels) == pytest.approx(100 / 3)


def test_the_test_by_windows_promises_more_than_newcomers_get(done):
    assert done["windows"] > 94
    assert 60 < done["customers"] < done["windows"] - 3


def test_few_bits_are_enough_until_there_are_two(done):
    scores = done["scores"]
    assert min(scores[8], scores[4]) > done["real"] - 5
    assert scores[2] < done["real"] - 4
    assert 17 < done["left"] < 26


def test_the_files_hold_the_network(done):
    home = snn.from_nir(done["place"] / "gestures.nir")
    spk_rec, _ = home(done["x_new"])
    assert torch.equal(spk_rec, done["final"](done["x_new"])[0])
    for layer in (0, 2, 5):  # weights of 8 bits: a whole number of steps, at most 127
        weight = home[layer].weight.flatten(1)
        steps = 127 * weight / weight.abs().amax(1, keepdim=True)
        torch.testing.assert_close(steps, steps.round(), atol=1e-3, rtol=0)
        shift = (1 - home[layer + 1].beta.double()).log2()  # and leaks that are shifts
        torch.testing.assert_close(shift, shift.round(), atol=1e-4, rtol=0)
    assert 0 < spk_rec.mean() < 1


def test_the_files_are_tested_on_all_newcomers(done):
    ours = done["balanced"](done["final"], done["x_new"], done["labels_new"]).item()
    assert done["differ"]["gestures.nir"] == 0
    assert done["differ"]["step.pt2"] < 0.005 * done["spikes"].sum()  # sums in another order
    for score in done["exported"].values():
        assert score == pytest.approx(ours, abs=1)
        assert abs(score - done["real"]) < 5


@pytest.mark.parametrize("answer", [ANSWERS["my_answers"], *exercise("24.3").accepts], ids=range(3))
def test_answers_on_a_stream_are_those_of_the_windows(answer, done):
    names = run_cells("24", "stream", **(done | {"my_answers": snn.check("24.3", answer)}))
    windows = torch.stack([done["newcomers"][k][0] for k in names["shown"]], 1)
    expected = names["chip"](windows)[0].int().sum(0).argmax(1).tolist()
    assert [int(each) for each in names["answers"]] == expected
    assert 9 <= names["right"] <= 12


def test_splits_keep_what_they_promise():
    paths = [f"p{n // 6}_{n % 6 // 3}.npz" for n in range(48)]

    class Fake:
        def __init__(self):
            self.paths = [gestures.Path(path) for path in paths]

        def __len__(self):
            return len(self.paths)

    chosen, test = experiments.by_person(Fake(), seed=3)
    assert {paths[n][:2] for n in chosen} & {paths[n][:2] for n in test} == set()
    assert len({paths[n][:2] for n in test}) == 3
    assert sorted([*chosen, *test]) == list(range(48))
    chosen, test = experiments.by_window(Fake(), seed=3)
    assert len(test) == 12
    assert {paths[n] for n in chosen} & {paths[n] for n in test} != set()
    assert sorted([*chosen, *test]) == list(range(48))


def test_a_split_by_recordings_has_no_file_on_both_sides_and_every_class(begun):
    data = begun["recordings"]
    chosen, test = experiments.by_recording(data, seed=0)
    assert sorted([*chosen, *test]) == list(range(180))
    assert {data.paths[n] for n in chosen} & {data.paths[n] for n in test} == set()
    assert data.labels[test].bincount().tolist() == [9, 9, 27]
    assert experiments.by_recording(data, seed=1)[1] != test


@pytest.mark.bad_input
def test_a_split_without_a_class_on_one_side_is_refused(begun):
    data = begun["recordings"]
    experiments.check_split(data, range(180), [0, 40, 100])
    for train, test, message in (
        (range(36, 180), range(180), r"a training without \['circle'\]"),
        (range(180), [], r"a test without \['circle', 'nod', 'wave'\].*your files are of \['p1'"),
    ):
        with pytest.raises(ValueError, match=message):
            experiments.check_split(data, train, test)


@pytest.mark.bad_input
def test_a_layer_that_weights_cannot_wake_is_told(begun):
    with pytest.raises(ValueError, match="must make layer 1 fire"):
        experiments.wake(begun["make"](begun["recordings"], seed=0), torch.zeros(4, 1, 2, 20, 20))


def test_states_of_16_bits_cost_twice_those_of_8(done):
    small, total = done["small"], done["small"].total
    wide = experiments.with_wide_states(small)
    assert wide - small.energy == pytest.approx(total["states"] * 10 * 8 / 64)
    assert done["run"].state_bytes == 2 * sum(
        layer.mem[0, 0].numel() for layer in done["net"].record(done["x_new"][:, :1]).values()
    )


def test_estimates_are_differences_of_balanced_accuracies(begun):
    few = tuple(begun[name] for name in ("recordings", "recordings", "newcomers"))
    scores = iter([90.0, 80.0, 70.0, 77.0, 76.0, 74.0, 60.0, 65.0, 50.0])
    found = experiments.estimates(lambda *_: None, lambda *_: next(scores), few, 0)
    assert list(found.values()) == [10, 20, 1, 3, -5, 10]


def test_another_folder_fits_in(tmp_path):
    """Two classes, another sensor, machines in the place of persons, and arrays of NumPy."""
    size = (17, 30)
    for place, machines in (("mine", "abcd"), ("new", "ef")):
        for label, name in enumerate(("fine", "worn")):
            (tmp_path / place / name).mkdir(parents=True)
            for machine in machines:
                drawn = np.random.default_rng(ord(machine) + 100 * label)
                t = np.sort(drawn.integers(0, 900_000, 4000))
                rows = np.zeros(4000, [("t", "i8"), ("x", "i4"), ("y", "i4"), ("p", "i1")])
                rows["t"], rows["y"], rows["p"] = t, drawn.integers(0, 17, 4000), t % 2
                rows["x"] = drawn.integers(15 * label, 15 * label + 15, 4000)
                np.save(tmp_path / place / name / f"{machine}_0.npy", rows)
    mine, new = (f"Path({str(tmp_path / name)!r})" for name in ("mine", "new"))
    changes = {
        'gestures.record(place / "gestures", persons=range(1, 13))': mine,
        'gestures.record(place / "later", persons=range(101, 113))': new,
        "num_frames=num_frames)\nnew": f"num_frames=num_frames, size={size})\nnew",
        "classes=recordings.classes)": f"classes=recordings.classes, size={size})",
        '["p2", "p10", "p11"]': '["b"]',
    }
    names = run_cells("24", f"setup folder dataset make {PIPELINE} stream card", changes, **ANSWERS)
    assert names["recordings"].classes == ["fine", "worn"]
    assert not experiments.is_ours(names["recordings"])
    assert names["real"] > 90
    assert "classes      fine, worn\n" in (names["place"] / "card.txt").read_text("utf-8")
    run_cells("24", "asserts", **(names | {"errors": {}}))


def test_files_of_another_kind_are_listed_too(begun, capsys):
    tables = f"Path({str(begun['place'] / 'tables')!r})"
    run_cells("24", "setup folder", {
        'gestures.record(place / "gestures", persons=range(1, 13))': tables,
        'gestures.record(place / "later", persons=range(101, 113))': tables,
    })  # fmt: skip
    assert capsys.readouterr().out == "2 recordings: nod/p1.csv wave/p1.csv … wave/p1.csv\n"


# --- replies --------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["xytp", "xypt", "tpxy", "txpy", "pxyt"])
def test_columns_in_another_order_are_named(order, capsys):
    def my_read(rows, size):
        part = dict(zip(order, torch.tensor(rows).T, strict=True))
        t = (part["t"] - part["t"][0]) / 1000
        p, length = 2 * part["p"] - 1, t[-1].item()
        return snn.events.Events(t, part["x"], part["y"], p, size=size, duration=length)

    snn.check("24.1", my_read)
    taken = ", ".join("txyp"[order.index(name)] for name in "txyp")
    assert f"Your t, x, y, p are the columns {taken} of the table" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("reply", "belongs"),
    [
        ("Your test is empty", lambda path, held_out: path.stem.split("_")[0] == held_out),
        ("Your test is empty", lambda path, held_out: path.parent.name in held_out),
        (
            "which their names begin with",
            lambda path, held_out: path.stem.startswith(tuple(held_out)),
        ),
    ],
    ids=range(3),
)
def test_a_split_is_told_what_it_holds_out(reply, belongs, capsys):
    def my_split(paths, held_out):
        test = [n for n, path in enumerate(paths) if belongs(path, held_out)]
        return [n for n in range(len(paths)) if n not in test], test

    snn.check("24.2", my_split)
    assert reply in capsys.readouterr().out


# --- the explorer ---------------------------------------------------------------------------------


@pytest.mark.parametrize("person", [1, 3, 7, 12])
def test_five_times_as_many_frames_have_a_few_more_entries(person):
    fine, usual = (_binned("wave", dt, person) for dt in ("5 ms", "25 ms"))
    assert fine["count"] == usual["count"] > 400
    assert 1.1 < fine["filled"] / usual["filled"] < 1.5
    assert fine["number"] == 5 * usual["number"]


def test_a_frame_without_events_has_the_place_of_its_neighbor():
    run = _binned("wave", "5 ms", 3)
    assert min(run["column"].min(), run["row"].min()) > 1
    assert run["column"][0] == run["column"][1]


def test_one_frame_has_no_path():
    run = _binned("wave", "400 ms", 3)
    assert run["number"] == 1
    assert run["column"].std() == 0
    assert run["most"] > 4


def test_the_explorer_answers_at_every_length():
    explorer = snn.bins_explorer(ask="24.p1")
    for dt in LENGTHS:
        assert explorer.run(gesture="nod", dt=dt, person=12)


def with_length(rows, size, length):
    t, x, y, p = torch.tensor(rows).T
    t = (t - t[0]) / 1000
    return snn.events.Events(t, x, y, 2 * p - 1, size=size, duration=length(t))


def in_seconds(rows, size):
    return with_length(rows, size, lambda t: t[-1].item() / 1000)


def in_place(rows, size):
    p = rows[:, 3]
    p[p == 0] = -1  # a slice: the table changes, too
    t, x, y, p = torch.tensor(rows).T
    t = (t - t[0]) / 1000
    return snn.events.Events(t, x, y, p, size=size, duration=t[-1].item())


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (lambda rows, size: with_length(rows, size, len), "Your times are right, but your"),
        (in_seconds, "Your times are right, but your"),
        (in_place, "Change a copy instead: `x.copy()`"),
    ],
    ids=range(3),
)
def test_a_short_duration_and_a_changed_table_hear_so(read, said, capsys):
    snn.check("24.1", read)
    assert said in capsys.readouterr().out


def test_a_reader_that_drops_a_row_is_told_so_and_hears_of_no_shape():
    with pytest.raises(WrongAnswer, match="40 rows go in, 39 events come out"):
        verdict(exercise("24.1"), lambda rows, size: exercise("24.1").solution(rows[1:], size))
