"""The instructor's guide holds every exercise and question, and is whole Markdown."""

import re

import pytest

from snnedu.app import cli
from snnedu.app.workspace import published
from snnedu.course.exercise import all_exercises, predictions, questions
from snnedu.course.guide import chapter, lesson

pytestmark = pytest.mark.house


@pytest.fixture(scope="module")
def guide(tmp_path_factory):
    path = tmp_path_factory.mktemp("guide") / "guide.md"
    assert cli.main(["guide", str(path)]) == 0
    return path.read_text(encoding="utf-8")


def test_each_exercise_stands_in_it_with_hints_and_mistakes(guide):
    lines = set(guide.splitlines())
    for exercise in all_exercises():
        assert f"### {exercise.id} {exercise.title}" in lines
        assert exercise.code() in guide
        for text in (*exercise.hints, *exercise.mistakes):
            assert f"- {' '.join(text.split())}" in lines


def test_each_question_stands_in_it_with_the_right_answer_in_bold(guide):
    for number in {exercise.id[:2] for exercise in all_exercises()}:
        for question in questions(number):
            assert question.text in guide
            for option in question.options:
                assert ("- **" if option.right else "- ") + option.text in guide


def test_chapters_come_in_order_and_code_is_closed(guide):
    numbers = re.findall(r"^## (\d\d) · ", guide, re.M)
    assert numbers == sorted(numbers) != []
    assert guide.count("```") == 2 * len(all_exercises())


# ---- what a teacher wrote --------------------------------------------------------------------

PARTS = ["45 minutes", "90 minutes", "What to cut", "On the board", "Three questions",
         "Likely trouble"]  # fmt: skip
CHAPTERS = sorted(path.name[:2] for path in published().glob("[0-9]*.ipynb"))


def parts(text):
    """Return the parts of a chapter's own guide by their headings."""
    found = re.split(r"^### (.+)\n\n", text, flags=re.M)
    return dict(zip(found[1::2], found[2::2], strict=True))


@pytest.fixture(params=CHAPTERS)
def number(request):
    return request.param


def test_each_chapter_has_all_parts_in_order_within_two_pages(number):
    text = lesson(number)
    assert list(parts(text)) == PARTS
    assert 1200 < len(text) < 3000
    assert "```" not in text


@pytest.mark.parametrize("minutes", [45, 90])
def test_the_minutes_of_a_plan_add_up(number, minutes):
    plan = parts(lesson(number))[f"{minutes} minutes"].strip().splitlines()
    found = [re.match(r"- (\d+) min: \S.+[.?]$", line) for line in plan]
    assert all(found), plan
    assert len(plan) >= 5
    assert sum(int(match[1]) for match in found) == minutes


def test_three_questions_are_asked_with_what_a_good_answer_says(number):
    asked = parts(lesson(number))["Three questions"].strip().splitlines()
    assert [line[:5] for line in asked] == ["1. **", "2. **", "3. **"]
    for line in asked:
        assert re.match(r"\d\. \*\*.+\*\* A good answer says: .{20,}\.$", line), line
        assert "?" in line.partition("** A good")[0]
    assert len(re.findall("^- ", parts(lesson(number))["Likely trouble"], re.M)) >= 3


def test_a_plan_speaks_of_what_is_in_the_notebook(number):
    text = lesson(number)
    (path,) = published().glob(f"{number}_*.ipynb")
    notebook = path.read_text(encoding="utf-8")
    sections = {int(n) for n in re.findall(r"[Ss]ections? (\d)", text)} - OTHERS.get(number, set())
    assert sections <= {int(n) for n in re.findall(r'"## (\d) · ', notebook)}
    own = {exercise.id for exercise in all_exercises() if exercise.id[:2] == number}
    assert set(re.findall(rf"\b{number}\.\d\b", text)) <= own
    assert own <= set(re.findall(r"\b\d\d\.\d\b", text)), "a plan should use each exercise"
    asked = set(re.findall(r"\b\d\d\.p\d\b", text))
    assert asked <= set(predictions(number))
    assert len(asked) >= min(2, len(predictions(number)))


OTHERS = {"00": {1}}  # its long plan looks into chapter 01


def test_the_guide_holds_the_lesson_of_each_chapter(guide):
    assert all(lesson(number) in guide for number in CHAPTERS)


def test_a_chapter_alone_has_its_title_on_top_and_no_heading_is_skipped():
    text = chapter("02", "#")
    assert text.startswith("# 02 · The leaky neuron\n\n## 45 minutes\n")
    prose = re.sub(r"```python.*?```", "", text, flags=re.S)
    assert {len(mark) for mark in re.findall(r"^(#+) ", prose, re.M)} == {1, 2}


def test_a_chapter_without_a_lesson_still_has_its_exercises(monkeypatch):
    from snnedu.course import guide as module

    monkeypatch.setattr(module, "lesson", lambda number: "")
    assert "### 02.1 Write the step" in chapter("02")
