"""What a notebook stores of a picture or an animation: alt text, a PNG, HTML.

Each viewer takes the best format that it knows:

    text/html   an <img> with alt text (no viewer reads alt text elsewhere); an animation's player
    image/png   the same picture, alt text in the metadata: print, and viewers without HTML
    text/plain  the alt text
"""

from __future__ import annotations

import base64
import io
import re
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.Image import Image

Bundle = tuple[dict[str, Any], dict[str, Any]]
SCALE = 1.5  # pixels of a picture for each that it takes on a plain screen: sharp on fine ones


def attach(figure: Figure, ax: Axes, alt: str) -> None:
    """Make `figure` show itself with its Axes' alt texts, and `ax` nothing of its own."""
    described = vars(figure).setdefault("_repr_mimebundle_", _Described(figure))
    described.alt[ax] = alt
    # IPython asks an object how to show itself before it asks its own table of formats.
    vars(figure)["_ipython_display_"] = described.show
    vars(ax)["_ipython_display_"] = _nothing


def bundle(picture: bytes, alt: str, width: int, script: str = "") -> Bundle:
    """Return what to store of a PNG shown `width` pixels wide, and of a script that replaces it."""
    data = base64.b64encode(picture).decode()
    html = f'<img alt="{escape(alt)}" width="{width}" src="data:image/png;base64,{data}">'
    if script:
        html = f'<figure style="margin:0">{html}<script>{script}</script></figure>'
    metadata = {"image/png": {"alt": alt, "width": width}}
    return {"text/html": html, "image/png": data, "text/plain": alt}, metadata


def compact(script: str) -> str:
    """Return JavaScript without indentation and comments: a tenth fewer bytes in each output."""
    return re.sub(r"^\s+|\s*// .*$", "", script, flags=re.MULTILINE)


def picture(figure: Figure) -> tuple[bytes, int]:
    """Return the figure as a PNG of SCALE * 100 dots per inch, and how wide to show it."""
    from PIL import Image

    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100 * SCALE, bbox_inches="tight")
    image = Image.open(file)
    return png(image), round(image.width / SCALE)


def png(image: Image) -> bytes:
    """Return a PNG of 256 colors: a third of the bytes, and no pixel off by more than 5 of 255."""
    from PIL.Image import Dither, Quantize

    file = io.BytesIO()
    few = image.convert("RGB").quantize(256, Quantize.MAXCOVERAGE, dither=Dither.NONE)
    few.save(file, "PNG", optimize=True)
    return file.getvalue()


class _Described:
    """What a figure with alt text shows in a notebook; stands in the figure."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        self.alt: dict[Axes, str] = {}

    def __call__(self, include: object = None, exclude: object = None) -> Bundle:
        data, width = picture(self.figure)
        return bundle(data, " ".join(self.alt.values()), width)

    def show(self) -> None:
        from IPython.display import display

        data, metadata = self()
        display(data, metadata=metadata, raw=True)


def _nothing() -> None:
    """Show nothing for an Axes at the end of a cell: its figure shows itself."""
