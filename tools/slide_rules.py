"""Where the slides of a notebook begin: a rule, so that no cell has to be tagged by hand.

- A heading of level 2 starts a slide to the right; everything below it is a slide downwards.
- A slide has one idea: some paragraphs, a formula, a question, a picture or an explorer. A text
  of more than ROOM lines goes on below, and names its section.
- Code and what it shows are two slides, so that a class can guess in between. Printed lines that
  fit appear below their code, one key press later.
- Left out: set-up cells, folded cells without outputs, calls that only show a widget, hints, and
  lists of references. A quiz has a slide for each question.
"""

import re
from collections.abc import Iterable, Iterator

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from snnedu.course.exercise import tagged
from snnedu.course.fields import html
from snnedu.course.quiz import Quiz
from tools.book_pages import live, new_html, replies

ROOM = 13  # lines of text on a slide
WIDTH = 84  # letters in a line
LARGE = 100  # lines: what has a slide of its own
LEFT_OUT = ("References", "Next")
TERM = re.compile(r'\[([^\]]+)\]\(glossary\.md#(?:[^\s()"]|\([^()]*\))+(?:\s+"([^"]*)")?\)')
NAVIGATION = re.compile(r'^(?:\[.*\]\(.*\) ·|<p class="book-links">).*$\n?', re.M)
CHAPTER = re.compile(r"\]\((\d\d_\w+)\.ipynb(?:#[^)\s]*)?\)")
NOTE = re.compile(r'<p class="book-note">.*?</p>', re.S)
ONE_CALL = re.compile(r"\A(?:\w+ = )?snn\.\w*(?:explorer|dashboard|quiz|predict|recap)\([^\n]*\)\Z")
FIELDSET = re.compile(r"<fieldset>.*?</fieldset>", re.S)
RECAP = "<summary>Your predictions</summary>"
SHOWN = "output-only"  # tags a cell whose code is not on the slide


def slides(page: NotebookNode) -> NotebookNode:
    """Return a page of the book, as `tools.book_pages` makes it, cut into slides."""
    cells = list(_left_in(_cut(page.cells)))
    return NotebookNode({**page, "cells": cells})


def _cut(cells: list[NotebookNode]) -> Iterator[NotebookNode]:
    where = ""
    for number, cell in enumerate(cells):
        if cell.cell_type == "markdown":
            for piece in pieces(plain(cell.source)):
                heading = re.match(r"(#+) (.+)", piece)
                where = heading[2] if heading else where
                level = len(heading[1]) if heading else 3
                text = piece if heading else f"{_where(where).source}\n\n{piece}"
                yield _slide(new_markdown_cell(text), "slide" if level < 3 else "subslide")
        elif number > 1 or cell.outputs:  # the first one only imports
            yield from _of_code(cell, where)


def plain(source: str) -> str:
    """Return a text without links to the notebook's neighbors; a term shows its sentence."""
    source = NAVIGATION.sub("", source)
    source = TERM.sub(_term, source)
    return CHAPTER.sub(r"](\1.html)", source)


def pieces(source: str) -> list[str]:
    """Cut a text where a heading begins, and where it is longer than a slide."""
    made: list[list[str]] = []
    for block in blocks(source):
        room = ROOM - sum(map(lines, made[-1])) if made else 0
        if block.startswith("#") or lines(block) > room:
            made.append([])
        made[-1].append(block)
    return _with_headings(["\n\n".join(piece) for piece in made])


def blocks(source: str) -> list[str]:
    """Return the paragraphs; lists too long for a slide by item, what is folded in one piece."""
    folds = re.split(r"(<details>.*?</details>|```.*?```|\$\$.*?\$\$)", source.strip(), flags=re.S)
    found: list[str] = []
    for number, part in enumerate(folds):
        found += [part] if number % 2 else re.split(r"\n\s*\n", part)
    return [item for block in found if block.strip() for item in _items(block.strip("\n"))]


