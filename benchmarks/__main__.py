"""Run the benchmarks; a complete run writes RESULTS.md and the picture beside it.

    python -m benchmarks                  all of them, about 25 minutes
    python -m benchmarks lif import       only these, printed
    python -m benchmarks --quick          a rough look in some minutes; RESULTS.md says so

A benchmark is a function from `quick` to results (see timing.py). A new one is named in BENCHMARKS.
"""

import argparse
import importlib
import json
import math
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from benchmarks import peers, places
from benchmarks.timing import Goal, Result

BENCHMARKS = {  # module and function; imported when it is their turn
    "lif": "lif.run",
    "neurons": "neurons.run",
    "training": "networks.steps",
    "digits": "networks.digits",
    "gpu": "gpu.run",
    "memory": "memory.run",
    "hh": "neurons.hodgkin_huxley",
    "spike-times": "spike_times.run",
    "plasticity": "plasticity.run",
    "events": "events.run",
    "conversion": "conversion.run",
    "delays": "delays.run",
    "energy": "energy.run",
    "quantize": "quantize.run",
    "online": "online.run",
    "culture": "culture.run",
    "exchange": "exchange.run",
    "streaming": "streaming.run",
    "processes": "processes.run",
    "import": "imports.run",
    "animation": "bench_animation.run",
    "widgets": "bench_widgets.run",
}
# The core runs everywhere (see places.py); the function beside a busy process may be another one.
EVERYWHERE = {"lif": "lif.busy", "neurons": "neurons.run", "training": "networks.steps"}
FOLDER = Path(__file__).parent
THREADS = 2
BEFORE = FOLDER / "before.json"  # what the engine of 912 lines reached, goal by goal


def main() -> int:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="smaller and shorter")
    chosen = parser.parse_args()
    unknown = set(chosen.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"there are {', '.join(BENCHMARKS)}; not {', '.join(sorted(unknown))}")
    if peers.missing():
        print(f"Not installed, and left out: {', '.join(peers.missing())}. To compare with them:\n"
              "python -m pip install --no-deps --requirement benchmarks/peers.txt\n")  # fmt: skip
    torch.set_num_threads(THREADS)
    results: list[Result] = []
    for name in chosen.names or BENCHMARKS:
        start = time.perf_counter()
        for result in _results(name, chosen.quick):
            print(result, *result.goals, sep="\n")
            results.append(result)
        print(f"({name}: {time.perf_counter() - start:.0f} s)\n", flush=True)
    if not chosen.names:
        report = _report(results, chosen.quick)
        (FOLDER / "RESULTS.md").write_text(report, encoding="utf-8")
        from benchmarks.picture import draw

        draw(results, FOLDER / "lif.png")
    return int(any(result.about.startswith("FAILED") for result in results))


def _results(name: str, quick: bool) -> list[Result]:
    """Run one benchmark; if it fails, say so among the results, and continue with the others."""
    try:
        return _benchmark(name)(quick)
    except Exception as error:
        traceback.print_exc()
        return [Result(name, f"FAILED: {error}", goals=[Goal(f"{name} runs", math.nan, 1)])]


def _benchmark(name: str) -> Callable[[bool], list[Result]]:
    if name in EVERYWHERE:
        return lambda quick: places.everywhere(BENCHMARKS[name], EVERYWHERE[name], quick)
    return find(BENCHMARKS[name])


def find(benchmark: str) -> Callable[[bool], list[Result]]:
    """Return the function of that name: "lif.run"."""
    module, function = benchmark.split(".")
    return getattr(importlib.import_module(f"benchmarks.{module}"), function)


def _report(results: list[Result], quick: bool) -> str:
    goals = [goal for result in results for goal in result.goals]
    met = sum(goal.met for goal in goals)
    return "\n".join([
        "# How fast is snnedu?",
        "",
        f"Written by `make bench` on {date.today():%d %B %Y}. {_machine()}. "
        f"{THREADS} threads.",
        f"Versions: {_versions()}.",
        "",
        *(["**A quick run (`--quick`): few sizes, few repeats. Take it as a rough look.**", ""]
          if quick else []),
        "All contestants run in one process and take turns; numbers are medians. Milliseconds "
        "belong to this machine, ratios carry over. Before timing, each benchmark checks that all "
        "compute the same thing where their conventions agree. The core is measured in the "
        "environment that `snnedu lab` gives a learner (threads that wait sleep, freed memory is "
        "kept) and in torch's default, and in each once more beside a process that keeps a core "
        "busy.",
        "",
        f"## Goals: {met} of {len(goals)} met",
        "",
        *_table_of_goals(goals),
        "",
        "![Time of a layer of leaky neurons against time steps, batch and neurons](lif.png)",
        "",
        *map(str, results),
    ])  # fmt: skip


def _table_of_goals(goals: list[Goal]) -> list[str]:
    """Return the lines of the table, with what the engine before reached in the same benchmark."""
    before = json.loads(BEFORE.read_text(encoding="utf-8")) if BEFORE.exists() else {}
    lines = ["| what | goal | measured | | before |", "|---|---|---|---|---|"]
    for goal in goals:
        old = before.get("goals", {}).get(goal.what)
        lines.append(f"{goal} {'' if old is None else f'{old:.3g}'} |")
    return [*lines, "", before["about"]] if before else lines


def _machine() -> str:
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        name = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), name)
    return (
        f"{name}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    )


def _versions() -> str:
    found: list[str] = []
    for name in ("snnedu", "torch", "numba", *peers.PEERS):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    return ", ".join(found)


if __name__ == "__main__":
    sys.exit(main())
