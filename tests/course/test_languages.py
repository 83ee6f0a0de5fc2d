"""Every language says all that it should, keeps what is kept in English, and does not drift."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

import snnedu as snn
from snnedu.core.translation import FOLDER, languages, read_catalogue, translated
from snnedu.course import progress as store
from snnedu.course.diagnosis import variants
from snnedu.course.exercise import exercise
from snnedu.course.predict import PredictionField
from tests.course.cells import TUTORIALS
from tools import messages

pytestmark = pytest.mark.house
CODES = languages()[1:]
TRANSLATED = sorted(path for code in CODES for path in (TUTORIALS / code).glob("*.ipynb"))
NAMES = [path.relative_to(TUTORIALS).as_posix() for path in TRANSLATED]


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have replies in German."""
    monkeypatch.setenv("SNNEDU_LANG", "de")


def test_there_is_a_language_and_a_chapter_in_it():
    assert "de" in CODES
    assert "de/00_start_here.ipynb" in NAMES


@pytest.mark.parametrize("code", CODES)
def test_a_catalogue_has_every_message_and_no_other(code: str):
    """After a change of the source: `python -m tools.messages`, then translate what is new."""
    known, wanted = read_catalogue(FOLDER / f"{code}.po"), messages.messages(code)
    assert sorted(set(wanted) - set(known)) == []
    assert sorted(set(known) - set(wanted)) == []


@pytest.mark.parametrize("code", CODES)
def test_a_translation_has_the_fields_and_code_of_its_message(code: str):
    marks = re.compile(r"\{[^{}]*\}|`[^`]*`|\b\d+\.\d+\b")
    for message, shown in read_catalogue(FOLDER / f"{code}.po").items():
        assert sorted(marks.findall(shown)) == sorted(marks.findall(message)), message
        assert message[:1].isspace() == shown[:1].isspace()
        assert message.count("✅") == shown.count("✅")


