"""Turn a notebook into a page of the web book, where no kernel answers.

Explorers of built-in models and animations are stored as HTML that runs by itself. What else a
kernel would do is done here, once, with the course's own objects:

- Quizzes and predictions: every reply is written into the page; `book/static/book.js` shows it.
- Results of a prediction, hints and solutions are folded until a reader asks for them.
- An explorer that runs Python plays what `tools.recordings` has recorded.
- What still needs Python says so, and links to the notebook.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import nbformat
from docutils.nodes import make_id
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from snnedu.course import predict
from snnedu.course.check import withheld
from snnedu.course.exercise import Exercise, Prediction, exercise, prediction, predictions, tagged
from snnedu.course.fields import Fields, html
from snnedu.course.quiz import Quiz
from tools.recordings import digest, runs_python

BINDER = "https://mybinder.org/v2/gh/snnedu/snnedu/HEAD?urlpath=lab/tree/my-course/"
CALL = re.compile(r'snn\.(predict|outcome|recap|quiz|hint)\("([\w.]+)"')
ASKS = re.compile(r'snn\.(predict|recap|quiz)\("[\w.]+"\)')  # code that a page does not need
NOTE = "border-left:4px solid"  # how a reply to a learner begins, in note.py
LINK = re.compile(r"""(?<=href=['"])(\w+)\.ipynb(?:#([^'"]*))?(?=['"])""")  # in an output
CELL = "cell-id="  # how JupyterLab names a cell in an address
TUTORIALS = Path(__file__).parent.parent / "tutorials"
ASKED = re.compile(r'ask="([\w.]+)"')  # by an explorer, before it shows more
TRANSLATION = re.compile(r" · \[[^\]]*\]\(\w\w/\w+\.ipynb\)")  # only notebooks are translated
ADDRESS = re.compile(r"(?<![(<\[`\"\w])https://(?:[^\s<>()`]|\([^\s<>()]*\))+(?<![.,;:])")
TOUR = """**You read this tour as a web page.** Nothing has to be run here: explorers, predictions
and the quiz answer at once, and results are folded. What the text says about running cells is for
the notebook.

