"""Pictures show all of the data, and describe it in their alt text."""

import base64
import io
import json
import os
import re
import time
from pathlib import Path
from unittest import mock

import celluloid
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st
from matplotlib.markers import TICKDOWN, TICKUP
from PIL import Image

from snnedu import viz
from snnedu.core.neurons import Leaky
from snnedu.core.spikegen import delta
from snnedu.viz import player
from snnedu.widgets.panels import Raster

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def recordings(neurons: int = 4, steps: int = 50, batch: int = 3) -> tuple[torch.Tensor, ...]:
    """Return spikes and membranes of neurons, of which the first is silent."""
    cur = torch.linspace(0, 0.6, neurons).expand(steps, batch, neurons)
    lif = Leaky(0.9)
    state, steps_rec = None, []
    for x in cur:
        spk, state = lif(x, state)
        steps_rec.append((spk, state))
    spk_rec, mem_rec = (torch.stack(r).detach() for r in zip(*steps_rec, strict=True))
    assert 0 < spk_rec.mean() < 1
    assert spk_rec[..., 0].sum() == 0
    return spk_rec, mem_rec


# ---------------------------------------------------------------- what is drawn is the data


@given(st.integers(0, 2**31), st.integers(1, 40), st.integers(1, 40), st.floats(0, 1))
def test_a_raster_holds_each_spike_at_its_time_and_neuron_and_nothing_else(seed, steps, n, p):
    spk = (torch.rand(steps, n, generator=torch.Generator().manual_seed(seed)) < p).float()
    ax = viz.raster(spk, dt=0.5)
    (line,) = ax.lines
    drawn = {(round(x / 0.5), round(y)) for x, y in zip(*line.get_data(), strict=True)}
    assert drawn == {(t, i) for t, i in spk.nonzero().tolist()}
    assert len(line.get_xdata()) == spk.sum()
    plt.close("all")


def test_sample_chooses_from_the_batch_and_one_neuron_needs_no_axis():
    spk, mem = recordings()
    spk[:, 1] = 0
    assert len(viz.raster(spk, sample=0).lines[0].get_xdata()) == spk[:, 0].sum()
    assert len(viz.raster(spk, sample=1).lines[0].get_xdata()) == 0
    assert len(viz.raster(spk[:, 0, 3]).lines[0].get_xdata()) == spk[:, 0, 3].sum()
    np.testing.assert_array_equal(viz.traces(mem[:, 0, 3]).lines[0].get_ydata(), mem[:, 0, 3])


def test_traces_show_membranes_threshold_and_a_dot_on_the_membrane_at_each_spike():
    spk, mem = recordings()
    ax = viz.traces(mem, spk, threshold=1.0, neurons=[0, 3], dt=2.0, unit="mV")
    silent, firing, threshold, none, dots, *_ = ax.lines
    np.testing.assert_array_equal(silent.get_ydata(), mem[:, 0, 0])
    np.testing.assert_array_equal(firing.get_ydata(), mem[:, 0, 3])
    assert len(none.get_xdata()) == 0
    assert len(dots.get_xdata()) == spk[:, 0, 3].sum()
    assert (dots.get_ydata() > 1).all()  # a neuron fires above its threshold
    np.testing.assert_array_equal(np.asarray(dots.get_xdata()) / 2, spk[:, 0, 3].nonzero()[:, 0])
    assert list(threshold.get_ydata()) == [1.0, 1.0]
    assert ax.get_xlabel() == "time (ms)"
    assert ax.get_ylabel() == "membrane potential (mV)"
    shown = [text.get_text() for text in ax.get_legend().get_texts()]
    assert shown == ["neuron 0", "neuron 3", "threshold", "spike"]


def test_lines_differ_in_color_and_in_dashes():
    _, mem = recordings(neurons=6)
    lines = viz.traces(mem, neurons=range(6)).lines
    assert len({line.get_color() for line in lines}) == 6
    assert len({str(line._dash_pattern) for line in lines}) == 6


