"""`fit` under `torchrun`: two processes get the numbers of one, stop as one, and save once."""

import subprocess
import sys

import pytest
import torch
from hypothesis import given, strategies as st

import snnedu as snn
from snnedu.core._processes import Processes
from tests.core import processes_cases as cases


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Run the script in two processes; return what they say, and what each has found."""
    folder = tmp_path_factory.mktemp("processes")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += ["-m", cases.__name__, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr, [torch.load(folder / f"{rank}.pt") for rank in (0, 1)]


@pytest.fixture
def double():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def assert_same(a, b, **close):
    assert a.keys() == b.keys()
    for name in a:
        torch.testing.assert_close(a[name], b[name], rtol=0, **{"atol": 0, **close})


@pytest.mark.parametrize("name", cases.CASES)
def test_two_processes_learn_what_one_learns_from_whole_batches(ran, double, name):
    alone, history = cases.train(name)
    (first, told), (second, _) = (found[name] for found in ran[1])
    untrained = cases.CASES[name]()[0].state_dict()
    assert any(not torch.equal(alone[key], untrained[key]) for key in alone)
    assert_same(first, second)
    assert_same(first, alone, atol=1e-10)
    assert told.pop("stopped") == history.pop("stopped") == ""
    torch.testing.assert_close(told, history, rtol=0, atol=1e-10)
    assert all(0 < rate < 1 for rates in told["rates"].values() for rate in rates)


def test_the_first_process_decides_the_first_weights(ran, double):
    first, second = (found["other weights"] for found in ran[1])
    assert_same(first, second)
    assert_same(first, cases.other_weights(0), atol=1e-10)


def test_dropout_differs_between_processes_and_batches_but_not_the_weights(ran):
    (weights, (early, late)), (same, (other, _)) = (found["dropout"] for found in ran[1])
    assert_same(weights, same)
    assert not torch.equal(early, other)
    assert not torch.equal(early, late)


def test_one_process_stops_all_and_training_continues_from_the_first_ones_file(ran, double):
    whole = cases.net()
    history = snn.fit(whole, cases.task(), epochs=3, batch_size=7, progress=False)
    for rank, (weights, first, told, exists) in enumerate(f["resumed"] for f in ran[1]):
        assert (len(first["loss"]), first["stopped"]) == (1, "on_epoch")
        assert_same(weights, whole.state_dict(), atol=1e-10)
        assert told["loss"] == pytest.approx(history.loss, abs=1e-10)
        assert exists == (rank == 0)


def test_ctrl_c_in_one_process_ends_all_after_the_same_batch(ran):
    assert [found["interrupted"] for found in ran[1]] == [(2, "Ctrl-C")] * 2


def test_one_progress_bar_is_shown(ran):
    assert "3/3" not in ran[0]
    assert ran[0].count("0/1 [") == 1


def test_evaluate_looks_at_the_data_of_its_own_process_alone(ran, double):
    x, targets = cases.task()
    for rank, found in enumerate(ran[1]):
        own = x[: 5 + rank], targets[: 5 + rank]
        assert found["alone"] == pytest.approx(snn.evaluate(cases.net(), own).loss, abs=1e-10)


@pytest.mark.bad_input
def test_what_cannot_be_shared_is_refused_in_all_processes(ran):
    for found in ran[1]:
        assert "SyncBatchNorm" in found["batch norm"]
        assert "different ones, of 12, 11 samples" in found["other data"]
        assert "without a DistributedSampler" in found["other data"]


@given(samples=st.integers(1, 40), count=st.integers(2, 9), steps=st.integers(1, 3))
def test_shares_make_up_the_batch_and_count_as_much_as_they_hold(samples, count, steps):
    x_rec = torch.arange(steps * samples).reshape(steps, samples, 1)
    group, parts, total = Processes(None), [], 0.0
    for rank in range(count):
        group.rank, group.count = rank, count
        x, targets, mask, weight = group.share(x_rec, x_rec[0, :, 0], x_rec[..., 0] < 7)
        assert len(targets) == x.shape[1] == mask.shape[1] >= 1  # an empty one cannot run
        assert weight in (0, len(targets) / samples)
        parts += [x] if weight else []
        total += weight
    assert torch.equal(torch.cat(parts, 1), x_rec)
    assert total == pytest.approx(1)


def test_a_process_alone_changes_nothing():
    group, x_rec = Processes(None), torch.rand(3, 4, 2)
    assert group.share(x_rec, x_rec[0], None)[0] is x_rec
    assert group.agree(True, False) == [True, False]
    assert group.from_first(lambda: "file") == "file"
