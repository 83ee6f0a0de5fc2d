"""One network, written as NIR, read by other frameworks: do the same spikes come out?

    python -m benchmarks.exchange        writes the table that the course shows

The networks are small and their thresholds far from rounding, so a difference is one of neurons.
Each framework is used as its manual has it, with its own default time step where it has no other.
The table belongs to the course, which is read where these frameworks are not installed.
"""

import contextlib
import io
import json
import logging
import sys
import warnings
from collections.abc import Callable
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import snnedu as snn
from benchmarks import peers
from benchmarks.timing import Goal, Result

STORED = Path(snn.__file__).parent / "course/chapters/c20_deployment/exchange.json"
STEPS, BATCH = 60, 4
Run = Callable[[Tensor], Tensor]


def run(quick: bool) -> list[Result]:
    """Return the table, as a benchmark."""
    table = measure()
    rows: list[dict[str, object]] = [
        {"graph": row["graph"], **row["found"]} for row in table["rows"]
    ]
    exact = sum(row["found"].get("snnedu") == row["spikes"] for row in table["rows"])
    goal = Goal("NIR: graphs that come back with the same spikes", exact, len(rows), "graphs")
    return [Result("NIR", "Spikes of the last layer, or why there are none.", rows, [goal])]


def measure() -> dict[str, Any]:
    """Return the table: for each graph the spikes of the original and of each framework."""
    rows = [_row(name, *make()) for name, make in GRAPHS.items()]
    versions = {name: version(name) for name in ("nir", "nirtorch", *peers.PEERS)}
    return {"versions": versions, "steps": STEPS, "rows": rows}


def graph(neurons: Callable[[int], nn.Module], dt: float, gain: bool = True) -> tuple[Any, ...]:
    """Return graph, input, and the spikes of a dense network: 6 inputs, 8 and 4 neurons."""
    torch.manual_seed(3)
    net = snn.Sequential(nn.Linear(6, 8), neurons(8), nn.Linear(8, 4), neurons(4))
    _wake(net)
    x = torch.rand(STEPS, BATCH, 6)
    written = snn.to_nir(net, dt, quiet=True)
    if not gain:  # r = 1, and what it did before goes into the weights
        nodes = list(written.nodes.values())
        for before, node in pairwise(nodes):
            if hasattr(node, "tau"):
                before.weight, before.bias = before.weight * node.r[:, None], before.bias * node.r
                node.r = np.ones_like(node.r)
    return written, x, net(x)[0]


def pictures(dt: float) -> tuple[Any, ...]:
    """Return the same for a convolution with average pooling."""
    torch.manual_seed(1)
    net = snn.Sequential(
        nn.Conv2d(1, 4, 3), snn.Leaky(0.9, reset_mechanism="zero"), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(16, 4), snn.Leaky(0.9, reset_mechanism="zero"),
    )  # fmt: skip
    _wake(net)
    x = torch.rand(STEPS, BATCH, 1, 6, 6)
    return snn.to_nir(net, dt, (1, 6, 6), quiet=True), x, net(x)[0]


def _wake(net: snn.Sequential) -> None:
    with torch.no_grad():
        for layer in net:
            if isinstance(layer, (nn.Linear, nn.Conv2d)):
                layer.weight.mul_(2)
                layer.bias.add_(0.15)  # pyright: ignore[reportOptionalMemberAccess]


GRAPHS: dict[str, Callable[[], tuple[Any, ...]]] = {
    "Leaky, zero, 0.1 ms": lambda: graph(_leaky("zero"), 1e-4),
    "Leaky, zero, 1 ms": lambda: graph(_leaky("zero"), 1e-3),
    "Leaky, zero, 0.1 ms, r = 1": lambda: graph(_leaky("zero"), 1e-4, gain=False),
    "Leaky, zero, 1 ms, r = 1": lambda: graph(_leaky("zero"), 1e-3, gain=False),
    "Leaky, subtract, 0.1 ms": lambda: graph(_leaky("subtract"), 1e-4),
    "Synaptic, zero, 0.1 ms": lambda: graph(
        lambda n: snn.Synaptic(0.8, 0.9, reset_mechanism="zero"), 1e-4
    ),
    "RLeaky, zero, 0.1 ms": lambda: graph(
        lambda n: snn.RLeaky(0.9, linear_features=n, reset_mechanism="zero"), 1e-4
    ),
    "Conv2d, AvgPool2d, 0.1 ms": lambda: pictures(1e-4),
}


