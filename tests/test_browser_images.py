"""Drawings of the notebooks in a real browser, on a light and on a dark page."""

from pathlib import Path
from typing import Any

import pytest

from tests.lab import ROOT, Lab

pytestmark = pytest.mark.browser

IMAGES = sorted((ROOT / "tutorials" / "images").glob("*.svg"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", IMAGES, ids=lambda path: path.stem)
def test_words_in_a_drawing_are_legible_and_do_not_meet(lab: Lab, path: Path, scheme: str):
    page = lab.browser.new_page(color_scheme=scheme)  # pyright: ignore[reportArgumentType]
    page.goto(path.as_uri())
    words: list[dict[str, Any]] = page.evaluate(LOOK)
    page.close()
    assert len(words) > 10
    for word in words:
        assert word["contrast"] >= 4.5, f"{word['text']!r}: contrast {word['contrast']:.1f}"
        assert word["inside"], f"{word['text']!r} leaves the drawing"
    for i, one in enumerate(words):
        for two in words[i + 1 :]:
            assert not meet(one["box"], two["box"]), f"{one['text']!r} covers {two['text']!r}"


def meet(a: list[float], b: list[float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


LOOK = """() => {
    const light = color => {
        const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map(c => c / 255)
            .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
    };
    const page = document.querySelector(".page"), edge = page.getBBox();
    return [...document.querySelectorAll("text")].map(text => {
        const {x, y, width, height} = text.getBBox();
        const [a, b] = [text, page].map(one => light(getComputedStyle(one).fill));
        return {
            text: text.textContent, box: [x, y + 2, x + width, y + height - 2],
            contrast: Math.max(a, b) / Math.min(a, b),
            inside: x > edge.x + 5 && y > 5 && x + width < edge.width - 5 &&
                y + height < edge.height - 5,
        };
    });
}"""
