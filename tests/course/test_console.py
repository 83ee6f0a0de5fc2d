"""Replies can be read on consoles of any encoding."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from snnedu.course.console import say

ROOT = Path(__file__).parents[2]
TEXT = "✅ β² → U[t] ≥ θ, 2 MΩ: é, βⁿ, “so” ● 日"


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("utf-8", TEXT),
        ("cp1252", "ok beta² -> U[t] >= theta, 2 MOhm: é, beta^n, “so” x \\u65e5"),
        ("ascii", 'ok beta^2 -> U[t] >= theta, 2 MOhm: e, beta^n, "so" x \\u65e5'),
    ],
)
def test_characters_that_an_encoding_lacks_are_written_in_words(encoding, written):
    stream = io.TextIOWrapper(io.BytesIO(), encoding, newline="\n")
    say(TEXT, stream)
    stream.flush()
    assert stream.buffer.getvalue().decode(encoding) == f"{written}\n"


def test_a_stream_without_an_encoding_gets_the_text_as_it_is():
    stream = io.StringIO()
    say(TEXT, stream)
    assert stream.getvalue() == f"{TEXT}\n"


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_replies_are_printed_on_a_console_of_any_encoding(encoding, tmp_path):
    code = """
import snnedu as snn
from snnedu.course.exercise import all_exercises
for each in all_exercises():
    snn.check(each.id, None)
    for _ in each.hints:
        snn.hint(each.id)
    snn.solution(each.id)
snn.check("02.1", all_exercises()[0].solution)
snn.progress()
"""
    environment = {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding, "SNNEDU_LEARNER": "0"}
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment, "SNNEDU_DATA": str(tmp_path)},
        capture_output=True,
    )
    assert run.returncode == 0, run.stderr.decode()
    text = run.stdout.decode(encoding)
    assert ("β" if encoding == "utf-8" else "beta") in text
    assert ("○" if encoding == "utf-8" else "tutorial 02  -") in text