def signed_spikes() -> torch.Tensor:
    """Return spikes of +1 and -1 `[time, neurons]` of two signals that rise and fall."""
    waves = torch.sin(torch.arange(60) / 5)[:, None] * torch.tensor([1.0, 0.5])
    spk = delta(waves, 0.1, off_spike=True)
    assert (spk > 0).any()
    assert (spk < 0).any()
    return spk


def test_signed_spikes_differ_in_color_and_direction_and_are_counted_by_sign():
    spk = signed_spikes()
    ax = viz.raster(spk, dt=0.5)
    up, down = ax.lines
    for line, sign in ((up, 1), (down, -1)):
        drawn = {(round(x / 0.5), round(y)) for x, y in zip(*line.get_data(), strict=True)}
        assert drawn == {(t, n) for t, n in (spk == sign).nonzero().tolist()}
    assert up.get_color() != down.get_color()
    assert (up.get_marker(), down.get_marker()) == (TICKUP, TICKDOWN)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["+1", "\N{MINUS SIGN}1"]
    count = f"{int(spk.abs().sum())} spikes ({(spk > 0).sum()} of +1 and {(spk < 0).sum()} of -1)"
    assert count in alt_of(ax)
    assert f"neuron 0 with {int(spk[:, 0].abs().sum())}" in alt_of(ax)


def test_rasters_drawn_over_each_other_have_no_legend_of_nothing():
    # A camera draws into the same Axes again and again; a legend without labels is a warning.
    ax = plt.subplots()[1]
    for steps in (3, 4):
        viz.raster(torch.eye(4)[:steps], ax)
    assert ax.get_legend() is None


def test_signed_spikes_are_animated_with_their_signs():
    spk = signed_spikes()
    animation = viz.animate(spk)
    assert [
        (t, n, 1) if n >= 0 else (t, ~n, -1)
        for t, row in enumerate(film_of(animation)["spikes"])
        for n in row
    ] == [(t, n, int(spk[t, n])) for t, n in spk.nonzero().tolist()]
    assert f"{(spk < 0).sum()} of -1" in animation.alt


@pytest.mark.parametrize("top_down", [False, True])
def test_the_bars_of_an_animation_stand_in_the_order_of_its_rows(top_down):
    spk = torch.zeros(20, 5)
    spk[:, 0] = 1
    animation = viz.animate(spk, evidence=spk.cumsum(0), top_down=top_down)
    assert film_of(animation)["topDown"] == top_down
    pixels = np.asarray(Image.open(io.BytesIO(animation.picture)).convert("RGB")).astype(int)
    half = pixels.shape[1] // 2
    for part, color in ((pixels[:, :half], "#0072B2"), (pixels[:, half:], "#D55E00")):
        same = (part == [int(color[i : i + 2], 16) for i in (1, 3, 5)]).all(-1)
        assert same.any()
        assert (same.nonzero()[0].mean() < len(pixels) / 2) == top_down


def test_a_tick_is_wide_where_steps_are_few_and_fits_into_its_step_and_row():
    few, many = viz.raster(torch.ones(25, 10)), viz.raster(torch.ones(400, 10))
    wide, narrow = (ax.lines[0].get_markeredgewidth() for ax in (few, many))
    assert 2 < wide < 4
    assert 0.5 < narrow < 1.2
    dense = viz.raster(torch.ones(25, 100)).lines[0]
    assert dense.get_markeredgewidth() <= dense.get_markersize() < 3


@pytest.mark.parametrize("spk", [torch.eye(9), signed_spikes()], ids=["spikes", "signed"])
def test_a_raster_panel_of_an_explorer_draws_what_viz_draws(spk):
    _, (ours, panel) = plt.subplots(1, 2)
    viz.raster(spk, ours)
    Raster("spk").draw(panel, {"spk": spk.numpy()})
    assert len(ours.lines) == len(panel.lines)
    for line, other in zip(ours.lines, panel.lines, strict=True):
        np.testing.assert_array_equal(line.get_xydata(), other.get_xydata())
        assert line.get_color() == other.get_color()
        assert line.get_marker() == other.get_marker()
        assert line.get_markersize() == other.get_markersize()
    assert (ours.get_xlim(), ours.get_ylim()) == (panel.get_xlim(), panel.get_ylim())


