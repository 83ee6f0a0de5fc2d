"""Where the core is measured: as a learner runs it, as torch runs by default, each also busy.

Each place is a child process of its own, since threads are set up once a process. The learner's
environment is that of `snnedu lab`: threads sleep while they wait for each other, and a process
keeps memory that it freed.
"""

import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.timing import Result
from snnedu.app.cli import FOR_KERNELS

ENVIRONMENTS: dict[str, dict[str, str]] = {
    "learner's environment": FOR_KERNELS,
    "torch's default": {},
}
BUSY = "import itertools; [None for _ in itertools.count()]"


def everywhere(calm: str, busy: str, quick: bool) -> list[Result]:
    """Run one benchmark in each environment, then once more in each beside a busy process.

    Only a benchmark that has a function of its own for the latter has goals there.
    """
    results: list[Result] = []
    for name in ENVIRONMENTS:
        results += _elsewhere(calm, quick, name)
    with _busy_process():
        for name in ENVIRONMENTS:
            results += _elsewhere(busy, quick, f"{name}, busy machine", with_goals=busy != calm)
    return results


def _elsewhere(benchmark: str, quick: bool, where: str, with_goals: bool = True) -> list[Result]:
    """Run `module.function` in a child process; say in its titles and goals where it ran."""
    env = {k: v for k, v in os.environ.items() if k not in FOR_KERNELS}
    env |= ENVIRONMENTS[where.partition(", busy")[0]]
    root = Path(__file__).parents[1]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "results"
        command = [sys.executable, "-m", "benchmarks.places", benchmark, str(int(quick)), str(file)]
        subprocess.run(command, env=env, cwd=root, check=True)
        results: list[Result] = pickle.loads(file.read_bytes())
    for result in results:
        result.title += f" ({where})"
        result.goals = result.goals if with_goals else []
        for goal in result.goals:
            goal.what += f" ({where})"
    return results


@contextmanager
def _busy_process() -> Generator[None]:
    """Keep one core busy with a process that wants it all the time."""
    process = subprocess.Popen([sys.executable, "-c", BUSY])
    try:
        yield
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    import torch

    from benchmarks.__main__ import THREADS, find

    torch.set_num_threads(THREADS)
    found = find(sys.argv[1])(bool(int(sys.argv[2])))
    Path(sys.argv[3]).write_bytes(pickle.dumps(found))
