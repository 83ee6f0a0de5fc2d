"""What 22 claims where a clock is not needed; its explorer against the laws of scaling."""

import signal
import sys
import threading
import time

import psutil
import pytest
import torch
from scipy import stats

import snnedu as snn
from snnedu.course.chapters.c22_scaling_out import experiments
from snnedu.course.exercise import exercise
from tests.course.cells import run_cells

pytestmark = pytest.mark.house


def test_the_four_ways_without_reset_give_the_same_spikes():
    cur_rec = 0.2 * torch.rand(300, 4, 16)
    spk_rec, _ = snn.Leaky(0.9, reset_mechanism="none").unroll(cur_rec)
    assert 0.2 < spk_rec.mean() < 0.8
    assert torch.equal(spk_rec, experiments.in_steps(cur_rec))
    assert (spk_rec != experiments.in_blocks(cur_rec)).float().mean() < 1e-3
    assert (spk_rec != experiments.without_reset(cur_rec)).float().mean() < 1e-3


def test_the_explorer_follows_amdahl_and_gustafson():
    explorer = snn.scaling_explorer()
    shown = explorer.run(processes=16, fixed=20, talk=5)
    assert shown["times"] == pytest.approx(1 / (0.2 + 0.8 / 16 + 0.05))
    alone = explorer.run(processes=1, fixed=20, talk=5)
    assert (alone["times"], alone["who"]) == (1, "1 process")
    weak = explorer.run(processes=16, fixed=20, talk=25, batch="grows with the processes")
    assert weak["times"] == pytest.approx(16 / 1.25)


def test_the_answer_in_the_explorer_is_kept_and_is_what_it_shows(capsys):
    explorer = snn.scaling_explorer(ask="22.p3")
    explorer.guess = "About 15 times"
    assert 8.5 < explorer.run(processes=64, fixed=10, talk=0)["times"] < 9.5
    snn.recap("22")
    assert "You thought “About 15 times”. It was “About 9 times”" in capsys.readouterr().out


@pytest.mark.parametrize("answer", exercise("22.2").accepts, ids=range(3))
def test_a_speed_up_in_another_form_is_printed(answer, capsys):
    names = {"my_speedup": snn.check("22.2", answer)}
    names["tried"], names["cost"] = {"batch": (1, 4, 16, 64)}, {"batch": (1.0, 1.2, 2.0, 5.0)}
    run_cells("22", "t22-19", **names)
    assert "4 processes: your line says ≈ 2.5, shares of 16 ≈ 2.5" in capsys.readouterr().out


def test_unequal_shares_are_averaged_wrongly_and_rightly_in_any_form():
    names = run_cells("22", "t22-01 t22-08 t22-08b")
    assert names["naive"] > 0.1
    for answer in (exercise("22.1").solution, *exercise("22.1").accepts):
        mean = snn.check("22.1", answer)(names["shares"], names["sizes"])
        assert (mean - names["whole"]).norm() < 1e-5 * names["whole"].norm()


def test_rounding_beta_alone_turns_as_many_spikes_as_sixteen_bits():
    names = run_cells("22", "t22-01 t22-08 t22-27")
    differ, spikes = names["differ"], names["spikes"]
    assert 8 < differ["bfloat16"] < 30
    assert differ["β alone rounded"] == pytest.approx(differ["bfloat16"], rel=0.25)
    assert differ["autocast"] < 0.6 * differ["bfloat16"]
    assert float(spikes["bfloat16"].sum() / spikes["float32"].sum()) == pytest.approx(1, abs=0.05)


def test_a_beta_that_sixteen_bits_hold_turns_as_few_spikes_as_autocast():
    names = run_cells("22", "t22-01 t22-08 t22-27", {"snn.Leaky(0.9)": "snn.Leaky(0.875)"})
    assert names["differ"]["bfloat16"] == pytest.approx(names["differ"]["autocast"], rel=0.1)


def test_without_reset_it_learns_better_and_fires_more_often():
    runs = {
        reset: [experiments.learn_times(reset, seed) for seed in (1, 3)]
        for reset in ("none", "subtract")
    }
    stored = experiments.stored_race()
    for reset, found in runs.items():
        kept = stored.values("accuracy", reset=reset)[[1, 3]].tolist()
        assert [run["accuracy"] for run in found] == pytest.approx(kept, abs=0.15)
    for free, held in zip(*runs.values(), strict=True):
        assert free["accuracy"] > held["accuracy"] + 0.02
        assert free["rate"] > held["rate"] > 0


def test_the_control_with_larger_weights_is_as_it_was_measured():
    how, mean, spread = experiments.CONTROLS["first weights twice as large"]
    found = [
        experiments.learn_times("none", seed, **how)["accuracy"]
        - experiments.learn_times("subtract", seed, **how)["accuracy"]
        for seed in range(3)
    ]
    assert sum(found) / 3 == pytest.approx(mean, abs=2 * spread)


def test_the_interval_is_that_of_scipy():
    gains = torch.tensor([0.1, 0.3, 0.2, 0.4])
    t = stats.ttest_1samp(gains.double().numpy(), 0).confidence_interval()
    assert experiments.interval(gains) == pytest.approx((t.low, t.high), abs=1e-6)


def test_operations_are_those_of_the_matrix_products():
    # One sample, one step: 2·64·64 forward and again for the weights; 2·64·10 forward, and
    # twice that backward.
    assert experiments.operations(1, 64, 1) == 4 * 64 * 64 + 6 * 64 * 10


def test_a_script_that_fails_says_why():
    with pytest.raises(RuntimeError, match="ValueError: no such thing"):
        experiments.launch("raise ValueError('no such thing')", 1)


def test_waiting_for_a_busy_core_is_not_measured():
    if experiments.FINE:
        assert experiments.seconds(lambda: time.sleep(0.05), repeats=1) < 0.02


def test_a_short_function_is_timed_until_its_shortest_time_is_found():
    calls: list[float] = []
    experiments.seconds(lambda: calls.append(time.perf_counter()), repeats=1)
    assert len(calls) > 100
    assert calls[-1] - calls[0] > 0.9 * experiments.LEAST


@pytest.mark.skipif(sys.platform == "win32", reason="no signals to one thread")
def test_an_interrupt_leaves_no_process_of_torchrun():
    before, seen = set(psutil.Process().children(recursive=True)), []
    main = threading.get_ident()

    def interrupt():
        deadline = time.monotonic() + 120
        while len(seen) < 3 and time.monotonic() < deadline:  # torchrun and two of its own
            time.sleep(0.1)
            seen[:] = [p for p in psutil.Process().children(recursive=True) if p not in before]
        signal.pthread_kill(main, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        experiments.launch("import time; time.sleep(600)", 2)
    assert len(seen) >= 3
    assert psutil.wait_procs(seen, timeout=10)[1] == []


def test_the_wide_network_is_told_as_it_was_measured(capsys):
    experiments.tell_of_a_wide_network()
    one, two = experiments.WIDE
    assert f"{one} ms, in two {two} ms, 1.7 times" in capsys.readouterr().out
    assert one / two == pytest.approx(1.7, abs=0.05)
