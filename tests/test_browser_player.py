"""Animations in a real browser: they play, pause and scrub, and draw what was recorded."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import celluloid
import matplotlib.pyplot as plt
import nbconvert
import nbformat
import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from snnedu import viz
from snnedu.viz.player import Animation, photos
from snnedu.viz.style import COLORS, canvas_script
from tests.lab import Lab

pytestmark = pytest.mark.browser

SPK = torch.zeros(40, 5)
SPK[torch.arange(0, 40, 3), torch.arange(0, 40, 3) % 4] = 1  # neuron 4 is silent
MEM = torch.linspace(0, 1, 40)[:, None] * torch.tensor([1.0, -1.0])


class Player:
    """What a learner sees and touches of one animation."""

    def __init__(self, inside: Page | Locator) -> None:
        self.canvas = inside.locator("figure canvas").first
        self.button = inside.locator("figure button").first
        self.slider = inside.locator("figure input").first
        self.page = self.canvas.page

    @property
    def step(self) -> int:
        return int(self.slider.input_value())

    def pixels(self) -> np.ndarray:
        """Return the canvas as RGBA, and wait until it is drawn."""
        self.page.evaluate("() => new Promise(done => setTimeout(done, 50))")
        url = self.canvas.evaluate("canvas => canvas.toDataURL()")
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))))

    def go_to(self, step: int) -> None:
        self.slider.fill(str(step))
        assert self.step == step


@pytest.fixture
def export(lab: Lab, tmp_path: Path) -> "Iterator":
    """Show an animation in an exported notebook, opened from disk without network."""
    contexts = []

    def open_page(animation: Animation, still: bool = True, **options: object) -> Page:
        motion = "reduce" if still else "no-preference"
        contexts.append(lab.browser.new_context(offline=True, reduced_motion=motion, **options))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(exported(animation, tmp_path).as_uri(), wait_until="domcontentloaded")
        return page

    errors: list[str] = []
    yield open_page
    for context in contexts:
        context.close()
    ours = [text for text in errors if "require" not in text and "MathJax" not in text]
    assert ours == []  # the page's own scripts come from the network, which is off


def exported(animation: Animation, folder: Path) -> Path:
    data, metadata = animation._repr_mimebundle_()
    output = nbformat.v4.new_output("display_data", data=data, metadata=metadata)
    cell = nbformat.v4.new_code_cell("viz.animate(spk_rec)", outputs=[output])
    html, _ = nbconvert.HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    path = folder / "exported.html"
    path.write_text(html, encoding="utf-8")
    return path


# ---------------------------------------------------------------- exported, network off


def test_it_plays_when_it_comes_into_view_stops_at_the_end_and_plays_again(export):
    player = Player(export(viz.animate(SPK, fps=40.0), still=False))
    expect(player.button).to_have_text("❚❚ Pause")
    first = player.pixels()
    expect(player.button).to_have_text("▶︎ Play", timeout=5000)
    assert player.step == 39
    assert not np.array_equal(first, player.pixels())
    player.button.click()
    expect(player.button).to_have_text("❚❚ Pause")
    assert player.step < 39


def test_pause_stops_and_play_continues_from_there(export):
    player = Player(export(viz.animate(SPK, fps=20.0), still=False))
    player.page.wait_for_function("document.querySelector('figure input').value > 2")
    player.button.click()
    where, pixels = player.step, player.pixels()
    player.page.wait_for_timeout(300)
    assert (player.step, player.button.inner_text()) == (where, "▶︎ Play")
    assert np.array_equal(pixels, player.pixels())
    player.button.click()
    player.page.wait_for_function(f"document.querySelector('figure input').value > {where}")
    assert player.step < 39


def test_playing_keeps_the_requested_frame_rate(export):
    page = export(viz.animate(torch.zeros(1000, 2), fps=100.0))
    seconds = page.evaluate("""async () => {
        const [slider, button] = ["input", "button"].map(t => document.querySelector("figure " + t))
        button.click()
        const start = performance.now()
        while (+slider.value < 100) await new Promise(requestAnimationFrame)
        return (performance.now() - start) / 1000 / (+slider.value / 100)
    }""")
    assert 0.9 < seconds < 1.3


def test_with_reduced_motion_the_last_step_shows_until_play_is_pressed(export):
    player = Player(export(viz.animate(SPK), still=True))
    player.page.wait_for_timeout(300)
    assert (player.step, player.button.inner_text()) == (39, "▶︎ Play")
    player.button.focus()
    player.page.keyboard.press("Space")
    expect(player.button).to_have_text("❚❚ Pause")


def test_the_slider_scrubs_by_keyboard_and_mouse_and_shows_the_time(export):
    player = Player(export(viz.animate(SPK, dt=0.5)))
    player.slider.focus()
    whole = player.pixels()
    player.page.keyboard.press("Home")
    expect(player.slider).to_have_attribute("aria-valuetext", "0 ms")
    empty = player.pixels()
    assert not np.array_equal(whole, empty)
    player.page.keyboard.press("ArrowRight")
    expect(player.slider).to_have_attribute("aria-valuetext", "0.5 ms")
    box = player.slider.bounding_box()
    y = box["y"] + box["height"] / 2
    player.page.mouse.move(box["x"] + 9, y)
    player.page.mouse.down()
    player.page.mouse.move(box["x"] + box["width"] / 2, y, steps=4)
    player.page.mouse.up()
    assert 17 <= player.step <= 22
    player.page.keyboard.press("End")
    assert np.array_equal(player.pixels(), whole)
    expect(player.canvas).to_have_attribute("aria-label", viz.animate(SPK, dt=0.5).alt)


@pytest.mark.parametrize("ratio", [1, 2])
def test_each_step_shows_the_spikes_up_to_then_and_no_other(export, ratio):
    player = Player(export(viz.animate(SPK), device_scale_factor=ratio))
    for step in (0, 1, 17, 39):
        player.go_to(step)
        assert spikes_on(player.pixels(), ratio) == {
            (t, n) for t, n in SPK[: step + 1].nonzero().tolist()
        }


def spikes_on(pixels: np.ndarray, ratio: int) -> set[tuple[int, int]]:
    """Return the steps and neurons at whose place there is ink as blue or orange as a spike."""
    width = pixels.shape[1] / ratio
    found = set()
    for t, n in np.ndindex(40, 5):
        x = 52 + (t + 0.5) / 40 * (width - 12 - 52)
        y = 254 - (n + 0.5) / 5 * (254 - 8) + 5  # below the dotted line's middle
        red, _, blue, alpha = pixels[round(y * ratio), round(x * ratio)].astype(int)
        if alpha > 200 and abs(red - blue) > 100:
            found.add((t, n))
    return found


def test_signed_spikes_stand_on_the_middle_of_their_row_or_hang_from_it(export):
    spk = torch.zeros(10, 3)
    spk[2, 0], spk[4, 1], spk[6, 1] = 1, -1, 1
    pixels = Player(export(viz.animate(spk))).pixels().astype(int)
    for t, n in np.ndindex(10, 3):
        x = round(52 + (t + 0.5) / 10 * (pixels.shape[1] - 12 - 52))
        y = round(254 - (n + 0.5) / 3 * (254 - 26))
        above, below = pixels[y - 4, x], pixels[y + 4, x]
        blue = above[3] > 200 and above[2] > above[0] + 100
        orange = below[3] > 200 and below[0] > below[2] + 100
        assert int(blue) - int(orange) == spk[t, n], (t, n)


def test_axes_are_marked_at_whole_neurons_and_steps_and_at_round_times(export):
    page = export(viz.animate(SPK))
    marks = page.evaluate(f"""() => {{
        {canvas_script()}
        return [ticks(-0.5, 2.5, 8, 1), ticks(-0.5, 0.5, 8, 1), ticks(-0.05, 3.95, 9)];
    }}""")
    assert marks == [[0, 1, 2], [0], [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]]


@pytest.mark.parametrize("width", [250, 320, 400, 800])
def test_a_legend_stays_whole_on_a_narrow_canvas(export, width):
    page = export(viz.animate(SPK))
    words = page.evaluate(f"""() => {{
        {canvas_script()}
        const pen = document.createElement("canvas").getContext("2d"), words = [];
        pen.fillText = (text, x, y) => words.push([text, x, x + pen.measureText(text).width, y]);
        const names = ["wanted", "share of steps with a spike", "error below", "error above"];
        const legend = names.map((label) => ({{ label, color: "black", dash: [] }}));
        axes(pen, {{ front: "black" }}, {{ left: 52, right: {width} - 12, top: 26, bottom: 160 }},
            [0, 1], [0, 1], {{ title: "What the spikes say", legend, bare: true }});
        return words;
    }}""")
    assert len(words) == 5  # the title, and each name
    for i, (text, left, right, y) in enumerate(words):
        assert 0 <= left < right <= width, text
        assert y >= 0, text
        for other, start, end, line in words[:i]:
            assert abs(line - y) >= 12 or end < left or right < start, f"{text} covers {other}"


def test_membranes_and_evidence_are_drawn_and_names_that_look_like_html_are_text(export):
    both = viz.animate(SPK, MEM, evidence=SPK.cumsum(0), labels=["<b>", *"bcde"], threshold=0.8)
    player = Player(export(both))
    before = player.pixels()
    player.go_to(20)
    changed = (before != player.pixels()).any(-1)
    height, width = changed.shape
    assert changed[: height // 2, : width // 2].any()
    assert changed[int(height * 0.7) :, : width // 2].any()
    assert changed[:, int(width * 0.7) :].any()


@pytest.mark.parametrize("top_down", [False, True])
def test_the_bars_stand_in_the_order_of_the_rows(export, top_down):
    spk = torch.zeros(20, 5)
    spk[:, 0] = 1
    animation = viz.animate(spk, evidence=spk.cumsum(0), top_down=top_down)
    pixels = Player(export(animation)).pixels()[..., :3].astype(int)
    orange = (pixels == [int(COLORS[1][i : i + 2], 16) for i in (1, 3, 5)]).all(-1)
    rows, columns = orange.nonzero()
    spike, bar = rows[columns < 425].mean(), rows[columns >= 425].mean()
    assert abs(spike - bar) < 12
    assert (bar < len(pixels) / 2) == top_down


def test_a_cameras_pictures_are_shown_pixel_for_pixel_forwards_and_backwards(export):
    player = Player(export(viz.embed(camera(), alt="A dot moves.")))
    taken = photos(camera())
    for step in (4, 0, 1, 3, 2, 4):
        player.go_to(step)
        assert np.array_equal(player.pixels(), taken[step].view(np.uint8).reshape(200, 300, 4))
    player.button.click()
    expect(player.button).to_have_text("▶︎ Play", timeout=5000)


def test_a_film_stands_at_its_first_picture_and_starts_by_itself(export):
    player = Player(export(viz.embed(camera(), alt="A dot moves."), still=True))
    player.page.wait_for_timeout(300)
    assert (player.step, player.button.inner_text()) == (0, "▶︎ Play")
    taken = photos(camera())[0].view(np.uint8).reshape(200, 300, 4)
    assert np.array_equal(player.pixels(), taken)
    moving = Player(export(viz.embed(camera(), alt="A dot moves.", fps=4.0), still=False))
    expect(moving.button).to_have_text("❚❚ Pause")
    expect(moving.button).to_have_text("▶︎ Play", timeout=5000)
    assert moving.step == 4


def camera() -> celluloid.Camera:
    figure, ax = plt.subplots(figsize=(3, 2))
    camera = celluloid.Camera(figure)
    for k in range(5):
        ax.scatter(k, 4 - k, color="C1")
        ax.text(0.5, 1.05, f"step {k}", transform=ax.transAxes)
        camera.snap()
    plt.close(figure)
    return camera


def test_without_scripts_the_picture_is_there(export):
    page = export(viz.animate(SPK), java_script_enabled=False)
    picture = page.get_by_role("img", name="Animated raster plot. 5 neurons")
    assert picture.bounding_box()["width"] > 500
    assert page.locator("canvas").count() == 0


# ---------------------------------------------------------------- in JupyterLab


CELLS = [
    "import torch\nfrom snnedu import viz\nspk = torch.eye(40)[:, :30]",
    "viz.raster(spk)",
    "viz.animate(spk, evidence=spk[:, :3].cumsum(0), labels='abc', fps=40.0)",
]


def test_in_a_dark_jupyterlab_it_plays_in_light_colors_and_keeps_its_keys(lab: Lab):
    notebook = lab.open(lab.write("player.ipynb", CELLS), dark=True)
    notebook.run_all()
    assert notebook.errors() == []
    assert notebook.page.locator("img[alt^='Raster plot. 30 neurons']").is_visible()
    player = Player(notebook.page)
    player.canvas.scroll_into_view_if_needed()
    expect(player.button).to_have_text("▶︎ Play", timeout=10_000)  # has played by itself
    with notebook.pixels_change(player.canvas):
        player.button.click()
    expect(player.button).to_have_text("▶︎ Play", timeout=10_000)
    player.slider.focus()
    with notebook.pixels_change(player.canvas):
        for key in ("Home", "ArrowRight", "ArrowRight", "ArrowDown"):
            notebook.page.keyboard.press(key)
    assert player.step == 1
    opaque = player.pixels()[player.pixels()[..., 3] == 255]
    assert opaque.mean() > 150
    expect(player.slider).to_be_focused()
    assert notebook.console == []


def test_an_untrusted_notebook_shows_the_picture(lab: Lab):
    data, metadata = viz.animate(SPK)._repr_mimebundle_()
    name = lab.write("untrusted.ipynb", ["viz.animate(spk)"])
    content = nbformat.read(lab.folder / name, as_version=4)
    output = nbformat.v4.new_output("display_data", data=data, metadata=metadata)
    content.cells[0].outputs = [output]
    nbformat.write(content, lab.folder / name)
    page = lab.open(name).page
    picture = page.get_by_role("img", name="Animated raster plot. 5 neurons")
    picture.wait_for()
    assert picture.evaluate("image => image.naturalWidth") > 900
    assert page.locator(".jp-OutputArea canvas").count() == 0
