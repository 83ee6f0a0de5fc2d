"""`Fields`: questions to answer with the mouse or the keyboard, each with a reply below it."""

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from snnedu.core.translation import translated, translated_script
from snnedu.course.note import code_marks


class Fields(anywidget.AnyWidget):
    """Fields that are each answered in one go: Tab leads to a field, arrow keys choose in it.

    A subclass says what to `reply`. Without a front end its `repr` and its `still` are shown.
    """

    _esm = Path(__file__).with_name("fields.js").read_text("utf-8")
    _css = """
        .quiz fieldset { border: 0; margin: 0 0 0.8rem; padding: 0; }
        .quiz legend { font-weight: 600; padding: 0; }
        .quiz fieldset { min-width: 0; }
        .quiz input[type=radio] { margin: 0; align-self: center; }
        .quiz label { display: flex; gap: 0.5rem; align-items: baseline; width: fit-content; }
        .quiz p { margin: 0.3rem 0; min-height: 1.4em; }
        .quiz { color: var(--jp-ui-font-color1, inherit); line-height: 1.6; }
        .quiz input[type=number], .quiz button {
            font: inherit; color: inherit; padding: 0.1rem 0.5rem; border-radius: 3px;
            border: 1px solid var(--jp-border-color1, gray); background: transparent;
        }
        .quiz input[type=number] { width: 8em; }
        .quiz .number { display: flex; gap: 1rem; align-items: baseline; }
        .quiz button { cursor: pointer; }
        .quiz :disabled { opacity: 0.6; cursor: default; }
    """
    form = traitlets.Unicode().tag(sync=True)
    chosen = traitlets.Dict().tag(sync=True)  # by the number of the field: an option's, or a text
    replies = traitlets.Dict().tag(sync=True)

    def __init__(
        self, fields: Iterable[str], chosen: Mapping[str, int | str] | None = None
    ) -> None:
        self._esm = translated_script(self._esm)
        super().__init__(form=f'<form class="quiz">{"".join(fields)}</form>', chosen=chosen or {})
        self.observe(self._answer, names="chosen")

    def reply(self, number: int, choice: Any) -> str:
        """Return the reply to a choice in a field, as HTML."""
        raise NotImplementedError

    def still(self) -> str:
        """Return the questions as HTML, for a page without a kernel."""
        raise NotImplementedError

    def _answer(self, change: dict[str, Any]) -> None:
        for number, choice in change["new"].items():
            if change["old"].get(number) != choice:
                self.replies = {**self.replies, number: self.reply(int(number), choice)}

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle: Any = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        return {**data, "text/plain": repr(self), "text/html": self.still()}, metadata


def field(question: str, inputs: str) -> str:
    """Return a field as HTML: a question, how to answer it, and room for the reply."""
    return f'<fieldset><legend>{question}</legend>{inputs}<p role="status"></p></fieldset>'


def radios(options: Iterable[str]) -> str:
    """Return the options as radio buttons."""
    return "".join(f'<label><input type="radio"> <span>{html(o)}</span></label>' for o in options)


def listed(options: Iterable[str]) -> str:
    """Return the options as a list, for a page without a kernel."""
    return f"<ul>{''.join(f'<li>{html(option)}</li>' for option in options)}</ul>"


def html(text: str) -> str:
    """Return a text as HTML in the learner's language, with `code` set as code."""
    return code_marks(escape(translated(text)))
