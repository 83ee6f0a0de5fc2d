"""`predict`, `outcome`, `recap`: a guess is written down, compared, and looked at once more.

    snn.predict("02.p1")                  # a field in the notebook; it keeps the guess
    snn.predict("02.p1", 3.5)             # the same in code
    snn.outcome("02.p1", count)           # in the cell that measures: "You thought …, it was …"
    snn.recap("02")                       # all predictions of the chapter

A guess may change until it was compared. After that, `snn.reset("02.p1")` opens it again.
"""

import math
import re
from typing import Any

from snnedu.course import progress as store
from snnedu.course.console import say
from snnedu.course.exercise import Prediction, prediction, predictions
from snnedu.course.fields import Fields, field, html, listed, radios
from snnedu.course.note import AMBER, GREEN, in_notebook, show


class PredictionField(Fields):
    """One prediction as a number field or as radio buttons, with the guess that is kept."""

    def __init__(self, id: str) -> None:
        self.id, self.asked = id, prediction(id)
        super().__init__([field(self._question(), self._inputs())], self._choice())
        self.replies = {"0": html(_state(id))}

    def reply(self, number: int, choice: Any) -> str:
        """Keep a guess, and return the reply; a guess that was compared stays as it was."""
        if _compared(self.id):
            self.chosen = self._choice()
            return html(_state(self.id))
        if self.asked.options:
            return html(_keep(self.id, choice + 1))
        try:
            return html(_keep(self.id, choice))
        except ValueError as error:
            return html(str(error)) if _is_number(choice) else "Please type a number."

    def still(self) -> str:
        """Return the question, and how to answer it."""
        options = listed(_texts(self.asked)) if self.asked.options else ""
        return f"<p><b>{self._question()}</b></p>{options}<p>To answer, run this cell.</p>"

    def __repr__(self) -> str:
        lines = [f"Your prediction · {self.asked.question}"]
        lines += [f"   {n}. {text}" for n, text in enumerate(_texts(self.asked), start=1)]
        number = f"a number ({self.asked.unit})" if self.asked.unit else "a number"
        what = "the number of your choice" if self.asked.options else number
        return "\n".join([*lines, f'To answer: snn.predict("{self.id}", …) with {what}.'])

    def _question(self) -> str:
        return f"Your prediction · {html(self.asked.question)}"

    def _inputs(self) -> str:
        off = " disabled" if _compared(self.id) else ""
        unit = html(self.asked.unit)
        number = (
            f'<div class="number"><label><input type="number" step="any" '
            f'aria-label="Your guess {unit}"> <span>{unit}</span></label> '
            f"<button>Keep</button></div>"
        )
        inputs = radios(_texts(self.asked)) or number
        return inputs.replace("<input", f"<input{off}").replace("<button", f"<button{off}")

    def _choice(self) -> dict[str, int | str]:
        guess, texts = _kept("guess", self.id), _texts(self.asked)
        if guess is None:
            return {}
        return {"0": texts.index(guess) if texts else guess.removesuffix(".0")}


def predict(id: str, guess: float | int | str | None = None) -> PredictionField | None:
    """Ask for a prediction, or write down `guess`: a number, or for options one's number or text.

    Raises ValueError for a guess that cannot be one.
    """
    if guess is None:
        ask = PredictionField(id)
        if in_notebook():
            return ask
        say(repr(ask))
    else:
        show(_state(id) if _compared(id) else _keep(id, guess))
    return None


def outcome(id: str, value: Any = None) -> None:
    """Show what was predicted beside what was measured, and remember both.

    `value` is a number: an int where it is the same on every machine, a float for a measurement,
    which is shown after "≈". For a prediction with options it is the text of the option that came
    true; with a number, or without a value, the option that is declared as right came true.
    """
    asked = prediction(id)
    came = _came(asked, value)
    measured = asked.options and not isinstance(value, str | None)
    extra = f" ({_amount(_number(value), asked.unit, measured=True)})" if measured else ""
    store.record("outcome", id, came)
    show(*_compare(asked, _kept("guess", id), came, extra))


def recap(tutorial: str) -> None:
    """List a chapter's predictions: what the learner thought, and what it was."""
    lines: list[str] = []
    right: list[bool] = []
    for id, asked in predictions(tutorial).items():
        guess, came = _kept("guess", id), _kept("outcome", id)
        thought = f"You thought {_text(asked, guess)}." if guess else "You wrote none down."
        was = f"It was {_text(asked, came, measured=True)}." if came else "It is not measured yet."
        right += [_is_close(asked, guess, came)] if guess and came else []
        mark = "✅" if guess and came and right[-1] else "·"
        lines.append(f"{mark} {asked.question} {thought} {was}")
    show("\n".join([f"Your predictions in chapter {tutorial}", *lines, _closing(right)]), GREEN)


def _keep(id: str, guess: float | int | str) -> str:
    """Write a guess down; return what the learner is told."""
    asked = prediction(id)
    store.record("guess", id, _option(asked, guess) if asked.options else _possible(asked, guess))
    return _state(id)


def _kept(kind: str, id: str) -> str | None:
    """Return the guess or the outcome that is kept, unless the question has changed since."""
    event, texts = store.latest(kind, id), _texts(prediction(id))
    if event is None:
        return None
    fits = event.value in texts if texts else _is_number(event.value)
    return event.value if fits else None


