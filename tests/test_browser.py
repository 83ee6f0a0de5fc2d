"""What a learner sees: JupyterLab in a real browser."""

import nbformat
import pytest
from playwright.sync_api import expect

from tests.lab import SETTINGS, Lab, Notebook

pytestmark = pytest.mark.browser

SLIDER = """
import ipywidgets, matplotlib.pyplot as plt
@ipywidgets.interact(a=ipywidgets.IntSlider(3, 1, 9))
def draw(a):
    plt.figure(figsize=(3, 2)); plt.plot(range(a)); plt.show()
"""


@pytest.fixture(scope="module")
def first_tutorial(_lab_server: Lab) -> Notebook:
    notebook = _lab_server.open("01_hello_spikes.ipynb")
    notebook.run_all()
    return notebook


def test_the_first_tutorial_runs_and_no_cell_shows_an_error(first_tutorial: Notebook):
    assert first_tutorial.errors() == []
    assert first_tutorial.console == []


@pytest.mark.parametrize("how", ["keyboard", "mouse"])
def test_its_instrument_answers_to(how: str, first_tutorial: Notebook):
    page = first_tutorial.page
    slider, bars = page.locator(".snnedu input").first, page.locator(".snnedu canvas").nth(2)
    before = page.locator(".snnedu .outcome").first.inner_text()
    with first_tutorial.pixels_change(bars):
        if how == "keyboard":
            slider.press("ArrowRight")
        else:
            slider.click(position={"x": 5, "y": 5})
    assert page.locator(".snnedu .outcome").first.inner_text() != before


def test_its_animation_plays(first_tutorial: Notebook):
    player = first_tutorial.page.locator("figure").first
    player.scroll_into_view_if_needed()
    first_tutorial.page.wait_for_timeout(500)
    play = player.get_by_text("Play")
    play.wait_for()  # it plays once by itself, when it comes into view
    with first_tutorial.pixels_change(player.locator("canvas")):
        play.click()


def test_the_first_click_on_a_term_lands_at_it(lab: Lab):
    # In a notebook, JupyterLab looks for the heading before it is drawn, and stays at the top.
    name = lab.write("terms.ipynb", ["1"])
    notebook = nbformat.read(lab.folder / name, as_version=4)
    link = '[a spike](glossary.md#Spike "An event that is there or not.")'
    notebook.cells.append(nbformat.v4.new_markdown_cell(link))
    nbformat.write(notebook, lab.folder / name)
    page = lab.open(name).page
    term = page.get_by_role("link", name="a spike")
    assert term.get_attribute("title") == "An event that is there or not."
    term.click()
    heading = page.locator('.jp-MarkdownViewer h3[data-jupyter-id="Spike"]')
    expect(heading).to_be_in_viewport()
    above = page.locator('.jp-MarkdownViewer h3[data-jupyter-id="Seed"]')
    expect(above).not_to_be_in_viewport()


def test_a_link_of_the_open_questions_lands_at_its_section(lab: Lab):
    """JupyterLab finds cells by id. A heading with "·" it would not find."""
    (tracker,) = SETTINGS
    lab._settings({tracker: {"windowingMode": "full"}})  # as learners have it
    try:
        code = (
            "from snnedu.course.chapters.c23_open_questions import open_questions as q\nq.table(4)"
        )
        notebook = lab.open(lab.write("table.ipynb", [code]))
        notebook.run_all()
        notebook.page.get_by_role("link", name="chapter 10").click()
        heading = notebook.page.get_by_role("heading", name="Unsettled · What buys memory?")
        expect(heading).to_be_in_viewport()
    finally:
        lab._settings(SETTINGS)


def test_moving_a_slider_with_the_keyboard_changes_pixels(lab: Lab):
    notebook = lab.open(lab.write("slider.ipynb", [SLIDER]))
    notebook.run_all()
    assert notebook.errors() == []
    picture = notebook.page.locator(".jp-OutputArea img").first
    picture.wait_for()
    notebook.page.locator(".noUi-handle").focus()
    with notebook.pixels_change(picture):
        notebook.page.keyboard.press("ArrowRight")


def test_an_error_of_a_cell_and_one_inside_a_widget_are_both_seen(lab: Lab):
    callback = "import ipywidgets\nipywidgets.interact(lambda a: [][a], a=(0, 3, 1))"
    notebook = lab.open(lab.write("errors.ipynb", [callback, "1 / 0"]))
    notebook.run_all()
    notebook.page.get_by_text("IndexError").first.wait_for()
    text = "\n".join(notebook.errors())
    assert "ZeroDivisionError" in text
    assert "IndexError" in text


def test_pixels_that_stay_are_noticed(lab: Lab):
    notebook = lab.open(lab.write("still.ipynb", ["print('still')"]))
    notebook.run_all()
    text = notebook.page.locator(".jp-OutputArea-output").first
    with pytest.raises(AssertionError, match="No pixel changed"), notebook.pixels_change(text, 1):
        pass


def test_a_long_printed_line_breaks_between_words(lab: Lab):
    line = "accuracy ≈ 0.85 ± 0.02, " * 20 + "x" * 300
    notebook = lab.open(lab.write("long.ipynb", [f"print({line!r})"]), width=900)
    notebook.run_all()
    page = notebook.page
    page.wait_for_selector(".jp-OutputArea-output pre")
    lines, parts, wide = page.evaluate("""() => {
        const pre = document.querySelector(".jp-OutputArea-output pre"), text = pre.firstChild;
        const rows = ({ index, 0: word }) => {
            const range = document.createRange();
            range.setStart(text, index);
            range.setEnd(text, index + word.length);
            return range.getClientRects().length;
        };
        const words = [...text.data.matchAll(/[\\d.]+/g)].map(rows);
        return [rows([...text.data.matchAll(/.+/g)][0]), words, pre.scrollWidth - pre.clientWidth];
    }""")
    assert lines > 4
    assert parts == [1] * 40
    assert wide == 0  # a word that is longer than a line is broken
