"""What a learner sees: JupyterLab in a real browser."""

import pytest

from tests.lab import Lab

pytestmark = pytest.mark.browser

SLIDER = """
import ipywidgets, matplotlib.pyplot as plt
@ipywidgets.interact(a=ipywidgets.IntSlider(3, 1, 9))
def draw(a):
    plt.figure(figsize=(3, 2)); plt.plot(range(a)); plt.show()
"""


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
