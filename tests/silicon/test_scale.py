"""Sweeps: real workers, every run once, failures apart, and nothing done twice."""

import json
import os
import socket
from contextlib import suppress

import pytest
import torch

import snnedu as snn
from snnedu.silicon import scale

GRID = {"beta": [0.5, 0.9], "hidden": [4, 8]}


def run(beta, hidden, seed):
    """Return something of each argument; fail where a learner's network would."""
    if beta == 0.9 and seed == 2:
        raise ValueError("the loss is not finite")
    torch.manual_seed(seed)
    score = torch.rand(()) + 10 * hidden + 100 * beta
    return {"score": score, "process": os.getpid(), "threads": torch.get_num_threads()}


def expected(beta, hidden, seed):
    with torch.random.fork_rng([]):
        return run(beta, hidden, seed)["score"].item()


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """Run a sweep on two workers once for all tests."""
    file, came = tmp_path_factory.mktemp("sweep") / "found.jsonl", []
    how = {"seeds": 3, "file": file, "workers": 2, "progress": False}
    return snn.sweep(run, GRID, on_row=came.append, **how), came, file


def test_every_setting_is_run_with_every_seed_in_the_order_of_the_grid(swept):
    found, came, _ = swept
    wanted = [
        (beta, hidden, seed)
        for beta in GRID["beta"]
        for hidden in GRID["hidden"]
        for seed in range(3)
        if (beta, seed) != (0.9, 2)
    ]
    assert [(row["beta"], row["hidden"], row["seed"]) for row in found.rows] == wanted
    for row in found.rows:
        assert row["score"] == expected(row["beta"], row["hidden"], row["seed"])
        assert 0 <= row["seconds"] < 60
    key = lambda row: (row["beta"], row["hidden"], row["seed"])  # noqa: E731
    assert sorted(came, key=key) == sorted(found.rows, key=key)


def test_runs_on_this_machine_show_no_bars_of_their_own(capfd):
    def trains(seed):
        torch.manual_seed(seed)
        net = snn.Sequential(torch.nn.Linear(4, 2), snn.Leaky(0.9, threshold=0.1))
        return snn.fit(net, (torch.rand(20, 5, 4), torch.arange(20) % 2), epochs=1).loss[-1]

    assert len(snn.sweep(trains, {}, 2, workers=1, progress=False).rows) == 2
    assert capfd.readouterr().err == ""


def test_another_sweep_may_have_the_usual_port_of_dask():  # a warning is an error here
    with socket.socket() as other:
        with suppress(OSError):  # taken already: as good
            other.bind(("127.0.0.1", 8787))
            other.listen()
        found = snn.sweep(lambda seed: seed, {}, 2, workers=1, progress=False)
    assert found.values("result").tolist() == [0, 1]


def test_two_processes_of_one_thread_each_share_the_work(swept):
    rows = swept[0].rows
    workers = {row["process"] for row in rows}
    assert len(workers) == 2
    assert os.getpid() not in workers
    assert {row["threads"] for row in rows} == {1}


def test_a_run_that_fails_is_kept_apart_with_its_reason(swept):
    found = swept[0]
    failed = [(row["beta"], row["hidden"], row["seed"]) for row in found.failures]
    assert failed == [(0.9, 4, 2), (0.9, 8, 2)]
    assert {row["error"] for row in found.failures} == {"ValueError: the loss is not finite"}
    assert repr(found) == "Sweep(10 of 12 runs, 2 failed)"


def test_values_are_those_of_all_seeds(swept):
    found = swept[0]
    scores = torch.tensor([expected(0.5, 8, seed) for seed in range(3)])
    assert torch.equal(found.values("score", beta=0.5, hidden=8), scores)
    assert len(found.values("score", beta=0.9)) == 4


def local(function, points, *how):
    """Stand in for the workers."""
    for point in points:
        try:
            yield point, scale.timed(function, point), ""
        except Exception as error:
            yield point, {}, f"{type(error).__name__}: {error}"


@pytest.fixture
def started(monkeypatch):
    """Run in this process, and return what is run."""
    seen: list = []

    def watched(function, points, *how):
        seen.extend(points)
        yield from local(function, points)

    monkeypatch.setattr(scale, "_as_they_come", watched)
    return seen


