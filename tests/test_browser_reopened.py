"""A notebook that is opened again, and one whose kernel has restarted: nothing dead looks alive."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.lab import Lab, Notebook

pytestmark = pytest.mark.browser

CELLS = [
    "import torch, snnedu as snn\nsnn.lif_explorer()",
    """
def mine(beta):
    return {"mem": beta ** torch.arange(20), "count": 46}
snn.Explorer(mine, [snn.Slider("beta", 0.0, 1.0, 0.01, value=0.9)], [snn.Traces("mem")],
             outcome="{count} spikes.", alt="A curve that falls.")""",
    "snn.quiz('02')",
    "spk = (torch.rand(20, 3) < 0.3).float()\nsnn.viz.animate(spk, alt='Three neurons.')",
    """
torch.manual_seed(1)
net = snn.Sequential(torch.nn.Linear(4, 3), snn.Leaky(0.9, threshold=0.1))
dashboard = snn.training_dashboard(net)
data = torch.rand(8, 4), torch.randint(3, (8,))
_ = snn.fit(net, data, encode=lambda x: x.expand(5, *x.shape), epochs=2, on_batch=dashboard,
            on_epoch=dashboard, progress=False)
dashboard""",
    "import ipywidgets\nipywidgets.IntSlider()",
]
BUILT_IN, OWN, QUIZ, ANIMATION, DASHBOARD, STANDARD = range(len(CELLS))
ADVICE = "Run this cell again"


@pytest.fixture(scope="module")
def notebook(_lab_server: Lab) -> Notebook:
    """A notebook with one widget of each kind, run and saved."""
    notebook = _lab_server.open(_lab_server.write("kinds.ipynb", CELLS))
    notebook.run_all()
    expect(output(notebook, BUILT_IN).locator(".snnedu")).to_have_attribute(
        "data-shown", re.compile("{")
    )
    notebook.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    assert notebook.errors() == []
    return notebook


def output(notebook: Notebook, number: int) -> Locator:
    return notebook.page.locator(".jp-CodeCell").nth(number).locator(".jp-OutputArea")


def test_after_a_restart_what_needs_the_kernel_says_so(notebook: Notebook):
    restart = "() => jupyterapp.shell.currentWidget.sessionContext.restartKernel()"
    notebook.page.evaluate(restart)
    own = output(notebook, OWN)
    expect(own).to_contain_text(ADVICE)
    expect(own.get_by_label("beta")).to_be_disabled()
    expect(own.get_by_role("button", name="Reset")).to_be_disabled()
    dashboard = output(notebook, DASHBOARD)
    expect(dashboard).to_contain_text(ADVICE)
    expect(dashboard.get_by_role("button", name="Stop")).to_be_disabled()
    expect(output(notebook, QUIZ)).to_contain_text(ADVICE)
    expect(output(notebook, QUIZ).get_by_role("radio").first).to_be_disabled()
    built_in = output(notebook, BUILT_IN)
    expect(built_in).not_to_contain_text(ADVICE)
    slider = built_in.get_by_label("decay β (per step)")
    before = built_in.locator(".outcome").inner_text()
    slider.press("Home")
    expect(built_in.locator(".outcome")).not_to_have_text(before)


@pytest.fixture(scope="module", params=["once", "after another save"])
def reopened(_lab_server: Lab, notebook: Notebook, request: pytest.FixtureRequest) -> Notebook:
    """The same notebook in a new session, whose kernel has run nothing."""
    _lab_server.close_notebooks()
    again = _lab_server.open("kinds.ipynb")
    again.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    expect(output(again, OWN)).to_contain_text(ADVICE)
    return again


def test_a_reopened_notebook_shows_what_was_stored(reopened: Notebook):
    assert "model not found" not in reopened.page.locator(".jp-Notebook").inner_text().replace(
        output(reopened, STANDARD).inner_text(), ""
    )
    expect(output(reopened, OWN).get_by_alt_text("A curve that falls.")).to_be_visible()
    expect(output(reopened, QUIZ)).to_contain_text("β is 0.9.")
    expect(output(reopened, QUIZ)).to_contain_text(ADVICE)
    expect(output(reopened, DASHBOARD).get_by_alt_text("Training").first).to_be_visible()
    expect(output(reopened, ANIMATION).locator("canvas")).to_be_visible()
    expect(output(reopened, STANDARD)).to_contain_text("model not found")  # it stored no picture
    assert reopened.console == []


def test_a_reopened_explorer_of_a_built_in_model_lives_on(reopened: Notebook):
    built_in = output(reopened, BUILT_IN)
    expect(built_in.locator(".outcome")).to_have_text("Spikes in 100 steps: 23.")
    built_in.get_by_label("decay β (per step)").press("Home")
    expect(built_in.locator(".outcome")).to_have_text("Spikes in 100 steps: 0.")
    expect(built_in).not_to_contain_text(ADVICE)


def test_a_cell_that_runs_again_has_its_widget_back(reopened: Notebook):
    reopened.run_all()
    own = output(reopened, OWN)
    expect(own.get_by_label("beta")).to_be_enabled()
    expect(own).not_to_contain_text(ADVICE)
    expect(output(reopened, QUIZ).get_by_role("radio").first).to_be_enabled()
    assert reopened.errors() == []
