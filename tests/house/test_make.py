"""tools/make.py: the set-up recovers from what goes wrong on learners' machines."""

import ast
import importlib.util
import itertools
import os
import re
import sys
from pathlib import Path

import pytest
from _pytest.mark.expression import Expression

from tools.notebooks import THREADS

pytestmark = pytest.mark.house
SOURCE = Path(__file__).parents[2] / "tools" / "make.py"


@pytest.fixture
def make(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("make", SOURCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    venv = tmp_path / ".venv"
    monkeypatch.setattr(module, "ROOT", str(tmp_path))
    monkeypatch.setattr(module, "VENV", str(venv))
    monkeypatch.setattr(
        module, "PYTHON", str(venv / Path(module.PYTHON).relative_to(module_venv()))
    )
    monkeypatch.setattr(module, "UNFINISHED", str(venv / "snnedu-unfinished"))
    module.installed = []
    monkeypatch.setattr(module, "install", module.installed.append)
    return module


def module_venv() -> Path:
    return SOURCE.parent.parent / ".venv"


def test_an_old_python_can_read_the_file():
    ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 6))


def test_an_old_python_is_answered_with_the_name_of_a_newer_one(make, monkeypatch):
    monkeypatch.setattr(make.sys, "version_info", (3, 9, 1))
    monkeypatch.setattr(make.shutil, "which", lambda name: name == "python3.12" or None)
    with pytest.raises(make.StopError, match=r"(?s)needs Python 3\.11.*PYTHON=python3\.12"):
        make.need_python()
    monkeypatch.setattr(make.shutil, "which", lambda name: None)
    with pytest.raises(make.StopError, match=r"Install a newer one from python\.org"):
        make.need_python()


def test_the_second_call_installs_nothing(make):
    make.set_up("course")
    make.set_up("course")
    assert make.installed == ["course"]
    make.set_up("test")  # another extra is added to the same environment
    make.set_up("course")
    assert make.installed == ["course", "test"]
    Path(make.VENV, "snnedu-course").unlink()
    make.set_up("course")  # the larger extra contains it
    assert make.installed == ["course", "test"]


def test_the_book_is_made_without_another_installation_where_the_tests_run(make):
    make.set_up("test")
    make.set_up("book")
    assert make.installed == ["test"]


def test_a_changed_pin_installs_again(make):
    make.set_up("course")
    Path(make.ROOT, "constraints.txt").write_text("torch==2.13.0")
    make.set_up("course")
    assert make.installed == ["course", "course"]


def test_an_interrupted_installation_is_rebuilt(make, monkeypatch, capfd):
    def interrupt(extra):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(make, "install", interrupt)
        with pytest.raises(KeyboardInterrupt):
            make.set_up("course")
    half = Path(make.VENV, "half-written-package")
    half.touch()
    make.set_up("course")
    assert "unfinished or damaged. Rebuilding it" in capfd.readouterr().out
    assert not half.exists()
    assert make.venv_works()
    assert make.installed == ["course"]


def test_a_damaged_environment_is_rebuilt(make):
    make.set_up("course")
    Path(make.VENV, "snnedu-course").unlink()
    os.remove(make.PYTHON)
    make.set_up("course")
    assert make.venv_works()


def test_without_write_access_the_error_names_the_folder(make, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(make.os, "makedirs", refuse)
    with pytest.raises(make.StopError, match=r"Cannot write to .*Permission denied"):
        make.set_up("course")


def test_too_little_disk_space_stops_the_set_up_before_it_starts(make, monkeypatch):
    monkeypatch.setattr(make.shutil, "disk_usage", lambda path: Full)
    with pytest.raises(make.StopError, match=r"needs 3 GB of free disk; 0\.5 GB are left"):
        make.set_up("course")


class Full:
    free = 5e8


def test_an_unknown_target_shows_the_usage(make, capsys):
    assert make.main(["lba"]) == 2
    assert "lab|test|bench|notebooks|clean" in capsys.readouterr().out


def test_a_failed_step_fails_the_run_and_the_others_still_run(make, capfd):
    steps = [
        ("first", [step("raise SystemExit(3)"), step("print('never')")]),
        ("second", [step("print('ran')")]),
    ]
    assert make.run_steps(steps, only=[]) == 1
    out = capfd.readouterr().out
    assert "ran" in out
    assert "never" not in out  # what a step needs has failed
    assert "first      FAILED" in out
    assert "second     ok" in out
    assert make.run_steps(steps, only=["second"]) == 0


def test_progress_names_step_elapsed_time_and_the_next_step(make, monkeypatch, capfd):
    times = iter(range(0, 1000, 65))
    monkeypatch.setattr(make.time, "time", lambda: next(times))
    steps = [(name, [step("")]) for name in ("lint", "core", "solved")]
    assert make.run_steps(steps, only=["core", "solved"]) == 0
    out = capfd.readouterr().out
    assert "=== step 1 of 2: core, 1:05 so far, then solved ===" in out
    assert "=== step 2 of 2: solved, 4:20 so far, the last one ===" in out


def test_fast_stands_for_several_steps_and_an_unknown_step_is_answered(make):
    names = [name for name, _ in make.checks()]
    assert make.choose(names, []) == names
    assert make.choose(names, ["fast", "solved"]) == [*make.FAST, "solved"]
    assert set(make.FAST) < set(names)
    with pytest.raises(make.StopError, match=r"Steps of `make test`: lint, .*Received tset\."):
        make.choose(names, ["tset"])


def test_notebooks_run_with_fewer_and_with_more_threads_than_their_outputs_were_stored_with(make):
    commands = " ".join(word for _, step in make.checks() for command in step for word in command)
    used = [int(word) for word in re.findall(r"notebook_threads=(\d+)", commands)]
    assert min(used) < THREADS < max(used)


def test_every_test_without_a_browser_runs_once_besides_those_of_the_core(make):
    names = ["browser", "bad_input", "parity", "house", "traced"]
    for marks in (set(some) for n in range(3) for some in itertools.combinations(names, n)):
        chosen = [
            Expression.compile(words).evaluate(marks.__contains__)
            for words in (make.UNTYPED, make.TYPED)
        ]
        assert sum(chosen) == ("browser" not in marks)


def step(code: str) -> list[str]:
    return [sys.executable, "-c", code]
