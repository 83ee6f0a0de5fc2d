"""`quiz("02")`: a tutorial's questions, each with an immediate reply to every option."""

from typing import Any
from zlib import crc32

from snnedu.core.translation import translated
from snnedu.course import progress as store
from snnedu.course.exercise import Option, Question, questions
from snnedu.course.fields import Fields, field, html, listed, radios


class Quiz(Fields):
    """The questions as radio buttons (Tab to a question, arrow keys to choose), a reply below each.

    Without a front end it shows the questions and options, without the answers.
    """

    def __init__(self, tutorial: str) -> None:
        self.id = tutorial
        self.asked = [(question, mixed(question)) for question in questions(tutorial)]
        super().__init__(
            field(f"{number}. {html(question.text)}", radios(option.text for option in options))
            for number, (question, options) in enumerate(self.asked, start=1)
        )

    def reply(self, number: int, choice: Any) -> str:
        """Return the reply to an option, and remember that it was chosen."""
        question, options = self.asked[number]
        chosen = options[choice]
        mark = "" if question.poll else "✅ Right." if chosen.right else "Not this one."
        store.record("answer", f"{self.id}.q{number + 1}", chosen.text)
        return f"{html(mark)} {html(chosen.feedback)}"

    def still(self) -> str:
        """Return the questions and options as a list."""
        shown = (
            f"<li>{html(question.text)}{listed(option.text for option in options)}</li>"
            for question, options in self.asked
        )
        return f"<ol>{''.join(shown)}</ol>"

    def __repr__(self) -> str:
        lines: list[str] = []
        for number, (question, options) in enumerate(self.asked, start=1):
            lines += [f"{number}. {question.text}"]
            lines += [f"   ( ) {option.text}" for option in options]
        return translated("\n".join(lines))


def quiz(tutorial: str) -> Quiz:
    """Ask the questions of a tutorial: `snn.quiz("02")`."""
    return Quiz(tutorial)


def mixed(question: Question) -> list[Option]:
    """Return the options in an order that does not show which is right, the same everywhere."""
    options = list(question.options)
    if not question.poll:
        options.sort(key=lambda option: crc32((option.text + question.text).encode()))
    return options
