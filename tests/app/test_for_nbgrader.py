"""Assignments for nbgrader: each exercise is a cell to solve and a cell to grade."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from snnedu.app import cli
from snnedu.app.for_nbgrader import BEGIN, END, assignment
from snnedu.course.exercise import all_exercises, exercise

pytestmark = pytest.mark.house
BESIDE = Path(sys.prefix) / "nbgrader"  # see tools/make.py


def small(id, *more):
    """Return a notebook with one exercise, as the course has it."""
    name = exercise(id).name
    stub = nbformat.v4.new_code_cell(
        f'def {name}():\n    ...\n\n\n{name} = snn.check("{id}", {name})',
        metadata={"tags": [f"exercise:{id}"]},
    )
    cells = [nbformat.v4.new_code_cell("import torch\nimport snnedu as snn"), stub, *more]
    return json.loads(nbformat.writes(nbformat.v4.new_notebook(cells=cells)))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    assert cli.main(["nbgrader", str(folder)]) == 0
    return {path.stem: nbformat.read(path, 4) for path in folder.glob("source/*/*.ipynb")}


def test_every_exercise_can_be_solved_and_graded(written):
    grades = dict[str, dict]()
    for notebook in written.values():
        nbformat.validate(notebook)
        for cell in notebook.cells:
            if given := cell.metadata.get("nbgrader"):
                assert re.fullmatch(r"[a-zA-Z0-9_\-]+", given["grade_id"])
                assert given["schema_version"] == 3
                grades[given["grade_id"]] = given
    names = [exercise.id.replace(".", "-") for exercise in all_exercises()]
    assert sorted(grades) == sorted(f"{kind}-{n}" for n in names for kind in ("grade", "solve"))
    assert sum(given.get("points", 0) for given in grades.values()) == len(names)


@pytest.mark.parametrize("number", ["02.1", "03.2", "06.2"])  # a function, a value, a class
def test_what_is_outside_the_marks_is_a_stub(number):
    solve = assignment(small(number))["cells"][1]["source"]
    stub = re.sub(rf"( *){BEGIN}.*{END}", r"\1raise NotImplementedError", solve, flags=re.S)
    ast.parse(stub)
    code = exercise(number).code()
    assert solve.replace(f"{BEGIN}\n", "").count(code.splitlines()[-1]) == 1
    assert code.splitlines()[-1] not in stub
    assert ("def my_leaky(cur, mem" in stub) == (number == "02.1")


@pytest.mark.skipif(
    not (BESIDE.exists() or os.environ.get("CI")), reason="`make test` installs nbgrader"
)
def test_nbgrader_takes_solutions_out_and_grades(tmp_path):
    (tmp_path / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'snn'\nc.ExecutePreprocessor.timeout = 90"
    )

    def nbgrader(*words):
        command = [sys.executable, "-m", "nbgrader", *words]
        added = {"PYTHONPATH": str(BESIDE), "PATH": str(BESIDE / "bin")}
        paths = {
            name: f"{path}{os.pathsep}{os.environ.get(name, '')}" for name, path in added.items()
        }
        env = {**os.environ, **paths}
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, env=env)

    def put(kind, notebook):
        path = tmp_path / kind / "small" / "small.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook))

    put("source", assignment(small("00.1")))
    nbgrader("generate_assignment", "small")
    released = json.loads((tmp_path / "release" / "small" / "small.ipynb").read_text())
    put("submitted/open", released)
    solve = released["cells"][1]
    stub = "".join(solve["source"])
    assert "YOUR CODE HERE" in stub
    solve["source"] = stub.replace("raise NotImplementedError()", "return spk_rec.sum(0)")
    put("submitted/solved", released)
    nbgrader("autograde", "small")
    nbgrader("export")
    rows = (tmp_path / "grades.csv").read_text().splitlines()
    found = {row.split(",")[3]: row for row in rows[1:]}
    position = rows[0].split(",").index("raw_score")
    scores = {name: float(row.split(",")[position]) for name, row in found.items()}
    assert scores == {"open": 0.0, "solved": 1.0}
