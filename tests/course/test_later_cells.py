"""After ✅, the rest of the notebook runs: with every accepted answer, whatever its form was.

Only the cells that depend on an answer are run, and what these need; training is cut short. Whether
the results are right is what the solved notebooks test; here, a cell may only not raise.

With `--whole 4` all cells run on four threads, as they stand: training takes its time, assertions
count, and `snn.check` judges each answer. Only a slow cell that no answer reaches runs once.
"""

import ast
import contextlib
import os
import re
import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from dis import get_instructions
from pathlib import Path
from types import CodeType
from typing import Any
from unittest.mock import MagicMock

import nbformat
import pytest
import torch
from matplotlib import pyplot as plt
from torch.utils.data import DataLoader

import snnedu
from snnedu.core.training import fit
from snnedu.course import check as checks
from snnedu.course.exercise import Exercise, all_exercises, exercise

TUTORIALS = Path(__file__).parents[2] / "tutorials"
SAMPLES, ROUNDS = 64, 2  # of a training, of a loop
FIRST = ast.parse("__import__('itertools').islice", mode="eval").body
SLOW = 0.5  # seconds of a cell that is run once only, with our solutions
CHAPTERS = sorted({exercise.id[:2] for exercise in all_exercises()})


@dataclass
class Run:
    """A cell, as it ran with our solutions: the names that it left, or None if it raised."""

    cell: ast.Module
    left: dict[str, Any] | None
    seconds: float
    reached: bool = True  # by an answer

    def once(self, whole: bool) -> bool:
        """Return whether the names that it left do for other answers."""
        return self.seconds > SLOW and not (whole and self.reached)


@pytest.mark.house
@pytest.mark.filterwarnings("ignore")  # of short trainings
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_later_cells_run_with_every_accepted_answer(chapter, request, subtests):
    threads = request.config.getoption("--whole", 0)
    torch.set_num_threads(threads or torch.get_num_threads())
    runs = with_our_solutions(chapter, threads > 0)
    assert sum(run.left is not None for run in runs.values()) > 0.6 * len(runs)
    for number in range(max(len(e.accepts) for e in exercises(chapter))):
        with subtests.test(answer=number), pytest.MonkeyPatch.context() as monkeypatch:
            run_with(chapter, accepted(chapter, number), runs, threads > 0, monkeypatch)
            assert not threads or {e.id for e in exercises(chapter)} <= set(snnedu.solved())