def _leaky(reset: Any) -> Callable[[int], nn.Module]:
    return lambda n: snn.Leaky(0.9, reset_mechanism=reset)


def _row(name: str, written: Any, x: Tensor, spk: Tensor) -> dict[str, Any]:
    dt = float(written.metadata["dt"])
    readers = {"snnedu": _snnedu, "snntorch": _snntorch, "norse": _norse,
               "sinabs": _sinabs, "spikingjelly": _spikingjelly}  # fmt: skip
    found = {each: _attempt(read, written, dt, x) for each, read in readers.items()}
    assert 0 < spk.mean() < 1
    same = {each: isinstance(s, Tensor) and bool(torch.equal(s, spk)) for each, s in found.items()}
    counts = {each: int(s.sum()) if isinstance(s, Tensor) else s for each, s in found.items()}
    return {"graph": name, "spikes": int(spk.sum()), "found": counts, "same": same}


def _attempt(read: Callable[..., Run], written: Any, dt: float, x: Tensor) -> Tensor | str:
    """Return the spikes, or the error: its type and first words."""
    out = io.StringIO()
    logging.disable(logging.CRITICAL)
    try:
        with contextlib.redirect_stdout(out), warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            spk = read(_copied(written), dt)(x)
        return spk.reshape(STEPS, BATCH, -1).float()
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:90]
    finally:
        logging.disable(logging.NOTSET)


def _copied(written: Any) -> Any:
    """Return the graph as a file gives it back; readers may change what they read."""
    import nir

    path = Path(__file__).with_suffix(".nir")
    try:
        nir.write(path, written)
        return nir.read(path)
    finally:
        path.unlink(missing_ok=True)


def _snnedu(written: Any, dt: float) -> Run:
    net = snn.from_nir(written)
    return lambda x: net(x)[0]


def _stepped(net: Any) -> Run:
    def run(x: Tensor) -> Tensor:
        state, spikes = None, []
        for now in x.unbind(0):
            spk, state = net(now, state)
            spikes.append(spk)
        return torch.stack(spikes)

    return run


def _snntorch(written: Any, dt: float) -> Run:  # its time step is 0.1 ms, always
    from snntorch.import_nir import import_from_nir

    return _stepped(import_from_nir(written))


def _norse(written: Any, dt: float) -> Run:
    from norse.torch import from_nir

    return _stepped(from_nir(written, dt=dt))


def _sinabs(written: Any, dt: float) -> Run:  # it has no time step
    from sinabs.nir import from_nir

    net: Any = from_nir(written, batch_size=BATCH)

    def run(x: Tensor) -> Tensor:  # it takes the steps of a sample one after another
        out = net(x.transpose(0, 1).flatten(0, 1))
        out = out[0] if isinstance(out, tuple) else out
        return out.unflatten(0, (BATCH, STEPS)).transpose(0, 1)

    return run


def _spikingjelly(written: Any, dt: float) -> Run:
    from spikingjelly.activation_based.nir_exchange import import_from_nir

    return _stepped(import_from_nir(written, dt=dt))


if __name__ == "__main__":
    if peers.missing():
        sys.exit(f"Not installed: {', '.join(peers.missing())}. See benchmarks/peers.txt.")
    STORED.write_text(json.dumps(measure(), indent=1) + "\n", encoding="utf-8")
    print(STORED.read_text(encoding="utf-8"))
