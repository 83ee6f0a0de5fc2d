"""A notebook becomes a page of the web book: what is folded, answered, explained."""

import io
import json
import re

import nbformat
import pytest
from fontTools.ttLib import TTFont
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from snnedu.course import predict
from snnedu.course.exercise import exercise
from snnedu.course.fields import html
from snnedu.course.quiz import Quiz
from tools import book, marks
from tools.book_pages import page
from tools.recordings import digest

pytestmark = pytest.mark.house
NAME = "02_lif_neuron.ipynb"
NOTE = '<div style="border-left:4px solid #e69f00;padding:4px 12px;margin:4px 0">{}</div>'
NONE = "You wrote down no prediction. It was {}. That is why."


def turned(source: str, output_html: str = "", plain: str = "", **metadata: object):
    """Return a code cell with one output as the page has it."""
    data = {"text/html": output_html, "text/plain": plain}
    output = [new_output("display_data", data=data)] if output_html else []
    cell = new_code_cell(source, outputs=output, metadata=metadata)
    notebook = new_notebook(cells=[new_markdown_cell("# 02 · A title\n\nThe text."), cell])
    return page(notebook, NAME).cells[1]


def table(cell) -> dict:
    """Return the replies that stand in the page."""
    found = re.search(r'<script type="application/json">(.*?)</script>', shown(cell), re.S)
    return json.loads(found[1])


def shown(cell) -> str:
    return "".join(output.data["text/html"] for output in cell.outputs)


def test_a_page_has_links_to_binder_and_to_the_download_below_its_title():
    notebook = new_notebook(cells=[new_markdown_cell("# 02 · A title\n\nThe text.")])
    source = page(notebook, NAME).cells[0].source
    assert re.match(r"# 02 · A title\n\n<p class=.*</p>\n\nThe text\.$", source, re.S)
    assert f'href="notebooks/{NAME}" download' in source
    assert f"urlpath=lab/tree/my-course/{NAME}" in source


def test_a_page_does_not_link_to_translations_which_are_notebooks_only():
    top = new_markdown_cell("# T\n\n[G](glossary.md) · [A →](b.ipynb) · [Deutsch](de/a.ipynb)\n\nX")
    shown = page(new_notebook(cells=[top]), "02_lif_neuron.ipynb").cells[0].source
    assert shown.endswith("[G](glossary.md) · [A →](b.ipynb)\n\nX")


def test_a_quiz_has_the_replies_that_python_would_give():
    quiz = Quiz("02")
    cell = turned('snn.quiz("02")', quiz.still())
    data = table(cell)
    assert data["form"] == quiz.form
    for number, (_, options) in enumerate(quiz.asked):
        assert data["replies"][number] == [quiz.reply(number, k) for k in range(len(options))]
        assert sum("✅" in reply for reply in data["replies"][number]) == 1
    assert quiz.still() in shown(cell)  # without JavaScript: the questions alone
    assert "remove-input" in cell.metadata.tags


def test_a_result_is_folded_and_has_a_note_for_each_option():
    asked = predict.prediction("02.p1")
    right = next(option.text for option in asked.options if option.right)
    cell = turned('x = 1\nsnn.outcome("02.p1")', NOTE.format(NONE.format(f"“{right}”")))
    assert "hide-output" in cell.metadata.tags
    assert "remove-input" not in cell.metadata.tags
    notes = table(cell)["notes"]
    for option, (text, _) in zip(asked.options, notes, strict=True):
        assert f"You thought “{option.text}”. It was “{right}”" in text
        assert text.startswith("✅") == option.right


def test_a_number_has_what_the_page_needs_to_compare():
    asked = predict.prediction("02.p3")
    cell = turned('snn.outcome("02.p3", 5.08)', NOTE.format(NONE.format("≈ 5.08 %")))
    data = table(cell)
    assert (data["value"], data["was"], data["unit"]) == (5.08, "≈ 5.08 %", asked.unit)
    assert data["close"] == asked.close
    assert data["factor"] == asked.factor


@pytest.mark.parametrize(
    ("was", "value"),
    [("≈ 1,234 spikes", 1234), ("-3 mV", -3), ("≈ 1.5e+04 spikes", 15000), ("0 spikes", 0)],
)
def test_numbers_are_read_as_the_notebook_writes_them(was, value):
    cell = turned('snn.outcome("02.p3", x)', NOTE.format(NONE.format(was)))
    assert table(cell)["value"] == value


def test_hints_and_solution_stand_below_an_exercise_in_place_of_its_reply():
    asked = exercise("02.1")
    cell = turned(
        'my_leaky = snn.check("02.1", my_leaky)',
        NOTE.format("02.1 is still open. Stuck?"),
        tags=["exercise:02.1"],
    )
    text = shown(cell)
    assert "still open" not in text
    assert text.count("<details") == len(asked.hints) + 1
    assert "<details open" not in text
    assert "Our solution" in text


def test_withheld_solutions_are_not_in_the_page(monkeypatch):
    monkeypatch.setenv("SNNEDU_SOLUTIONS", "withheld")
    text = shown(turned("pass", tags=["exercise:02.1"]))
    assert "Hint 1" in text
    assert "Our solution" not in text


def test_the_list_of_predictions_is_folded_with_a_place_for_each_guess():
    lines = [f"· {asked.question} You wrote none down. It was 3." for asked in all_of("02")]
    text = NOTE.format("<br>".join(["Your predictions in chapter 02", *lines, "The end."]))
    text = shown(turned('snn.recap("02")', text))
    assert text.startswith("<details")
    assert re.findall(r'data-id="([\w.]+)"', text) == [*predict.predictions("02")]
    assert "You wrote none down" not in text
    assert "The end" not in text


