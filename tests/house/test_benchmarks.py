"""benchmarks/: what is timed is the same work, and what is reported is what was measured."""

import importlib
import math
import re
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import __main__ as command, timing
from benchmarks.timing import Goal, Result

pytestmark = pytest.mark.house


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")  # the peers call what is deprecated
def test_all_libraries_compute_the_same_leaky_neurons():
    from benchmarks import lif, peers

    if peers.missing():
        pytest.skip(f"not installed: {', '.join(peers.missing())}")
    lif.check()


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "peer"), [("delays", "DCLS"), ("conversion", "spikingjelly")])
def test_peers_compute_the_same_delays_and_converted_networks(name, peer, monkeypatch):
    pytest.importorskip(peer)
    module = importlib.import_module(f"benchmarks.{name}")
    monkeypatch.setattr(module, "race", lambda contestants: dict.fromkeys(contestants, 1.0))
    assert len(module.run(quick=True)[0].rows) == 2  # it has compared both before


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
def test_snntorchs_learner_changes_the_same_weights(monkeypatch):
    pytest.importorskip("snntorch")
    from benchmarks import plasticity

    monkeypatch.setattr(plasticity, "race", lambda contestants: dict.fromkeys(contestants, 1.0))
    rows = plasticity._time(quick=True).rows  # it has compared all weights before
    assert [row["loop"] for row in rows] == ["snnedu", "torch, step by step", "snnTorch"]


def test_a_benchmark_that_fails_is_reported_and_the_others_still_run(monkeypatch, capsys):
    def run(quick):
        raise AssertionError("the spikes differ")

    good = [Result("Good", "About it.")]
    monkeypatch.setattr(command, "BENCHMARKS", {"bad": "lif.run", "good": "lif.run"})
    monkeypatch.setattr(
        command, "_benchmark", lambda name: run if name == "bad" else lambda _: good
    )
    monkeypatch.setattr("sys.argv", ["benchmarks", "bad", "good"])
    assert command.main() == 1
    printed = capsys.readouterr().out
    assert "FAILED: the spikes differ" in printed
    assert "| bad runs | ≥ 1 × | not measured | – |" in printed
    assert "## Good" in printed


def test_an_effect_is_counted_in_sd_and_chance_in_signs():
    from benchmarks.culture import _by_chance, _effect

    one, other = np.array([3.0, 5.0, 7.0]), np.array([1.0, 3.0, 5.0])
    assert _effect(one, other) == pytest.approx(1)  # 2 s apart, and both sd are 2 s
    assert _by_chance(one - other) == pytest.approx(1 / 8, abs=0.02)  # all three signs are +
    assert _by_chance(np.zeros(3)) == 1


def test_contestants_take_turns():
    calls = []
    race = {name: (lambda name=name: calls.append(name)) for name in ("a", "b")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timing, "SAMPLE", 0.0)  # one call a sample
        times = timing.race(race, seconds=0.0, rounds=4)
    assert calls[-16:] == ["a", "a", "b", "b"] * 4  # the first call of a turn is not timed
    assert timing.ratios({"snnedu": 2.0, "a": 6.0}) == {"a": 3.0}
    assert set(times) == {"a", "b"}


def test_cpu_time_does_not_count_what_a_contestant_waits():
    waits = {"waits": lambda: time.sleep(6e-3)}
    assert timing.race(waits, seconds=0.0)["waits"] > 5
    assert timing.race(waits, seconds=0.0, clock=time.process_time)["waits"] < 3


def test_a_goal_says_whether_it_is_met():
    assert Goal("faster", 3.0, 2).met
    assert not Goal("faster", 1.9, 2).met
    assert Goal("less", 1.9, 2, at_most=True).met
    assert str(Goal("less", 3.14159, 2, "s", at_most=True)) == "| less | ≤ 2 s | 3.14 s | ❌ |"
    assert str(Goal("left out", math.nan, 2)).endswith("| not measured | – |")
    assert timing.geometric_mean([2.0, 8.0]) == pytest.approx(4)


def test_every_benchmark_is_there():
    root = Path(command.__file__).parent
    for name in command.BENCHMARKS.values():
        module, function = name.split(".")
        source = (root / f"{module}.py").read_text(encoding="utf-8")
        assert re.search(rf"^def {function}\(quick: bool\) -> list\[Result\]:", source, re.M), name


def test_the_picture_shows_what_a_learner_gets(tmp_path):
    from matplotlib import image

    from benchmarks import lif, picture, places

    title = f"Leaky neurons, forward and backward ({next(iter(places.ENVIRONMENTS))})"
    assert title.partition(" (")[0] in Path(lif.__file__).read_text(encoding="utf-8")
    rows: list[dict[str, object]] = [{"T": T, "B": 64, "N": 1000, "snnedu": T} for T in (25, 100)]
    picture.draw([Result(title, "", rows)], tmp_path / "it.png")
    drawn = image.imread(tmp_path / "it.png")[..., :3]
    assert (np.abs(drawn - np.array([0xD5, 0x5E, 0]) / 255).max(-1) < 0.02).sum() > 100
    with pytest.raises(ValueError, match="Nothing to draw"):
        picture.draw([], tmp_path / "none.png")


@pytest.mark.parametrize("words", [["one"], ["--quick"], []])
def test_only_a_complete_run_writes_results(words, tmp_path, monkeypatch, capsys):
    found = [Result("One", "About it.", [{"T": 25, "ms": 1.2345}], [Goal("one", 3.0, 2)])]
    monkeypatch.setattr(command, "BENCHMARKS", {"one": "lif.run"})
    monkeypatch.setattr(command, "_benchmark", lambda name: lambda quick: found)
    monkeypatch.setattr(command, "FOLDER", tmp_path)
    monkeypatch.setattr("benchmarks.picture.draw", lambda results, path: path.touch())
    monkeypatch.setattr("sys.argv", ["benchmarks", *words])
    assert command.main() == 0
    assert "| 25 | 1.23 |" in capsys.readouterr().out
    if words == ["one"]:
        assert not list(tmp_path.iterdir())
    else:
        report = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
        assert "## Goals: 1 of 1 met" in report
        assert "| one | ≥ 2 × | 3 × | ✅ |" in report
        assert "snntorch" in report
        assert ("A quick run" in report) == (words == ["--quick"])