def test_messages_are_found_where_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    code = '''
"""No docstring, please."""
WORDS = "A constant of several words. It is one message."
def f(count, left):
    """Nor this one."""
    if left:
        raise ValueError(f"Programs read {count} errors.")
    said = f"You have {len(count)} spikes. {left} Look at {count + left:.2f} again.{left}"
    return f"<b>{said}</b>", "utf-8", "text/html", "no message", f"{count} of {count} are done."
'''
    (tmp_path / "speaks.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    import speaks  # type: ignore

    assert list(messages.written(speaks)) == [
        "A constant of several words. It is one message.",
        "You have {count} spikes.",
        "Look at {left2} again.",
        "no message",
        "{count} of {count} are done.",
    ]


def _is_german(text: str) -> bool:
    words = set(re.findall(r"[a-z]+", re.sub(r"`[^`]*`", "", text)))
    return not words & {"the", "is", "your", "you", "of", "this", "not", "run", "it", "with"}


@pytest.mark.usefixtures("german")
def test_every_reply_of_a_check_is_german(capsys: pytest.CaptureFixture[str]):
    asked = exercise("00.1")
    for _, wrong in [
        *variants(asked.mistakes),
        ("", 3),
        ("", lambda s: s[99]),
        ("", lambda s: "a"),
    ]:
        snn.check("00.1", wrong)
        said = capsys.readouterr().out
        assert said.startswith("00.1 stimmt noch nicht. ")
        assert _is_german(said.replace("is out of", "").replace("with size", "")), said
    for reply in asked.mistakes:
        assert translated(reply) != reply
    snn.check("00.1", ...)
    snn.check("00.1", asked.accepts[0])
    snn.check("00.1", asked.solution)
    for _ in asked.hints:
        snn.hint("00.1")
    said = capsys.readouterr().out
    assert "00.1 ist noch offen." in said
    assert "✅ 00.1 Spikes zählen: richtig." in said
    assert "Das war der letzte. `snn.solution" in said
    assert _is_german(said), said


@pytest.mark.usefixtures("german")
def test_quiz_and_predictions_are_german_and_what_is_kept_is_english(capsys):
    quiz = snn.quiz("00")
    replies = [quiz.reply(0, number) for number in range(3)]
    field, explorer = PredictionField("00.p1"), snn.lif_explorer(ask="00.p2")
    told = [field.reply(0, 99), field.reply(0, "five"), field.reply(0, 4)]
    snn.predict("00.p2")
    snn.outcome("00.p1", 5)
    explorer.guess = "nie"
    snn.recap("00")
    said = capsys.readouterr().out
    texts = [quiz.form, quiz.still(), repr(quiz), *replies, field.form, field.still(), repr(field)]
    for text in [*texts, *told, said]:
        assert _is_german(re.sub(r"<[^>]*>|snn\.predict\S*", "", text)), text
    assert "Deine Vorhersage war 4 Spikes. Gemessen: 5 Spikes. Das war nah dran." in said
    assert "Deine Vorhersage war „nie“. Gemessen: „nie“." in said
    values = {(event.kind, event.id): event.value for event in store.events()}
    assert values["guess", "00.p2"] == values["outcome", "00.p2"] == "never"
    assert values["answer", "00.q1"] in [option.text for option in quiz.asked[0][1]]
    snn.reset("00")
    snn.predict("00.p2", "seltener")
    assert store.newest()["guess", "00.p2"].value == "less often"


@pytest.mark.usefixtures("german")
def test_an_explorer_has_german_words_and_the_same_code_and_numbers(monkeypatch):
    german = snn.lif_explorer(ask="00.p2")
    words = str([german._spec[key] for key in ("title", "outcome", "alt", "panels", "predict")])
    assert _is_german(words.replace("'", " ")), words
    assert [control["label"] for control in german._spec["controls"]][:2] == [
        "Zerfall β",
        "Schwelle θ",
    ]
    assert '"Zurücksetzen"' in german._esm
    assert '"Reset"' not in german._esm
    monkeypatch.delenv("SNNEDU_LANG")
    english = snn.lif_explorer(ask="00.p2")
    assert english._spec["code"] == german._spec["code"]
    assert '"Reset"' in english._esm
    texts = re.compile(r'"[^"\n]*"|`[^`\n]*`')
    assert texts.sub("", english._esm) == texts.sub("", german._esm)
    assert [c["options"] for c in english._spec["controls"] if "options" in c] == [
        c["options"] for c in german._spec["controls"] if "options" in c
    ]
    assert (english.run()["spk"] == german.run()["spk"]).all()
    assert english.describe().endswith("Spikes in 100 steps: 23.")
    assert german.describe().endswith("Spikes in 100 Zeitschritten: 23.")


@pytest.mark.parametrize("name", NAMES)
def test_a_translated_notebook_has_not_drifted(name: str):
    """After a change of the English: translate it, then `tools.messages de 00 --done ID`."""
    assert messages.outdated(TUTORIALS / name) == []


def test_a_changed_new_or_removed_cell_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(messages, "TUTORIALS", tmp_path)
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    cells = [nbformat.v4.new_markdown_cell(f"See [x](y.md). {n}", id=f"c{n}") for n in range(3)]
    english = nbformat.v4.new_notebook(cells=cells)
    path = tmp_path / "de" / "00_x.ipynb"

    def store_english() -> None:
        nbformat.write(english, tmp_path / "00_x.ipynb")

    store_english()
    messages.renew_notebook("de", "00", [])
    assert nbformat.read(path, 4).cells[0].source == "See [x](../y.md). 0"
    assert len(messages.outdated(path)) == 3
    messages.renew_notebook("de", "00", ["c0", "c1", "c2"])
    assert messages.outdated(path) == []
    english.cells[0].source = "See [x](y.md). 0\n\n[Other](z.md)\n\n"  # what tools.links writes
    english.cells[1].source += " More."
    english.cells[2]["id"] = "c9"
    store_english()
    assert messages.outdated(path) == [
        "de/00_x.ipynb, cell c1: translate it as the English stands now.",
        "de/00_x.ipynb, cell c9: translate it as the English stands now.",
        "de/00_x.ipynb, cell c2: the English has it no more.",
    ]


def _code(source: str) -> str:
    """Return code without texts, comments, and the line that chooses the language."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    lines = ast.unparse(tree).splitlines()
    return "\n".join(line for line in lines if not line.startswith("snn.language("))


@pytest.mark.parametrize("path", TRANSLATED, ids=NAMES)
def test_a_translated_notebook_runs_the_same_code_in_its_language(path: Path):
    english, own = (
        [c.source for c in nbformat.read(file, 4).cells if c.cell_type == "code"]
        for file in (TUTORIALS / path.name, path)
    )
    assert list(map(_code, own)) == list(map(_code, english))
    assert f'snn.language("{path.parent.name}")' in own[0]


@pytest.mark.parametrize("path", TRANSLATED, ids=NAMES)
def test_both_notebooks_lead_to_each_other_and_links_to_files(path: Path):
    top = nbformat.read(TUTORIALS / path.name, 4).cells[0].source
    assert f"]({path.parent.name}/{path.name})" in top
    text = "\n".join(c.source for c in nbformat.read(path, 4).cells if c.cell_type == "markdown")
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)", text)
    assert f"../{path.name}" in links
    for link in links:
        assert (path.parent / link).exists(), link
