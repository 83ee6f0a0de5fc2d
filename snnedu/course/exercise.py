"""What exercises, questions and predictions are; they stand in the folder of their chapter.

To add chapter 14, make a folder `chapters/c14_topic/`, named after `tutorials/14_topic.ipynb`:

- `__init__.py`: a docstring with the title, "14 · Topic." Nothing has to be registered.
- `exercises.py`: EXERCISES, a list of `Exercise`, in the order of their ids "14.1", "14.2", …
- `quiz.py`: QUESTIONS, a dict with the questions of "14".
- `predictions.py`: PREDICTIONS, a dict with the `Prediction`s "14.p1", "14.p2", … The notebook
  asks with `snn.predict("14.p1")`; `snn.outcome("14.p1", value)` answers in the cell that measures.
- `explorers.py`: the chapter's explorers, if it has any.
- `guide.md`: how to teach it, for `snnedu guide`.

An exercise is one object. Its `solution` has the name of the learner's stub in the notebook, where
the cell has the tag `exercise:14.1` and the line `name = snn.check("14.1", name)`. So
`python -m tools.solved FOLDER` can make a solved notebook from the stubs. For most exercises it is
enough to declare what is right and what goes wrong; the shared checker does the rest:

    Exercise(
        id="14.1",
        title="Count spikes",
        name="count_spikes",
        solution=count_spikes,
        cases=lambda: [((torch.rand(8, 5) < 0.3).float(),)],  # arguments, drawn afresh
        mistakes={"These are rates. A count is a sum.": lambda spk_rec: spk_rec.mean(0)},
        otherwise="The counts are not right. Add up the ones of each column.",
        accepts=(lambda spk_rec: spk_rec.sum(0).tolist(),),
        hints=("A recording holds 1 where a neuron spiked.", "Time is axis 0."),
    )

`tests/course/test_exercises.py` then tests the stub, the solution, each accepted variant (then the
rest of the notebook), that each mistake gets its own reply and no other, and that no mutant of the
solution passes.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from math import inf
from types import ModuleType
from typing import Any

from snnedu.core import _check
from snnedu.course.diagnosis import Cases, Mistakes, Otherwise, Run, call, compare

Check = Callable[[Any], None]
ANY = (-inf, inf)  # no guess is impossible
TAG = "exercise:"  # and an id: what marks the cell of an exercise


def _no_cases() -> tuple[()]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One exercise: what is asked, how it is checked, and what learners get wrong.

    `name`: the stub's name. `solution`: a function, a class or a value; for a value, `source` is
    its text. `hints`: from gentle to nearly there. `right`: shown with the ✅.

    `mistakes`: answers that learners really give, by the reply that each must get (a list where
    several get the same). `accepts`: right answers in another form. `wrong`: more answers that must
    not pass, whatever the reply. Tests want eight of both together for each function.

    The shared checker, `diagnosis.compare`, uses `cases`, `run`, `otherwise`, `rtol` and `atol`.
    An exercise that needs more has a `check` of its own, which takes an `Attempt` (for a value or a
    class: the answer itself) and returns, or raises `WrongAnswer`. Without a solution, in the class
    edition, nothing is checked.

    `by_hand`: the check watches more than arguments and results (hooks, say), so `snnedu grade`,
    which runs a class's answers in another process, leaves it to the teacher.
    """

    id: str
    title: str
    name: str
    solution: Any
    hints: tuple[str, ...]
    mistakes: Mistakes
    accepts: tuple[Any, ...] = ()
    wrong: tuple[Any, ...] = ()
    check: Check | None = None
    cases: Cases = _no_cases
    run: Run = call
    otherwise: Otherwise = ""
    rtol: float = 1e-4
    atol: float = 1e-6
    source: str = ""
    by_hand: bool = False
    right: str = ""  # what the learner can do now

    def __post_init__(self) -> None:
        if self.solution is None:  # in the class edition, which has nothing to check with
            return
        if not self.check and (self.cases is _no_cases or not self.otherwise):
            raise ValueError(
                f"An exercise needs `cases` and `otherwise`, or a `check`. Received neither for "
                f"{self.id!r}. Without them every answer would pass: declare them."
            )

    def judge(self, answer: Any) -> None:
        """Return if an answer is right, else raise `WrongAnswer` or `Unsolved`."""
        if self.check:
            self.check(answer)
        else:
            compare(
                answer, self.solution, self.cases, self.mistakes, self.otherwise, self.run,
                self.rtol, self.atol,
            )  # fmt: skip

    def code(self) -> str:
        """Return the solution as the text of a cell."""
        return self.source or _untyped(textwrap.dedent(inspect.getsource(self.solution)).strip())


@dataclass(frozen=True)
class Option:
    """One answer to a question, and the reply to a learner who chooses it."""

    text: str
    feedback: str
    right: bool = False


