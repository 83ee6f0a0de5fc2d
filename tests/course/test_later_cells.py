"""After ✅, the rest of the notebook runs: with every accepted answer, whatever its form was.

Only the cells that depend on an answer are run, and what these need; training is cut short. Whether
the results are right is what the solved notebooks test; here, a cell may only not raise.
"""

import ast
import contextlib
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import nbformat
import pytest
from matplotlib import pyplot as plt

import snnedu
from snnedu.core.training import fit
from snnedu.course import check as checks
from snnedu.course.exercise import Exercise, all_exercises

TUTORIALS = Path(__file__).parents[2] / "tutorials"
SAMPLES, ROUNDS = 64, 2  # of a training, of a loop
FIRST = ast.parse("__import__('itertools').islice", mode="eval").body
SLOW = 0.5  # seconds of a cell that is run once only, with our solutions
CHAPTERS = sorted({exercise.id[:2] for exercise in all_exercises()})
VARIANTS = [
    pytest.param(chapter, number, id=f"{chapter}-{number}")
    for chapter in CHAPTERS
    for number in range(max(len(e.accepts) for e in all_exercises() if e.id[:2] == chapter))
]


@dataclass
class Run:
    """A cell, as it ran with our solutions: the names that it left, or None if it raised."""

    cell: ast.Module
    left: dict[str, Any] | None
    seconds: float


@pytest.mark.house
@pytest.mark.filterwarnings("ignore")  # of short trainings
@pytest.mark.parametrize(("chapter", "number"), VARIANTS)
def test_later_cells_run_with_an_accepted_answer(chapter, number, monkeypatch):
    prepare(monkeypatch, {e.id: accepted(e, number) for e in exercises(chapter)})
    space = new_space()
    for place, run in with_our_solutions(chapter).items():
        if run.left is not None and run.seconds > SLOW:
            space |= run.left
        elif run.left is not None:
            execute(run.cell, space, f"cell {place} of {chapter}")


def test_most_later_cells_are_run():
    runs = [run for chapter in CHAPTERS for run in with_our_solutions(chapter).values()]
    assert sum(run.left is not None for run in runs) > 0.8 * len(runs)


@cache
def with_our_solutions(chapter: str) -> dict[int, Run]:
    """Run the cells with our solutions: which raise, as training is cut short, and are slow?"""
    runs, space = dict[int, Run](), new_space()
    with pytest.MonkeyPatch.context() as monkeypatch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        prepare(monkeypatch, {e.id: e.solution for e in exercises(chapter)})
        for place, cell in dependent(cells(chapter)):
            start, left = time.process_time(), None
            with contextlib.suppress(Exception):
                execute(cell, space, f"cell {place} of {chapter}")
                left = {name: space[name] for name in names(cell, ast.Store) if name in space}
            runs[place] = Run(cell, left, time.process_time() - start)
    return runs


def exercises(chapter: str) -> list[Exercise]:
    return [exercise for exercise in all_exercises() if exercise.id[:2] == chapter]


def accepted(exercise: Exercise, number: int) -> Any:
    variants = exercise.accepts
    return checks.verdict(exercise, variants[min(number, len(variants) - 1)])[0]


def prepare(monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any]) -> None:
    monkeypatch.chdir(TUTORIALS)
    monkeypatch.setattr(snnedu, "check", lambda number, _: answers[number])
    monkeypatch.setattr(snnedu, "fit", brief_fit)


def new_space() -> dict[str, Any]:
    return {"display": MagicMock(), "__name__": "__main__"}


def execute(cell: ast.Module, space: dict[str, Any], name: str) -> None:
    exec(compile(cell, name, "exec"), space)
    plt.close("all")


def brief_fit(net, train, test=None, **more):
    """Train with few samples, for one epoch."""
    brief = [data if data is None else [part[:SAMPLES] for part in data] for data in (train, test)]
    pairs = [data if data is None else tuple(data) for data in brief]
    return fit(net, *pairs, **{**more, "epochs": 1, "progress": False})


def cells(chapter: str) -> list[ast.Module]:
    (path,) = TUTORIALS.glob(f"{chapter}_*.ipynb")
    code = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    return [ast.fix_missing_locations(Shorter().visit(ast.parse(cell.source))) for cell in code]


class Shorter(ast.NodeTransformer):
    """Leave out assertions; train for two rounds."""

    def visit_Assert(self, node):
        return ast.Pass()

    def visit_For(self, node):
        self.generic_visit(node)
        if ".step()" in ast.unparse(node):
            node.iter = ast.Call(FIRST, [node.iter, ast.Constant(ROUNDS)], [])
        return node


def dependent(code: list[ast.Module]) -> Iterator[tuple[int, ast.Module]]:
    """Yield the cells that use a checked name, directly or not, and the cells that these need."""
    affected, chosen = set[str](), set[int]()
    for place, cell in enumerate(code):
        if "snn.check(" in ast.unparse(cell) or names(cell, ast.Load) & affected:
            affected |= names(cell, ast.Store)
            chosen.add(place)
        else:
            affected -= names(cell, ast.Store)
    needed = set[str]()
    for place in reversed(range(len(code))):
        if place in chosen or names(code[place], ast.Store) & needed:
            chosen.add(place)
            needed -= names(code[place], ast.Store)
            needed |= names(code[place], ast.Load)
    return ((place, code[place]) for place in sorted(chosen))


def names(cell: ast.AST, context: type) -> set[str]:
    """Return the names that a cell loads or stores; functions, classes and imports are stored."""
    found = {n.id for n in ast.walk(cell) if isinstance(n, ast.Name) and isinstance(n.ctx, context)}
    if context is ast.Store:
        for node in ast.walk(cell):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                found.add(node.name)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return found
