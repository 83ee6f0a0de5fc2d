"""Drawings that the notebooks embed: readable on light and dark pages, described, and true."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch

import snnedu as snn
from snnedu.viz.style import COLORS, COLORS_ON_DARK

IMAGES = sorted((Path(__file__).parents[2] / "tutorials" / "images").glob("*.svg"))
SVG = "{http://www.w3.org/2000/svg}"
drawings = pytest.mark.parametrize("path", IMAGES, ids=lambda path: path.stem)


@drawings
def test_a_drawing_has_a_title_a_description_and_the_colors_of_all_pictures(path: Path):
    text = path.read_text("utf-8")
    drawing = ElementTree.fromstring(text)
    assert drawing.get("role") == "img"
    for name in ("title", "desc"):
        words = drawing.find(SVG + name)
        assert words is not None
        assert len(words.text or "") > 20
    light, _, dark = text.partition("prefers-color-scheme: dark")
    assert all(color in light for color in COLORS[:2])
    assert all(color in dark for color in COLORS_ON_DARK[:2])
    styles = {
        one.read_text("utf-8").partition("</style>")[0].partition("<style>")[2] for one in IMAGES
    }
    assert len(styles) == 1, "all drawings share one style"


def test_the_membrane_of_the_journey_is_that_of_a_leaky_neuron():
    drawing = ElementTree.parse(next(one for one in IMAGES if one.stem == "spike_journey"))
    line = drawing.find(f".//{SVG}polyline[@id='membrane']")
    assert line is not None
    heights = torch.tensor([float(point.split(",")[1]) for point in line.get("points", "").split()])
    cur = torch.zeros(16, 1)
    cur[[2, 5, 10], 0] = torch.tensor([0.5, 0.4, 0.6])
    spk_rec, mem_rec = snn.Leaky(0.9).unroll(cur)
    assert spk_rec[:, 0].nonzero().flatten().tolist() == [10]
    drawn = (heights[0] - heights) / (heights[0] - heights[10]) * mem_rec[10, 0]
    torch.testing.assert_close(drawn, mem_rec[:, 0], atol=2e-3, rtol=0)
