"""One network trained by two processes under `torchrun`, beside the same training in one.

Each process has one thread, so that two of them have the machine that one of them leaves half idle.
"""

from typing import Any

from benchmarks.timing import Goal, Result
from snnedu.course.chapters.c22_scaling_out.experiments import launch

SIZES = {  # inputs, hidden, steps, samples in a batch; the last one is bound by its products
    "64-64-10": (64, 64, 10, 100),
    "784-1000-10": (784, 1000, 25, 256),
}
SCRIPT = """import os, sys, torch, snnedu as snn
inputs, hidden, steps, batch = {size}
found = {{}}
for kind, samples, epochs in (("float64", 24, 2), ("float32", 4 * batch, {epochs})):
    torch.manual_seed(0)
    net = snn.Sequential(torch.nn.Linear(inputs, hidden), snn.Leaky(0.9),
                         torch.nn.Linear(hidden, 10), snn.Leaky(0.9)).to(getattr(torch, kind))
    x = (torch.rand(samples, steps, inputs) < 0.2).to(getattr(torch, kind))
    past = snn.fit(net, (x, torch.arange(samples) % 10), epochs=epochs, lr=1e-3,
                   batch_size=7 if kind == "float64" else batch, progress=False)
    found[kind] = net.state_dict(), min(past.seconds), past.rates["1"][-1]
if os.environ.get("RANK", "0") == "0":
    torch.save(found, sys.argv[1])"""


def run(quick: bool) -> list[Result]:
    """Return the time of an epoch in one process and in two, which learn the same weights."""
    rows = [_row(name, quick) for name in SIZES]
    times: Any = rows[-1]["×"]
    goal = Goal("Two processes under torchrun, 784-1000-10: times one", times, 1.6)
    about = (
        "The fastest epoch of four batches, in one process and in two, of one thread each. The "
        "goal needs two idle cores. The small network is not bound by its products, and two "
        "processes may be slower there."
    )
    return [Result("Processes", about, rows, [goal])]


def _row(name: str, quick: bool) -> dict[str, object]:
    script = SCRIPT.format(size=SIZES[name], epochs=2 if quick else 8)
    # They take turns.
    runs: list[Any] = [[launch(script, n) for n in (1, 2)] for _ in range(1 if quick else 3)]
    apart = _apart(*(found["float64"][0] for found in runs[0]))
    assert apart < 1e-9, f"the weights of {name} differ by {apart:.2g}"
    assert 0 < runs[0][0]["float32"][2] < 1, "no neuron fires, or all do"
    one, two = (min(run[place]["float32"][1] for run in runs) for place in (0, 1))
    return {
        "network": name, "one process (ms)": 1e3 * one, "two": 1e3 * two, "×": one / two,
        "weights in float64 apart by": apart,
    }  # fmt: skip


def _apart(one: dict[str, Any], other: dict[str, Any]) -> float:
    return max(float((one[name] - other[name]).abs().max()) for name in one)
