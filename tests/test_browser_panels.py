"""Panels as the browser draws them: gray square images, axes that stay, legends beside titles."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from playwright.sync_api import Page

from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Bars, Curve, Image, Panel, Raster, Slider, Traces
from tests.lab import Lab

pytestmark = pytest.mark.browser
SCRIPT = Explorer._esm.replace("export default { render };", "").replace("\nexport ", "\n")
THEME = {"front": "rgb(0,0,0)", "back": "rgb(255,255,255)", "font": "12px sans-serif"}
DRAW = """([panel, outputs, theme]) => {
    const canvas = document.querySelector("canvas");
    canvas.style.height = `${panel.height}px`;
    for (const one of Object.values(outputs)) {
        one.values = Object.assign(Float32Array.from(one.values), { shape: one.shape });
    }
    const known = Object.fromEntries(Object.entries(outputs).map(([k, one]) => [k, one.values]));
    drawPanel(canvas, panel, known, { ...theme, series: STYLE.light });
}"""


@pytest.fixture
def page(lab: Lab) -> Iterator[Page]:
    page = lab.browser.new_page()
    body = '<canvas style="width:400px;display:block"></canvas>'
    page.set_content(f"<body style='margin:0'>{body}<script>{SCRIPT}</script>")
    yield page
    page.close()


def drawn(page: Page, panel: Panel, **outputs: Any) -> np.ndarray:
    """Draw a panel on the page's canvas; return the pixels, [rows, columns, RGB]."""
    arrays = {name: np.asarray(array, np.float32) for name, array in outputs.items()}
    sent = {k: {"values": a.ravel().tolist(), "shape": list(a.shape)} for k, a in arrays.items()}
    page.evaluate(DRAW, [panel.describe(), sent, THEME])
    return np.asarray(
        Pillow.open(io.BytesIO(page.locator("canvas").screenshot())).convert("RGB"), int
    )


def test_pixels_of_an_image_are_gray_and_square(page: Page):
    ink = np.array([[0.0, 1.0, 0.5, 0.0], [1.0, 0.25, 0.0, 1.0]])
    pixels = drawn(page, Image("ink", clim=(0, 1), height=200), ink=ink)
    assert (np.ptp(pixels, axis=2) <= 2).all(), "only gray"
    rows, columns = np.nonzero(np.abs(pixels[..., 0] - 191) < 2)  # the one pixel of 0.25
    assert rows.size > 200
    high, wide = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert abs(high - wide) <= 1


def test_a_matrix_fills_its_panel_in_colors(page: Page):
    pixels = drawn(page, Image("w", gray=False, height=150), w=[[-1.0, 0.0], [0.0, 1.0]])
    blue, orange = [0, 114, 178], [213, 94, 0]
    for color in (blue, orange):
        assert (np.abs(pixels - color).max(axis=2) < 4).sum() > 5000


def top(pixels: np.ndarray) -> int:
    """Return the first row of the picture in which the first series shows."""
    return int(np.nonzero((np.abs(pixels - [0, 114, 178]).max(axis=2) < 60).any(axis=1))[0][0])


def test_axes_stay_when_a_curve_shrinks_and_forget_what_is_far_too_large(page: Page):
    panel, rise = Traces("y", ylim=(0, None), height=200), np.linspace(0, 1, 50)
    high = top(drawn(page, panel, y=20 * rise))
    half = top(drawn(page, panel, y=10 * rise))
    assert half > high + 50, "a curve of half the height must look so"
    assert abs(top(drawn(page, panel, y=20 * rise)) - high) <= 1
    tiny = top(drawn(page, panel, y=rise))
    assert tiny < high + 50, "a curve that would not be seen gets axes of its own"


def test_bars_stay_on_their_axis_too(page: Page):
    high = top(drawn(page, Bars("n", height=200), n=[8.0, 4.0]))
    assert top(drawn(page, Bars("n", height=200), n=[4.0, 2.0])) > high + 30


def note_texts(page: Page) -> None:
    """Note in `texts` what panels write from now on, and where."""
    page.evaluate(
        """() => {
            window.texts = [];
            const pen = CanvasRenderingContext2D.prototype, write = pen.fillText;
            pen.fillText = function (words, x, y, most) {
                const { width } = this.measureText(words), align = this.textAlign;
                const left = x - (align === "center" ? width / 2 : align === "right" ? width : 0);
                window.texts.push({ words, left, right: left + Math.min(width, most ?? 1e9), y });
                write.call(this, words, x, y, most);
            };
        }"""
    )