def test_a_second_call_runs_only_what_has_failed_or_is_new(swept, started):
    first, _, file = swept
    again = snn.sweep(run, {**GRID, "hidden": [4, 8, 16]}, 3, file=file, progress=False)
    new = [p for p in started if p["hidden"] == 16]
    assert len(new) == 6
    assert [p for p in started if p not in new] == [
        {k: v for k, v in row.items() if k != "error"} for row in first.failures
    ]
    assert [row for row in again.rows if row["hidden"] != 16] == first.rows
    assert (len(again.rows), len(again.failures)) == (15, 3)


def test_ctrl_c_keeps_what_was_found_and_a_cut_line_is_run_again(tmp_path, started):
    def press(row):
        if row["seed"] == 2:
            raise KeyboardInterrupt

    file = tmp_path / "new" / "found.jsonl"
    how = {"seeds": 4, "file": file, "progress": False}
    with pytest.raises(KeyboardInterrupt):
        snn.sweep(run, {"beta": [0.5], "hidden": [4]}, on_row=press, **how)
    text = file.read_text()
    assert len(text.splitlines()) == 4  # a head, and three rows
    file.write_text(text[:-20])
    started.clear()
    found = snn.sweep(run, {"beta": [0.5], "hidden": [4]}, **how)
    assert [p["seed"] for p in started] == [2, 3]
    assert [json.loads(line)["settings"]["seed"] for line in file.read_text().splitlines()[1:]] == [
        0, 1, 2, 3,
    ]  # fmt: skip
    assert [row["seed"] for row in found.rows] == [0, 1, 2, 3]


def test_a_single_number_is_called_result_and_seeds_may_be_named(started):
    found = snn.sweep(lambda a, seed: torch.tensor(a + seed), {"a": [1]}, [7, 9], progress=False)
    assert found.values("result").tolist() == [8, 10]
    assert found.values("result", seed=9).tolist() == [10]


def test_what_is_no_number_fails_that_run_alone(started):
    found = snn.sweep(lambda a, seed: [a] if a else a, {"a": [0, 1]}, 1, progress=False)
    assert len(found.rows) == len(found.failures) == 1
    assert "must return a number" in found.failures[0]["error"]


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("function", "grid", "seeds", "kind", "said"),
    [
        (lambda beta: 0, {"beta": [1]}, 1, TypeError, r"beta, seed.*def run\(beta, seed\):"),
        (run, {"beta": [0.9]}, 1, TypeError, "missing a required argument: 'hidden'"),
        (lambda seed, beta: 0, {"beta": "0.9"}, 1, TypeError, "a list of plain numbers"),
        (lambda seed, beta: 0, {"beta": [torch.rand(2)]}, 1, TypeError, "tolist"),
        (lambda seed, beta: 0, {"beta": []}, 1, ValueError, "one run at least"),
        (lambda seed: 0, {}, [], ValueError, "one run at least"),
        (lambda seed: 0, {}, 0, ValueError, "seeds"),
    ],
)
def test_what_does_not_fit_together_is_refused_before_any_worker_starts(
    function, grid, seeds, kind, said, started
):
    with pytest.raises(kind, match=said):
        snn.sweep(function, grid, seeds, progress=False)
    assert started == []


@pytest.mark.bad_input
def test_a_file_of_another_function_is_refused_and_left_alone(tmp_path, started):
    file = tmp_path / "found.jsonl"
    snn.sweep(lambda seed: seed, {}, 2, file=file, progress=False)
    text = file.read_text()
    started.clear()
    with pytest.raises(ValueError, match="delete the file, or pass another"):
        snn.sweep(lambda seed: seed + 1, {}, 2, file=file, progress=False)
    assert started == []
    assert file.read_text() == text
    with pytest.raises(ValueError, match="it is a folder"):
        snn.sweep(lambda seed: seed, {}, 2, file=tmp_path, progress=False)


@pytest.mark.bad_input
def test_values_that_nobody_has_are_refused():
    found = snn.Sweep([{"beta": 0.9, "seed": 0, "score": 1.0}])
    with pytest.raises(ValueError, match="Its rows have beta, seed, score"):
        found.values("loss")
    with pytest.raises(ValueError, match="no run"):
        snn.Sweep().values("score", beta=0.5)