def lines(block: str) -> int:
    """Return about how many lines of a slide a block takes."""
    if block.startswith("<details>"):
        return 1
    if block.startswith("$$") or block.startswith("#"):
        return 2
    if "![" in block or "<img" in block:
        return 10
    shown = re.sub(r"\]\([^)]*\)|<[^>]*>|[$*`\[]", "", block)
    return sum(1 + max(len(line) - 1, 0) // WIDTH for line in shown.splitlines()) + 1


def _items(block: str) -> list[str]:
    if lines(block) <= ROOM or not re.match(r"[-*] |\d+\. ", block):
        return [block]
    return [item.strip("\n") for item in re.split(r"\n(?=[-*] |\d+\. )", block)]


def _with_headings(made: list[str]) -> list[str]:
    """Put a heading that would stand alone above what follows it."""
    done: list[str] = []
    for piece in made:
        alone = done and re.fullmatch(r"#+ .+", done[-1]) and not piece.startswith("#")
        done[-1:] = [f"{done[-1]}\n\n{piece}"] if alone else [*done[-1:], piece]
    return done


def _of_code(cell: NotebookNode, where: str) -> Iterator[NotebookNode]:
    """Yield the slides of a code cell: its code, then what it shows."""
    tags, room = cell.metadata.get("tags", []), 0
    exercise = bool(tagged(tags))
    if not {"hide-input", "remove-input"} & set(tags) and not ONE_CALL.match(cell.source):
        if not exercise:  # the stub belongs to the text above it
            yield _slide(_where(where), "subslide")
        yield _slide(new_code_cell(cell.source), "-")
        room = ROOM + 2 - len(cell.source.splitlines())
    for group in [] if exercise else _groups(cell):
        fits = sum(map(height, group)) <= room
        if not fits:
            yield _slide(_where(where), "subslide")
        shown = new_code_cell("", outputs=group, metadata={"tags": [SHOWN]})
        yield _slide(shown, "fragment" if fits else "-")
        room = 0


def _groups(cell: NotebookNode) -> list[list[NotebookNode]]:
    """Return outputs that share a slide: each picture with what was printed before it."""
    if asked := re.search(r'snn\.quiz\("([\w.]+)"\)', cell.source):
        return [[question] for question in questions(asked[1])]
    groups: list[list[NotebookNode]] = [[]]
    for output in filter(None, map(_without_notes, cell.outputs)):
        groups[-1].append(output)
        if height(output) >= LARGE:
            groups.append([])
    return list(filter(None, groups))


def questions(key: str) -> list[NotebookNode]:
    """Return a quiz as one output for each question; each replies."""
    quiz = Quiz(key)
    said, forms = replies(quiz)["replies"], FIELDSET.findall(quiz.form)
    made: list[NotebookNode] = []
    for number, (form, answers) in enumerate(zip(forms, said, strict=True), start=1):
        data = {"form": f'<form class="quiz">{form}</form>', "replies": [answers]}
        made.append(new_html(live("field", f"{key}.q{number}", data, "")))
    return made


def height(output: NotebookNode) -> int:
    """Return about how many lines of a slide an output takes."""
    if output.output_type == "stream":
        return len(output.text.splitlines())
    data = output.get("data", {})
    text = data.get("text/html", "")
    large = re.search(r"<(?:img|canvas|figure|svg|table|form)|standAlone\(|book-recording", text)
    if large or any(kind.startswith("image/") for kind in data):
        return LARGE
    return 1 + len(text or data.get("text/plain", "")) // WIDTH


def _without_notes(output: NotebookNode) -> NotebookNode | None:
    """Leave out what leads to Binder or to a download, and the list of predictions."""
    data = output.get("data", {})
    if "text/html" not in data:
        return output
    text = NOTE.sub("", data["text/html"])
    return new_html(text) if text.strip() and RECAP not in text else None


def _left_in(cells: Iterable[NotebookNode]) -> Iterator[NotebookNode]:
    """Leave out the sections of LEFT_OUT."""
    inside = True
    for cell in cells:
        if heading := re.match(r"## (.+)", cell.source):
            inside = heading[1] not in LEFT_OUT
        if inside:
            yield cell


def _where(heading: str) -> NotebookNode:
    return new_markdown_cell(f'<p class="where">{html(heading)}</p>')


def _term(link: re.Match[str]) -> str:
    return f'<abbr title="{link[2]}">{link[1]}</abbr>' if link[2] else link[1]


def _slide(cell: NotebookNode, kind: str) -> NotebookNode:
    cell.metadata["slideshow"] = {"slide_type": kind}
    return cell
