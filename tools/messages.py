"""Bring the catalogues of the translations up to date with the English source.

    python -m tools.messages                      # after a text was changed in the source
    python -m tools.messages de 00                # translate chapter 00 into German: begin, go on
    python -m tools.messages de 00 --done ID ...  # these cells (or: all) say what the English do

The first writes each `snnedu/core/languages/*.po`: new messages come in without a translation, and
those that the source no longer has go to the end of the file. The second copies what is new in a
chapter's notebook to `tutorials/de/`, to be translated there; each cell keeps a digest of the
English cell that it translates, so that a test can name the cells whose English has changed.

Messages are those that every chapter shows, and those of the chapters that a language has.
"""

import ast
import hashlib
import inspect
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import fields, is_dataclass
from importlib import import_module
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
from nbformat import NotebookNode

import snnedu
from snnedu.core.translation import FIELD, FOLDER, WORD_IN_SCRIPT, languages, read_catalogue
from snnedu.course.exercise import Exercise, Prediction, Question, predictions
from snnedu.course.predict import one
from snnedu.widgets.panels import LABELS, TEXTS
from tools.links import WAY

ROOT = Path(__file__).parents[1]
TUTORIALS = ROOT / "tutorials"
KEY = "translates"  # in a cell's metadata: the digest of the English source
SHOWN = ("attempt", "check", "diagnosis", "fields", "form", "note", "overview", "predict",
         "progress", "quiz")  # modules of the course that speak to learners  # fmt: skip
HEAD = """msgid ""
msgstr ""
"Language: {code}\\n"
"Content-Type: text/plain; charset=utf-8\\n"

"""
LINK = re.compile(r"\]\((?=\w+\.(?:ipynb|md)|images/)")
SCRIPTS = ("course/fields.js", "widgets/explorer.js")
ALONE = re.compile(r"^\{\w+\} (?=[A-Z`])|(?<=[.?!])\{\w+\}$")  # a field that is a sentence
STARTS = re.compile(r"(?<=[.?!]) (?=[A-Z`({])")  # where a text with fields is cut into sentences
BEGINS = re.compile(r"[^a-z.… ]|(an?|the|one|no) ")
SAYS = re.compile(r"[A-Za-z]{2}.* |[A-Za-z]{2}.*[.:?!]$| .*[A-Za-z]{2}|“")


def main(arguments: list[str]) -> int:
    """Write the catalogues, and the notebook that the arguments name."""
    code, number, *done = [word for word in arguments if word != "--done"] or ["", ""]
    if code:
        renew_notebook(code, number, done)
    for each in sorted({code, *languages()} - {"", "en"}):
        write_catalogue(each)
    return 0


# ---- messages -------------------------------------------------------------------------------


def messages(code: str) -> dict[str, str]:
    """Return {message: where it stands} of all messages that a language should have."""
    found = dict.fromkeys(of_every_chapter(), "everywhere")
    for number in chapters(code):
        for message in of_chapter(number):
            found.setdefault(message, f"chapter {number}")
    return found


def chapters(code: str) -> list[str]:
    """Return the numbers of the chapters that have a notebook in a language."""
    return [path.name[:2] for path in sorted((TUTORIALS / code).glob("[0-9][0-9]_*.ipynb"))]


def of_every_chapter() -> Iterator[str]:
    """Yield what check, quiz, predictions, progress and explorers say in every chapter."""
    for name in SHOWN:
        yield from written(import_module(f"snnedu.course.{name}"))
    for name in ("widgets.explorer", "widgets.dashboard", "widgets.panels"):
        yield from written(import_module(f"snnedu.{name}"), only_calls=True)
    for script in SCRIPTS:
        text = (ROOT / "snnedu" / script).read_text(encoding="utf-8")
        yield from (word[1:-1] for word in WORD_IN_SCRIPT.findall(text))


def of_chapter(number: str) -> Iterator[str]:
    """Yield what one chapter says: exercises, quiz, predictions, and explorers of its notebook."""
    english = notebook_of(number)
    folder = f"snnedu.course.chapters.c{english.stem}"
    exercises = import_module(f"{folder}.exercises")
    yield from declared(exercises.EXERCISES)
    yield from declared(import_module(f"{folder}.quiz").QUESTIONS.values())
    for asked in predictions(number).values():
        yield from declared(asked)
        yield from filter(None, [asked.unit, one(asked.unit)])
    yield from written(exercises)
    text = "\n".join(cell.source for cell in nbformat.read(english, as_version=4).cells)
    for name in sorted(set(re.findall(r"snn\.(\w+_explorer)\(", text))):
        yield from labels(getattr(snnedu, name))


