"""`quiz("02")`: a tutorial's questions, each with an immediate reply to every option."""

from html import escape
from pathlib import Path
from typing import Any
from zlib import crc32

import anywidget
import traitlets

from snnedu.course import progress as store
from snnedu.course.exercise import Option, Question, questions
from snnedu.course.note import code_marks


class Quiz(anywidget.AnyWidget):
    """The questions as radio buttons (Tab to a question, arrow keys to choose), a reply below each.

    Without a front end it shows the questions and options, without the answers.
    """

    _esm = Path(__file__).with_name("quiz.js").read_text("utf-8")
    _css = """
        .quiz fieldset { border: 0; margin: 0 0 0.8rem; padding: 0; }
        .quiz legend { font-weight: 600; padding: 0; }
        .quiz label { display: flex; gap: 0.5rem; align-items: baseline; width: fit-content; }
        .quiz p { margin: 0.3rem 0; min-height: 1.4em; }
        .quiz { color: var(--jp-ui-font-color1, inherit); line-height: 1.6; }
    """
    form = traitlets.Unicode().tag(sync=True)
    chosen = traitlets.Dict().tag(sync=True)  # the option of each question, both counted from 0
    replies = traitlets.Dict().tag(sync=True)

    def __init__(self, tutorial: str) -> None:
        self.id = tutorial
        self.asked = [(question, _mixed(question)) for question in questions(tutorial)]
        super().__init__(form=self._form())
        self.observe(self._answer, names="chosen")

    def _form(self) -> str:
        fields: list[str] = []
        for number, (question, options) in enumerate(self.asked, start=1):
            labels = "".join(
                f'<label><input type="radio"> <span>{_html(option.text)}</span></label>'
                for option in options
            )
            head = f"<legend>{number}. {_html(question.text)}</legend>"
            fields.append(f'<fieldset>{head}{labels}<p role="status"></p></fieldset>')
        return f'<form class="quiz">{"".join(fields)}</form>'

    def _answer(self, change: dict[str, Any]) -> None:
        for number, option in change["new"].items():
            if change["old"].get(number) == option:
                continue
            question, options = self.asked[int(number)]
            chosen = options[option]
            mark = "" if question.poll else "✅ Right." if chosen.right else "Not this one."
            self.replies = {**self.replies, number: f"{mark} {_html(chosen.feedback)}"}
            store.record("answer", f"{self.id}.q{int(number) + 1}", chosen.text)

    def __repr__(self) -> str:
        lines: list[str] = []
        for number, (question, options) in enumerate(self.asked, start=1):
            lines += [f"{number}. {question.text}"]
            lines += [f"   ( ) {option.text}" for option in options]
        return "\n".join(lines)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle: Any = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        shown = "".join(
            f"<li>{_html(question.text)}<ul>"
            + "".join(f"<li>{_html(option.text)}</li>" for option in options)
            + "</ul></li>"
            for question, options in self.asked
        )
        return {**data, "text/plain": repr(self), "text/html": f"<ol>{shown}</ol>"}, metadata


def quiz(tutorial: str) -> Quiz:
    """Ask the questions of a tutorial: `snn.quiz("02")`."""
    return Quiz(tutorial)


def _mixed(question: Question) -> list[Option]:
    """Return the options in an order that does not show which is right, the same everywhere."""
    options = list(question.options)
    if not question.poll:
        options.sort(key=lambda option: crc32((option.text + question.text).encode()))
    return options


def _html(text: str) -> str:
    return code_marks(escape(text))
