"""The form of a tutorial, as rules; DESIGN calls it the notebook contract.

    python -m tests.notebook_lint tutorials/*.ipynb

A rule is a function that takes a `Notebook` and yields one sentence for each thing to fix.
`EVERY_NOTEBOOK` binds all of them, a glossary too. `NUMBERED` binds what a learner works through:
00 and the chapters. `TUTORIALS` binds the chapters alone: the start page 00 teaches nothing, so it
has no Unsettled section, no references and no length to reach.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import isclose
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools import links
from tools.notebooks import METADATA, WIDGET_VIEW

Rule = Callable[["Notebook"], Iterator[str]]

MEGABYTES = 1.5
CODE_LINES = 15
LINE_LENGTH = 100
CELLS = range(35, 51)
WORDS = range(1500, 2501)
UNCOMPARED = 3  # cells whose output nbval may ignore
NETWORK = {"aiohttp", "ftplib", "http", "httpx", "requests", "socket", "urllib", "wget"}
ROOTS = "home|Users|tmp|usr|opt|root|work|var|mnt|private"
TRACES = {
    "a path": rf"(?<![\w.])/(?:{ROOTS})/|\b[A-Z]:\\\w|site-packages",
    "an address": r"\bat 0x[0-9a-fA-F]{6,}",
    "a host": r"\blocalhost\b|\b\d{1,3}(?:\.\d{1,3}){3}\b",
}


@dataclass
class Notebook:
    """A notebook and the views of it that the rules need."""

    path: Path
    content: NotebookNode

    @classmethod
    def read(cls, path: Path) -> "Notebook":
        """Read a notebook file."""
        return cls(path, nbformat.read(path, as_version=4))

    @property
    def code(self) -> list[tuple[int, NotebookNode]]:
        """The code cells with their numbers, counted over all cells from 1 as a reader would."""
        return [(n, c) for n, c in self._numbered if c.cell_type == "code"]

    @property
    def prose(self) -> list[tuple[int, NotebookNode]]:
        """The Markdown cells with their numbers."""
        return [(n, c) for n, c in self._numbered if c.cell_type == "markdown"]

    @property
    def outputs(self) -> list[tuple[int, NotebookNode]]:
        """Every output with the number of its cell."""
        return [(n, output) for n, cell in self.code for output in cell.get("outputs", [])]

    @property
    def sections(self) -> list[tuple[str, str]]:
        """The `## ` headings in order, each with the text and code below it."""
        parts = re.split(r"^## +(.+)$", self._text, flags=re.MULTILINE)
        return list(zip(parts[1::2], parts[2::2], strict=True))

    @property
    def _numbered(self) -> list[tuple[int, NotebookNode]]:
        return list(enumerate(self.content.cells, start=1))

    @property
    def _text(self) -> str:
        """The whole notebook as one text; code is fenced, its comments are not headings."""
        parts = [
            c.source if c.cell_type == "markdown" else re.sub(r"^", "    ", c.source, flags=re.M)
            for c in self.content.cells
        ]
        return "\n\n".join(parts)

    def section(self, word: str) -> str:
        """Return what stands under the first heading that starts with `word`, or ""."""
        return next((body for head, body in self.sections if _starts(head, word)), "")


def problems(notebook: Notebook) -> list[str]:
    """Return what must be fixed, one sentence each."""
    name = notebook.path.name
    rules = EVERY_NOTEBOOK + (NUMBERED if re.match(r"\d\d_", name) else [])
    rules += TUTORIALS if re.match(r"(?!00)\d\d_", name) else []
    return [f"{problem} [{rule.__name__}]" for rule in rules for problem in rule(notebook)]


# ---------------------------------------------------------------- what a reader needs


def has_a_title(notebook: Notebook) -> Iterator[str]:
    """One title, at the top."""
    cells = notebook.content.cells
    if not cells or not re.match(r"# \S", cells[0].source):
        yield "The first cell must start with the title: `# 01 · Name`."
    titles = sum(len(re.findall(r"^# \S", c.source, re.M)) for _, c in notebook.prose)
    if titles > 1:
        yield f"There must be one title (`# `). Found {titles}: use `## ` for sections."


def says_time_prerequisites_objectives(notebook: Notebook) -> Iterator[str]:
    """A reader decides in the first two cells whether this is for her."""
    top = "\n".join(cell.source for _, cell in notebook.prose[:2])
    for word in ("Time", "Prerequisites", "Objectives"):
        if not re.search(rf"(\*\*|^## ){word}\b", top, re.M):
            yield f"The first two cells must name **{word}**."


def says_what_comes_next(notebook: Notebook) -> Iterator[str]:
    """Nobody is left at the end of a page."""
    if not notebook.section("Next").strip():
        yield "The notebook must end with a section `## Next`."


def links_lead_somewhere(notebook: Notebook) -> Iterator[str]:
    """A relative link names a file that is there; a planned chapter is named without a link."""
    for number, cell in notebook.prose:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", cell.source):
            if ":" not in target and not (notebook.path.parent / target).exists():
                yield f"Cell {number} links to {target}, which does not exist."


def links_are_complete(notebook: Notebook) -> Iterator[str]:
    """Back, on, and what a term means: written alike everywhere by `tools/links.py`."""
    wanted = links.written(notebook.content, notebook.path)
    for number, cell in notebook.prose:
        if cell.source != wanted[number - 1]:
            yield f"The links of cell {number} are not up to date. Run `python -m tools.links`."


def sections_in_order(notebook: Notebook) -> Iterator[str]:
    """Unsettled, recap, quiz, references, next: the same close in every tutorial."""
    wanted = ["Unsettled", "Recap", "Quiz", "References", "Next"]
    heads = [head for head, _ in notebook.sections]
    places: list[int] = []
    for word in wanted:
        found = [place for place, head in enumerate(heads) if _starts(head, word)]
        if not found:
            yield f"There must be a section `## {word}`."
        places += found[:1]
    if any(a > b for a, b in pairwise(places)):
        yield f"The last sections must come in this order: {', '.join(wanted)}."


def unsettled_is_measured(notebook: Notebook) -> Iterator[str]:
    """An open question is put to a measurement in this notebook, and has sources."""
    body = notebook.section("Unsettled")
    if body and not re.search(r"^    \S", body, re.M):
        yield "The section Unsettled must hold a measurement: a code cell."
    if body and "doi.org/10." not in body:
        yield "The section Unsettled must cite a source (https://doi.org/10.…)."


def references_have_a_doi(notebook: Notebook) -> Iterator[str]:
    """Each entry can be found again; books go by their ISBN."""
    entries = re.findall(r"^(?:[-*]|\d+\.) +(.+(?:\n +.+)*)", notebook.section("References"), re.M)
    if not entries:
        yield "The section References must list the sources, one `- ` each."
    for entry in entries:
        if not re.search(r"https://doi\.org/10\.\d{4,}/\S|ISBN", entry):
            yield f"This reference needs a link https://doi.org/10.… (a book: ISBN): {entry[:60]}…"


def has_exercises_and_quiz(notebook: Notebook) -> Iterator[str]:
    """A tutorial asks the learner to do something, and answers."""
    code = "\n".join(cell.source for _, cell in notebook.code)
    for call in ("snn.check(", "snn.quiz("):
        if call not in code:
            yield f"There must be at least one `{call}…)`."


def length_fits_a_lesson(notebook: Notebook) -> Iterator[str]:
    """45 to 70 minutes of a learner's time."""
    cells = len(notebook.content.cells)
    if cells not in CELLS:
        yield f"A tutorial has {CELLS[0]} to {CELLS[-1]} cells. This one has {cells}."
    words = sum(len(_read(cell.source).split()) for _, cell in notebook.prose)
    words -= len(_read(notebook.section("References")).split())
    if words not in WORDS:
        yield f"A tutorial has {WORDS[0]} to {WORDS[-1]} words of prose. This one has {words}."