def all_of(chapter: str) -> list:
    return list(predict.predictions(chapter).values())


def test_a_widget_that_needs_python_says_so_and_a_live_one_does_not():
    still, live = "<img>", "<figure><img><script>1</script></figure>"
    assert "runs Python" in shown(turned("snn.x()", still, "Explorer(digit=3)"))
    assert "runs Python" in shown(turned("dash", still, "Dashboard()"))
    assert "runs Python" not in shown(turned("snn.x()", live, "Explorer(beta=0.9)"))
    assert "runs Python" not in shown(turned("plot()", still, "A picture."))
    assert "call Python" in shown(turned("@interact(x=1)\ndef f(x): pass", still))


def test_a_recorded_explorer_keeps_its_picture_until_the_script_runs():
    data = {"text/html": "<img>", "text/plain": "Explorer(digit=3)"}
    cell = new_code_cell("snn.x()", outputs=[new_output("display_data", data=data)])
    notebook = new_notebook(cells=[new_markdown_cell("# 02\n\nText."), cell])
    recording = {"spec": {}, "values": {}, "fewer": True, "index": "", "planes": ""}
    found = {digest(notebook, 1): recording}
    cell = page(notebook, NAME, found).cells[1]
    assert table(cell) == recording
    assert "<img>" in shown(cell)
    assert "a recording of an explorer" in shown(cell)
    assert "fewer positions" in shown(cell)


def test_the_picture_of_an_explorer_that_asks_is_folded_below_its_question():
    asked = predict.prediction("07.p1")
    cell = turned('snn.credit_explorer(credit, ask="07.p1")', "<img>", "Explorer(cur=0.15)")
    replies = table(cell)["replies"][0]
    assert all(html(o.feedback) in said for o, said in zip(asked.options, replies, strict=True))
    assert [reply.startswith("✅") for reply in replies] == [o.right for o in asked.options]
    assert "<summary>Show the picture</summary><img></details>" in shown(cell)


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("See https://doi.org/10.1/x. Then", "See <https://doi.org/10.1/x>. Then"),
        ("https://doi.org/S0(99)1-6", "<https://doi.org/S0(99)1-6>"),
        ("[a](https://doi.org/10.1/x)", "[a](https://doi.org/10.1/x)"),
        ("(https://doi.org/10.1/x)", "(https://doi.org/10.1/x)"),
        ("`https://a.b`", "`https://a.b`"),
    ],
)
def test_a_bare_address_becomes_a_link(text, link):
    notebook = new_notebook(cells=[new_markdown_cell("# 02\n\nText."), new_markdown_cell(text)])
    assert page(notebook, NAME).cells[1].source == link


def test_links_in_an_output_lead_to_pages():
    output = "<a href='04_spike_encoding.ipynb#Unsettled-·-Is-one-spike-enough?'>04</a>"
    assert "href='04_spike_encoding.html#unsettled-is-one-spike-enough'" in shown(
        turned("x", output)
    )
    assert 'href="01_a.html"' in shown(turned("x", '<a href="01_a.ipynb">'))
    cell = "<a href='04_spike_encoding.ipynb#cell-id=c04-36'>04</a>"
    assert "href='04_spike_encoding.html#unsettled-is-one-spike-enough'" in shown(turned("x", cell))


def test_a_bar_of_progress_is_left_out():
    assert turned("for x in ProgressBar(3): pass", "<progress max='3' value='3'>").outputs == []


def test_hidden_source_is_folded():
    assert "hide-input" in turned("assert True", jupyter={"source_hidden": True}).metadata.tags
    assert "hide-input" not in turned("assert True").metadata.tags


def test_every_prediction_outcome_and_quiz_of_the_course_is_alive():
    # What the notebooks store changes with the course: each piece must still be recognized.
    calls = re.compile(r'^ *snn\.(predict|outcome|quiz)\("([\w.]+)"', re.M)
    for path in sorted(book.TUTORIALS.glob("*.ipynb")):
        sources = [cell.source for cell in nbformat.read(path, as_version=4).cells]
        text = nbformat.writes(page(nbformat.read(path, as_version=4), path.name))
        for kind, key in calls.findall("\n".join(sources)):
            place = "outcome" if kind == "outcome" else "field"
            assert f'book-{place}\\" data-id=\\"{key}' in text, f"{path.name}: {kind} {key}"


def test_the_contents_have_every_chapter_once_in_the_parts_of_the_map():
    chapters = [path.stem for path in sorted(book.TUTORIALS.glob("*.ipynb"))]
    text = book.contents([*chapters, "99_new"])
    assert re.findall(r"^\d\d_\w+$", text, re.M) == [*chapters, "99_new"]
    assert "Part I · Spikes" in text
    assert text.rstrip().endswith("glossary\nplaces\n```")


def test_anchors_are_those_of_jupyterlab():
    assert book.anchor("Leaky integrate-and-fire (LIF)") == "Leaky-integrate-and-fire-(LIF)"


def test_a_small_font_draws_the_mark_of_a_right_answer():
    font = TTFont(io.BytesIO(marks.font()))
    assert set(font.getBestCmap()) == {ord("✅")}
    glyph = font["glyf"][font.getBestCmap()[ord("✅")]]
    assert glyph.xMax > glyph.xMin
    assert len(marks.style()) < 3000