@pytest.mark.parametrize(("dt", "expected"), [(1, {"0", "1"}), (0.1, {"0", "0.02"})])
def test_steps_are_numbered_by_whole_numbers_and_times_as_they_are(page: Page, dt, expected):
    note_texts(page)
    drawn(page, Traces("U", ylim=(3, 4), dt=dt, xlabel="step"), U=[3.0, 4.0])
    numbers = {text["words"] for text in page.evaluate("texts") if text["y"] > 140}
    assert expected <= numbers
    assert dt < 1 or numbers == expected | {"step"}


ASKED = """([spec, values]) => {
    const asked = [], result = { arrays: [], texts: {}, buffers: [], values: { beta: 0.9 } };
    const state = { _spec: spec, values, guess: "", _result: result };
    const model = { get: (name) => state[name], set() {}, on() {}, off() {}, save_changes() {},
        send: (message) => asked.push(message.values) };
    render({ model, el: document.body });
    return asked;
}"""


@pytest.mark.parametrize(("beta", "asked"), [(0.9, []), (0.5, [{"beta": 0.5}])])
def test_controls_moved_before_they_are_shown_get_an_answer_of_their_own(page, beta, asked):
    spec = Explorer(lambda beta: {"word": "old"}, [Slider("beta", 0.0, 1.0, value=0.9)], [])._spec
    assert page.evaluate(ASKED, [spec, {"beta": beta}]) == asked


def columns_of(pixels: np.ndarray, color: list[int], rows: slice = slice(None)) -> np.ndarray:
    return np.nonzero((np.abs(pixels[rows] - color).max(axis=2) < 8).any(axis=0))[0]


def test_marks_at_the_edges_are_drawn_whole(page: Page):
    panel = Traces("U", spikes="spk", ylim=(0, 1), dt=0.5)
    pixels = drawn(page, panel, U=np.zeros(9), spk=[1, 0, 0, 0, 1, 0, 0, 0, 1])
    orange = columns_of(pixels, [213, 94, 0], slice(26, 40))  # below the legend's own mark
    marks = np.split(orange, np.nonzero(np.diff(orange) > 1)[0] + 1)
    assert len({len(mark) for mark in marks}) == 1
    assert len(marks) == 3
    curve = Curve("x", "y", point=("at", "y0"), xlim=(0, 1), ylim=(0, 1))
    x = {"x": [0.0, 1.0], "y": [0.0, 0.0], "y0": [0.5]}
    wide = [np.ptp(columns_of(drawn(page, curve, at=[at], **x), [213, 94, 0])) for at in (0.5, 1)]
    assert abs(wide[0] - wide[1]) <= 1
    assert columns_of(drawn(page, curve, at=[1.5], **x), [213, 94, 0]).size == 0  # outside


def test_an_image_has_numbers_at_its_sides_where_it_has_a_label(page: Page):
    note_texts(page)
    drawn(page, Image("ink"), ink=np.eye(12))
    assert page.evaluate("texts") == []
    drawn(page, Image("ink", xlabel="column", ylabel="row"), ink=np.eye(12))
    assert {"column", "row", "0", "5", "10"} <= {text["words"] for text in page.evaluate("texts")}


def test_each_of_ten_classes_has_its_number_and_pixel_0_is_on_top(page: Page):
    note_texts(page)
    spk = np.zeros((20, 10))
    spk[3, 0] = 1
    pixels = drawn(page, Raster("spk", xlabel="step"), spk=spk)
    texts = page.evaluate("texts")
    assert {str(n) for n in range(10)} <= {text["words"] for text in texts if text["left"] < 52}
    below = top(pixels)
    assert top(drawn(page, Raster("spk", top_down=True, xlabel="step"), spk=spk)) < below - 80


@pytest.mark.parametrize("title", ["U", "A title that leaves no room for a legend beside it"])
def test_a_legend_never_meets_the_title_and_no_title_is_cut(page: Page, title: str):
    note_texts(page)
    series = {"a": "wanted", "b": "share of steps with a spike"}
    drawn(page, Traces(series, title=title, height=150), a=[0.0, 1.0], b=[1.0, 0.0])
    words = page.evaluate("texts")
    heading = next(one for one in words if one["words"] == title)
    assert heading["right"] <= 400
    for name in series.values():
        one = next(text for text in words if text["words"] == name)
        assert abs(one["y"] - heading["y"]) > 12 or one["left"] - 26 > heading["right"]
