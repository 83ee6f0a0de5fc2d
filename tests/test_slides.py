"""The slides in a real browser, opened from disk with the network off, as on a projector."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from snnedu.course.exercise import questions
from tests.lab import FLAGS, GET_ONE, find_chromium
from tools import slides

pytestmark = pytest.mark.browser
PROJECTOR = {"width": 1280, "height": 720}
NAMES = ("02_lif_neuron", "03_neuron_zoo", "07_training_bptt")
# What of the present slide is cut: below, at the right, or because it is too small to be read.
CUT = """() => {
  const slide = Reveal.getCurrentSlide(), size = Number(slide.children[0]?.style.zoom || 1);
  const low = slide.scrollHeight - slide.clientHeight > 1;
  const boxes = [slide, ...slide.querySelectorAll("mjx-container")];
  const over = low || boxes.some((box) => box.scrollWidth - box.clientWidth > 1);
  return over || size < 0.55 ? `${slide.innerText.slice(0, 60)} (size ${size})` : "";
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("slides")
    assert slides.main([name[:2] for name in NAMES], folder) == 0
    return folder


@pytest.fixture(scope="module")
def open_slides(folder: Path) -> Iterator:
    """Open a chapter's slides; what they ask of the network or fail at fails the test."""
    strange = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium() or pytest.fail(GET_ONE),
            args=FLAGS,
            chromium_sandbox=False,
        )
        context = browser.new_context(offline=True, viewport=PROJECTOR)

        def open_slides(name: str) -> Page:
            page = context.new_page()
            page.on("request", lambda sent: outside(sent.url) and strange.append(sent.url))
            page.on("pageerror", lambda error: strange.append(str(error)))
            page.on("console", lambda said: said.type == "error" and strange.append(said.text))
            page.goto((folder / f"{name}.html").as_uri())
            expect(page.locator("body")).to_have_attribute("data-ready", "yes")
            return page

        yield open_slides
        browser.close()
    assert strange == []


def outside(url: str) -> bool:
    return urlsplit(url).scheme not in ("file", "data", "blob")


def show(page: Page, selector: str) -> None:
    """Go to the slide that has an element."""
    page.evaluate(
        """(selector) => {
          const { h, v } = Reveal.getIndices(document.querySelector(selector).closest("section"));
          Reveal.slide(h, v);
        }""",
        selector,
    )


@pytest.mark.parametrize("name", NAMES)
def test_no_slide_is_cut_and_the_last_one_is_reached_with_the_space_bar(open_slides, name):
    page, cut = open_slides(name), []
    count = page.evaluate("Reveal.getTotalSlides()")
    assert 40 < count < 90
    for _ in range(2 * count):
        cut.append(page.evaluate(CUT))
        if page.evaluate("Reveal.isLastSlide()"):
            break
        page.keyboard.press("Space")
    assert page.evaluate("Reveal.isLastSlide()")
    assert list(filter(None, cut)) == []


def test_an_explorer_answers_on_its_slide(open_slides):
    page = open_slides("02_lif_neuron")
    show(page, ".snnedu")
    widget = page.locator(".snnedu").first
    slider = widget.get_by_role("slider").first
    expect(slider).to_be_visible()
    before = widget.get_attribute("data-shown")
    slider.press("ArrowRight")  # moves the slider, not the slides
    expect(widget).not_to_have_attribute("data-shown", before)
    expect(slider).to_be_visible()


def test_the_controls_of_an_explorer_stand_above_its_panels(open_slides):
    page = open_slides("02_lif_neuron")
    show(page, ".snnedu")
    widget = page.locator(".snnedu").first
    slider, panel = widget.get_by_role("slider").first, widget.locator("canvas").first
    assert slider.bounding_box()["y"] < panel.bounding_box()["y"]


def test_a_quiz_replies_and_a_result_speaks_of_the_guess(open_slides):
    page = open_slides("02_lif_neuron")
    show(page, "[data-id='02.q1']")
    question = page.locator("[data-id='02.q1']")
    for option in range(len(questions("02")[0].options)):
        question.get_by_role("radio").nth(option).check()
        expect(question.get_by_role("status")).to_have_text(re.compile("Right|Not this one"))
    show(page, ".book-field[data-id='02.p1']")
    page.locator(".book-field[data-id='02.p1']").get_by_role("radio").first.check()
    show(page, ".book-outcome[data-id='02.p1']")
    expect(page.locator(".book-outcome[data-id='02.p1']")).to_contain_text("You thought “")


def test_formulas_are_set_and_the_first_page_leads_to_the_chapters(open_slides, folder):
    page = open_slides("02_lif_neuron")
    assert page.locator("mjx-container svg").count() > 10
    assert page.title() == "02 · The leaky neuron slides"
    first = (folder / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'href="([^"]+)"', first) == [f"{name}.html" for name in NAMES]


def test_slides_hold_no_solution_and_load_nothing_from_elsewhere(folder):
    for name in NAMES:
        text = (folder / f"{name}.html").read_text(encoding="utf-8")
        assert "Our solution" not in text
        loaded = re.findall(r'<(?:script|link|img|iframe)[^>]*?(?:src|href)="([^"]+)"', text)
        assert [a for a in loaded if ":" in a and outside(a)] == []
        local = [address for address in loaded if ":" not in address]
        assert "static/reveal/dist/reveal.js" in local
        assert [address for address in local if not (folder / address).is_file()] == []