def _compared(id: str) -> bool:
    """Return whether the learner has seen the outcome beside the guess."""
    guess, seen = store.latest("guess", id), store.latest("outcome", id)
    later = guess is not None and seen is not None and guess.age < seen.age
    return later and _kept("guess", id) is not None


def _state(id: str) -> str:
    """Return what the learner is told about the guess."""
    guess = _kept("guess", id)
    if guess is None:
        return ""
    kept = f"You wrote down {_text(prediction(id), guess)}."
    if _compared(id):
        return f'{kept} You have seen the outcome, so it stays. `snn.reset("{id}")` starts again.'
    if store.latest("outcome", id):
        return f"{kept} Run the cell that measures again, to compare."
    return f"{kept} You can change it until you see the outcome."


def _compare(asked: Prediction, guess: str | None, came: str, extra: str) -> tuple[str, str]:
    """Return what to say about a guess, and the color of the note."""
    was = f"It was {_text(asked, came, measured=True)}{extra}"
    if guess is None:
        return f"You wrote down no prediction. {was}. {_reply(asked, came, came)}".strip(), AMBER
    close = _is_close(asked, guess, came)
    how = ": close." if close and not asked.options and float(guess) != float(came) else "."
    mark, color = ("✅ ", GREEN) if close else ("", AMBER)
    thought = f"{mark}You thought {_text(asked, guess)}."
    return f"{thought} {was}{how} {_reply(asked, guess, came)}".strip(), color


def _is_close(asked: Prediction, guess: str, came: str) -> bool:
    if asked.options:
        return guess == came
    thought, was = float(guess), float(came)
    by_factor = abs(was) / asked.factor <= abs(thought) <= abs(was) * asked.factor
    within = math.isclose(thought, was, rel_tol=1e-9, abs_tol=asked.close)
    return within or (by_factor and thought * was > 0)


def _reply(asked: Prediction, guess: str, came: str) -> str:
    """Return the reply to an option, or to a number that was too low or too high; then to all."""
    if asked.options:
        own = asked.options[_texts(asked).index(guess)].feedback
    elif _is_close(asked, guess, came):
        own = ""
    else:
        own = asked.low if float(guess) < float(came) else asked.high
    return f"{own} {asked.reply}".strip()


def _closing(right: list[bool]) -> str:
    if not right:
        return "There is no guess of yours to compare yet. `snn.predict` keeps the next one."
    if all(right):
        return "All that you wrote down came close."
    if not any(right):
        return "None came close this time. What surprised you is worth a second look."
    return f"{sum(right)} of {len(right)} came close. Look once more at those that did not."


def _came(asked: Prediction, value: Any) -> str:
    """Return what was measured as text: a number, or the option that came true."""
    if not asked.options:
        return _number(value)
    if isinstance(value, str):
        return _option(asked, value)
    right = [option.text for option in asked.options if option.right]
    if not right:
        raise ValueError(
            f"No option of {asked.question!r} is declared as right. Received {value!r}. "
            f"Pass the text of the option that came true."
        )
    return right[0]


def _option(asked: Prediction, guess: float | int | str) -> str:
    """Return the text of an option, given the text or the number, counted from 1."""
    texts = _texts(asked)
    text = {str(number): text for number, text in enumerate(texts, start=1)}.get(str(guess), guess)
    if text not in texts:
        raise ValueError(
            f"A guess must be an option, or its number from 1 to {len(texts)}. Received {guess!r}. "
            f"Choose one of: {', '.join(map(repr, texts))}."
        )
    return str(text)


def _possible(asked: Prediction, guess: Any) -> str:
    """Return a guess as text. Raises ValueError for one that cannot come true."""
    number, (least, most) = _number(guess), asked.between
    if not least <= float(number) <= most:
        ends = f"lie between {least:g} and {most:g}" if most < math.inf else f"be {least:g} or more"
        raise ValueError(
            f"A guess must {ends} here. Received {float(number):g}. Choose a possible number."
        )
    return number


def _number(value: Any) -> str:
    """Return a number as text; an int has no point in it."""
    if not _is_number(value):
        raise ValueError(
            f"A prediction and its outcome must be one number each. Received {value!r}. "
            f"Pass 3.5, for example."
        )
    number = value.item() if hasattr(value, "item") else value
    return repr(int(number) if isinstance(number, int) else float(number))


def _is_number(value: Any) -> bool:
    try:
        return not math.isnan(float(value))
    except (TypeError, ValueError, RuntimeError):
        return False


def _texts(asked: Prediction) -> list[str]:
    return [option.text for option in asked.options]


def _text(asked: Prediction, stored: str, *, measured: bool = False) -> str:
    """Return a guess or an outcome as it is shown."""
    return f"“{stored}”" if asked.options else _amount(stored, asked.unit, measured=measured)


def _amount(stored: str, unit: str, *, measured: bool) -> str:
    """Return a number with its unit; one that was measured has three digits, after "≈"."""
    number = float(stored)
    if measured and not stored.lstrip("-").isdecimal():
        shown = f"≈ {number:,.0f}" if 1000 <= abs(number) < math.inf else f"≈ {number:.3g}"
    else:
        shown = f"{int(number):,}" if number.is_integer() else f"{number:,g}"
    if shown.lstrip("-") == "1":
        unit = re.sub(r"^(\w{3,})s$", r"\1", unit)  # 1 spike, but 1 ms
    return f"{shown} {unit}".strip()
