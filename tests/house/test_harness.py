"""The tests' own tools: each is seen to catch what it is there to catch."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.notebook_budget import row

pytestmark = pytest.mark.house
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


def test_workers_measure_only_the_time_that_a_kernel_computes_but_in_all_threads(tmp_path: Path):
    sleeps = "import time\nblock = bytearray(100_000_000)\ntime.sleep(8)"
    _notebook(tmp_path / "sleeps.ipynb", sleeps, "print(2)")
    _notebook(tmp_path / "works.ipynb", THREADS_THAT_WORK_FOR_EIGHT_SECONDS)
    run = _nbval(tmp_path, "-n2", "--dist=loadfile")
    assert run.returncode == 0, run.stdout
    spent = _table(run.stdout)
    assert list(spent) == ["sleeps.ipynb", "works.ipynb"]
    assert 0 < spent["sleeps.ipynb"][0] < 8 <= spent["works.ipynb"][0]
    assert 100 < spent["sleeps.ipynb"][1] < 1000


THREADS_THAT_WORK_FOR_EIGHT_SECONDS = """
import threading, time
def work():
    while time.process_time() < 8:  # of all threads together
        sum(range(10_000))
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_a_notebook_over_its_budget_is_marked_in_the_table():
    assert row(59.0, 999.0).split() == ["59.0", "s", "999", "MB"]
    assert row(61.0, 999.0).endswith("over its budget (60 s, 1000 MB)")
    assert row(59.0, 1001.0).endswith("over its budget (60 s, 1000 MB)")


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("notebook_megabytes=50", "MB of memory (it fails above 50 MB"),
        ("notebook_seconds=0", "s of CPU time (it fails above 0 s"),
    ],
)
def test_a_notebook_far_over_its_budget_fails_the_run_and_the_cell_is_named(
    limit: str, message: str, tmp_path: Path
):
    _notebook(tmp_path / "big.ipynb", "1 + 1")
    run = _nbval(tmp_path, "-o", limit)
    assert run.returncode == 1
    assert "big.ipynb is far over its budget at Cell 0" in run.stdout
    assert message in run.stdout


def test_kernels_draw_inline_start_without_progress_and_have_the_threads_asked_for(tmp_path: Path):
    source = "import os\nassert 'inline' in os.environ['MPLBACKEND']\nos.environ['SNNEDU_DATA']"
    threads = "assert os.environ['OMP_NUM_THREADS'] == '4'"
    _notebook(tmp_path / "home.ipynb", source, "assert 'snnedu-' in os.environ['SNNEDU_DATA']")
    _notebook(tmp_path / "threads.ipynb", "import os", threads)
    run = _nbval(tmp_path, "--nbval-lax", "-o", "notebook_threads=4")
    assert run.returncode == 0, run.stdout


def test_measured_numbers_are_not_compared_and_others_are(tmp_path: Path):
    measured = "print('accuracy ≈ 97.1 %, difference ≈ 3e-08')"
    stored = "accuracy ≈ 96.9 %, difference ≈ 1e-07\n"
    _notebook(tmp_path / "measured.ipynb", measured, stored=stored)
    _notebook(tmp_path / "exact.ipynb", "print('accuracy 97.1 %')", stored="accuracy 96.9 %\n")
    run = _nbval(tmp_path)
    assert run.returncode == 1
    assert "1 failed, 1 passed" in run.stdout
    assert "FAILED exact.ipynb" in run.stdout


def _notebook(path: Path, *sources: str, stored: str = "") -> None:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    for cell in cells:
        if stored:
            cell.execution_count = 1
            cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=stored)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


def _table(report: str) -> dict[str, tuple[float, float]]:
    """Return the CPU seconds and megabytes of each notebook, as printed."""
    rows = [line.split() for line in report.splitlines() if line.endswith(" MB")]
    return {name: (float(seconds), float(megabytes)) for name, seconds, _, megabytes, _ in rows}


def _nbval(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval"]
    command += ["--nbval-current-env", "--nbval-sanitize-with=tests/nbval.cfg", "--rootdir=."]
    command += ["-c", "pyproject.toml", "-p", "tests.notebook_budget"]
    # A kernel that never answers is named here, long before this test itself would be ended.
    command += ["--nbval-cell-timeout=240", "-o", "faulthandler_timeout=300"]
    command += [*options, str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