def prose_numbers_are_shown(notebook: Notebook) -> Iterator[str]:
    """A percentage or decimal in the prose is printed or asserted by a cell."""
    shown = {float(n) for n in re.findall(r"\d*\.?\d+", _code_and_output(notebook))}
    for number, cell in notebook.prose:
        text = re.sub(r"https?:\S+", "", _read(cell.source))  # a DOI is not a claim
        for digits, percent in re.findall(r"(?<![\w.])(\d+\.\d+|\d+(?= ?%))( ?%)?", text):
            value = float(digits)
            same = [value, value / 100] if percent else [value]
            if not any(isclose(a, b, rel_tol=1e-9) for a in same for b in shown):
                yield f"Cell {number} says {digits}{percent}: no cell prints or asserts this."


# ---------------------------------------------------------------- pictures


def pictures_have_alt_text(notebook: Notebook) -> Iterator[str]:
    """A reader who cannot see a figure or a widget can read what it shows."""
    for number, cell in notebook.prose:
        if re.search(r"!\[\s*\]\(", cell.source):
            yield f"Cell {number} has a picture without alt text: `![what it shows](…)`."
        yield from _images_without_alt(number, cell.source)
    for number, output in notebook.outputs:
        html = _html(output)
        yield from _images_without_alt(number, html)
        for kind in (key for key in output.get("data", {}) if key.startswith("image/")):
            if not (output.metadata.get(kind, {}).get("alt", "").strip() or "alt=" in html):
                yield f"Cell {number} shows {kind} without alt text."


