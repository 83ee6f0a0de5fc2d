"""The rule that cuts a notebook into slides."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from snnedu.course.exercise import questions as asked
from tools.book_pages import page
from tools.slide_rules import ROOM, SHOWN, height, lines, pieces, plain, questions, slides

pytestmark = pytest.mark.house
TITLE = new_markdown_cell("# 02 · A title\n\n[← 01](01_x.ipynb) · [03 →](03_x.ipynb)\n\nThe text.")
SET_UP = new_code_cell("import snnedu as snn")
SECTION = new_markdown_cell("## 1 · A part\n\nSome words.")


def cut(*cells):
    """Return the kinds and the sources of the slides after the title."""
    notebook = new_notebook(cells=[TITLE, SET_UP, SECTION, *cells])
    made = slides(page(nbformat.from_dict(notebook), "02_lif_neuron.ipynb")).cells[2:]
    return [(cell.metadata.slideshow.slide_type, cell.source) for cell in made], made


def code(source, *outputs, **metadata):
    return new_code_cell(source, outputs=list(outputs), metadata=metadata)


def printed(count):
    return new_output("stream", name="stdout", text="a line\n" * count)


def picture():
    return new_output("display_data", data={"image/png": "AA==", "text/html": "<img src='x'>"})


def test_title_and_sections_lead_to_the_right_and_the_set_up_is_left_out():
    notebook = new_notebook(cells=[TITLE, SET_UP, SECTION])
    made = slides(page(nbformat.from_dict(notebook), "02_lif_neuron.ipynb")).cells
    assert [cell.metadata.slideshow.slide_type for cell in made] == ["slide", "slide"]
    assert made[0].source.split() == ["#", "02", "·", "A", "title", "The", "text."]


@pytest.mark.parametrize("text", ["word " * 17 * 8, "- item\n" * 8, "$$x$$\n\n" * 5])
def test_a_long_text_goes_on_on_the_next_slide_and_nothing_is_lost(text):
    long = "\n\n".join([text.strip()] * 3)
    made = pieces(f"## 2 · Part\n\n{long}")
    assert len(made) > 1
    assert made[0].startswith("## 2 · Part\n\n")
    assert all(sum(map(lines, piece.split("\n\n"))) <= ROOM for piece in made)
    assert "\n\n".join(made).split() == f"## 2 · Part\n\n{long}".split()


def test_a_list_that_is_too_long_is_cut_between_its_items():
    items = [f"- item {n}" for n in range(30)]
    made = pieces("\n".join(items))
    assert len(made) > 2
    assert [line for piece in made for line in piece.splitlines() if line] == items


def test_what_is_folded_and_what_is_a_formula_stay_whole():
    fold = "<details><summary>Answers</summary>\n\n" + "A line.\n\n" * 40 + "</details>"
    formula = "$$a\n\n= b$$"
    made = pieces(f"{'word ' * 180}\n\n{fold}\n\n{formula}")
    assert sum(fold in piece for piece in made) == sum(formula in piece for piece in made) == 1


def test_code_and_its_picture_are_two_slides_that_name_their_section():
    kinds, made = cut(code("x = 1\nplot(x)", printed(2), picture()))
    where = '<p class="where">1 · A part</p>'
    assert kinds == [
        ("subslide", where), ("-", "x = 1\nplot(x)"), ("subslide", where), ("-", ""),
    ]  # fmt: skip
    assert made[-1].metadata.tags == [SHOWN]
    assert len(made[-1].outputs) == 2  # the printed lines stay with the picture


@pytest.mark.parametrize(("count", "kind"), [(3, "fragment"), (40, "-")])
def test_printed_lines_appear_below_their_code_if_they_fit(count, kind):
    kinds, _ = cut(code("x = 1\nprint(x)", printed(count)))
    assert kinds[-1] == (kind, "")
    assert len(kinds) == (3 if kind == "fragment" else 4)


@pytest.mark.parametrize(
    "cell",
    [
        code("snn.circuit_explorer()", picture()),
        code("explorer = snn.circuit_explorer(fires=False)", picture()),
        code("show(1)", picture(), jupyter={"source_hidden": True}),
    ],
)
def test_a_call_that_only_shows_and_folded_code_are_not_shown(cell):
    kinds, made = cut(cell)
    assert [source for _, source in kinds] == ['<p class="where">1 · A part</p>', ""]
    assert len(made[-1].outputs) == 1


def test_folded_code_without_outputs_makes_no_slide():
    assert cut(code("assert True", jupyter={"source_hidden": True}))[0] == []


def test_an_exercise_shows_its_stub_below_its_text_and_no_solution():
    source = 'def my_leaky():\n    ...\n\n\nmy_leaky = snn.check("02.1", my_leaky)'
    text = new_markdown_cell("### Exercise 02.1 · Write the step\n\nWrite it.")
    kinds, made = cut(text, code(source, picture(), tags=["exercise:02.1"]))
    assert kinds == [("subslide", text.source), ("-", source)]
    assert made[-1].outputs == []


def test_a_quiz_has_a_slide_for_each_question_and_the_recap_is_left_out():
    shown = new_output("display_data", data={"text/html": "Your predictions in chapter 02<br>"})
    kinds, made = cut(code('snn.recap("02")\nsnn.quiz("02")', shown))
    assert [kind for kind, _ in kinds] == ["subslide", "-"] * len(asked("02"))
    for number, cell in enumerate(made[1::2], start=1):
        assert f'data-id="02.q{number}"' in cell.outputs[0].data["text/html"]


def test_each_question_has_the_replies_to_its_own_options():
    for question, output in zip(asked("02"), questions("02"), strict=True):
        text = output.data["text/html"]
        assert text.count("<fieldset>") == 0  # it stands in the data, where < is written otherwise
        assert text.count("\\u003cfieldset>") == 1
        assert sum(option.feedback in text for option in question.options) >= 1
        assert text.count("✅") == 1


def test_references_are_left_out_and_terms_show_their_sentence():
    kinds, _ = cut(new_markdown_cell("## References\n\n- A"), new_markdown_cell("## Quiz\n\nGo."))
    assert kinds == [("slide", "## Quiz\n\nGo.")]
    link = '[spike](glossary.md#Leaky-(LIF) "A short (1 ms) pulse.") and [02](02_x.ipynb#A-b)'
    assert plain(link) == '<abbr title="A short (1 ms) pulse.">spike</abbr> and [02](02_x.html)'


def test_what_leads_to_a_download_is_left_out():
    data = {"text/html": '<p class="book-note">Run it <a href="x">here</a>.</p>'}
    assert cut(code("x()", new_output("display_data", data=data)))[0][1:] == [("-", "x()")]


@pytest.mark.parametrize(
    ("output", "least", "most"),
    [(printed(7), 7, 7), (picture(), ROOM + 1, 10_000),
     (new_output("display_data", data={"text/html": "word " * 40}), 2, 6)],
)  # fmt: skip
def test_the_height_of_an_output(output, least, most):
    assert least <= height(output) <= most
