"""What a network's operations and memory cost, at prices that are named.

    print(energy.report(net, x_rec))                     # per layer, for one inference
    energy.report(ann, x).energy                         # pJ; the same rules for a dense network
    energy.report(net, x_rec, prices="45nm-int8", skip_zeros=False)
    energy.on_chip(net, x_rec)                           # simulated on a chip, see `chip`

It is an estimate from counts (see `operations.count`), not a measurement. Which network wins often
depends on what is counted: on zeros that may be skipped, on memory, on the static power.
"""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor, nn

from snnedu.core import _check
from snnedu.core.network import Sequential
from snnedu.silicon._table import Table
from snnedu.silicon.chip import ChipReport as ChipReport, on_chip as on_chip
from snnedu.silicon.operations import Counts, count


@dataclass(frozen=True)
class Prices:
    """What one operation and one access to memory cost, in pJ.

    `multiply`, `add`: of two numbers of `bits` bits. `memory`: pairs of a size in bytes, and the
    price of an access to 64 bits in a memory of that size, smallest first; what is larger than the
    last stays there. `static`: power that flows all the time, mW, for `step` ms at each step.
    """

    name: str
    bits: int
    multiply: float
    add: float
    memory: tuple[tuple[float, float], ...]
    static: float = 0.0
    step: float = 1.0

    def access(self, values: int) -> float:
        """Return the price of one value, in the smallest memory that holds so many."""
        return self._holding(values)[1] * self.bits / 64

    def place(self, values: int) -> str:
        """Return which memory holds so many values, by its size: "32 kB"; "DRAM" if endless."""
        return _bytes(self._holding(values)[0])

    def _holding(self, values: int) -> tuple[float, float]:
        needed = values * self.bits / 8
        return next((each for each in self.memory if each[0] >= needed), self.memory[-1])


def _bytes(size: float) -> str:
    if math.isinf(size):
        return "DRAM"
    for unit, least in (("MB", 1 << 20), ("kB", 1 << 10)):
        if size >= least:
            return f"{size / least:g} {unit}"
    return f"{size:g} B"


# Horowitz 2014, doi:10.1109/ISSCC.2014.6757323, figure 1.1.9: a process of 45 nm at 0.9 V. Caches
# of 8 kB, 32 kB and 1 MB; DRAM at the lower of the two numbers given.
_MEMORY = ((8 << 10, 10.0), (32 << 10, 20.0), (1 << 20, 100.0), (math.inf, 1300.0))
PRICES = {
    prices.name: prices
    for prices in (
        Prices("45nm-fp32", 32, multiply=3.7, add=0.9, memory=_MEMORY),
        Prices("45nm-fp16", 16, multiply=1.1, add=0.4, memory=_MEMORY),
        Prices("45nm-int8", 8, multiply=0.2, add=0.03, memory=_MEMORY),
    )
}


@dataclass(frozen=True)
class Report(Table):
    """Counts and costs of one inference: `rows`, one for each layer, and their sums.

    `energy` is all of it in pJ, `static` the share that flows whatever the network does, `total`
    the sum of each column. `lives` in a row: the memories of its weights, states and activity; ""
    where none is read, or memory is not counted. It prints as a table; `to_dict()` holds plain
    numbers and texts.
    """

    prices: Prices
    steps: int
    skip_zeros: bool
    rows: list[dict[str, Any]]

    @property
    def total(self) -> dict[str, float]:
        """The sum of each column over the layers."""
        names = [name for name in self.rows[0] if name not in ("name", "layer", "lives")]
        return {name: sum(row[name] for row in self.rows) for name in names}

    @property
    def static(self) -> float:
        """Static power times the time of all steps, pJ."""
        return self.prices.static * self.prices.step * self.steps * 1e6

    @property
    def energy(self) -> float:
        """Everything, pJ."""
        return self.total["energy"] + self.static

    def to_dict(self) -> dict[str, Any]:
        """Return everything as numbers, texts, lists and dicts."""
        shown = {"prices": asdict(self.prices), "steps": self.steps, "skip_zeros": self.skip_zeros}
        sums = {"total": self.total, "static": self.static, "energy": self.energy}
        rows = [{**row, "lives": list(row["lives"])} for row in self.rows]
        return shown | {"rows": rows} | sums

    def _lines(self) -> Iterator[tuple[str, ...]]:
        names = ("mac", "ac", "skipped", "updates", "weights", "states", "activity")
        costs = ("compute (pJ)", "memory (pJ)", "energy (pJ)")
        yield ("name", "layer", *names, "weights, states, activity live in", *costs)
        last: dict[str, Any] = {"name": "total", "layer": "", "lives": (), **self.total}
        for row in [*self.rows, last]:
            memory = row["energy"] - row["compute"]
            counts = (f"{row[name]:,.0f}" for name in names)
            costs = (f"{pj:,.0f}" for pj in (row["compute"], memory, row["energy"]))
            places = ", ".join(place or "-" for place in row["lives"])
            yield (str(row["name"]), str(row["layer"]), *counts, places, *costs)

    def _caption(self) -> str:
        zeros = "zeros are skipped" if self.skip_zeros else "zeros are computed"
        static = f", {self.static / 1e3:,.1f} nJ of it static" if self.static else ""
        return (
            f"{self.energy / 1e3:,.1f} nJ for one inference of {self.steps} step(s){static}; "
            f"prices {self.prices.name}, {zeros}. An estimate from counts."
        )


def report(
    net: nn.Module,
    x_rec: Tensor,
    prices: str | Prices = "45nm-fp32",
    *,
    skip_zeros: bool = True,
    memory: bool = True,
) -> Report:
    """Return what each layer of a network costs for one inference, on average over a batch.

        energy = macs x (multiply + add) + acs x add + accesses x price of the memory

    `net` and `x_rec` as in `operations.count`, which says what is counted: a spiking network with
    `[time, batch, *features]`, or an ANN with `[batch, *features]`. `prices`: "45nm-fp32",
    "45nm-fp16", "45nm-int8", or your own `Prices`. `skip_zeros` and `memory` are the two rules that
    decide many comparisons: give all networks the same.

    Weights, states and activity of each layer lie in the smallest memory that holds them. A spike
    is priced as any other value, with all its bits. Raises
    TypeError or ValueError for networks and input that cannot be counted.
    Source: Horowitz 2014, doi:10.1109/ISSCC.2014.6757323; why memory counts: Yan et al. 2024,
    arXiv:2409.08290; Lemaire et al. 2022, arXiv:2210.13107.
    """
    if not isinstance(prices, Prices):
        _check.one_of("prices", prices, PRICES)
        prices = PRICES[prices]
    counted = count(net, x_rec, skip_zeros=skip_zeros)
    steps = len(x_rec) if isinstance(net, Sequential) else 1
    return Report(prices, steps, skip_zeros, [_row(each, prices, memory) for each in counted])


def _row(counts: Counts, prices: Prices, memory: bool) -> dict[str, Any]:
    compute = counts.mac * (prices.multiply + prices.add) + counts.ac * prices.add
    moved = (counts.weights, counts.states, counts.activity)
    costs = [n * prices.access(size) for n, size in zip(moved, counts.sizes, strict=True)]
    row = {name: value for name, value in vars(counts).items() if name != "sizes"}
    places = zip(moved, counts.sizes, strict=True)
    row["lives"] = tuple(prices.place(size) if n and memory else "" for n, size in places)
    return row | {"compute": compute, "energy": compute + (sum(costs) if memory else 0.0)}