def widgets_have_a_picture(notebook: Notebook) -> Iterator[str]:
    """Where no kernel runs (GitHub, print), a widget is a picture, not a line of code."""
    for number, output in notebook.outputs:
        if _is_widget(output) and not ("<img" in _html(output) or "image/png" in output.data):
            yield f"Cell {number} shows a widget without a static picture."


def pictures_are_not_hot_linked(notebook: Notebook) -> Iterator[str]:
    """Every picture is made by a cell; a page from elsewhere may be gone tomorrow."""
    remote = (
        r"!\[[^\]]*\]\(\s*https?:|<(?:img|script|iframe|link|video)\b[^>]*(?:src|href)=.?https?:"
    )
    for number, text in _texts(notebook):
        if re.search(remote, text, re.I):
            yield f"Cell {number} takes a picture or script from the network."


# ---------------------------------------------------------------- code


def cells_are_short(notebook: Notebook) -> Iterator[str]:
    """What a reader takes in at a glance."""
    for number, cell in notebook.code:
        lines = cell.source.strip().splitlines()
        if len(lines) > CODE_LINES and not cell.metadata.get("jupyter", {}).get("source_hidden"):
            yield f"Cell {number} has {len(lines)} lines of code; {CODE_LINES} is the most."
        if any(len(line) > LINE_LENGTH for line in lines):
            yield f"Cell {number} has a line of code longer than {LINE_LENGTH} characters."


def asks_one_question(notebook: Notebook) -> Iterator[str]:
    """A cell shows its last value alone: one `snn.predict`, or `display` with several."""
    for number, cell in notebook.code:
        if cell.source.count("snn.predict(") > 1 and "display(" not in cell.source:
            yield f"Cell {number} asks two questions, and only the last is shown. Make two cells."


def installs_nothing(notebook: Notebook) -> Iterator[str]:
    """The environment is made once, before; no shell in a notebook."""
    for number, cell in notebook.code:
        shell = r"^\s*(?:!|%%(?:bash|sh|script|cmd)|%(?:pip|conda|sx|system))|pip\W+install"
        if re.search(shell, cell.source, re.M):
            yield f"Cell {number} installs something or calls a shell."


