"""What every test gets: no display, no shared state, a browser where it asks for one."""

import importlib.util
import os
import shutil
import signal
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

# What `--jaxtyping-packages` names must be loaded by now.
import tests.shapes  # noqa: F401  # pyright: ignore[reportUnusedImport]

if TYPE_CHECKING:
    from tests.lab import Lab

# Before anything imports matplotlib or torch: no display; parallel workers share the cores, and
# threads sleep while they wait, since spinning ones take the cores from other work.
os.environ["MPLBACKEND"] = "agg"
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
if "PYTEST_XDIST_WORKER" in os.environ:
    workers = int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))

# Ctrl-C is tested, too. What a shell runs in its background ignores it, with all that it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# In CI the same examples each time: a failure then comes from the change, not from the draw.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None)
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")

ROOT = Path(__file__).parent.parent
NO_PLAYWRIGHT = "Install Playwright (`python -m pip install playwright`)."


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a data folder of its own, so that no learner's progress is read or written."""
    monkeypatch.setenv("SNNEDU_DATA", str(tmp_path / "progress"))
    monkeypatch.delenv("SNNEDU_LANG", raising=False)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a check of an exercise take longer than a learner would wait: a busy machine is slow."""
    attempt = sys.modules.get("snnedu.course.attempt")  # most tests do without it
    if attempt:
        monkeypatch.setattr(attempt, "SECONDS", 120.0)


@pytest.fixture(scope="module")
def _lab_server(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Lab]":
    missing = _missing_browser()
    if missing:  # with CI set, a browser test that cannot run has failed
        pytest.fail(missing, pytrace=False)
    from tests.lab import Lab

    folder, home = tmp_path_factory.mktemp("tutorials"), tmp_path_factory.mktemp("home")
    shutil.copytree(ROOT / "tutorials", folder, dirs_exist_ok=True)
    with Lab(folder, home) as lab:
        yield lab


@pytest.fixture
def lab(_lab_server: "Lab") -> "Iterator[Lab]":
    """JupyterLab in Chromium on a copy of the tutorials; see tests/lab.py."""
    yield _lab_server
    _lab_server.close_notebooks()


def _missing_browser() -> str:
    """Return what to install for the browser tests, or "" where nothing is missing."""
    if not importlib.util.find_spec("playwright"):
        return NO_PLAYWRIGHT
    from tests.lab import GET_ONE, find_chromium

    return "" if find_chromium() else GET_ONE


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the browser tests where no browser is, except in CI."""
    missing = _missing_browser()
    if missing and not os.environ.get("CI"):
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason=missing))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep a picture of the page when a browser test fails."""
    report = yield
    lab = getattr(item, "funcargs", {}).get("_lab_server")
    if report.failed and lab is not None:
        pictures = "\n".join(map(str, lab.keep_screenshots(item.name)))
        report.sections.append(("screenshots", pictures))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what was not run for want of a browser."""
    skipped = terminalreporter.stats.get("skipped", [])
    left_out = [report for report in skipped if "browser" in report.keywords]
    if left_out:
        line = f"{len(left_out)} browser tests were NOT run. {_missing_browser()}"
        terminalreporter.write_line(line, yellow=True)
