"""The glossary and the quizzes as a deck of flash cards for Anki (https://apps.ankiweb.net).

    snnedu anki snnedu.apkg

There is a card for each term and each symbol of the glossary, and for each question of a quiz.
A card keeps its id when its text changes: to import a newer deck updates the cards and keeps the
learner's schedule. Texts are escaped, and formulas between dollars are set by Anki's own MathJax.
Source: https://github.com/kerrickstaley/genanki (what an id must be),
https://docs.ankiweb.net/math.html (the marks of a formula)
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

from snnedu.app.workspace import published
from snnedu.core._extras import extra
from snnedu.core._files import replacing
from snnedu.course.exercise import Option, Question, questions, titles
from snnedu.course.fields import html
from snnedu.course.quiz import mixed

DECK = "Spiking neural networks (snnedu)"
FORMULA = re.compile(r"(`[^`]*`)|\$\$(.+?)\$\$|\$([^$\n]+)\$", re.S)
ROW = re.compile(r"^\| (.+?) \| (.+?) \| (.+) \| (.+?) \|$", re.M)
LINK = re.compile(r"\[([^\]\[]+)\]\((?:[^()]|\([^()]*\))*\)")
STYLE = """
.card { font: 20px/1.5 sans-serif; text-align: left; max-width: 40em; margin: auto; }
.word { font-size: 1.4em; text-align: center; }
.right { font-weight: bold; }
li { margin: 0.3em 0; }
"""
BACK = '{{FrontSide}}<hr id="answer">{{Back}}'


@dataclass(frozen=True)
class Card:
    """A card: `key` never changes; `front` and `back` are HTML; `part` is its deck."""

    key: str
    part: str
    front: str
    back: str
    tags: tuple[str, ...] = ()


def write(path: Path) -> int:
    """Write the deck; return how many cards it has. An older file is replaced."""
    genanki = extra("genanki", "Decks need", "Run: python -m pip install 'snnedu[class]'")
    fields, sides = [{"name": "Front"}, {"name": "Back"}], {"qfmt": "{{Front}}", "afmt": BACK}
    model = genanki.Model(
        _number("model"), "snnedu", fields=fields, templates=[{"name": "Card", **sides}], css=STYLE
    )
    decks: dict[str, Any] = {}
    made = cards(published())
    for place, card in enumerate(made):
        name = f"{DECK}::{card.part}"
        deck = decks.setdefault(name, genanki.Deck(_number(name), name))
        guid, sides = genanki.guid_for("snnedu", card.key), [card.front, card.back]
        deck.add_note(genanki.Note(model, fields=sides, tags=list(card.tags), guid=guid, due=place))
    with replacing(path) as part:
        genanki.Package(list(decks.values())).write_to_file(str(part))
    return len(made)


def cards(tutorials: Path) -> list[Card]:
    """Return all cards: symbols, terms in the order of the glossary, and quizzes by chapter."""
    glossary = (tutorials / "glossary.md").read_text(encoding="utf-8")
    return [*_symbols(glossary), *_terms(glossary, _first_chapters(tutorials)), *_questions()]


def text(markdown: str) -> str:
    """Return a text of the glossary as HTML: links as plain words, code and formulas marked."""
    plain = LINK.sub(r"\1", markdown).replace("**", "")
    done, end = "", 0
    for found in FORMULA.finditer(plain):
        done += html(plain[end : found.start()]) + _marked(*found.groups())
        end = found.end()
    return done + html(plain[end:])


def _marked(code: str | None, display: str | None, inline: str | None) -> str:
    r"""Return code or a formula; Anki hands what stands in \( \) or \[ \] to MathJax."""
    if code:
        return html(code)
    return rf"\[{html(display)}\]" if display else rf"\({html(inline or '')}\)"


def _symbols(glossary: str) -> Iterator[Card]:
    table = glossary.partition("## Symbols\n")[2].partition("\n## ")[0]
    for symbol, code, what, unit in ROW.findall(table)[1:]:  # the first one is the head
        back = f"<p>{text(what)}</p><p>In code: {text(code)}. Unit: {text(unit)}.</p>"
        yield Card(f"symbol {symbol}", "Symbols", _word(symbol), back, ("symbol",))


def _terms(glossary: str, chapters: dict[str, str]) -> Iterator[Card]:
    body = glossary.partition("## Terms\n")[2]
    for term, meaning in re.findall(r"^### ([^\n]+)\n\n(.+?)(?=\n\n### |\s*\Z)", body, re.M | re.S):
        anchor = term.replace(" ", "-")
        tags = ("term", *([f"chapter::{chapters[anchor]}"] if anchor in chapters else []))
        yield Card(f"term {anchor}", "Terms", _word(term), f"<p>{text(meaning)}</p>", tags)


def _questions() -> Iterator[Card]:
    for chapter, title in titles().items():
        for number, question in enumerate(questions(chapter), start=1):
            if not question.poll:  # a poll has no right answer
                front, back = _asked(question), _answered(question)
                tags = ("quiz", f"chapter::{chapter}")
                yield Card(f"{chapter}.q{number}", f"Quiz::{title}", front, back, tags)


def _asked(question: Question) -> str:
    options = "".join(f"<li>{text(option.text)}</li>" for option in mixed(question))
    return f"<p>{text(question.text)}</p><ul>{options}</ul>"


def _answered(question: Question) -> str:
    """Return the right option first, with its reason, then why the others are not right."""
    options = sorted(question.options, key=lambda option: not option.right)
    return f"<ul>{''.join(map(_explained, options))}</ul>"


def _explained(option: Option) -> str:
    mark = ' class="right"' if option.right else ""
    return f"<li{mark}>{text(option.text)}: {text(option.feedback)}</li>"


def _word(word: str) -> str:
    return f'<p class="word">{text(word)}</p>'


def _first_chapters(tutorials: Path) -> dict[str, str]:
    """Return the first chapter that links to each term: {"Membrane-potential": "01"}."""
    found: dict[str, str] = {}
    for path in sorted(tutorials.glob("[0-9]*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        source = "".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
        for anchor in re.findall(r"\]\(glossary\.md#((?:[^\s()]|\([^\s()]*\))+)", source):
            found.setdefault(anchor, path.name[:2])
    return found


def _number(name: str) -> int:
    """Return an id that never changes; Anki wants a large number, as a time in milliseconds is."""
    return (1 << 40) + crc32(f"snnedu {name}".encode())