def run_with(
    chapter: str,
    answers: dict[str, Any],
    runs: dict[int, Run],
    whole: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Run the cells again with other answers, but for slow ones, whose names are taken over."""
    space = new_space()
    prepare(monkeypatch, answers, whole)
    for place, run in runs.items():
        if run.left is not None and run.once(whole):
            space |= run.left
        elif run.left is not None:
            execute(run.cell, space, f"cell {place} of {chapter}")


def with_our_solutions(chapter: str, whole: bool = False) -> dict[int, Run]:
    """Run the cells with our solutions: which raise, as training is cut short, and are slow?"""
    runs, space, code = dict[int, Run](), new_space(), cells(chapter, whole)
    by_answers = reached(code)
    with pytest.MonkeyPatch.context() as monkeypatch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        prepare(monkeypatch, {e.id: e.solution for e in exercises(chapter)}, whole)
        for place, cell in enumerate(code) if whole else dependent(code, announced(chapter)):
            start, left = sum(os.times()[:4]), None  # of the processes that a cell starts, too
            with contextlib.nullcontext() if whole else contextlib.suppress(Exception):
                execute(cell, space, f"cell {place} of {chapter}")
                left = {name: space[name] for name in touched(cell, whole) if name in space}
            seconds = sum(os.times()[:4]) - start
            runs[place] = Run(cell, left, seconds, place in by_answers)
    return runs


def exercises(chapter: str) -> list[Exercise]:
    return [exercise for exercise in all_exercises() if exercise.id[:2] == chapter]


def accepted(chapter: str, number: int) -> dict[str, Any]:
    """Return one accepted variant of each exercise."""
    return {e.id: e.accepts[min(number, len(e.accepts) - 1)] for e in exercises(chapter)}


def prepare(monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any], whole: bool) -> None:
    """Let each exercise be answered; where cells do not run whole, without a word."""

    def check(id: str, _: Any) -> Any:
        if answers[id] is exercise(id).solution:
            return answers[id]
        return (checks.check if whole else in_form)(id, answers[id])

    monkeypatch.chdir(TUTORIALS)
    monkeypatch.setattr(snnedu, "check", check)
    monkeypatch.setattr(snnedu, "fit", fit if whole else brief_fit)


def in_form(id: str, answer: Any) -> Any:
    """Return a right answer in the form that later cells get; what it trains, it trains whole."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(snnedu, "fit", fit)
        return checks.verdict(exercise(id), answer)[0]


def new_space() -> dict[str, Any]:
    return {"display": MagicMock(), "__name__": "__main__"}


def execute(cell: ast.Module, space: dict[str, Any], name: str) -> None:
    exec(compile(cell, name, "exec"), space)
    plt.close("all")


def brief_fit(net, train, test=None, **more):
    """Train with few samples, for one epoch."""
    return fit(net, few(train), few(test), **{**more, "epochs": 1, "progress": False})


def few(data: Any) -> Any:
    """Return the first samples; of a loader, the first batch."""
    if data is None:
        return None
    parts = next(iter(data)) if isinstance(data, DataLoader) else data
    return tuple(part[:SAMPLES] for part in parts)


def sources(chapter: str) -> list[str]:
    (path,) = TUTORIALS.glob(f"{chapter}_*.ipynb")
    found = nbformat.read(path, as_version=4).cells
    return [cell.source for cell in found if cell.cell_type == "code"]


def cells(chapter: str, whole: bool) -> list[ast.Module]:
    trees = [ast.parse(source) for source in sources(chapter)]
    return trees if whole else [ast.fix_missing_locations(Shorter().visit(t)) for t in trees]


class Shorter(ast.NodeTransformer):
    """Leave out assertions; train for two rounds."""

    def visit_Assert(self, node):
        return ast.Pass()

    def visit_For(self, node):
        self.generic_visit(node)
        if ".step()" in ast.unparse(node):
            node.iter = ast.Call(FIRST, [node.iter, ast.Constant(ROUNDS)], [])
        return node


def announced(chapter: str) -> set[int]:
    """Return the places of the cells that say in a comment how long they take."""
    takes = re.compile(r"^#.*\b(\d+ seconds|a minute)\b", re.MULTILINE)
    return {place for place, source in enumerate(sources(chapter)) if takes.search(source)}


def dependent(code: list[ast.Module], slow: set[int]) -> Iterator[tuple[int, ast.Module]]:
    """Yield the cells that an answer reaches, and the cells that these need."""
    chosen, needed = reached(code, slow), set[str]()
    for place in reversed(range(len(code))):
        if place in chosen or stored(code[place]) & needed:
            chosen.add(place)
            needed = (needed - stored(code[place])) | read(code[place])
    return ((place, code[place]) for place in sorted(chosen))


def reached(code: list[ast.Module], slow: Collection[int] = ()) -> set[int]:
    """Return the places of the cells that use a checked name, directly or not.

    A slow cell runs with our solutions only: no other answer reaches what it computes.
    """
    affected, chosen = set[str](), set[int]()
    for place, cell in enumerate(code):
        if place not in slow and ("snn.check(" in ast.unparse(cell) or read(cell) & affected):
            affected |= stored(cell)
            chosen.add(place)
        else:
            affected -= stored(cell)
    return chosen


def touched(cell: ast.Module, whole: bool) -> set[str]:
    """Return the names that a cell stores; or, if all of it ran, changes (`snn.fit(net, …)`)."""
    return stored(cell) | (read(cell) if whole else set())


def stored(cell: ast.Module) -> set[str]:
    """Return the names that a cell leaves to later ones."""
    code = compile(cell, "a cell", "exec")
    return {one.argval for one in get_instructions(code) if one.opname == "STORE_NAME"}


def read(cell: ast.Module) -> set[str]:
    """Return the names that a cell takes from earlier ones."""
    return free(compile(cell, "a cell", "exec"))


def free(code: CodeType) -> set[str]:
    """Return the names that are looked up before the same code has stored them."""
    known, found = set[str](), set[str]()
    for one in get_instructions(code):
        if one.opname in ("STORE_NAME", "STORE_GLOBAL"):
            known.add(one.argval)
        elif one.opname in ("LOAD_NAME", "LOAD_GLOBAL"):
            found |= {one.argval} - known
        elif isinstance(one.argval, CodeType):  # of a function, a class, a comprehension
            found |= free(one.argval) - known
    return found
