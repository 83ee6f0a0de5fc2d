"""A guess is kept, compared and recalled; nothing gives the answer away, nothing blocks."""

import re
from math import inf
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch

import snnedu as snn
from snnedu.course import exercise, predict as module, progress
from snnedu.course.exercise import Option, Prediction
from snnedu.course.predict import PredictionField

TUTORIALS = Path(__file__).parent.parent.parent / "tutorials"
DECLARED_BY = {
    path: exercise.predictions(path.name[:2]) for path in sorted(TUTORIALS.glob("[0-9]*.ipynb"))
}
CHAPTERS = {path: list(declared) for path, declared in DECLARED_BY.items()}
NUMBER = Prediction(
    question="How many spikes?",
    unit="spikes",
    close=1,
    low="It fires more.",
    high="It fires less.",
    reply="Coins differ.",
)
OPTIONS = Prediction(
    question="The rate `f` becomes …",
    options=(Option("higher", "Right so."), Option("lower", "No, <more>."), Option("equal", "No.")),
)
DECLARED = Prediction(
    question="Which?", unit="mV", options=(Option("a", "A is it.", right=True), Option("b", "B?"))
)
FACTOR = Prediction(question="How many times as much?", factor=2)
SHARE = Prediction(question="How many of 100?", close=5, between=(0, 100))
COUNT = Prediction(question="How many?", close=5, between=(0, inf))
KNOWN = {
    "00.p1": NUMBER,
    "00.p2": OPTIONS,
    "00.p3": DECLARED,
    "00.p4": FACTOR,
    "00.p5": SHARE,
    "00.p6": COUNT,
}


@pytest.fixture(autouse=True)
def _known(monkeypatch):
    """Let chapter 00 ask the predictions above."""
    monkeypatch.setattr(exercise._module("00", "predictions"), "PREDICTIONS", KNOWN)


def said(capsys):
    return capsys.readouterr().out.strip()


@pytest.mark.parametrize(
    ("guess", "value", "reply"),
    [
        (3, 3, "✅ You thought 3 spikes. It was 3 spikes. Coins differ."),
        (3.5, 4, "✅ You thought 3.5 spikes. It was 4 spikes: close. Coins differ."),
        (2, 3, "✅ You thought 2 spikes. It was 3 spikes: close. Coins differ."),
        (1, 3, "You thought 1 spike. It was 3 spikes. It fires more. Coins differ."),
        ("9000", 3, "You thought 9,000 spikes. It was 3 spikes. It fires less. Coins differ."),
        (
            -2,
            torch.tensor(3),
            "You thought -2 spikes. It was 3 spikes. It fires more. Coins differ.",
        ),
        (
            2,
            np.float32(2.718),
            "✅ You thought 2 spikes. It was ≈ 2.72 spikes: close. Coins differ.",
        ),
        (2, 31415.9, "You thought 2 spikes. It was ≈ 31,416 spikes. It fires more. Coins differ."),
    ],
)
def test_a_number_is_compared_and_answered(guess, value, reply, capsys):
    snn.predict("00.p1", guess)
    said(capsys)
    snn.outcome("00.p1", value)
    assert said(capsys) == reply


@pytest.mark.parametrize(
    ("guess", "close"),
    [(5, True), (20, True), (4.9, False), (21, False), (-10, False), (0, False)],
)
def test_a_factor_counts_as_close(guess, close, capsys):
    snn.predict("00.p4", guess)
    snn.outcome("00.p4", 10)
    assert ("✅" in said(capsys)) == close


@pytest.mark.parametrize(
    ("guess", "value", "reply"),
    [
        ("higher", "higher", "✅ You thought “higher”. It was “higher”. Right so."),
        (2, "higher", "You thought “lower”. It was “higher”. No, <more>."),
        ("lower", "lower", "✅ You thought “lower”. It was “lower”. No, <more>."),
    ],
)
def test_the_measurement_says_which_option_came_true(guess, value, reply, capsys):
    snn.predict("00.p2", guess)
    said(capsys)
    snn.outcome("00.p2", value)
    assert said(capsys) == reply


def test_an_option_declared_as_right_takes_a_measured_number_beside_it(capsys):
    snn.predict("00.p3", "b")
    said(capsys)
    snn.outcome("00.p3", 0.12345)
    assert said(capsys) == "You thought “b”. It was “a” (≈ 0.123 mV). B?"
    snn.outcome("00.p3")
    assert said(capsys) == "You thought “b”. It was “a”. B?"


