"""The tests' own tools: what they catch, they must be seen to catch."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]


def test_without_a_browser_one_line_says_what_was_not_run_and_in_ci_it_is_an_error():
    here = _browser_tests_without_browser({})
    lines = [line for line in here.stdout.splitlines() if "NOT run" in line]
    assert here.returncode == 0, here.stdout
    assert len(lines) == 1
    assert "Install Chromium" in lines[0]
    in_ci = _browser_tests_without_browser({"CI": "true"})
    assert in_ci.returncode == 1
    assert "Install Chromium" in in_ci.stdout


def _browser_tests_without_browser(extra: dict[str, str]) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("CI", "CHROMIUM", "PYTEST_ADDOPTS")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-x"]
    return subprocess.run(
        [*command, "tests/test_browser.py"],
        env={**kept, "PATH": "", **extra},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_each_notebook_is_measured_also_by_parallel_workers(tmp_path: Path):
    for name in ("a.ipynb", "b.ipynb"):
        _notebook(tmp_path / name, "block = bytearray(100_000_000)\n1 + 1", "print(2)")
    run = _nbval(tmp_path, "-n2", "--dist=loadfile")
    assert run.returncode == 0, run.stdout
    rows = [line.split() for line in run.stdout.splitlines() if line.endswith(" MB")]
    assert [row[0] for row in rows] == ["a.ipynb", "b.ipynb"]
    for _, seconds, _, megabytes, _ in rows:
        assert 0 < float(seconds) < 60
        assert 100 < float(megabytes) < 1000


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        ("notebook_megabytes=100", "MB of memory (100 MB is"),
        ("notebook_seconds=0", "s of run time"),
    ],
)
def test_a_notebook_over_its_budget_fails_the_run_and_the_cell_is_named(
    budget: str, message: str, tmp_path: Path
):
    _notebook(tmp_path / "big.ipynb", "block = bytearray(100_000_000)")
    run = _nbval(tmp_path, "-o", budget)
    assert run.returncode == 1
    assert "big.ipynb is over its budget at Cell 0" in run.stdout
    assert message in run.stdout


def test_kernels_draw_figures_inline_and_see_nobodys_progress(tmp_path: Path):
    source = "import os\nassert 'inline' in os.environ['MPLBACKEND']\nos.environ['SNNEDU_DATA']"
    _notebook(tmp_path / "home.ipynb", source, "assert 'snnedu-' in os.environ['SNNEDU_DATA']")
    run = _nbval(tmp_path, "--nbval-lax")
    assert run.returncode == 0, run.stdout


def test_measured_numbers_are_not_compared_and_others_are(tmp_path: Path):
    notebook = tmp_path / "measured.ipynb"
    _notebook(notebook, "print('accuracy ≈ 97.1 %')", stored="accuracy ≈ 96.9 %\n")
    assert _nbval(tmp_path).returncode == 0
    _notebook(notebook, "print('accuracy 97.1 %')", stored="accuracy 96.9 %\n")
    assert _nbval(tmp_path).returncode == 1


def _notebook(path: Path, *sources: str, stored: str = "") -> None:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    for cell in cells:
        if stored:
            cell.execution_count = 1
            cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=stored)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


def _nbval(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval"]
    command += ["--nbval-current-env", "--nbval-sanitize-with=tests/nbval.cfg", "--rootdir=."]
    command += ["-c", "pyproject.toml", "-p", "tests.notebook_budget", *options, str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