def test_scripts_have_no_colors_or_dashes_of_their_own():
    for script in ("viz/canvas.js", "viz/player.js", "widgets/explorer.js"):
        code = (ROOT / "snnedu" / script).read_text(encoding="utf-8")
        assert re.findall(r"#[0-9a-f]{3,6}\b|rgb\(|DASHES", code) == [], script
    html = viz.animate(torch.eye(3)).html
    for values in (viz.COLORS, [list(pattern) for _, pattern in viz.DASHES]):
        assert json.dumps(values) in html


def test_spike_count_counts_and_names():
    spk, _ = recordings()
    ax = viz.spike_count(spk, labels=["a", "b", "c", "d"])
    assert [bar.get_height() for bar in ax.patches] == spk[:, 0].sum(0).tolist()
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["a", "b", "c", "d"]


def test_weights_are_shown_around_zero_and_receptive_fields_keep_their_pixels():
    weight = torch.arange(12.0).reshape(3, 4) - 2
    image = viz.weights(weight).images[0]
    np.testing.assert_array_equal(image.get_array(), weight)
    assert image.get_clim() == (-9, 9)
    sheet = np.asarray(viz.weights(weight, shape=(2, 2)).images[0].get_array().filled(np.nan))
    np.testing.assert_array_equal(sheet[:2, :2], weight[0].reshape(2, 2))
    np.testing.assert_array_equal(sheet[:2, 3:5], weight[1].reshape(2, 2))
    assert np.isnan(sheet[:, 2]).all()
    assert viz.weights(torch.zeros(2, 3)).images[0].get_clim() == (-1, 1)


@pytest.mark.parametrize("dtype", [torch.bool, torch.int64, torch.float64, torch.bfloat16])
def test_any_dtype_is_drawn_and_so_is_what_needs_a_gradient(dtype):
    spk, mem = recordings()
    expected = len(viz.raster(spk).lines[0].get_xdata())
    assert len(viz.raster(spk.to(dtype)).lines[0].get_xdata()) == expected
    assert viz.traces(mem.clone().requires_grad_()).lines


# ---------------------------------------------------------------- side effects


def test_data_and_settings_stay_unchanged_and_a_given_axes_is_used():
    spk, mem = (record.double() for record in recordings())
    kept, settings = (spk.clone(), mem.clone()), dict(mpl.rcParams)
    _, axes = plt.subplots(2, 2)
    drawn = [
        viz.raster(spk, axes[0, 0]),
        viz.traces(mem, spk, axes[0, 1], threshold=1.0),
        viz.spike_count(spk, axes[1, 0]),
        viz.weights(mem[:, 0], axes[1, 1]),
    ]
    assert drawn == list(axes.flat)
    assert len(plt.get_fignums()) == 1
    axes[0, 1].lines[0].get_ydata()[:] = 7  # not even the picture's own array is the caller's
    assert torch.equal(spk, kept[0])
    assert torch.equal(mem, kept[1])
    assert dict(mpl.rcParams) == settings


def test_fifty_thousand_spikes_are_one_artist_and_are_drawn_quickly():
    spk = (torch.rand(1000, 1000) < 0.05).float()
    viz.raster(spk[:2]).figure.canvas.draw()  # fonts
    start = time.perf_counter()
    ax = viz.raster(spk)
    ax.figure.canvas.draw()
    seconds = time.perf_counter() - start
    assert len(ax.lines) == 1
    assert not ax.collections
    assert seconds < 2, f"{seconds:.2f} s"  # 0.2 s on an idle machine


# ---------------------------------------------------------------- alt text