def uses_no_network(notebook: Notebook) -> Iterator[str]:
    """The course runs offline."""
    for number, cell in notebook.code:
        for node in ast.walk(_tree(cell.source)):
            if set(_imported(node)) & NETWORK:
                yield f"Cell {number} imports {', '.join(_imported(node))}: no network, please."
            if isinstance(node, ast.keyword) and node.arg == "download":
                yield f"Cell {number} passes `download=`: no network, please."
            if isinstance(node, ast.Name | ast.Attribute) and _name(node).startswith("fetch_"):
                yield f"Cell {number} calls `{_name(node)}`: no network, please."


def imports_come_first(notebook: Notebook) -> Iterator[str]:
    """One set-up cell; no cell that only imports for later ones."""
    for number, cell in notebook.code[1:]:
        body = _tree(cell.source).body
        if body and all(isinstance(node, ast.Import | ast.ImportFrom) for node in body):
            yield f"Cell {number} only imports. Move that to the first code cell."


def is_plain_python(notebook: Notebook) -> Iterator[str]:
    """No magics: what stands in a cell also runs in a script."""
    for number, cell in notebook.code:
        try:
            ast.parse(cell.source)
        except SyntaxError as error:
            yield f"Cell {number} is not plain Python: {error.msg} (line {error.lineno})."


# ---------------------------------------------------------------- outputs


def outputs_are_stored(notebook: Notebook) -> Iterator[str]:
    """A notebook without outputs shows nothing on GitHub, and nbval would compare nothing."""
    counts = [cell.execution_count for _, cell in notebook.code]
    if counts != list(range(1, len(counts) + 1)):
        yield "The cells must be stored as run from top to bottom. Run `make notebooks`."
    for number, cell in notebook.code:
        if _prints(cell.source) and not cell.outputs:
            yield f"Cell {number} prints, but its output is not stored. Run `make notebooks`."


def no_errors_and_warnings(notebook: Notebook) -> Iterator[str]:
    """No learner should ask herself whether that red text is her fault."""
    for number, output in notebook.outputs:
        if output.output_type == "error":
            yield f"Cell {number} raises {output.ename}."
        if output.get("name") == "stderr":
            yield f"Cell {number} writes to stderr: {output.text.strip()[:60]}"


def nothing_of_this_machine(notebook: Notebook) -> Iterator[str]:
    """The file is the same on every machine: paths, addresses, versions, times and ids stay out."""
    if notebook.content.metadata != METADATA:
        yield "The notebook's metadata must be the plain ones. Run `make notebooks`."
    for number, cell in enumerate(notebook.content.cells, start=1):
        extra = set(cell.metadata) - {"tags", "jupyter"}
        if extra:
            yield f"Cell {number} has metadata {', '.join(sorted(extra))}. Run `make notebooks`."
    for number, output in notebook.outputs:
        text = re.sub(r"data:[\w/+.;=-]+,[A-Za-z0-9+/=]+", "", _all_text(output))
        for what, pattern in TRACES.items():
            if re.search(pattern, text):
                yield f"The output of cell {number} holds {what} of the machine that ran it."
        if WIDGET_VIEW in output.get("data", {}):
            yield f"Cell {number} stores a widget's random id. Run `make notebooks`."


def outputs_are_compared(notebook: Notebook) -> Iterator[str]:
    """nbval compares every output but those of widgets, and these are few."""
    ignored = 0
    for number, cell in notebook.code:
        tags = set(cell.metadata.get("tags", []))
        if re.search(r"#\s*(?:NBVAL|PYTEST_VALIDATE)_", cell.source):
            yield f"Cell {number} has a comment for nbval. Use the tag nbval-ignore-output."
        for tag in tags & {"nbval-skip", "raises-exception", "nbval-raises-exception"}:
            yield f"Cell {number} has the tag {tag}: every cell runs, and none may raise."
        if "nbval-ignore-output" in tags:
            ignored += 1
            if not (any(map(_is_widget, cell.outputs)) or "interact(" in cell.source):
                yield f"Cell {number} has the tag nbval-ignore-output, but shows no widget."
    if ignored > UNCOMPARED:
        yield f"{ignored} cells have the tag nbval-ignore-output; {UNCOMPARED} is the most."


