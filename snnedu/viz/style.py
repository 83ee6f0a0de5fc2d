"""The colors and dashes of every picture, with matplotlib and in the browser.

Okabe and Ito's colors can be told apart by people with any kind of color vision
(jfly.uni-koeln.de/color). Dashes, and for spikes the shape, tell the same without color.
"""

import json
from importlib.resources import files

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
COLORS_ON_DARK = ("#56b4e9", "#e69f00", "#00b98a", "#cc79a7", "#f0e442", "#d55e00")
GRAY = "#666666"
SHADES = (COLORS[0], "#f7f7f7", COLORS[1])  # of a matrix: low, middle, high

# As matplotlib takes them: an offset, then lengths on and off, in widths of the line.
DASHES = tuple((0, on_and_off) for on_and_off in (
    (), (4, 1.5), (6, 1.5, 1, 1.5), (1, 1.5), (6, 1, 1, 1, 1, 1), (1, 3),
))  # fmt: skip
THRESHOLD_DASH = (0, (5, 4))


def canvas_script() -> str:
    """Return `canvas.js`, which draws in the browser, after the values above as its `STYLE`."""
    dashes = [on_and_off for _, on_and_off in (*DASHES, THRESHOLD_DASH)]
    values = {"light": COLORS, "dark": COLORS_ON_DARK, "shades": SHADES}
    values |= {"dashes": dashes[:-1], "threshold": dashes[-1]}
    script = files("snnedu.viz").joinpath("canvas.js").read_text(encoding="utf-8")
    return f"const STYLE = {json.dumps(values)};\n{script}"