def test_alt_text_describes_the_data():
    spk, mem = recordings()
    total, busiest = int(spk[:, 0].sum()), int(spk[:, 0, 3].sum())
    text = alt_of(viz.raster(spk))
    assert "4 neurons over 50 steps" in text
    assert f"{total} spikes" in text
    assert f"neuron 3 with {busiest}" in text
    assert "1 silent" in text
    text = alt_of(viz.traces(mem, spk, threshold=1.0, neurons=[0, 3], unit="mV"))
    assert "neurons 0, 3" in text
    assert f"{mem[:, 0].max():.3g} mV" in text
    assert f"spikes: 0, {busiest}" in text
    assert f"d: {busiest}" in alt_of(viz.spike_count(spk, labels=list("abcd")))
    assert "50% negative" in alt_of(viz.weights(torch.tensor([[-1.0, 2.0]])))
    assert alt_of(viz.raster(torch.zeros(5, 1))) == "Raster plot. 1 neuron over 5 steps, 0 spikes."


def test_alt_replaces_the_made_text_and_axes_of_one_figure_are_described_together():
    figure, (above, below) = plt.subplots(2)
    viz.raster(recordings()[0], above, alt="All fire but one.")
    below.plot([1, 2])
    assert alt_of(above) == "All fire but one."
    viz.describe(below, "A line that rises.")
    viz.describe(below, "A straight line that rises.")
    assert alt_of(above) == "All fire but one. A straight line that rises."
    assert "<Figure" in repr(figure)


def test_a_notebook_gets_html_with_alt_text_the_same_png_with_alt_text_and_the_text():
    ax = viz.raster(recordings()[0], alt='5 < 6 & "so on"')
    data, metadata = ax.figure._repr_mimebundle_()
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert picture.width > 900
    assert data["text/plain"] == metadata["image/png"]["alt"] == '5 < 6 & "so on"'
    assert 'alt="5 &lt; 6 &amp; &quot;so on&quot;"' in data["text/html"]
    assert data["image/png"] in data["text/html"]
    assert picture.width / metadata["image/png"]["width"] == pytest.approx(1.5, rel=0.01)


def test_a_stored_picture_is_small_and_looks_like_what_matplotlib_draws():
    ax = viz.traces(torch.randn(200, 3, generator=torch.Generator().manual_seed(0)).cumsum(0))
    buffer = io.BytesIO()
    ax.figure.savefig(buffer, dpi=150, bbox_inches="tight")
    plain = Image.open(buffer).convert("RGB")
    stored = base64.b64decode(ax.figure._repr_mimebundle_()[0]["image/png"])
    assert len(stored) < len(buffer.getvalue()) / 2
    ours = np.asarray(Image.open(io.BytesIO(stored)).convert("RGB"), dtype=int)
    assert np.abs(ours - np.asarray(plain, dtype=int)).max() < 16


def alt_of(ax) -> str:
    return ax.figure._repr_mimebundle_()[0]["text/plain"]


# ---------------------------------------------------------------- animations


def film_of(animation) -> dict:
    """Read what is stored, as the browser does."""
    (text,) = re.findall(r"parentElement, (\{.*\})\);\}</script>", animation.html)
    return json.loads(text)


def test_an_animation_stores_each_spike_membrane_and_evidence_of_the_chosen_sample():
    spk, mem = recordings()
    spk[:, 1] = 0
    gathered = spk.cumsum(0)
    film = film_of(viz.animate(spk, mem, evidence=gathered, labels=list("abcd"), threshold=1.0))
    assert [(t, n) for t, row in enumerate(film["spikes"]) for n in row] == [
        tuple(place) for place in spk[:, 0].nonzero().tolist()
    ]
    np.testing.assert_allclose(film["mem"], mem[:, 0, :3].T, rtol=1e-4)
    assert film["evidence"] == gathered[:, 0].tolist()
    assert (film["steps"], film["neurons"], film["fps"], film["threshold"]) == (50, 4, 20, 1.0)
    assert film_of(viz.animate(spk, dt=0.1))["dt"] == 0.1
    assert [film["rows"], film_of(viz.animate(spk, rows="pixel"))["rows"]] == ["neuron", "pixel"]
    assert film["names"] == ["neuron 0", "neuron 1", "neuron 2"]
    assert sum(map(len, film_of(viz.animate(spk, sample=1))["spikes"])) == 0


