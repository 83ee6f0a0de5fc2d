"""`quiz("02")`: a tutorial's questions, each answered at once, with a reply to every option."""

from html import escape
from typing import Any

import ipywidgets

from snnedu.course import progress as store
from snnedu.course.checks import code_marks
from snnedu.course.exercises import Question, questions


class Quiz(ipywidgets.VBox):
    """The questions as radio buttons (arrow keys choose), a reply below each.

    Without a front end it shows the questions and options, and gives nothing away.
    """

    def __init__(self, tutorial: str) -> None:
        self.questions = questions(tutorial)
        self.id = tutorial
        asked = [self._ask(n, question) for n, question in enumerate(self.questions, start=1)]
        super().__init__([part for parts in asked for part in parts])

    def _ask(self, number: int, question: Question) -> list[ipywidgets.Widget]:
        head = ipywidgets.HTML(f"<b>{number}. {code_marks(escape(question.text))}</b>")
        choice = ipywidgets.RadioButtons(
            options=[option.text for option in question.options],
            value=None,
            layout={"width": "auto"},
        )
        reply = ipywidgets.HTML()

        def answer(change: dict[str, Any]) -> None:
            chosen = next(o for o in question.options if o.text == change["new"])
            mark = "" if question.poll else "✅ Right." if chosen.right else "Not this one."
            reply.value = f'<span role="status">{mark} {code_marks(escape(chosen.feedback))}</span>'
            store.record("answer", f"{self.id}.q{number}", chosen.text)

        choice.observe(answer, names="value")
        return [head, choice, reply]

    def __repr__(self) -> str:
        lines: list[str] = []
        for number, question in enumerate(self.questions, start=1):
            lines += [f"{number}. {question.text}"]
            lines += [f"   ( ) {option.text}" for option in question.options]
        return "\n".join(lines)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle: Any = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        asked = "".join(
            f"<li>{code_marks(escape(question.text))}<ul>"
            + "".join(f"<li>{escape(option.text)}</li>" for option in question.options)
            + "</ul></li>"
            for question in self.questions
        )
        still = {"text/plain": repr(self), "text/html": f"<ol>{asked}</ol>"}
        return {**data, **still}, metadata


def quiz(tutorial: str) -> Quiz:
    """Ask the questions of a tutorial: `snn.quiz("02")`."""
    return Quiz(tutorial)
