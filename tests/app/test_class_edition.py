"""The class edition: all of the course but our solutions."""

import os
import subprocess
import sys

import nbformat
import pytest

from snnedu.app import cli
from snnedu.app.workspace import PACKAGE
from snnedu.course.exercise import all_exercises
from tools.solved import TUTORIALS

pytestmark = pytest.mark.house

LESSON = """
import snnedu as snn
from snnedu.course.exercise import all_exercises, questions
assert snn.check("02.1", len) is len
snn.solution("02.1")
snn.hint("02.1")
assert len(all_exercises()) == {count}
assert questions("02")
"""


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class") / "edition"
    assert cli.main(["class-edition", str(folder)]) == 0
    return folder


def text_of(folder):
    paths = [*folder.rglob("*.py"), *folder.rglob("*.ipynb")]
    lines = (line for p in paths for line in p.read_text(encoding="utf-8").splitlines())
    return "\n".join(line.strip() for line in lines)


def test_no_solution_is_in_it(edition):
    ends = {
        exercise.id: "\n".join(line.strip() for line in exercise.code().splitlines()[-2:])
        for exercise in all_exercises()
    }
    long = {number: end for number, end in ends.items() if len(end) > 40}
    whole, shared = text_of(PACKAGE), text_of(edition)
    assert len(long) > 40
    assert all(end in whole for end in long.values()), "this looks for what is there"
    assert [number for number, end in long.items() if end in shared] == []


def test_it_runs_without_them(edition, tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", LESSON.format(count=len(all_exercises()))],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(edition), "SNNEDU_DATA": str(tmp_path / "data")},
        capture_output=True,
        encoding="utf-8",
    )
    assert run.returncode == 0, run.stderr
    assert "leaves the check to your teacher" in run.stdout
    assert "Solutions are withheld" in run.stdout
    assert "Hints for 02.1" in run.stdout


def test_its_readme_installs_the_edition_and_not_the_whole_course(edition):
    readme = (edition / "README.md").read_text(encoding="utf-8")
    lines = [line for line in readme.splitlines() if "pip install" in line]
    assert len(lines) == 2
    assert all(line.endswith(f" './{edition.name}[course]'") for line in lines)
    assert "download.pytorch.org/whl/cpu" in lines[0]
    assert "github.com/snnedu" not in readme
    assert "Scripts\\python" in readme


@pytest.mark.parametrize(
    "command", ["grade . --roster r.csv", "progress .", "guide g", "nbgrader n"]
)
def test_teachers_commands_say_that_they_need_the_whole_course(command, edition, tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "snnedu", *command.split()],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(edition)},
        capture_output=True,
        encoding="utf-8",
    )
    assert run.returncode == 1
    assert run.stderr.startswith("This is the class edition, without solutions.")


def test_all_notebooks_are_in_it_without_outputs(edition):
    names = {path.name for path in TUTORIALS.glob("*.ipynb")}
    assert {path.name for path in (edition / "tutorials").glob("*.ipynb")} == names
    notebook = nbformat.read(edition / "tutorials" / "02_lif_neuron.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)


@pytest.mark.bad_input
def test_a_folder_that_exists_is_left_alone(tmp_path, capsys):
    assert cli.main(["class-edition", str(tmp_path)]) == 1
    assert "must be new" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
