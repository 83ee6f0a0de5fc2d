"""What a notebook stores of a picture or an animation, so that it shows wherever the notebook goes.

A bundle of formats, of which each viewer takes the best it knows:

    text/html   an <img> with alt text (nobody reads alt text elsewhere); an animation's player
    image/png   the same picture, alt text in the metadata: print, and viewers without HTML
    text/plain  the alt text
"""

from __future__ import annotations

import base64
import io
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Bundle = tuple[dict[str, Any], dict[str, Any]]
SCALE = 1.5  # pixels of a picture for each that it takes on a plain screen: sharp on fine ones


def png(figure: Figure) -> bytes:
    """Return the figure as a small PNG, 100 * SCALE dots per inch."""
    from PIL import Image

    plain, small = io.BytesIO(), io.BytesIO()
    figure.savefig(plain, format="png", dpi=100 * SCALE, bbox_inches="tight")
    picture = Image.open(plain).convert("RGB")
    # 256 colours: a third of the bytes, none off by more than 5 of 255.
    few = picture.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(small, "PNG", optimize=True)
    return small.getvalue()


def still(picture: bytes, alt: str) -> Bundle:
    """Return the bundle of a PNG."""
    from PIL import Image

    width = round(Image.open(io.BytesIO(picture)).width / SCALE)
    data = base64.b64encode(picture).decode()
    source = f"data:image/png;base64,{data}"
    html = f'<img alt="{escape(alt)}" width="{width}" src="{source}">'
    metadata = {"image/png": {"alt": alt, "width": width}}
    return {"text/html": html, "image/png": data, "text/plain": alt}, metadata
