"""How long does `import snnedu` take beyond `import torch`? In fresh interpreters."""

import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.timing import Goal, Result

USED = "snnedu.Leaky, snnedu.Sequential, snnedu.fit, snnedu.functional, snnedu.data"
CODE = f"""
import time, torch
start = time.perf_counter()
import snnedu
imported = time.perf_counter()
{USED}
print(imported - start, time.perf_counter() - start)
"""


def run(quick: bool) -> list[Result]:
    """Return the seconds of the import alone, and with the names that a tutorial uses first."""
    runs = [_once() for _ in range(3 if quick else 11)]
    alone, used = (statistics.median(column) for column in zip(*runs, strict=True))
    return [
        Result(
            "Import",
            "Seconds beyond `import torch`, in a fresh interpreter. The second number adds the use "
            "of the core: neurons, networks, training, losses, data.",
            [{"import snnedu": alone, "and its core": used}],
            [Goal("`import snnedu` and its core, beyond torch", used, 0.15, "s", at_most=True)],
        )
    ]


def _once() -> list[float]:
    command = [sys.executable, "-c", CODE]
    folder = Path(__file__).parent.parent
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
    return [float(word) for word in done.stdout.split()]
