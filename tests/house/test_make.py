"""tools/make.py: the set-up recovers from what goes wrong on learners' machines."""

import ast
import importlib.util
import os
from pathlib import Path

import pytest

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


def test_an_old_python_is_told_which_one_to_take(make, monkeypatch):
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
    make.set_up("course")  # the larger one has it all
    assert make.installed == ["course", "test"]


def test_a_changed_pin_installs_again(make):
    make.set_up("course")
    Path(make.ROOT, "constraints.txt").write_text("torch==2.13.0")
    make.set_up("course")
    assert make.installed == ["course", "course"]


def test_a_cut_off_installation_is_built_anew(make, monkeypatch, capfd):
    def cut_off(extra):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(make, "install", cut_off)
        with pytest.raises(KeyboardInterrupt):
            make.set_up("course")
    half = Path(make.VENV, "half-written-package")
    half.touch()
    make.set_up("course")
    assert "unfinished or damaged. Building it anew" in capfd.readouterr().out
    assert not half.exists()
    assert make.venv_works()
    assert make.installed == ["course"]


def test_a_damaged_environment_is_built_anew(make):
    make.set_up("course")
    Path(make.VENV, "snnedu-course").unlink()
    os.remove(make.PYTHON)
    make.set_up("course")
    assert make.venv_works()


def test_no_write_access_is_said(make, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(make.os, "makedirs", refuse)
    with pytest.raises(make.StopError, match=r"Cannot write to .*Permission denied"):
        make.set_up("course")


def test_a_full_disk_is_said_before_it_is_full(make, monkeypatch):
    monkeypatch.setattr(make.shutil, "disk_usage", lambda path: Full)
    with pytest.raises(make.StopError, match=r"needs 3 GB of free disk; 0\.5 GB are left"):
        make.set_up("course")


class Full:
    free = 5e8


def test_an_unknown_target_shows_the_usage(make, capsys):
    assert make.main(["lba"]) == 2
    assert "lab|test|bench|notebooks|clean" in capsys.readouterr().out


def test_a_failed_step_fails_the_run_and_the_rest_still_runs(make, capfd):
    def step(code):
        return [make.sys.executable, "-c", code]

    steps = [("first", step("raise SystemExit(3)")), ("second", step("print('ran')"))]
    assert make.run_steps(steps, only=[]) == 1
    out = capfd.readouterr().out
    assert "ran" in out
    assert "FAILED" in out
    assert make.run_steps(steps, only=["second"]) == 0
