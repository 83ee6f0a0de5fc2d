"""The tests' own tools: what they catch, they must be seen to catch."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


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
