"""A pytest plugin beside nbval: CPU time and peak memory of each notebook, beside its budget.

It is a benchmark, not a timed test. What counts is the time that the kernel computed, in all its
threads: a busy machine makes that only a little longer. The table at the end marks a notebook over
its budget; only one far beyond it fails, at the cell that took it there. What was measured
travels in `report.user_properties`, which pytest-xdist carries from its workers to the terminal.
"""

import os
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from unittest import mock

import psutil
import pytest
from nbval.plugin import IPyNbCell

from tools.notebooks import kernel_environment

BUDGET = 60.0, 1000.0  # CPU seconds, MB: what Binder's visitors can wait for and have
HOME = pytest.StashKey["tempfile.TemporaryDirectory[str]"]()
PROPERTY = "notebook"
OVER = "over its budget"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make test` choose the threads, and a test of this plugin lower the limits."""
    parser.addini("notebook_threads", "the threads of each kernel", "int", 1)
    # Three times: processors differ by two, and the kernel computes longer beside other work.
    # Memory hardly varies, and Binder gives 2 GB to the kernel and JupyterLab together.
    parser.addini(
        "notebook_seconds", "the most CPU seconds that a notebook may take", "float", 180.0
    )
    parser.addini("notebook_megabytes", "the most memory that it may take", "float", 1500.0)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Start the kernel as a learner's would: its own figures, and no progress yet."""
    if not isinstance(item, IPyNbCell):
        return (yield)
    home = item.parent.stash.get(HOME, None)
    if home is None:
        home = item.parent.stash[HOME] = tempfile.TemporaryDirectory(prefix="snnedu-")
    threads: int = item.config.getini("notebook_threads")
    with mock.patch.dict(os.environ, kernel_environment(home.name, threads), clear=True):
        result = yield
    item.parent.addfinalizer(home.cleanup)  # after the notebook's last cell
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Measure after each cell; fail the one that takes its notebook over a limit."""
    report = yield
    if not isinstance(item, IPyNbCell) or report.when != "call":
        return report
    spent = _spent(item.parent.kernel.km.provisioner.pid)
    item.user_properties.append((PROPERTY, [item.path.name, *spent]))
    report.user_properties.append(item.user_properties[-1])
    over = _over_limit(item, *spent)
    if report.passed and over:
        report.outcome, report.longrepr = "failed", over
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table."""
    measured = _measured(terminalreporter)
    if measured:
        terminalreporter.section("notebooks: CPU time and peak memory of the kernel")
        width = max(map(len, measured))
        for name, spent in sorted(measured.items()):
            line = f"{name:{width}} {row(*spent)}"
            terminalreporter.write_line(line, yellow=OVER in line)


def row(seconds: float, megabytes: float) -> str:
    """Return what one notebook took, and a note if that is more than its budget."""
    over = seconds > BUDGET[0] or megabytes > BUDGET[1]
    note = f"   {OVER} ({BUDGET[0]:.0f} s, {BUDGET[1]:.0f} MB)" if over else ""
    return f"{seconds:6.1f} s {megabytes:6.0f} MB{note}"


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


def _over_limit(item: pytest.Item, seconds: float, megabytes: float) -> str:
    """Say which limit was passed, or return ""."""
    longest: float = item.config.getini("notebook_seconds")
    most: float = item.config.getini("notebook_megabytes")
    found: list[str] = []
    if seconds > longest:
        found.append(f"{seconds:.1f} s of CPU time (it fails above {longest:.0f} s)")
    if megabytes > most:
        found.append(f"{megabytes:.0f} MB of memory (it fails above {most:.0f} MB)")
    over = f"{item.path.name} is far over its budget at {item.name}: {', '.join(found)}."
    return over if found else ""


def _spent(pid: int) -> tuple[float, float]:
    """Return the CPU seconds, threads included, and the peak memory in MB of a kernel so far."""
    try:
        kernel = psutil.Process(pid)
        times, memory = kernel.cpu_times(), kernel.memory_info()
        return times.user + times.system, _peak_bytes(pid, memory) / 1e6
    except (psutil.Error, OSError):  # the cell ended its kernel: nbval reports that
        return 0.0, 0.0


def _peak_bytes(pid: int, memory: object) -> float:
    if sys.platform == "linux":
        status = Path(f"/proc/{pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    # macOS reports only what is held now.
    return getattr(memory, "peak_wset", None) or getattr(memory, "rss", 0)