def test_an_animation_is_small_the_same_every_time_and_carries_a_picture_with_alt_text():
    spk, mem = recordings(neurons=100, steps=100)
    first, second = (viz.animate(spk, mem, evidence=spk.cumsum(0)[..., :10]) for _ in range(2))
    assert first.html == second.html
    assert len(first.html) < 70_000
    data, metadata = first._repr_mimebundle_()
    assert f'<img alt="{first.alt}"' in first.html
    assert repr(first) == data["text/plain"] == metadata["image/png"]["alt"] == first.alt
    assert first.alt.startswith("Animated raster plot. 100 neurons over 100 steps")
    assert "Membrane potential of neurons 0, 1, 2" in first.alt
    assert "In the end every class has the same evidence, 0." in first.alt
    last = viz.animate(spk, evidence=spk.cumsum(0)[..., 90:95], labels=list("abcde")).alt
    assert "Most evidence in the end: " in last
    assert viz.animate(spk, alt="Mine.").alt == "Mine."
    assert not plt.get_fignums()


def test_labels_and_alt_text_cannot_end_the_script_or_the_attribute():
    spk, _ = recordings()
    evil = "</script><b>"
    animation = viz.animate(spk, evidence=spk, labels=[evil, "b", "c", "d"], alt='a "quote" <b>')
    assert evil not in animation.html
    assert 'alt="a &quot;quote&quot; &lt;b&gt;"' in animation.html
    assert film_of(animation)["labels"][0] == evil


def camera_of(frames: int = 5) -> celluloid.Camera:
    """Return a camera that saw a dot move to the right below a text that counts."""
    figure, ax = plt.subplots(figsize=(3, 2))
    camera = celluloid.Camera(figure)
    for k in range(frames):
        ax.plot([0, 4], [0, 4], color="gray")
        ax.scatter(k, 4 - k, color="C1")
        ax.text(0.5, 1.05, f"step {k}", transform=ax.transAxes)
        camera.snap()
    return camera


def test_the_pictures_of_a_camera_are_those_that_celluloid_itself_would_save():
    camera = camera_of()
    ours = player.photos(camera)
    film = camera.animate()
    film._init_draw()
    for k, frame in enumerate(ours):
        film._draw_next_frame(film._framedata[k], blit=False)
        camera._figure.canvas.draw()
        theirs = np.asarray(camera._figure.canvas.buffer_rgba())[..., :3]
        pixels = frame.view(np.uint8).reshape(*frame.shape, 4)[..., :3]
        assert (pixels != theirs).any(-1).mean() < 0.001
    assert len({frame.tobytes() for frame in ours}) == 5
    plt.close("all")


def test_stored_pictures_laid_over_each_other_are_the_pictures_taken_pixel_for_pixel():
    frames = player.photos(camera_of())
    film = viz.embed(camera_of(), alt="A dot moves.").film
    canvas = None
    for url, frame in zip(film["frames"], frames, strict=True):
        layer = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGBA")
        canvas = layer if canvas is None else Image.alpha_composite(canvas, layer)
        assert np.array_equal(np.asarray(canvas), frame.view(np.uint8).reshape(*frame.shape, 4))
    assert film["size"] == [300, 200]
    assert sum(map(len, film["frames"])) < 3 * len(film["frames"][0])


def test_embedding_closes_the_figure_keeps_settings_and_leaves_the_artists_alone():
    camera, settings = camera_of(), dict(mpl.rcParams)
    embedded = viz.embed(camera, alt="A dot moves.", fps=7.0)
    assert embedded.film["fps"] == 7
    assert not plt.get_fignums()
    assert dict(mpl.rcParams) == settings
    assert not any(artist.get_animated() for snap in camera._photos for artist in snap)
    assert embedded.html == viz.embed(camera, alt="A dot moves.", fps=7.0).html


def test_embed_warns_of_titles_that_do_not_change():
    figure, ax = plt.subplots(figsize=(3, 2))
    camera = celluloid.Camera(figure)
    for k in range(3):
        ax.plot([1, 2], color="C0")
        ax.set_title(f"step {k}")
        camera.snap()
    with pytest.warns(UserWarning, match=r"All 3 pictures.*ax\.text"):
        viz.embed(camera, alt="Nothing moves.")