def declared(thing: Any) -> Iterator[str]:
    """Yield the texts of exercises, questions and predictions."""
    if isinstance(thing, Exercise):
        parts = [thing.title, *thing.hints, *thing.mistakes, thing.otherwise, thing.right]
        yield from (part for part in parts if isinstance(part, str) and part)
    elif isinstance(thing, Prediction):
        texts = [thing.question, thing.low, thing.high, thing.reply]
        yield from filter(None, texts)
        yield from declared(thing.options)
    elif isinstance(thing, Question):
        yield thing.text
        yield from declared(thing.options)
    elif is_dataclass(thing):  # an option
        yield from (getattr(thing, each.name) for each in fields(thing) if each.name != "right")
    elif isinstance(thing, Iterable):
        for part in thing:
            yield from declared(part)


def written(module: ModuleType, *, only_calls: bool = False) -> Iterator[str]:
    """Yield the arguments of `translated` and `html` in a module's code, then its sentences."""
    tree = ast.parse(inspect.getsource(module))
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and _name(call) in ("translated", "html"):
            texts = [text for argument in call.args for text in _texts(argument)]
            yield from (text for text in texts if re.search(r"[a-z“]", text))
    if not only_calls:
        errors = module.__name__.endswith("predict")  # its fields show them
        texts = _texts(tree if errors else _Quiet().visit(tree))
        yield from (said for text in texts for said in sentences(text) if is_said(said))


def labels(function: Any) -> Iterator[str]:
    """Yield the texts of an explorer: those of its controls and panels, title, outcome."""
    module = inspect.getmodule(function)
    tree = ast.parse(inspect.getsource(function))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for name in sorted(names):  # controls and panels that several explorers share
        shared = getattr(module, name, None)
        if type(shared).__module__ == "snnedu.widgets.panels":
            yield from (text for key in TEXTS if (text := getattr(shared, key, "")))
    for call in ast.walk(tree):
        for keyword in getattr(call, "keywords", []):
            if keyword.arg in (*TEXTS, "outcome", "alt"):
                yield from _values(keyword.value, module)
        if _name(call) in ("Traces", "Curve"):
            for argument in [*call.args, *(k.value for k in call.keywords if k.arg in LABELS)]:
                if isinstance(argument, ast.Dict):
                    yield from (t for value in argument.values for t in _values(value, module))


def sentences(text: str) -> list[str]:
    """Return a text as it is, one with fields in sentences, and no fields that stand alone."""
    if not FIELD.search(text):
        return [text.strip()]
    parts = [part for line in text.split("\n") for part in STARTS.split(line)]
    parts = [ALONE.sub("", part).strip() for part in parts]
    return [part for part in parts if FIELD.sub("", part).strip()]


def is_said(text: str) -> bool:
    """Tell a sentence or a phrase from code, types and names."""
    words = SAYS.search(FIELD.sub("", text))
    return bool(words and BEGINS.match(text)) and "<" not in text


def _texts(tree: ast.AST) -> Iterator[str]:
    """Yield the texts of a tree, f-strings with {fields}; no docstrings."""
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        yield tree.value
    elif isinstance(tree, ast.JoinedStr):
        yield _template(tree)
        for part in tree.values:
            if isinstance(part, ast.FormattedValue):
                yield from _texts(part.value)
    else:
        for child in ast.iter_child_nodes(tree):
            is_docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            if not is_docstring:
                yield from _texts(child)


def _template(text: ast.JoinedStr) -> str:
    """Return an f-string as a message: {name} stands for a value, named after its last name."""
    names: dict[str, str] = {}
    done = ""
    for part in text.values:
        if isinstance(part, ast.FormattedValue):
            value = ast.unparse(part.value)
            called = {_name(node) for node in ast.walk(part.value)}
            inside = [node.id for node in ast.walk(part.value) if isinstance(node, ast.Name)]
            name = next((n for n in reversed(inside) if n not in called), "value")
            name = name.strip("_").lower()
            while names.get(name, value) != value:
                name += "2"
            names[name] = value
            done += f"{{{name}}}"
        elif isinstance(part, ast.Constant):
            done += str(part.value)
    return done