@dataclass(frozen=True)
class Question:
    """A question with options, one of them right; in a `poll` none is, each has its reply."""

    text: str
    options: tuple[Option, ...]
    poll: bool = False

    def __post_init__(self) -> None:
        right = sum(option.right for option in self.options)
        if right != int(not self.poll):
            raise ValueError(
                f"A question needs one right option, a poll none. Received {right} for "
                f"{self.text!r}. Mark one with right=True."
            )


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What a learner should guess before it is measured: a number, or one of some options.

        Prediction(
            question="A pixel of ink 0.5 runs for 25 steps. How many spikes do you expect?",
            unit="spikes",
            close=2,
            low="Each step is a coin of its own: half of the 25 show a spike.",
            reply="Coins differ: eight such pixels do not send the same number.",
        )
        Prediction(
            question="The current doubles. The firing rate becomes …",
            options=(
                Option("twice as high", "That would need a neuron without leak."),
                Option("more than twice as high", "The leak takes its share once.", right=True),
            ),
        )

    A guess outside `between`, the least and the most that is possible, is refused. A number counts
    as close if it is off by `close` at most, or by the `factor` at most; `low` is said to a guess
    that was too low, `high` to one that was too high. `reply` is said to all. An option that is
    `right` may be missing where the measurement decides; see `outcome`.
    """

    question: str
    options: tuple[Option, ...] = ()
    unit: str = ""
    close: float | int = 0
    factor: float | int = 1
    low: str = ""
    high: str = ""
    reply: str = ""
    between: tuple[float, float] = ANY

    def __post_init__(self) -> None:
        numeric = self.close != 0 or self.factor != 1 or bool(self.low or self.high)
        numeric = numeric or self.between != ANY
        if self.options and (numeric or sum(option.right for option in self.options) > 1):
            raise ValueError(
                f"A prediction with options needs one right option at most, and no `close`, "
                f"`factor`, `low`, `high` or `between`. Received another for {self.question!r}. "
                f"Leave out one of them."
            )
        if self.close < 0 or self.factor < 1:
            raise ValueError(
                f"`close` must be 0 or more, and `factor` 1 or more. Received {self.close} and "
                f"{self.factor} for {self.question!r}. Say how far off a guess may be."
            )
        if self.between[0] >= self.between[1]:
            raise ValueError(
                f"`between` must be the least and the most of a guess, in this order. Received "
                f"{self.between} for {self.question!r}. Swap them, or widen the range."
            )


def exercise(id: str) -> Exercise:
    """Return the exercise of that id, for example "02.1"."""
    known: Mapping[str, Exercise] = {e.id: e for e in _module(id, "exercises").EXERCISES}
    _check.one_of("exercise", id, known)
    return known[id]


def questions(id: str) -> tuple[Question, ...]:
    """Return a quiz by its id: "02" is that of tutorial 02."""
    known: Mapping[str, tuple[Question, ...]] = _module(id, "quiz").QUESTIONS
    _check.one_of("quiz", id, known)
    return known[id]


def prediction(id: str) -> Prediction:
    """Return the prediction of that id, for example "02.p1"."""
    known = predictions(str(id).partition(".")[0])
    _check.one_of("prediction", id, known)
    return known[id]


def tagged(tags: Iterable[str]) -> list[str]:
    """Return the ids of the exercises that the tags of a cell name, as "exercise:02.1" does."""
    return [tag.removeprefix(TAG) for tag in tags if tag.startswith(TAG)]


def predictions(id: str) -> Mapping[str, Prediction]:
    """Return the predictions of a tutorial by their ids, in order; {} if it has none."""
    name = _chapters().get(id, "")
    if name and not find_spec(f"snnedu.course.chapters.{name}.predictions"):
        return {}
    return _module(id, "predictions").PREDICTIONS


def all_exercises() -> list[Exercise]:
    """Return every exercise of the course, in order."""
    return [
        exercise for number in _chapters() for exercise in _module(number, "exercises").EXERCISES
    ]


def titles() -> dict[str, str]:
    """Return the title of each chapter by its number: {"02": "02 · The leaky neuron"}."""
    chapters = _chapters().items()
    docs = {
        number: import_module(f"snnedu.course.chapters.{name}").__doc__ for number, name in chapters
    }
    return {
        number: (doc or number).strip().splitlines()[0].rstrip(".") for number, doc in docs.items()
    }


def folder(number: str) -> str:
    """Return the name of a chapter's folder: "c02_lif_neuron"."""
    _check.one_of("tutorial", number, _chapters())
    return _chapters()[number]


def _untyped(source: str) -> str:
    """Leave out type annotations: a notebook does not import their names."""
    lines = [line.partition("  # pyright")[0] for line in source.splitlines()]
    spans: list[tuple[int, int, int]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.arg) and node.annotation:
            end = node.annotation.end_col_offset or 0
            spans.append((node.lineno, node.col_offset + len(node.arg), end))
        elif isinstance(node, ast.FunctionDef) and node.returns:
            line, end = node.returns.lineno, node.returns.end_col_offset or 0
            spans.append((line, lines[line - 1].rindex(" ->", 0, end), end))
    for line, start, end in sorted(spans, reverse=True):
        lines[line - 1] = lines[line - 1][:start] + lines[line - 1][end:]
    return "\n".join(lines)


def _module(id: str, part: str) -> ModuleType:
    """Return a module of the chapter to which an id belongs."""
    number = str(id).partition(".")[0]
    return import_module(f"snnedu.course.chapters.{folder(number)}.{part}")


@cache
def _chapters() -> dict[str, str]:
    """Return the folder of each chapter by its number: {"02": "c02_lif_neuron"}."""
    from importlib.resources import files

    names = sorted(folder.name for folder in files("snnedu.course.chapters").iterdir())
    return {name[1:3]: name for name in names if name[:1] == "c" and name[1:3].isdigit()}