def test_embed_warns_of_a_line_that_was_only_moved():
    figure, ax = plt.subplots(figsize=(3, 2))
    camera = celluloid.Camera(figure)
    (line,) = ax.plot([1, 2])
    camera.snap()
    line.set_ydata([2, 1])
    camera.snap()
    with pytest.warns(UserWarning, match="Picture 2 of the camera is empty.*set_data"):
        viz.embed(camera, alt="A line that should have moved.")


@pytest.mark.bad_input
def test_a_camera_without_pictures_or_with_cleared_ones_raises():
    figure, ax = plt.subplots()
    camera = celluloid.Camera(figure)
    with pytest.raises(ValueError, match=r"camera\.snap"):
        viz.embed(camera, alt="Nothing.")
    ax.plot([1, 2])
    camera.snap()
    ax.clear()
    with pytest.raises(ValueError, match=r"picture 1.*ax\.clear"):
        viz.embed(camera, alt="Nothing.")
    with pytest.raises(TypeError, match=r"celluloid\.Camera"):
        viz.embed(figure, alt="Nothing.")
    with pytest.raises(ValueError, match="in words"):
        viz.embed(camera_of(1), alt="")
    with pytest.raises(ValueError, match="fps"):
        viz.embed(camera_of(1), alt="A dot.", fps=0.0)


# ---------------------------------------------------------------- bad input


SPK = torch.zeros(5, 2, 3)


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: viz.raster([[0, 1]]), TypeError, "torch.as_tensor"),
        (lambda: viz.raster(SPK + 0.5), ValueError, r"0, 1 or -1.*viz\.traces"),
        (lambda: viz.raster(SPK * float("nan")), ValueError, "Look for the cause of NaN"),
        (lambda: viz.raster(SPK + 2), ValueError, r"whether there is a spike.*spk_rec\.sign\(\)"),
        (lambda: viz.spike_count(SPK - 1), ValueError, r"0 or 1.*pass `spk_rec\.abs\(\)`"),
        (lambda: viz.spike_count(SPK + 0.5), ValueError, r"viz\.traces"),
        (lambda: viz.traces(SPK, SPK - 1), ValueError, r"pass `spk_rec\.abs\(\)`"),
        (lambda: viz.animate(SPK + 0.5), ValueError, r"viz\.traces"),
        (lambda: viz.raster(SPK[:0]), ValueError, r"\(0, 2, 3\)"),
        (lambda: viz.raster(torch.tensor(1.0)), ValueError, r"\[time, neurons\]"),
        (lambda: viz.raster(torch.zeros(2, 2, 2, 2)), ValueError, "flatten"),
        (lambda: viz.raster(SPK, sample=2), ValueError, "one of the 2"),
        (lambda: viz.raster(SPK, sample=-1), ValueError, "sample=0"),
        (lambda: viz.raster(SPK, dt=0.0), ValueError, "`dt`"),
        (lambda: viz.traces(torch.full((5, 2), float("nan"))), ValueError, "from step 0"),
        (lambda: viz.traces(SPK, SPK[:4]), ValueError, "one layer"),
        (lambda: viz.traces(SPK, SPK, 0.5), TypeError, "by name, such as `threshold=1`"),
        (lambda: viz.raster(SPK, plt.subplots), TypeError, "Received function"),
        (lambda: viz.traces(SPK, neurons=[3]), ValueError, "0 to 2"),
        (lambda: viz.traces(SPK, neurons=[]), ValueError, "neurons="),
        (lambda: viz.spike_count(SPK, labels=["a"]), ValueError, "Received 1 names"),
        (lambda: viz.weights(SPK), ValueError, "flatten"),
        (lambda: viz.weights(SPK[0] / 0), ValueError, "6 not finite"),
        (lambda: viz.weights(SPK[0], shape=(2, 2)), ValueError, "pixels"),
        (lambda: viz.animate(SPK, torch.zeros(4, 2)), ValueError, "steps as `spk_rec`"),
        (lambda: viz.animate(SPK, evidence=SPK[:3]), ValueError, "one run"),
        (lambda: viz.animate(SPK, evidence=SPK / 0), ValueError, "from step 0"),
        (lambda: viz.animate(SPK, evidence=SPK, labels=["a"]), ValueError, "Received 1 names"),
        (lambda: viz.animate(SPK, fps=0.0), ValueError, "`fps`"),
        (lambda: viz.describe("ax", "words"), TypeError, "gca"),
        (lambda: viz.describe(plt.figure(), "words"), TypeError, "that has some. Received Figure"),
        (lambda: viz.describe(plt.gca(), " "), ValueError, "in words"),
    ],
)
def test_bad_input_raises_before_anything_is_drawn(call, error, words):
    with pytest.raises(error, match=words):
        call()