"""
CAME = re.compile(
    r"It was (?:“(?P<option>.*?)”(?: \((?P<extra>[^)]*)\))?|(?P<was>[^<]*?))\.(?: |<|$)"
)
FIGURE = re.compile(r"-?[\d,]+(?:\.\d+)?(?:e[+-]?\d+)?")


def page(
    notebook: NotebookNode, name: str, recordings: Mapping[str, Any] | None = None
) -> NotebookNode:
    """Change a notebook, whose file is called `name`, into a page of the book; return it.

    `recordings` are those of its explorers, by the digests of their cells.
    """
    found = [(recordings or {}).get(digest(notebook, n)) for n in range(len(notebook.cells))]
    top = notebook.cells[0]
    title, _, rest = TRANSLATION.sub("", top.source).partition("\n\n")
    note = TOUR if name.startswith("00_") else ""
    top.source = f"{title}\n\n{links(name)}\n\n{note}{rest}"
    for cell, recording in zip(notebook.cells, found, strict=True):
        if cell.cell_type == "markdown":
            cell.source = ADDRESS.sub(r"<\g<0>>", cell.source)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not _is_progress(output)]
            _fold(cell)
            for output in cell.outputs:
                if "text/html" in output.get("data", {}):
                    output.data["text/html"] = LINK.sub(_to_page, output.data["text/html"])
            for kind, key in CALL.findall(cell.source):
                if turn := TURNS.get(kind):
                    turn(cell, key)
            _help(cell, name)
            _explain(cell, name, recording)
    return notebook


def links(name: str) -> str:
    """Return the line below a title: where the chapter can be run."""
    file = f"notebooks/{name}"
    return (
        f'<p class="book-links"><a href="{BINDER}{name}">Open in Binder</a> '
        f'<a href="{file}" download>Download the notebook</a> '
        f'<button type="button" class="book-all" hidden>Show all results</button></p>'
    )


def _to_page(link: re.Match[str]) -> str:
    """Return the address of a page for that of a notebook; Sphinx writes headings its own way."""
    place = unquote(link[2] or "")
    if place.startswith(CELL):
        place = _heading(link[1], place.removeprefix(CELL))
    return f"{link[1]}.html" + (f"#{make_id(place)}" if place else "")


def _heading(name: str, cell: str) -> str:
    """Return the first heading of a section in a cell of a notebook."""
    return re.findall(r"^## (.+)$", _sources(name)[cell], re.M)[0]


@cache
def _sources(name: str) -> dict[str, str]:
    """Return the text of each cell of a notebook by its id; one page links to many of them."""
    notebook = nbformat.read(TUTORIALS / f"{name}.ipynb", as_version=4)
    return {cell.id: cell.source for cell in notebook.cells}


def _is_progress(output: NotebookNode) -> bool:
    """Tell a bar that says how far a loop is: in a page it is always at its end."""
    return output.get("data", {}).get("text/html", "").startswith("<progress")


def _fold(cell: NotebookNode) -> None:
    """Fold what the notebook folds, and what gives the answer to a question away."""
    kinds = {kind for kind, _ in CALL.findall(cell.source)}
    hidden = cell.metadata.get("jupyter", {}).get("source_hidden")
    asks = all(map(ASKS.fullmatch, cell.source.splitlines()))
    tags = ["hide-input"] * bool(hidden) + ["remove-input"] * asks
    tags += ["hide-output"] * bool(kinds & {"outcome", "hint"})
    cell.metadata["tags"] = [*cell.metadata.get("tags", []), *tags]


def _ask(cell: NotebookNode, key: str) -> None:
    """Put a quiz or a prediction with all its replies in place of its picture."""
    fields = Quiz(key) if f'snn.quiz("{key}")' in cell.source else predict.PredictionField(key)
    for output in cell.outputs:
        data = output.get("data", {})
        if data.get("text/html", "").startswith(fields.still()[:40]):
            output.data = {"text/html": live("field", key, replies(fields), fields.still())}


def replies(fields: Fields) -> dict[str, Any]:
    """Return what the page needs to reply as Python would."""
    if isinstance(fields, Quiz):
        count = [len(options) for _, options in fields.asked]
        replies = [[fields.reply(n, k) for k in range(most)] for n, most in enumerate(count)]
        return {"form": fields.form, "replies": replies}
    asked = fields.asked
    if asked.options:
        replies = [[f"You wrote down “{html(option.text)}”." for option in asked.options]]
        texts = [option.text for option in asked.options]
        return {"form": fields.form, "replies": replies, "texts": texts}
    low, high = (None if abs(end) == float("inf") else end for end in asked.between)
    return {"form": fields.form, "unit": asked.unit, "between": [low, high]}


def _tell(cell: NotebookNode, key: str) -> None:
    """Let the note with the outcome speak of the reader's own guess."""
    asked = prediction(key)
    for output in cell.outputs:
        text = output.get("data", {}).get("text/html", "")
        if NOTE in text and "You wrote down no prediction." in text and _belongs(text, asked):
            output.data = {"text/html": live("outcome", key, _comparisons(asked, text), text)}
            return


def _belongs(text: str, asked: Prediction) -> bool:
    """Tell whether a note is about this prediction; a cell may have several."""
    came = CAME.search(text)
    texts = [html(option.text) for option in asked.options]
    return bool(came) and (came["option"] in texts if texts else came["option"] is None)


def _comparisons(asked: Prediction, text: str) -> dict[str, Any]:
    """Return the note for each guess: for options as Python writes it, for a number its parts."""
    came = CAME.search(text)
    assert came is not None  # `_belongs` has looked
    if asked.options:
        right = next(o.text for o in asked.options if html(o.text) == came["option"])
        extra = f" ({came['extra']})" if came["extra"] else ""
        notes = [predict._compare(asked, o.text, right, extra) for o in asked.options]
        return {"notes": [[html(note), color] for note, color in notes]}
    number = FIGURE.search(came["was"].replace("−", "-"))
    value = float(number[0].replace(",", "")) if number else None
    told = {"low": html(asked.low), "high": html(asked.high), "reply": html(asked.reply)}
    near = {"close": float(asked.close), "factor": float(asked.factor)}
    return {"value": value, "was": came["was"], "unit": asked.unit, **near, **told}


