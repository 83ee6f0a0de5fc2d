"""The deck for Anki: what is in the file, what stays the same, and what can do no harm."""

import json
import re
import shutil
import sqlite3
import sys
import zipfile
from html.parser import HTMLParser

import pytest

from snnedu.app import anki, cli, workspace
from snnedu.course.exercise import questions, titles

pytestmark = pytest.mark.house


def opened(path, folder):
    """Return the notes and the decks of an .apkg file: a database in a zip file."""
    with zipfile.ZipFile(path) as packed:
        packed.extract("collection.anki2", folder)
    with sqlite3.connect(folder / "collection.anki2") as database:
        notes = database.execute("SELECT guid, mid, flds, tags FROM notes ORDER BY id").fetchall()
        decks, models = map(
            json.loads, database.execute("SELECT decks, models FROM col").fetchone()
        )
        cards = database.execute("SELECT did, due FROM cards ORDER BY id").fetchall()
    database.close()
    return notes, decks, models, cards


@pytest.fixture(scope="module")
def deck(tmp_path_factory):
    folder = tmp_path_factory.mktemp("deck")
    assert cli.main(["anki", str(folder / "snnedu.apkg")]) == 0
    return opened(folder / "snnedu.apkg", folder)


def test_there_is_a_card_for_each_term_symbol_and_question(deck):
    notes, decks, _, cards = deck
    glossary = (workspace.published() / "glossary.md").read_text(encoding="utf-8")
    symbols = glossary.partition("## Symbols\n")[2].partition("\n\n`x_rec`")[0].count("\n| ") - 1
    terms = len(re.findall("^### ", glossary, re.M))
    asked = {n: [q for q in questions(n) if not q.poll] for n in titles()}
    assert len(notes) == len(cards) == symbols + terms + sum(map(len, asked.values()))
    in_deck = [decks[str(did)]["name"].rpartition("::")[2] for did, _ in cards]
    assert in_deck.count("Terms") == terms > 100
    assert in_deck.count("Symbols") == symbols > 10
    for number, title in titles().items():
        assert in_deck.count(title) == len(asked[number])
    assert [due for _, due in cards] == list(range(len(cards)))  # new cards come in this order


def test_a_question_shows_the_right_option_only_on_its_back(deck):
    found = [note[2].split("\x1f") for note in deck[0] if " quiz " in note[3]]
    for front, back in found:
        assert "right" not in re.findall(r'class="(\w+)"', front)
        assert back.startswith('<ul><li class="right">')
        assert len(re.findall("<li", front)) == len(re.findall("<li", back)) >= 2


def test_a_term_is_tagged_with_the_chapter_that_links_to_it_first(deck):
    tags = {note[2].split("\x1f")[0]: note[3].split() for note in deck[0]}
    assert tags['<p class="word">Rheobase</p>'] == ["term", "chapter::02"]


def test_a_second_deck_has_the_same_ids_although_texts_have_changed(deck, tmp_path, monkeypatch):
    source = shutil.copytree(workspace.published(), tmp_path / "tutorials")
    glossary = source / "glossary.md"
    changed = glossary.read_text("utf-8").replace("### Axon\n\n", "### Axon\n\nNew words. ")
    changed = changed.replace("## Terms\n", "## Terms\n\n### Aaa\n\nA new term.\n")
    glossary.write_text(changed, encoding="utf-8")
    monkeypatch.setattr(anki, "published", lambda: source)
    assert anki.write(tmp_path / "new.apkg") == len(deck[0]) + 1
    notes, decks, models, _ = opened(tmp_path / "new.apkg", tmp_path)
    before, after = ({note[0]: note[1:] for note in found} for found in (deck[0], notes))
    assert len(before) == len(deck[0])  # no id twice
    assert (len(set(after) - set(before)), set(before) - set(after)) == (1, set())
    differ = [before[guid][1] for guid in before if before[guid] != after[guid]]
    assert len(differ) == 1
    assert "Axon" in differ[0]
    assert set(decks) == set(deck[1])
    assert set(models) == set(deck[2])


def test_fields_hold_only_our_own_tags_and_no_link(deck):
    found = set()

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.add(tag)
            assert attrs in ([], [("class", "word")], [("class", "right")])

    for note in deck[0]:
        Tags().feed(note[2])
        assert "](" not in note[2]
    assert found == {"p", "ul", "li", "code"}


@pytest.mark.parametrize(
    ("markdown", "made"),
    [
        ("<img src=x onerror=alert(1)> & more", "&lt;img src=x onerror=alert(1)&gt; &amp; more"),
        ("A [spike](#Spike) or [BPTT](#Back_(BPTT)).", "A spike or BPTT."),
        ("[bad](javascript:alert(1))", "bad"),
        ("`a < b` and **bold**", "<code>a &lt; b</code> and bold"),
        ("$x<y$ and `$HOME`", r"\(x&lt;y\) and <code>$HOME</code>"),
        ("$$\\beta = e^{-\\Delta t/\\tau}$$", r"\[\beta = e^{-\Delta t/\tau}\]"),
        ("It costs 3 $.", "It costs 3 $."),
        ("", ""),
    ],
)
def test_a_text_becomes_harmless_html_with_formulas_for_mathjax(markdown, made):
    assert anki.text(markdown) == made


@pytest.mark.bad_input
def test_without_genanki_the_command_says_what_to_install(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "genanki", None)
    assert cli.main(["anki", str(tmp_path / "a.apkg")]) == 1
    assert "Decks need `genanki`, which is not installed." in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.bad_input
def test_a_place_that_cannot_be_written_is_named(capsys, tmp_path):
    (tmp_path / "file").touch()
    assert cli.main(["anki", str(tmp_path / "file" / "a.apkg")]) == 1
    assert "file" in capsys.readouterr().err