def _values(node: ast.expr, module: ModuleType | None) -> list[str]:
    """Return the text that an argument is, or that the module calls by this name."""
    if isinstance(node, ast.Name):
        found = getattr(module, node.id, "")
        return [found] if isinstance(found, str) and found else []
    return [text for text in _texts(node) if text]


class _Quiet(ast.NodeTransformer):
    """Leaves out errors that Python shows: their readers search the net for them."""

    def visit_Raise(self, node: ast.Raise) -> ast.Raise | None:
        return None if _name(node.exc) in ("ValueError", "TypeError") else node


def _name(node: ast.AST | None) -> str:
    function = getattr(node, "func", None)
    return function.id if isinstance(function, ast.Name) else ""


# ---- files ----------------------------------------------------------------------------------


def write_catalogue(code: str) -> None:
    """Write a language's catalogue: its translations, with the messages of the source as it is."""
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import read_po, write_po

    path, template = FOLDER / f"{code}.po", Catalog(locale=code)
    for message, where in messages(code).items():
        template.add(message, auto_comments=[where])
    catalogue = read_po(BytesIO(path.read_bytes()), code) if path.exists() else Catalog(locale=code)
    catalogue.update(template)  # near translations of a changed message are marked as fuzzy
    file = BytesIO()
    write_po(file, catalogue, width=100, omit_header=True)
    path.write_bytes(HEAD.format(code=code).encode() + file.getvalue().rstrip() + b"\n")
    missing = len(set(messages(code)) - set(read_catalogue(path)))
    print(f"{path.relative_to(ROOT)}: {missing} messages have no translation.")


def notebook_of(number: str) -> Path:
    """Return the English notebook of a chapter."""
    return next(TUTORIALS.glob(f"{number}_*.ipynb"))


def renew_notebook(code: str, number: str, done: Collection[str]) -> None:
    """Copy the cells that a translation lacks, in the order of the English; note what is `done`."""
    source = notebook_of(number)
    path, english = TUTORIALS / code / source.name, nbformat.read(source, as_version=4)
    own = nbformat.read(path, as_version=4) if path.exists() else nbformat.v4.new_notebook()
    own.metadata = english.metadata
    mine = {cell.id: cell for cell in own.cells}
    own.cells = [mine.get(cell.id) or begun(cell) for cell in english.cells]
    for cell, original in zip(own.cells, english.cells, strict=True):
        if cell.id in done or "all" in done:
            cell.metadata[KEY] = digest(original)
    path.parent.mkdir(exist_ok=True)
    path.write_text(nbformat.writes(own) + "\n", encoding="utf-8")
    print(*outdated(path), sep="\n")


def begun(cell: NotebookNode) -> NotebookNode:
    """Return a copy of an English cell to be translated; its links lead one folder up."""
    copy = nbformat.from_dict({**cell, "metadata": {**cell.metadata, KEY: ""}})
    copy.source = LINK.sub("](../", cell.source)
    if cell.cell_type == "code":
        copy.update(outputs=[], execution_count=None)
    return copy


def outdated(path: Path) -> list[str]:
    """Name the cells of a translation whose English is new, gone or has changed since."""
    english = {cell.id: digest(cell) for cell in _cells(TUTORIALS / path.name)}
    own = {cell.id: cell.metadata.get(KEY) for cell in _cells(path)}
    names = [key for key in english if own.get(key) != english[key]]
    where = path.relative_to(TUTORIALS)
    return [f"{where}, cell {name}: translate it as the English stands now." for name in names] + [
        f"{where}, cell {name}: the English has it no more." for name in own if name not in english
    ]


def digest(cell: NotebookNode) -> str:
    """Return a short text that changes with the source of a cell, whatever `tools.links` writes."""
    title, _, rest = cell.source.partition("\n\n")
    return hashlib.sha256(f"{title}\n\n{WAY.sub('', rest)}".encode()).hexdigest()[:12]


def _cells(path: Path) -> list[NotebookNode]:
    return nbformat.read(path, as_version=4).cells


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
