"""CI runs every step of `make test`: lint and types once, the tests on nine machines."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools import book, make

pytestmark = pytest.mark.house
WORKFLOWS = Path(__file__).parents[2] / ".github" / "workflows"
SYSTEMS = {"ubuntu-latest", "macos-latest", "windows-latest"}


def test_every_step_runs_in_one_job_of_ci_with_a_name_that_make_knows():
    steps = [step for job in jobs("test").values() for step in steps_of(job)]
    assert sorted(steps) == sorted(name for name, _ in make.checks())


def test_style_is_checked_once_and_tests_run_on_every_system_and_python():
    machines = {step: matrix(job) for job in jobs("test").values() for step in steps_of(job)}
    assert machines["lint"] == machines["format"] == machines["types"] == {}
    for step in ("core", "tests", "shapes"):
        assert set(machines[step]["os"]) == SYSTEMS
        assert machines[step]["python"] == ["3.11", "3.12", "3.13"]


def test_notebooks_and_browser_run_once_on_each_system_and_each_python():
    machines = {step: matrix(job) for job in jobs("test").values() for step in steps_of(job)}
    for step in ("browser", "notebooks", "solved"):
        runs = machines[step]["include"]
        assert {run["os"] for run in runs} == SYSTEMS
        assert len(runs) == len({run["python"] for run in runs}) == 3


def test_the_weekly_run_repeats_all_but_style_without_pins():
    job = jobs("drift")["drift"]
    asked = " ".join(matrix(job)["steps"]).split()
    known = {name for name, _ in make.checks()}
    assert set(asked) == known - {"lint", "format", "types"}
    assert [step["env"] for step in job["steps"] if "env" in step] == [{"SNNEDU_UNPINNED": "1"}]


def test_the_book_is_made_and_published_from_main_alone():
    steps = jobs("book")["book"]["steps"]
    assert "make book PYTHON=python" in [step.get("run") for step in steps]
    folders = [step["with"]["path"] for step in steps if "pages-artifact" in step.get("uses", "")]
    assert folders == [book.OUT.relative_to(book.ROOT).as_posix()]
    text = (WORKFLOWS / "book.yml").read_text(encoding="utf-8")
    assert "push: { branches: [main] }" in text
    assert "pull_request" not in text


def jobs(name: str) -> dict[str, Any]:
    return yaml.safe_load((WORKFLOWS / f"{name}.yml").read_text(encoding="utf-8"))["jobs"]


def matrix(job: dict[str, Any]) -> dict[str, Any]:
    return job.get("strategy", {}).get("matrix", {})


def steps_of(job: dict[str, Any]) -> list[str]:
    commands = "\n".join(step.get("run", "") for step in job["steps"])
    return [
        name for words in re.findall(r'make test .*ARGS="(.*)"', commands) for name in words.split()
    ]