def test_without_a_prediction_the_outcome_is_shown_all_the_same(capsys):
    snn.outcome("00.p1", 3)
    assert said(capsys) == "You wrote down no prediction. It was 3 spikes. Coins differ."
    snn.outcome("00.p2", "higher")
    assert said(capsys) == "You wrote down no prediction. It was “higher”. Right so."


def test_a_guess_may_change_until_it_was_compared(capsys):
    snn.predict("00.p1", 3)
    snn.predict("00.p1", 5)
    assert "You wrote down 5 spikes. You can change it" in said(capsys)
    snn.outcome("00.p1", 9)
    said(capsys)
    snn.predict("00.p1", 9)
    assert said(capsys) == (
        'You wrote down 5 spikes. You have seen the outcome, so it stays. `snn.reset("00.p1")` '
        "starts again."
    )
    progress.record("reset", "00.p1")
    snn.predict("00.p1", 9)
    assert "You wrote down 9 spikes. You can" in said(capsys)


def test_a_first_guess_may_come_after_run_all(capsys):
    snn.outcome("00.p1", 9)
    snn.predict("00.p1", 3)
    snn.predict("00.p1", 4)
    assert "Run the cell that measures again, to compare." in said(capsys)
    snn.outcome("00.p1", 9)
    assert said(capsys).startswith("You thought 4 spikes. It was 9 spikes.")


def test_the_recap_lists_what_was_thought_and_what_it_was(capsys):
    snn.predict("00.p1", 3)
    snn.outcome("00.p1", 3.2)
    snn.predict("00.p2", "lower")
    snn.outcome("00.p2", "higher")
    snn.predict("00.p3", "a")
    snn.outcome("00.p4", 2)
    said(capsys)
    snn.recap("00")
    assert said(capsys).splitlines() == [
        "Your predictions in chapter 00",
        "✅ How many spikes? You thought 3 spikes. It was ≈ 3.2 spikes.",
        "· The rate `f` becomes … You thought “lower”. It was “higher”.",
        "· Which? You thought “a”. You have not seen the outcome yet.",
        "· How many times as much? You wrote none down. It was 2.",
        "· How many of 100? You wrote none down. You have not seen the outcome yet.",
        "· How many? You wrote none down. You have not seen the outcome yet.",
        "1 of 2 came close. Look once more at those that did not.",
    ]


def test_a_recap_reads_the_progress_once_and_a_lookup_one_chapter(monkeypatch, capsys):
    snn.predict("00.p1", 3)
    reads, chapters = list[Path](), list[str]()
    read, module_of = progress._read, exercise._module
    monkeypatch.setattr(progress, "_read", lambda file: reads.append(file) or read(file))
    looked_up = lambda number, part: chapters.append(number[:2]) or module_of(number, part)  # noqa: E731
    monkeypatch.setattr(exercise, "_module", looked_up)
    snn.recap("00")
    assert len(reads) == 1
    snn.outcome("00.p1", 3)
    assert len(reads) <= 3
    assert set(chapters) == {"00"}


def test_an_answer_in_an_explorer_is_kept_and_recalled(capsys):
    asked = module.in_explorer("00.p3")
    assert asked["options"] == {"a": "A is it.", "b": "B?"}
    assert (asked["predict"], asked["right"], asked["guess"]) == ("Which?", "a", "")
    asked["on_guess"]("b")
    snn.recap("00")
    assert "· Which? You thought “b”. It was “a”." in said(capsys)
    assert module.in_explorer("00.p3")["guess"] == "b"
    progress.record("reset", "00.p3")
    assert module.in_explorer("00.p3")["guess"] == ""


def test_a_guess_travels_to_another_machine(tmp_path, monkeypatch, capsys):
    snn.predict("00.p1", 3)
    file = snn.export_progress(tmp_path / "me.json")
    monkeypatch.setenv("SNNEDU_DATA", str(tmp_path / "elsewhere"))
    snn.import_progress(file)
    said(capsys)
    snn.outcome("00.p1", 3)
    assert said(capsys).startswith("✅ You thought 3 spikes.")