def file_is_small(notebook: Notebook) -> Iterator[str]:
    """Quick to clone, and GitHub still renders it."""
    size = len(nbformat.writes(notebook.content).encode()) / 1e6
    if size > MEGABYTES:
        yield f"The file has {size:.1f} MB; {MEGABYTES} MB is the most."


EVERY_NOTEBOOK: list[Rule] = [
    has_a_title,
    links_lead_somewhere,
    links_are_complete,
    pictures_have_alt_text,
    widgets_have_a_picture,
    pictures_are_not_hot_linked,
    cells_are_short,
    asks_one_question,
    installs_nothing,
    uses_no_network,
    imports_come_first,
    is_plain_python,
    outputs_are_stored,
    no_errors_and_warnings,
    nothing_of_this_machine,
    outputs_are_compared,
    file_is_small,
]
NUMBERED: list[Rule] = [says_time_prerequisites_objectives, says_what_comes_next]
TUTORIALS: list[Rule] = [
    sections_in_order,
    unsettled_is_measured,
    references_have_a_doi,
    has_exercises_and_quiz,
    length_fits_a_lesson,
    prose_numbers_are_shown,
]


def main(paths: list[str]) -> int:
    """Print what must be fixed in these files; return 1 if there is anything."""
    found = [f"{path}: {text}" for path in paths for text in problems(Notebook.read(Path(path)))]
    print("\n".join(found) or f"{len(paths)} notebooks keep the form.")
    return int(bool(found))


def _starts(head: str, word: str) -> bool:
    return bool(re.match(rf"\W*{word}\b", head))


def _html(output: NotebookNode) -> str:
    return output.get("data", {}).get("text/html", "")


def _images_without_alt(number: int, html: str) -> Iterator[str]:
    for tag in re.findall(r"<(?:img|canvas|video)\b[^>]*>", html, re.I):
        if not re.search(r"(?:alt|aria-label)=(['\"])\s*[^'\"\s]", tag, re.I):
            yield f"Cell {number} has a picture without alt text: {tag[:40]}…"


def _is_widget(output: NotebookNode) -> bool:
    data = output.get("data", {})
    own = r"\w+\((?:children|value)=|(?:Explorer|Dashboard)\("
    named = re.match(own, data.get("text/plain", ""))
    return WIDGET_VIEW in data or bool(named)


def _all_text(output: NotebookNode) -> str:
    texts = [v for k, v in output.get("data", {}).items() if not k.startswith("image/")]
    return "\n".join([output.get("text", ""), *map(str, texts)])


def _texts(notebook: Notebook) -> Iterator[tuple[int, str]]:
    yield from ((number, cell.source) for number, cell in notebook.prose)
    yield from ((number, cell.source) for number, cell in notebook.code)
    yield from ((number, _html(output)) for number, output in notebook.outputs)


def _code_and_output(notebook: Notebook) -> str:
    texts = [cell.source for _, cell in notebook.code]
    texts += [re.sub(r"data:[^\"']+", "", _all_text(output)) for _, output in notebook.outputs]
    return "\n".join(texts)


def _read(source: str) -> str:
    """Return Markdown as it is read: without the addresses and hover texts of its links."""
    return re.sub(r"\]\((?:[^()]|\([^()]*\))*\)", "]", source)


def _tree(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError:  # another rule reports it
        return ast.Module([], [])


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module.partition(".")[0]]
    return []


def _name(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr


def _prints(source: str) -> bool:
    calls = [node.value for node in _tree(source).body if isinstance(node, ast.Expr)]
    names = [c.func for c in calls if isinstance(c, ast.Call)]
    return any(isinstance(f, ast.Name) and f.id in ("print", "display") for f in names)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
