"""`predict`, `outcome`, `recap`: a guess is written down, compared, and looked at once more.

    snn.predict("02.p1")                  # a field in the notebook; it keeps the guess
    snn.predict("02.p1", 3.5)             # the same in code
    snn.outcome("02.p1", count)           # in the cell that measures: "You thought …, it was …"
    snn.recap("02")                       # all predictions of the chapter

A guess may change until it was compared. After that, `snn.reset("02.p1")` opens it again.
`in_explorer("02.p2")` has an `Explorer` ask, which unlocks its controls and answers at once.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from snnedu.core.translation import translated
from snnedu.course import progress as store
from snnedu.course.console import say
from snnedu.course.exercise import Prediction, prediction, predictions
from snnedu.course.fields import Fields, field, html, listed, radios
from snnedu.course.note import AMBER, GREEN, in_notebook, show

NO_GUESS, UNSEEN = "You wrote none down.", "You have not seen the outcome yet."  # in a recap
Newest = Mapping[tuple[str, str], store.Event]


@dataclass(frozen=True)
class Kept:
    """What is kept of a prediction: guess, outcome, and whether the learner saw them together."""

    guess: str | None
    came: str | None
    compared: bool


class PredictionField(Fields):
    """One prediction as a number field or as radio buttons, with the guess that is kept."""

    def __init__(self, id: str) -> None:
        self.id, self.asked = id, prediction(id)
        kept = _kept(id, self.asked)
        super().__init__([field(self._question(), self._inputs(kept))], self._choice(kept))
        self.replies = {"0": html(_state(id, self.asked, kept))}

    def reply(self, number: int, choice: Any) -> str:
        """Keep a guess, and return the reply; a guess that was compared stays as it was."""
        kept = _kept(self.id, self.asked)
        if kept.compared:
            self.chosen = self._choice(kept)
            return html(_state(self.id, self.asked, kept))
        if self.asked.options:
            return html(_keep(self.id, self.asked, kept, choice + 1))
        try:
            return html(_keep(self.id, self.asked, kept, choice))
        except ValueError as error:
            return html(str(error)) if _is_number(choice) else html("Please type a number.")

    def still(self) -> str:
        """Return the question, and how to answer it."""
        options = listed(_texts(self.asked)) if self.asked.options else ""
        return (
            f"<p><b>{self._question()}</b></p>{options}<p>{html('To answer, run this cell.')}</p>"
        )

    def __repr__(self) -> str:
        lines = [f"{translated('Your prediction')} · {translated(self.asked.question)}"]
        lines += [f"   {n}. {text}" for n, text in enumerate(_texts(self.asked), start=1)]
        unit = translated(self.asked.unit)
        number = translated(f"a number ({unit})") if unit else "a number"
        what = "the number of your choice" if self.asked.options else number
        lines.append(f'To answer: snn.predict("{self.id}", …) with {what}.')
        return translated("\n".join(lines))

    def _question(self) -> str:
        return f"{html('Your prediction')} · {html(self.asked.question)}"

    def _inputs(self, kept: Kept) -> str:
        off = " disabled" if kept.compared else ""
        unit = html(self.asked.unit)
        number = (
            f'<div class="number"><label><input type="number" step="any" '
            f'aria-label="{html("Your guess")} {unit}"> <span>{unit}</span></label> '
            f"<button>{html('Keep')}</button></div>"
        )
        inputs = radios(_texts(self.asked)) or number
        return inputs.replace("<input", f"<input{off}").replace("<button", f"<button{off}")

    def _choice(self, kept: Kept) -> dict[str, int | str]:
        guess, texts = kept.guess, _texts(self.asked)
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
        asked = prediction(id)
        kept = _kept(id, asked)
        show(_state(id, asked, kept) if kept.compared else _keep(id, asked, kept, guess))
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
    guess = _kept(id, asked).guess
    store.record("outcome", id, came)
    show(*_compare(asked, guess, came, extra))


def recap(tutorial: str) -> None:
    """List a chapter's predictions: what the learner thought, and what it was."""
    lines, newest = list[str](), store.newest()
    right: list[bool] = []
    for id, asked in predictions(tutorial).items():
        kept = _kept(id, asked, newest)
        guess, came = kept.guess, kept.came
        thought = f"You thought {_text(asked, guess)}." if guess else NO_GUESS
        was = f"It was {_text(asked, came, measured=True)}." if came else UNSEEN
        right += [_is_close(asked, guess, came)] if guess and came else []
        mark = "✅" if guess and came and right[-1] else "·"
        lines.append(f"{mark} {asked.question} {thought} {was}")
    show("\n".join([f"Your predictions in chapter {tutorial}", *lines, _closing(right)]), GREEN)