def _list(cell: NotebookNode, tutorial: str) -> None:
    """Make each line of the recap one that the page can complete."""
    for output in cell.outputs:
        text = output.get("data", {}).get("text/html", "")
        if "Your predictions in chapter" not in text:
            continue
        lines = re.split(r"<br>|</div>", text)[1:]
        rows = [_row(key, line) for key, line in zip(predictions(tutorial), lines, strict=False)]
        output.data = {"text/html": _folded("Your predictions", f"<ul>{''.join(rows)}</ul>")}


def _row(key: str, line: str) -> str:
    question, _, was = line.removeprefix("· ").partition(f" {predict.NO_GUESS} ")
    was = was.replace(predict.UNSEEN, "The explorer above answers it.")
    return f'<li>{question} <span class="book-thought" data-id="{key}"></span> {was}</li>'


def _help(cell: NotebookNode, name: str) -> None:
    """Put hints and solution below an exercise, in place of the reply that it is open."""
    for number in tagged(cell.metadata.get("tags", [])):
        asked = exercise(number)
        cell.outputs = [output for output in cell.outputs if not _is_open(output, asked.id)]
        cell.outputs.append(new_html(_hints(asked, name)))


def _is_open(output: NotebookNode, key: str) -> bool:
    return f"{key} is still open" in output.get("data", {}).get("text/html", "")


def _hints(asked: Exercise, name: str) -> str:
    hints = [_folded(f"Hint {n}", html(hint)) for n, hint in enumerate(asked.hints, start=1)]
    solution = highlight(asked.code(), PythonLexer(), HtmlFormatter())
    shown = [] if withheld() else [_folded("Our solution", solution)]
    where = f"To write your own, {_open(name)}: it checks your answer at once."
    return f'<p class="book-note">{where}</p>{"".join([*hints, *shown])}'


def _explain(cell: NotebookNode, name: str, recording: Mapping[str, Any] | None) -> None:
    """Play back an explorer that runs Python, or say that its picture stands for it."""
    for output in [*cell.outputs]:
        data = output.get("data", {})
        if runs_python(data):
            still = data["text/html"]
            what = "This is a recording of" if recording else "This picture is"
            fewer = "Its sliders have fewer positions than in the notebook. "
            steps = fewer if recording and recording["fewer"] else ""
            where = f"{what} an explorer that runs Python. {steps}To run it, {_open(name)}."
            shown = live("recording", "", {**recording}, still) if recording else still
            if not recording and (asked := ASKED.search(cell.source)):
                shown = _asked_first(asked[1], still)
            output.data = {"text/html": f'{shown}<p class="book-note">{where}</p>'}
    if re.search(r"^@interact|[^\w.]interact\(", cell.source, re.M):
        where = f"The sliders of this cell call Python. To move them, {_open(name)}."
        cell.outputs.append(new_html(f'<p class="book-note">{where}</p>'))


def _asked_first(key: str, still: str) -> str:
    """Ask what the explorer asks, and fold its picture, which has the answer."""
    fields = predict.PredictionField(key)
    asked = fields.asked
    said = [("✅ Right." if o.right else "Not this one.", html(o.feedback)) for o in asked.options]
    data = {**replies(fields), "replies": [[" ".join(pair) for pair in said]]}
    return live("field", key, data, fields.still()) + _folded("Show the picture", still)


def _open(name: str) -> str:
    return (
        f'open this chapter <a href="{BINDER}{name}">in Binder</a> '
        f'or <a href="notebooks/{name}" download>download it</a>'
    )


def _folded(summary: str, body: str) -> str:
    return f'<details class="book-fold"><summary>{summary}</summary>{body}</details>'


def live(kind: str, key: str, data: dict[str, Any], still: str) -> str:
    """Return what is shown without JavaScript, and the data for `book.js`."""
    text = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    script = f'<script type="application/json">{text}</script>'
    return f'<div class="book-{kind}" data-id="{escape(key)}">{script}{still}</div>'


def new_html(text: str) -> NotebookNode:
    """Return an output of HTML."""
    from nbformat.v4 import new_output

    return new_output("display_data", data={"text/html": text})


TURNS = {"predict": _ask, "quiz": _ask, "outcome": _tell, "recap": _list}
