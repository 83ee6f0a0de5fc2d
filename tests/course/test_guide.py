"""The instructor's guide holds every exercise and question, and is whole Markdown."""

import re

import pytest

from snnedu.app import cli
from snnedu.course.exercise import all_exercises, questions

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
    for chapter in {exercise.id[:2] for exercise in all_exercises()}:
        for question in questions(chapter):
            assert question.text in guide
            for option in question.options:
                assert ("- **" if option.right else "- ") + option.text in guide


def test_chapters_come_in_order_and_code_is_closed(guide):
    numbers = re.findall(r"^## (\d\d) · ", guide, re.M)
    assert numbers == sorted(numbers) != []
    assert guide.count("```") == 2 * len(all_exercises())