@pytest.mark.parametrize(
    ("right", "closing"),
    [
        ([], "no guess of yours to compare"),
        ([True], "All"),
        ([False], "None came"),
        ([False, True], "1 of 2 came close"),
    ],
)
def test_a_recap_closes_kindly(right, closing):
    assert closing in module._closing(right)


def test_a_guess_for_a_question_that_changed_since_is_forgotten(capsys, monkeypatch):
    snn.predict("00.p1", 3)
    snn.outcome("00.p1", 3)
    snn.predict("00.p2", "equal")
    monkeypatch.setitem(KNOWN, "00.p1", OPTIONS)
    monkeypatch.setitem(KNOWN, "00.p2", NUMBER)
    said(capsys)
    snn.recap("00")
    assert said(capsys).count("You wrote none down. You have not seen the outcome yet.") == 6
    snn.outcome("00.p1", "higher")
    assert "You wrote down no prediction" in said(capsys)
    snn.predict("00.p1", "higher")
    assert "You wrote down “higher”." in said(capsys)


def test_in_plain_python_it_says_how_to_answer(capsys):
    assert snn.predict("00.p1") is None
    assert said(capsys) == (
        "Your prediction · How many spikes?\n"
        'To answer: snn.predict("00.p1", …) with a number (spikes).'
    )
    snn.predict("00.p2")
    assert said(capsys).splitlines()[1:] == [
        "   1. higher",
        "   2. lower",
        "   3. equal",
        'To answer: snn.predict("00.p2", …) with the number of your choice.',
    ]


def test_the_field_keeps_a_number_and_shows_it_again(capsys):
    field = PredictionField("00.p1")
    assert 'type="number"' in field.form
    field.chosen = {"0": "2.5"}  # as the browser sets it
    assert field.replies["0"].startswith("You wrote down 2.5 spikes. You can change it")
    field.chosen = {"0": ""}
    assert field.replies["0"] == "Please type a number."
    assert PredictionField("00.p1").chosen == {"0": "2.5"}
    snn.outcome("00.p1", 3)
    field.chosen = {"0": "3"}  # too late, in a field that is still on the page
    assert field.chosen == {"0": "2.5"}
    assert "so it stays" in field.replies["0"]
    again = PredictionField("00.p1")
    assert again.form.count("disabled") == 2
    assert "<code>snn.reset" in again.replies["0"]


def test_the_field_refuses_an_impossible_guess_and_keeps_the_one_before():
    field = PredictionField("00.p5")
    for guess, reply in {
        "100": "You wrote down 100.",
        "150": "between 0 and 100",
        "0": "down 0.",
    }.items():
        field.chosen = {"0": guess}
        assert reply in field.replies["0"]
    field.chosen = {"0": "-5"}
    assert PredictionField("00.p5").chosen == {"0": "0"}


def test_the_field_keeps_an_option():
    field = PredictionField("00.p2")
    assert field.form.count('type="radio"') == 3
    assert "disabled" not in field.form
    field.chosen = {"0": 1}
    assert field.replies["0"].startswith("You wrote down “lower”.")
    assert PredictionField("00.p2").chosen == {"0": 1}


@pytest.mark.parametrize("id", KNOWN)
def test_without_a_front_end_the_question_is_shown_and_no_answer(id):
    data, _ = PredictionField(id)._repr_mimebundle_()
    asked = KNOWN[id]
    for text in (data["text/plain"], data["text/html"]):
        assert asked.question.split("`")[0] in text
        assert all(option.text in text for option in asked.options)
        assert not any(option.feedback in text for option in asked.options)
        assert "Coins differ" not in text


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("id", "guess", "message"),
    [
        ("00.p1", "many", "must be one number each. Received 'many'. Pass 3.5"),
        ("00.p1", float("nan"), "must be one number each. Received nan"),
        ("00.p1", [1, 2], "must be one number each"),
        ("00.p5", -5, "must lie between 0 and 100 here. Received -5. Choose a possible number"),
        ("00.p5", 150, "must lie between 0 and 100 here. Received 150"),
        ("00.p6", -1, "must be 0 or more here. Received -1"),
        ("00.p2", 4, r"its number from 1 to 3. Received 4. Choose one of: 'higher', 'lower'"),
        ("00.p2", "high", "must be an option"),
        ("00.p9", 1, "`prediction` must be one of '00.p1'"),
        ("77.p1", 1, "`tutorial` must be one of"),
    ],
)
def test_predict_raises_for_what_cannot_be_a_guess(id, guess, message):
    with pytest.raises(ValueError, match=message):
        snn.predict(id, guess)


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("id", "value", "message"),
    [
        ("00.p1", None, "must be one number each. Received None"),
        ("00.p1", torch.ones(2), "must be one number each"),
        ("00.p2", None, "Pass the text of the option that came true"),
        ("00.p2", "hgher", "must be an option"),
    ],
)
def test_outcome_raises_for_what_cannot_be_one(id, value, message):
    with pytest.raises(ValueError, match=message):
        snn.outcome(id, value)