def one(unit: str) -> str:
    """Return the unit of one: "spike" for "spikes", but "ms" for "ms"."""
    return re.sub(r"^(\w{3,})s$", r"\1", unit)


def in_explorer(id: str) -> dict[str, Any]:
    """Return the arguments with which an `Explorer` asks a prediction, replies, and keeps both."""
    asked = prediction(id)
    right = _came(asked, None)
    english = {translated(text): text for text in _texts(asked)}  # what is kept, by what is shown

    def keep(guess: str) -> None:
        store.record("guess", id, english.get(guess, guess))
        store.record("outcome", id, right)

    return {
        "predict": translated(asked.question),
        "options": {translated(o.text): translated(o.feedback) for o in asked.options},
        "right": translated(right),
        "guess": translated(_kept(id, asked).guess or ""),
        "on_guess": keep,
    }


def _keep(id: str, asked: Prediction, kept: Kept, guess: float | int | str) -> str:
    """Write a guess down; return what the learner is told."""
    text = _option(asked, guess) if asked.options else _possible(asked, guess)
    store.record("guess", id, text)
    return _state(id, asked, replace(kept, guess=text))


def _kept(id: str, asked: Prediction, newest: Newest | None = None) -> Kept:
    """Return what is kept, without what does not fit a question that has changed since."""
    newest = store.newest() if newest is None else newest
    guess, came = (newest.get((kind, id)) for kind in ("guess", "outcome"))
    guess, came = (
        event if event and _fits(asked, event.value) else None for event in (guess, came)
    )
    together = bool(guess and came and guess.age < came.age)
    return Kept(guess and guess.value, came and came.value, together)


def _fits(asked: Prediction, stored: str) -> bool:
    return stored in _texts(asked) if asked.options else _is_number(stored)


def _state(id: str, asked: Prediction, kept: Kept) -> str:
    """Return what the learner is told about the guess."""
    if kept.guess is None:
        return ""
    said = f"You wrote down {_text(asked, kept.guess)}."
    if kept.compared:
        return f'{said} You have seen the outcome, so it stays. `snn.reset("{id}")` starts again.'
    if kept.came:
        return f"{said} Run the cell that measures again, to compare."
    return f"{said} You can change it until you see the outcome."


def _compare(asked: Prediction, guess: str | None, came: str, extra: str) -> tuple[str, str]:
    """Return what to say about a guess, and the color of the note."""
    measured = f"{_text(asked, came, measured=True)}{extra}"
    if guess is None:
        nothing = f"You wrote down no prediction. It was {measured}."
        return f"{nothing} {_reply(asked, came, came)}".strip(), AMBER
    close = _is_close(asked, guess, came)
    near = close and not asked.options and float(guess) != float(came)
    was = f"It was {measured}: close." if near else f"It was {measured}."
    mark, color = ("✅ ", GREEN) if close else ("", AMBER)
    thought = f"You thought {_text(asked, guess)}."
    return f"{mark}{thought} {was} {_reply(asked, guess, came)}".strip(), color


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
    """Return the text of an option, given the text as shown, or the number, counted from 1."""
    texts = _texts(asked)
    known = {str(number): text for number, text in enumerate(texts, start=1)}
    text = ({translated(text): text for text in texts} | known).get(str(guess), guess)
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
        must = f"A guess must be {least:g} or more here."
        if most < math.inf:
            must = f"A guess must lie between {least:g} and {most:g} here."
        raise ValueError(f"{must} Received {float(number):g}. Choose a possible number.")
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
    if asked.options:
        return translated(f"“{translated(stored)}”")
    return _amount(stored, asked.unit, measured=measured)


def _amount(stored: str, unit: str, *, measured: bool) -> str:
    """Return a number with its unit; one that was measured has three digits, after "≈"."""
    number = float(stored)
    if measured and not stored.lstrip("-").isdecimal():
        shown = f"≈ {number:,.0f}" if 1000 <= abs(number) < math.inf else f"≈ {number:.3g}"
    else:
        shown = f"{int(number):,}" if number.is_integer() else f"{number:,g}"
    if shown.lstrip("-") == "1":
        unit = one(unit)
    return f"{shown} {translated(unit)}".strip()
