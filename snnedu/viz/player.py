"""Animations that a browser plays by itself: what is stored of them, and of a celluloid camera.

The player is `player.js`: plain HTML, so it needs neither a widget manager nor a kernel, and works
in an exported page without network.
"""

from __future__ import annotations

import base64
import io
import json
import warnings
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float64, Shaped, UInt32

from snnedu.viz import notebook_output
from snnedu.viz.notebook_output import Bundle
from snnedu.viz.recording import Array
from snnedu.viz.style import canvas_script

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.Image import Image


@dataclass(frozen=True, repr=False)
class Animation:
    """An animation; a notebook shows it by itself. `html` is all that a page needs to play it."""

    film: dict[str, Any]
    picture: bytes
    alt: str

    @property
    def html(self) -> str:
        """The still picture and the script that replaces it, as one HTML element."""
        return self._repr_mimebundle_()[0]["text/html"]

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Bundle:
        player = files("snnedu.viz").joinpath("player.js").read_text(encoding="utf-8")
        code = notebook_output.compact(canvas_script() + player)
        # A label may hold "</script>", which would end the script: JSON can say "<" otherwise.
        film = json.dumps(self.film, separators=(",", ":")).replace("<", "\\u003c")
        call = f"play(document.currentScript.parentElement, {film});"
        # In braces: no name of ours meets another script's of the page.
        script = f'"use strict";{{\n{code}{call}}}'
        return notebook_output.bundle(self.picture, self.alt, self.film["width"], script)


def spikes(raster: Float64[Array, "time neurons"], dt: float | None) -> dict[str, Any]:
    """Return what the player needs to draw spikes: for each step `n`, or `~n` for one of -1."""
    film = {"steps": len(raster), "neurons": raster.shape[1], "width": 640, "clock": "step"}
    rows = [[int(n if row[n] > 0 else ~n) for n in row.nonzero()[0]] for row in raster]
    return film | {"dt": dt, "spikes": rows}


def membranes(
    mem: Float64[Array, "time neurons"], chosen: list[int], threshold: float | None
) -> dict[str, Any]:
    """Return what the player needs to draw the membranes of the `chosen` neurons."""
    word = "neuron " if len(chosen) < 4 else ""  # there is room for little more
    names = [f"{word}{neuron}" for neuron in chosen]
    return {"mem": _short(mem.T), "names": names, "threshold": threshold}


def evidence(gathered: Float64[Array, "time classes"], names: list[str]) -> dict[str, Any]:
    """Return what the player needs to draw bars beside the spikes."""
    return {"evidence": _short(gathered), "labels": names}


def panels(mem: bool, evidence: bool) -> tuple[Figure, list[Axes]]:
    """Return a figure with room for what an animation shows, as the player lays it out."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4 if mem else 2.9), layout="constrained")
    down, across = [2, 1][: 1 + mem], [2, 1][: 1 + evidence]
    grid = figure.add_gridspec(len(down), len(across), height_ratios=down, width_ratios=across)
    axes = [figure.add_subplot(grid[row, 0]) for row in range(len(down))]
    if evidence:
        axes.append(figure.add_subplot(grid[:, 1], xlabel="evidence"))
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes


def from_camera(camera: Any, fps: float, alt: str) -> Animation:
    """Return what a celluloid camera saw; close its figure."""
    import matplotlib.pyplot as plt

    frames = photos(camera)
    plt.close(camera._figure)
    if len(frames) > 1 and all((frame == frames[0]).all() for frame in frames):
        warnings.warn(
            f"All {len(frames)} pictures of the camera are equal. celluloid keeps what is drawn "
            f"in the axes, not titles, labels or limits: for changing words use `ax.text`.",
            stacklevel=3,
        )
    height, width = frames[0].shape
    film = {"steps": len(frames), "fps": fps, "clock": "picture", "width": width}
    film |= {"size": [width, height], "frames": shrink(frames)}
    return Animation(film, notebook_output.png(_image(frames[-1])), alt)


def photos(camera: Any) -> list[UInt32[Array, "height width"]]:
    """Return the pixels of each snap of a celluloid camera, RGBA in one number.

    The figure is drawn once; then each snap's own artists are stamped over that picture. So the
    figure's axes, titles and ticks are those of the end, as in `camera.animate()`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure, snaps = _snaps(camera)
    spines = [spine for ax in figure.axes for spine in ax.spines.values()]
    moving = {artist for snap in snaps for artist in snap} | set(spines)
    before = figure.canvas
    canvas = FigureCanvasAgg(figure)
    was = {artist: artist.get_animated() for artist in moving}
    try:
        for artist in moving:
            artist.set_animated(True)
        canvas.draw()
        background = canvas.copy_from_bbox(figure.bbox)
        frames: list[Array] = []
        for snap in snaps:
            canvas.restore_region(background)
            for artist in sorted([*snap, *spines], key=lambda artist: artist.get_zorder()):
                figure.draw_artist(artist)
            pixels = np.array(canvas.buffer_rgba())
            pixels[..., 3] = 255  # a transparent pixel will mean: as before
            frames.append(pixels.view(np.uint32)[..., 0])
    finally:
        for artist, animated in was.items():
            artist.set_animated(animated)
        figure.set_canvas(before)
    return frames


def shrink(frames: list[UInt32[Array, "height width"]]) -> list[str]:
    """Return lossless pictures as data URLs: one whole, the next only the pixels that differ."""
    urls: list[str] = []
    for before, frame in zip([0 * frames[0], *frames], frames, strict=False):
        file = io.BytesIO()
        # quality and method are the effort: more of it takes four times as long for 5 % fewer bytes
        _image(frame * (frame != before)).save(file, "WEBP", lossless=True, quality=20, method=1)
        urls.append(f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}")
    return urls


def _short(rows: Shaped[Array, "rows columns"]) -> list[list[float]]:
    """Return numbers of five digits: more than a pixel shows, less than JSON would write."""
    return [[float(f"{value:.5g}") for value in row] for row in rows]


def _image(pixels: UInt32[Array, "height width"]) -> Image:
    from PIL.Image import frombytes

    height, width = pixels.shape
    return frombytes("RGBA", (width, height), pixels.tobytes())


def _snaps(camera: Any) -> tuple[Figure, list[list[Artist]]]:
    """Return what the camera holds; say what went wrong where celluloid would not."""
    if not (hasattr(camera, "_figure") and hasattr(camera, "_photos")):
        raise TypeError(
            f"`embed(camera)` takes a celluloid.Camera. Received {type(camera).__name__}. "
            f"Make one with `camera = celluloid.Camera(figure)`."
        )
    figure: Figure = camera._figure
    snaps: list[list[Artist]] = camera._photos
    if not snaps:
        raise ValueError(
            "`embed(camera)` needs at least one picture. Received a camera that took none. "
            "Call `camera.snap()` after drawing each picture."
        )
    removed = [n for n, snap in enumerate(snaps) if any(artist.axes is None for artist in snap)]
    if removed:
        raise ValueError(
            f"`embed(camera)` needs what was drawn to be still there. Received picture "
            f"{removed[0] + 1}, parts of which were removed, by `ax.clear()` perhaps. "
            f"Remove that call: celluloid hides what older pictures showed."
        )
    empty = [n for n, snap in enumerate(snaps) if not snap]
    if empty:
        warnings.warn(
            f"Picture {empty[0] + 1} of the camera is empty: nothing was drawn since the one "
            f"before. celluloid sees new lines, not `set_data` on an old one: plot it again.",
            stacklevel=5,
        )
    return figure, snaps