@pytest.mark.bad_input
@pytest.mark.parametrize(
    "wrong",
    [
        {"options": OPTIONS.options, "close": 1},
        {"options": (*DECLARED.options, *DECLARED.options)},
        {"close": -1},
        {"factor": 0.5},
        {"between": (100, 0)},
        {"options": OPTIONS.options, "between": (0, 100)},
    ],
)
def test_a_prediction_that_cannot_be_compared_raises(wrong):
    with pytest.raises(ValueError, match="Received"):
        Prediction(question="?", **wrong)


@pytest.mark.bad_input
def test_recap_of_an_unknown_chapter_raises():
    with pytest.raises(ValueError, match="must be one of"):
        snn.recap("77")


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_notebook_asks_before_it_measures_and_recalls_at_the_end(path):
    code = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    calls = re.findall(r'\b(predict\(|outcome\(|recap\(|ask=)"([\w.]+)"', "\n".join(code))
    known = CHAPTERS[path]
    assert [each for call, each in calls if call in ("predict(", "ask=")] == known
    asked = [each for call, each in calls if call == "predict("]  # an explorer answers by itself
    assert sorted(each for call, each in calls if call == "outcome(") == sorted(asked)
    for each in asked:
        assert calls.index(("predict(", each)) < calls.index(("outcome(", each))
    assert calls[-1:] == ([("recap(", path.name[:2])] if known else [])


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_says_which_guesses_are_impossible(path):
    for name, asked in DECLARED_BY[path].items():
        assert asked.options or asked.between != exercise.ANY, name


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_reply_to_a_wrong_option_names_its_subject(path):
    """It stands after "It was …", so that "It" would be the right answer."""
    wrong = [o for asked in DECLARED_BY[path].values() for o in asked.options if not o.right]
    unclear = ("It", "Its", "That", "Then", "They", "Their")
    assert [o.feedback for o in wrong if o.feedback.split()[0] in unclear] == []


@pytest.mark.browser
def test_predictions_are_answered_with_the_keyboard_and_stay(lab):
    from playwright.sync_api import expect

    cells = [
        "import snnedu as snn\nfrom snnedu.course import exercise\n"
        "from tests.course.test_predict import KNOWN\n"
        'exercise._module("00", "predictions").PREDICTIONS = KNOWN',
        'snn.predict("00.p1")',
        'snn.predict("00.p2")',
        'snn.outcome("00.p1", 3)',
        'snn.outcome("00.p2", "higher")',
        'snn.recap("00")',
    ]
    notebook = lab.open(lab.write("predict.ipynb", cells))
    notebook.run_all()
    page = notebook.page
    number, options = page.locator(".quiz fieldset").all()
    number.locator("input").focus()
    page.keyboard.type("2.5")
    page.keyboard.press("Enter")
    number.get_by_role("status").filter(has_text="You wrote down 2.5 spikes.").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    options.get_by_role("status").filter(has_text="You wrote down").wait_for()
    notebook.run_all()
    page.get_by_text("It was 3 spikes: close.").wait_for()
    field = page.locator(".quiz fieldset").first
    field.locator("input").fill("9")  # too late
    page.keyboard.press("Enter")
    field.get_by_role("status").filter(has_text="so it stays").wait_for()
    expect(field.locator("input")).to_have_value("2.5")
    notebook.run_all()
    number, options = page.locator(".quiz fieldset").all()
    number.get_by_role("status").filter(has_text="so it stays").wait_for()
    assert number.locator("input").input_value() == "2.5"
    assert number.locator("input").is_disabled()
    assert options.locator("input:checked").count() == 1
    page.get_by_text("1 of 2 came close").or_(page.get_by_text("All that you")).wait_for()
    assert notebook.errors() == []
    assert notebook.console == []
