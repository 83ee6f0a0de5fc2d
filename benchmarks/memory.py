"""How much memory does one training step take? Each library in a process of its own.

python -m benchmarks.memory snntorch 500             prints bytes
python -m benchmarks.memory snnedu 500 recompute     with `net(x_rec, recompute=25)`
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.timing import Goal, Result

SIZES, BATCH = (100, 1000, 10), 64
RECOMPUTED, STRETCH = "snnedu, recompute", 25
# Freed memory goes back to the system at once: what counts is what is needed at one time, not what
# the C library keeps for later, which depends on how its heap happens to be cut up.
HAND_BACK = {"MALLOC_MMAP_THRESHOLD_": "1000000", "MALLOC_TRIM_THRESHOLD_": "1000000"}


def run(quick: bool) -> list[Result]:
    """Return the peak of each library, above what the process held before the step."""
    from benchmarks import peers  # not at the top: the measured process must stay small

    steps = 100 if quick else 500
    gone = peers.missing()
    names = [n for n in ("snnedu", "snntorch", "spikingjelly", "norse") if n not in gone]
    peak = {name: _in_a_process(steps, name) for name in names}
    peers_peak = {name: size for name, size in peak.items() if name != "snnedu"}
    peak[RECOMPUTED] = _in_a_process(steps, "snnedu", "recompute")
    rows = [{"steps": steps, **{f"{name} (MB)": size / 1e6 for name, size in peak.items()}}]
    nan = float("nan")
    least = min(peers_peak.values(), default=nan)
    goals = [
        Goal("Peak memory of a training step: the least of the measured peers', times ours",
             least / peak["snnedu"], 2),
        Goal(f"Peak memory of a training step: the least of the peers', with `recompute={STRETCH}`",
             least / peak[RECOMPUTED], 10),
    ]  # fmt: skip
    about = (
        f"Peak of resident memory in one training step above what was held before it: "
        f"{'-'.join(map(str, SIZES))}, batch {BATCH}, input that varies. Freed memory goes back to "
        "the system at once, for all. Without `recompute` snnedu's peak is "
        f"{peers_peak.get('snntorch', nan) / peak['snnedu']:.2g} times below snnTorch's. Norse "
        "resets to zero here; sinabs was not measured: its backward pass is quadratic in time."
    )
    return [Result("Memory", about, [dict(row) for row in rows], goals)]


def _in_a_process(steps: int, name: str, *more: str) -> float:
    command = [sys.executable, "-m", "benchmarks.memory", name, str(steps), *more]
    folder = Path(__file__).parent.parent
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, check=False, env=os.environ | HAND_BACK
    )
    if done.returncode != 0:
        raise RuntimeError(f"{name}: {done.stderr}")
    return float(json.loads(done.stdout.splitlines()[-1]))


def _measure(name: str, steps: int, recompute: bool) -> int:
    """Take one short step, which loads and compiles what is needed, then the one that counts."""
    import torch

    from benchmarks.networks import MAKERS, rate_loss

    torch.manual_seed(0)
    net = MAKERS[name](SIZES)
    options = {"recompute": STRETCH} if recompute else {}
    targets = torch.randint(SIZES[-1], (BATCH,))

    def step(x_rec: torch.Tensor) -> None:
        optimizer = torch.optim.Adam(net.parameters())
        rate_loss(net(x_rec, **options), targets).backward()
        optimizer.step()

    step(torch.rand(3, BATCH, SIZES[0]))
    x_rec = torch.rand(steps, BATCH, SIZES[0])
    before = _memory("VmRSS")
    step(x_rec)
    return _memory("VmHWM") - before


def _memory(kind: str) -> int:
    """Return what the kernel says: VmRSS, memory held now; VmHWM, the most ever. In bytes."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(kind):
            return 1024 * int(line.split()[1])
    raise OSError("This benchmark reads /proc, which only Linux has.")


if __name__ == "__main__":
    print(json.dumps(_measure(sys.argv[1], int(sys.argv[2]), "recompute" in sys.argv[3:])))