# ---------------------------------------------------------------- in a real kernel


def test_a_cell_that_ends_in_a_raster_stores_one_picture_with_alt_text_and_no_repr():
    import nbclient
    import nbformat

    sources = [
        "import torch, matplotlib.pyplot as plt\nfrom snnedu import viz\nspk = torch.eye(9)",
        "viz.raster(spk)",
        "ax = viz.raster(spk)\nplt.show()",
        "plt.plot([1, 2])\nviz.describe(plt.gca(), 'A line.')",
        "figure, axes = plt.subplots(1, 2)\nviz.describe(figure, 'Two frames.')",
        "figure, axes = plt.subplots(1, 2)\nviz.describe(figure, 'Two frames.')\nx = 1",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    with patched_environment():
        nbclient.NotebookClient(notebook, timeout=60).execute()
    shown = [cell.outputs for cell in notebook.cells[1:]]
    assert [len(outputs) for outputs in shown] == [1, 1, 1, 1, 1]
    assert all('<img alt="' in outputs[0].data["text/html"] for outputs in shown)
    assert shown[0][0].data["text/plain"].startswith("Raster plot. 9 neurons over 9 steps")
    assert shown[2][0].metadata["image/png"]["alt"] == "A line."
    assert shown[3][0].metadata["image/png"]["alt"] == "Two frames."


def patched_environment():
    """Let the kernel find the package, and draw as kernels do."""
    kept = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    path = os.pathsep.join(filter(None, [str(ROOT), kept.get("PYTHONPATH", "")]))
    return mock.patch.dict(os.environ, {**kept, "PYTHONPATH": path}, clear=True)


# -------------------------------------------------------------------------------------- runs

ROWS = [
    {"beta": beta, "hidden": hidden, "seed": seed, "accuracy": beta + hidden / 100 + seed / 1000}
    for beta in (0.5, 0.9)
    for hidden in (4, 8)
    for seed in range(3)
]


def test_runs_are_dots_and_lines_through_the_means():
    ax = viz.runs(ROWS, "beta", "accuracy", by="hidden")
    dots, line = ax.lines[2].get_ydata(), ax.lines[3].get_ydata()
    assert sorted(dots) == sorted(r["accuracy"] for r in ROWS if r["hidden"] == 8)
    assert list(line) == pytest.approx([0.581, 0.981])
    assert "hidden = 8: ≈ 0.581 at 0.5, ≈ 0.981 at 0.9" in alt_of(ax)
    assert ax.get_xlabel() == "beta"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0.5", "0.9"]
    legend = ax.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["hidden = 4", "hidden = 8"]


def test_runs_of_one_setting_need_no_legend_and_settings_may_be_texts():
    rows = [{"loss": name, "seed": 0, "right": n} for n, name in enumerate(("rate", "count"))]
    ax = viz.runs(rows, "loss", "right")
    assert ax.get_legend() is None
    assert [label.get_text() for label in ax.get_xticklabels()] == ["rate", "count"]


@pytest.mark.bad_input
def test_rows_that_lack_a_name_are_refused():
    with pytest.raises(ValueError, match=r"rows without loss.*beta, hidden, seed, accuracy"):
        viz.runs(ROWS, "beta", "loss")
    with pytest.raises(ValueError, match="there are no rows"):
        viz.runs([], "beta", "loss")
