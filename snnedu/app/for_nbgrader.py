"""The notebooks as nbgrader's source version of assignments.

    snnedu nbgrader FOLDER

writes `FOLDER/source/02_lif_neuron/02_lif_neuron.ipynb` and so on. Each exercise becomes a cell
with our solution between nbgrader's marks, which `nbgrader generate_assignment` takes out, and a
locked cell of one point, whose check raises for an answer that is not right. The check runs beside
the student's code: it grades the honest (`snnedu grade` keeps the two apart).
Source: https://nbgrader.readthedocs.io/en/stable/contributor_guide/metadata.html (version 3)
"""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from snnedu.app.workspace import cleared, published
from snnedu.course.exercise import Exercise, exercise, tagged

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
Cell = dict[str, Any]


def write(folder: Path) -> list[Path]:
    """Write every notebook that has exercises; return the paths. Older files are replaced."""
    return [
        _write(folder, path.stem, notebook)
        for path in sorted(published().glob("*.ipynb"))
        if any(map(_asked, (notebook := json.loads(cleared(path)))["cells"]))
    ]


def assignment(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return a notebook in which each cell of an exercise is two: to solve, and to grade."""
    cells = [made for cell in notebook["cells"] for made in _cells(cell)]
    return {**notebook, "cells": cells}


def _write(folder: Path, name: str, notebook: dict[str, Any]) -> Path:
    path = folder / "source" / name / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    made = json.dumps(assignment(notebook), indent=1, ensure_ascii=False)
    path.write_text(made + "\n", encoding="utf-8")
    return path


def _cells(cell: Cell) -> Iterator[Cell]:
    number = _asked(cell)
    if not number:
        yield cell
        return
    asked, name = exercise(number), number.replace(".", "-")
    yield _made(cell, _marked(asked), f"solve-{name}", solution=True)
    check = f'snn.check("{number}", {asked.name}, strict=True)'
    yield _made(cell, check, f"grade-{name}", grade=True, locked=True, points=1)


def _asked(cell: Cell) -> str:
    """Return the id of the exercise in a cell, "" if there is none."""
    return next(iter(tagged(cell["metadata"].get("tags", ()))), "")


def _made(cell: Cell, source: str, name: str, **chosen: Any) -> Cell:
    """Return a cell with nbgrader's metadata."""
    kinds = {"grade": False, "solution": False, "locked": False, "task": False}
    given = {"schema_version": 3, "grade_id": name, **kinds, **chosen}
    return {**cell, "id": name, "metadata": {"nbgrader": given}, "source": source}


def _marked(asked: Exercise) -> str:
    """Return our solution between marks; what stands before its first line stays as the stub."""
    lines = asked.code().splitlines()
    tree = ast.parse(asked.code()).body
    first, pad = 0, ""
    if len(tree) == 1 and isinstance(tree[0], ast.FunctionDef):
        body = tree[0].body[1 if ast.get_docstring(tree[0]) else 0]
        first, pad = body.lineno - 1, " " * body.col_offset
    return "\n".join([*lines[:first], pad + BEGIN, *lines[first:], pad + END])
