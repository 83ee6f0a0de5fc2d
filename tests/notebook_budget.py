"""A pytest plugin beside nbval: run time and peak memory of each notebook, held to a budget.

The cell that takes its notebook over the budget fails, so the report names it. What was measured
travels in `report.user_properties`, which pytest-xdist carries from its workers to the terminal.
"""

import os
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from unittest import mock

import pytest
from nbval.plugin import IPyNbCell

from tools.notebooks import kernel_environment

SECONDS = pytest.StashKey[float]()
HOME = pytest.StashKey["tempfile.TemporaryDirectory[str]"]()
PROPERTY = "notebook"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a test of this plugin lower the budget."""
    parser.addini("notebook_seconds", "the longest that a notebook may run", default="60")
    parser.addini("notebook_megabytes", "the most memory that its kernel may take", default="1000")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Start the kernel as a learner's would: its own figures, and nobody's progress yet."""
    if not isinstance(item, IPyNbCell):
        return (yield)
    home = item.parent.stash.get(HOME, None)
    if home is None:
        home = item.parent.stash[HOME] = tempfile.TemporaryDirectory(prefix="snnedu-")
    kernels = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    with mock.patch.dict(os.environ, kernel_environment(home.name, kernels), clear=True):
        result = yield
    item.parent.addfinalizer(home.cleanup)  # after the notebook's last cell
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Measure after each cell; fail the one that goes over the budget."""
    report = yield
    if not isinstance(item, IPyNbCell) or report.when == "teardown":
        return report
    before = item.parent.stash.get(SECONDS, 0.0)
    seconds = item.parent.stash[SECONDS] = before + report.duration
    if report.when == "call":
        megabytes = _peak_megabytes(item.parent.kernel.km.provisioner.pid)
        item.user_properties.append((PROPERTY, [item.path.name, seconds, megabytes]))
        report.user_properties.append(item.user_properties[-1])
        over = _over_budget(item, seconds, megabytes)
        if report.passed and over:
            report.outcome, report.longrepr = "failed", over
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table."""
    measured = _measured(terminalreporter)
    if measured:
        terminalreporter.section("notebooks: run time and peak memory of the kernel")
        width = max(map(len, measured))
        for name, (seconds, megabytes) in sorted(measured.items()):
            terminalreporter.write_line(f"{name:{width}} {seconds:6.1f} s {megabytes:6.0f} MB")


def _measured(terminalreporter: pytest.TerminalReporter) -> dict[str, tuple[float, float]]:
    """Return the largest values of each notebook: those after its last cell."""
    measured: dict[str, tuple[float, float]] = {}
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for key, value in getattr(report, "user_properties", []):
                if key == PROPERTY:
                    name, seconds, megabytes = value
                    old = measured.get(name, (0.0, 0.0))
                    measured[name] = (max(old[0], seconds), max(old[1], megabytes))
    return measured


def _over_budget(item: pytest.Item, seconds: float, megabytes: float) -> str:
    """Say what went over the budget, or return ""."""
    longest = float(item.config.getini("notebook_seconds"))
    most = float(item.config.getini("notebook_megabytes"))
    found: list[str] = []
    if seconds > longest:
        found.append(f"{seconds:.1f} s of run time ({longest:.0f} s is the most)")
    if megabytes > most:
        found.append(f"{megabytes:.0f} MB of memory ({most:.0f} MB is the most)")
    return (
        f"{item.path.name} is over its budget at {item.name}: {', '.join(found)}." if found else ""
    )


def _peak_megabytes(pid: int) -> float:
    """Return the most memory that a process has held so far, as the system counts it."""
    if sys.platform == "linux":
        status = Path(f"/proc/{pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6
    import psutil

    memory = psutil.Process(pid).memory_info()
    return getattr(memory, "peak_wset", memory.rss) / 1e6  # macOS tells only what is held now
