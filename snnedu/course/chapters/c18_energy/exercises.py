"""Exercises of 18 · Energy: memory traffic, an unfair comparison, a price on spikes."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from snnedu.course.attempt import Attempt, WrongAnswer
from snnedu.course.diagnosis import refuse
from snnedu.course.exercise import Exercise
from snnedu.course.form import tensor

MULTIPLY, ADD = 3.7, 0.9  # pJ, 45 nm, 32 bits (Horowitz 2014)


def my_traffic(spk_rec: Tensor, outputs: int) -> tuple[Tensor, Tensor, int]:
    """Return how many weights, sums and membranes are read or written, for one sample."""
    steps, batch, _ = spk_rec.shape
    weights = spk_rec.sum() / batch * outputs
    return weights, 2 * weights, 2 * steps * outputs


def my_rule(row: dict[str, float]) -> str:
    """Return the rule that a comparison breaks: "zeros", "steps", "updates", or "none"."""
    dense = 4.6 * row["macs"]
    skipped = (1 - row["zeros"]) * dense
    spikes, updates = 0.9 * row["additions"], 4.6 * row["updates"]
    claims = {
        "none": skipped / (spikes + updates),
        "zeros": dense / (spikes + updates),
        "steps": skipped / ((spikes + updates) / row["steps"]),
        "updates": skipped / spikes,
    }
    return min(claims, key=lambda rule: abs(claims[rule] - row["claim"]))


def my_price(spikes: dict[str, Tensor], fan_outs: dict[str, int]) -> Tensor:
    """Return how many additions the spikes of all layers cause, for one sample."""
    batch = next(iter(spikes.values())).shape[1]
    additions = [fan_outs[name] * spikes[name].sum() for name in fan_outs]
    return torch.stack(additions).sum() / batch


# --------------------------------------------------------------------------------------- 18.1

SUMS_ONCE = "Your sums are read or written once. An addition takes the sum out of memory and puts it back: two accesses."
MEMBRANES_ONCE = "Your membranes are read or written once. A neuron reads its membrane at each step and writes it back: two accesses."
BOTH_ONCE = "Your sums and membranes are read or written once. Both are taken out of memory and put back: two accesses."
BIASES = (
    "You read a bias for each output and step as well. Count only the weights that spikes need."
)
BATCH_FIRST = "You take the samples to be axis 0. Time is axis 0, and the samples are axis 1."
WHOLE_BATCH = "You count all samples together. Return the mean over the batch."
ONE_STEP = "You return a mean over the steps. An inference takes all of them: add them up."
ALL_WEIGHTS = "You read every weight at each step. A weight is read only when a spike comes to it."
ALL_ONCE = (
    "You read every weight once. A weight is read each time that a spike comes to it, and no more."
)
NO_FAN_OUT = (
    "You count one weight for each spike. A spike reaches all outputs: one weight for each."
)
OF_INPUTS = "You count the membranes of the inputs. The neurons that update are the outputs."
IF_REACHED = "You update a membrane only when a spike arrives. These neurons leak: they update at each step, silent or not."
ONE_UPDATE = "Your membranes update once. They do so at each step."
THREE = "Return three numbers: weights, sums, membranes."
EACH_SAMPLE = "You return a count for each sample. Return the mean over the batch."
NOT_A_DICT = "You return a dict. Return its three numbers: `return weights, sums, membranes`."
ALL_MEMBRANES = "You count the membranes of all samples. Return the mean over the batch."
SWAPPED = "Weights and sums are in the wrong order. Return weights, sums, membranes."
FOUR_STEPS = "You take the number of steps to be 4. Take it from `spk_rec`: `len(spk_rec)`."
HUNDRED = "You take the number of neurons to be 100. Take it from `outputs`."


def _draw_spikes() -> Iterator[tuple[Tensor, int]]:
    """Draw spikes whose steps, samples, inputs and outputs all differ in number."""
    for shape, outputs in (((7, 3, 11), 5), ((4, 6, 8), 13)):
        yield (torch.rand(shape) < 0.3).float(), outputs


def _run_traffic(answer: Attempt, spk_rec: Tensor, outputs: int) -> Tensor:
    result = answer(spk_rec.clone(), outputs)
    refuse({NOT_A_DICT: isinstance(result, dict)})
    if isinstance(result, Iterator):
        result = list(result)
    parts = [tensor(part).double().flatten() for part in result] if _many(result) else []
    each_sample = len(parts) == 3 and all(p.numel() in (1, spk_rec.shape[1]) for p in parts)
    refuse({EACH_SAMPLE: each_sample and max(part.numel() for part in parts) > 1})
    refuse({THREE: len(parts) != 3 or any(part.numel() != 1 for part in parts)})
    return torch.cat(parts)


def _compare_traffic(got: Tensor, right: Tensor, *_: Any) -> str:
    parts = zip(("weights", "sums", "membranes"), torch.isclose(got, right, rtol=1e-4), strict=True)
    wrong, fine = list[str](), list[str]()
    for name, same in parts:
        (fine if same else wrong).append(name)
    which = f"Your {' and '.join(wrong)} are not right, your {' and '.join(fine)} are."
    if not fine:
        which = "The three counts are not right."
    return f"{which} Take a single spike: which weights, which sums does it need? Then a silent step: what does each neuron do?"


def _many(result: Any) -> bool:
    return isinstance(result, tuple | list | np.ndarray) or (
        isinstance(result, Tensor) and result.ndim > 0
    )


def _traffic(sums: float = 2, membranes: float = 2, **how: Any) -> Any:
    """Return `my_traffic` with other factors, or another count of weights or updates."""

    def count(spk_rec: Tensor, outputs: int) -> list[Any]:
        steps, batch, _ = spk_rec.shape
        weights = spk_rec.sum() / batch * outputs
        if how.get("weights"):
            weights = how["weights"](spk_rec, outputs)
        updates = how["updates"](spk_rec, outputs) if how.get("updates") else steps * outputs
        return [weights, sums * weights, membranes * updates]

    return count


def _one_by_one(spk_rec: Tensor, outputs: int) -> tuple[float, float, float]:
    weights = sums = membranes = 0
    for step in spk_rec:
        for sample in step:
            for spike in sample.tolist():
                weights += outputs * int(spike)
                sums += 2 * outputs * int(spike)
            membranes += 2 * outputs
    batch = spk_rec.shape[1]
    return weights / batch, sums / batch, membranes / batch


def _yielded(spk_rec: Tensor, outputs: int) -> Iterator[Any]:
    yield from my_traffic(spk_rec, outputs)


# --------------------------------------------------------------------------------------- 18.2

ALWAYS = "You give the same answer for all rows that we try, which are not those of the table. Only the claim can tell which rule is broken. It is rounded: do not ask whether two claims are equal, but which is nearest."
SHARE_LEFT = (
    "`zeros` is the share of inputs that are 0. What is left to multiply is one minus that share."
)
ONLY_AC = "You take a MAC and an addition to cost the same. A MAC costs 4.6 pJ, an addition 0.9 pJ."
INVERTED = "You divide the spiking network's energy by that of the dense one. The claim is how many times *less* the spiking network takes: dense over spiking."
STEPPED_TWICE = "You multiply the updates by the steps. They are already those of all steps."
CHEAP_UPDATES = "You price an update as an addition. It is a MAC: 4.6 pJ."
WRONG_STEPS = "You miss the rows that break the rule for the steps. Additions and updates are both a mean over the steps there: divide the whole spiking energy by `steps`. The claim gets larger."
WORDS = 'Return one of "none", "zeros", "steps", "updates".'
RULES = ("none", "zeros", "steps", "updates")


def _draw_tables() -> Iterator[tuple[list[dict[str, float]]]]:
    """Draw rows for each rule, in any order: their claims tell the rules apart."""
    rows = [_draw_row(rule) for rule in RULES for _ in range(6)]
    yield ([rows[place] for place in torch.randperm(len(rows)).tolist()],)


def _draw_row(rule: str) -> dict[str, float]:
    """Draw numbers of a comparison, and the claim that breaks `rule`.

    Another rule comes near, but not too near: a wrong price would name it.
    """
    while True:
        uniform = torch.rand(5, dtype=torch.float64).tolist()
        row = {
            "macs": float(round(5000 + 20000 * uniform[0])),
            "zeros": round(0.1 + 0.7 * uniform[1], 2),
            "steps": float(2 + int(12 * uniform[2])),
        }
        row["additions"] = float(round(row["macs"] * (0.3 + 2 * uniform[3])))
        row["updates"] = float(round(row["macs"] * (0.02 + 0.6 * uniform[4])))
        claims = claims_of(row)
        gaps = [abs(claims[other] / claims[rule] - 1) for other in RULES if other != rule]
        if 0.06 < min(gaps) < 0.14:
            return row | {"claim": round(claims[rule], 2)}


def claims_of(row: dict[str, float]) -> dict[str, float]:
    """Return how many times less the spiking network takes, with each rule broken, or none."""
    dense = (MULTIPLY + ADD) * row["macs"]
    skipped = (1 - row["zeros"]) * dense
    spikes, updates = ADD * row["additions"], (MULTIPLY + ADD) * row["updates"]
    return {
        "none": skipped / (spikes + updates),
        "zeros": dense / (spikes + updates),
        "steps": skipped * row["steps"] / (spikes + updates),
        "updates": skipped / spikes,
    }


def _run_rule(answer: Attempt, rows: list[dict[str, float]]) -> Tensor:
    """Return the number of the rule that the answer names, for each row."""
    named = [answer(dict(row)) for row in rows]
    words = [name.strip().lower() if isinstance(name, str) else name for name in named]
    if len({str(word) for word in words}) == 1 and words[0] in RULES:
        raise WrongAnswer(ALWAYS)
    refuse({WORDS: any(word not in RULES for word in words)})
    return torch.tensor([float(RULES.index(word)) for word in words])


def _compare_rule(got: Tensor, right: Tensor, rows: list[dict[str, float]]) -> str:
    wrong = int((got != right).sum())
    first = int((got != right).nonzero()[0])
    missed = {RULES[int(rule)] for rule in right[got != right]}
    kind = f' All that you miss should be "{missed.pop()}".' if len(missed) == 1 else ""
    shown = ", ".join(f"{name} {value:g}" for name, value in rows[first].items())
    return f"Rows that are right: {len(rows) - wrong} of {len(rows)}.{kind} Look at this one: {shown}. Compute what each rule would claim."


def _nearest(claims: Any) -> Any:
    """Return an answer that names the rule whose claim is nearest to the one in the row."""

    def name(row: dict[str, float]) -> str:
        found = claims(row)
        return min(found, key=lambda rule: abs(found[rule] - row["claim"]))

    return name


def _with(**change: Callable[[dict[str, float]], float]) -> Any:
    return _nearest(lambda row: claims_of(row | {n: f(row) for n, f in change.items()}))


def _other_prices(row: dict[str, float]) -> dict[str, float]:
    dense, spikes, updates = row["macs"], row["additions"], row["updates"]
    skipped = (1 - row["zeros"]) * dense
    fair = spikes + updates
    return {"none": skipped / fair, "zeros": dense / fair, "steps": skipped * row["steps"] / fair, "updates": skipped / spikes}  # fmt: skip


def _inverse(row: dict[str, float]) -> dict[str, float]:
    return {rule: 1 / claim for rule, claim in claims_of(row).items()}


def _additions_of_a_step(row: dict[str, float]) -> dict[str, float]:
    fewer = row | {"additions": row["additions"] / row["steps"]}
    return claims_of(row) | {"steps": claims_of(fewer)["none"]}


def _all_steps(row: dict[str, float]) -> dict[str, float]:
    steps = row["steps"]
    more = claims_of(row | {name: steps * row[name] for name in ("additions", "updates")})
    return more | {"steps": more["none"] * steps}


def _by_conditions(row: dict[str, float]) -> str:
    dense = 4.6 * row["macs"] * (1 - row["zeros"])
    spiking = 0.9 * row["additions"] + 4.6 * row["updates"]
    ratio = row["claim"] * spiking / dense
    if abs(ratio - 1) < 0.02:
        return "none"
    if abs(ratio * (1 - row["zeros"]) - 1) < 0.02:
        return "zeros"
    return "steps" if abs(ratio / row["steps"] - 1) < 0.02 else "updates"


# --------------------------------------------------------------------------------------- 18.3

NO_GRADIENT = "Your result has no gradient, so training cannot feel it. Leave out `.item()`, `.detach()`, `no_grad`, `torch.tensor`, comparisons and NumPy."
SPIKES_ONLY = "You count spikes. A spike costs one addition for each neuron that it reaches: multiply each layer by its fan-out."
NO_BATCH = "You count all samples together, so that the price depends on the batch. Return the mean over the samples."
MEAN_OF_STEPS = "You take a mean over the steps as well. Every step costs: add them up."
RATE = "You take the mean over the neurons as well: a rate. Every spike costs: add them up."
ONE_LAYER = "You leave out a layer. Add up all layers in `fan_outs`."
FANNED_TWICE = "You add up the fan-outs of all layers, and multiply each spike by the sum. Each layer has its own fan-out."
TIME_FOR_BATCH = "You divide by the number of steps. Time is axis 0, and the samples are axis 1."
ONE_PRICE = "Your function returns several numbers. One is needed: add up steps, neurons and layers, and take the mean over the samples."
FIXED = "You take the fan-outs to be 100 and 10. Take them from `fan_outs`: `fan_outs[name]`."
ALL_LAYERS = "Some layers in `spikes` have no fan-out: the last one reaches no neuron. Go through the names in `fan_outs`."


def _draw_layers() -> Iterator[tuple[dict[str, Tensor], dict[str, int]]]:
    """Draw the spikes of three layers, of which the last one reaches no neuron."""
    for steps, batch in ((5, 4), (9, 7)):
        sizes = {"1": (6, 30), "3": (10, 8), "5": (3, 0)}
        spikes = {
            name: (torch.rand(steps, batch, size) < 0.3).float().requires_grad_()
            for name, (size, _) in sizes.items()
        }
        yield spikes, {name: fan_out for name, (_, fan_out) in sizes.items() if fan_out}


def _run_price(answer: Attempt, spikes: dict[str, Tensor], fan_outs: dict[str, int]) -> Tensor:
    """Return the price and its gradient for each layer."""
    try:
        price = tensor(answer.changing(dict(spikes), dict(fan_outs)))
    except WrongAnswer as reply:
        refuse({ALL_LAYERS: "KeyError" in str(reply), NO_GRADIENT: "requires grad" in str(reply)})
        raise
    refuse({NO_GRADIENT: price.numel() == 1 and not price.requires_grad})
    refuse({ONE_PRICE: price.numel() != 1})
    layers = [spikes[name] for name in fan_outs]
    grads = torch.autograd.grad(price.sum(), layers, allow_unused=True)
    slopes = [torch.zeros(()) if g is None else g.mean() for g in grads]  # pyright: ignore
    return torch.stack([price.reshape(()), *slopes])


def _compare_price(got: Tensor, right: Tensor, *_: Any) -> str:
    if torch.isclose(got[0], right[0], rtol=1e-4):
        return "The number is right, but its gradient is not: a neuron that is silent needs one as well. Add up the spikes as they are."
    return "The number of additions is not right. For each layer: spikes of one sample, times the neurons that each of them reaches. Then add up the layers."


def _priced(per: Any = lambda spk: spk.shape[1], names: Any = list, reach: Any = None) -> Any:
    def price(spikes: dict[str, Tensor], fan_outs: dict[str, int]) -> Tensor:
        total: Any = 0
        for name in names(fan_outs):
            factor = fan_outs[name] if reach is None else reach(fan_outs, name)
            total = total + factor * spikes[name].sum() / per(spikes[name])
        return total

    return price


EXERCISES = [
    Exercise(
        id="18.1",
        title="Count memory traffic",
        name="my_traffic",
        solution=my_traffic,
        cases=_draw_spikes,
        run=_run_traffic,
        mistakes={
            SUMS_ONCE: _traffic(sums=1),
            MEMBRANES_ONCE: _traffic(membranes=1),
            BOTH_ONCE: _traffic(sums=1, membranes=1),
            BIASES: lambda spk, n: [
                spk.sum() / spk.shape[1] * n + len(spk) * n,
                *my_traffic(spk, n)[1:],
            ],
            BATCH_FIRST: lambda spk, n: my_traffic(spk.transpose(0, 1), n),
            WHOLE_BATCH: [
                lambda spk, n: [spk.sum() * n, 2 * spk.sum() * n, 2 * len(spk) * n],
                lambda spk, n: [
                    spk.sum() * n,
                    2 * spk.sum() * n,
                    2 * len(spk) * spk.shape[1] * n,
                ],
            ],
            ONE_STEP: lambda spk, n: [
                spk.mean((0, 1)).sum() * n,
                2 * spk.mean((0, 1)).sum() * n,
                2 * n,
            ],
            ALL_WEIGHTS: _traffic(weights=lambda spk, n: len(spk) * spk.shape[2] * n),
            ALL_ONCE: _traffic(weights=lambda spk, n: spk.shape[2] * n),
            NO_FAN_OUT: _traffic(weights=lambda spk, n: spk.sum() / spk.shape[1]),
            OF_INPUTS: _traffic(updates=lambda spk, n: len(spk) * spk.shape[2]),
            IF_REACHED: _traffic(updates=lambda spk, n: spk.sum() / spk.shape[1] * n),
            ONE_UPDATE: _traffic(updates=lambda spk, n: n),
            ALL_MEMBRANES: _traffic(updates=lambda spk, n: len(spk) * spk.shape[1] * n),
            FOUR_STEPS: _traffic(updates=lambda spk, n: 4 * n),
            HUNDRED: lambda spk, n: my_traffic(spk, 100),
            EACH_SAMPLE: lambda spk, n: [
                spk.sum((0, 2)) * n,
                2 * spk.sum((0, 2)) * n,
                2 * len(spk) * n,
            ],
            SWAPPED: lambda spk, n: [my_traffic(spk, n)[place] for place in (1, 0, 2)],
            NOT_A_DICT: lambda spk, n: dict(zip("abc", my_traffic(spk, n), strict=True)),
        },
        otherwise=_compare_traffic,
        accepts=(
            _one_by_one,
            _yielded,
            lambda *given: torch.stack([torch.as_tensor(n).double() for n in my_traffic(*given)]),
            lambda *given: np.array([float(n) for n in my_traffic(*given)]),
        ),
        hints=(
            "A spike reads one weight for each output, and each of these weights is added to a sum.",
            "Weights: the spikes of one sample, `spk_rec.sum() / batch`, times `outputs`. Sums: twice as many.",
            "Membranes: at each of the `steps`, all `outputs` are read once and written once.",
        ),
        right="Three numbers are moved for each addition. Now put a price on them.",
    ),
    Exercise(
        id="18.2",
        title="Find the broken rule",
        name="my_rule",
        solution=my_rule,
        cases=_draw_tables,
        run=_run_rule,
        mistakes={
            SHARE_LEFT: _with(zeros=lambda row: 1 - row["zeros"]),
            ONLY_AC: _nearest(_other_prices),
            STEPPED_TWICE: _with(updates=lambda row: row["updates"] * row["steps"]),
            CHEAP_UPDATES: _with(updates=lambda row: row["updates"] * ADD / (MULTIPLY + ADD)),
            WRONG_STEPS: [
                _nearest(_additions_of_a_step),
                _nearest(
                    lambda row: claims_of(row) | {"steps": claims_of(row)["none"] / row["steps"]}
                ),
            ],
            INVERTED: _nearest(_inverse),
            ALWAYS: [lambda row, rule=rule: rule for rule in RULES],
            WORDS: lambda row: my_rule(row) + "!",
        },
        wrong=(
            _nearest(_all_steps),
            lambda row: "updates" if my_rule(row) == "steps" else my_rule(row),
            lambda row: "none" if my_rule(row) == "zeros" else my_rule(row),
        ),
        otherwise=_compare_rule,
        accepts=(_by_conditions, _nearest(claims_of), lambda row: my_rule(row).upper()),
        hints=(
            "First be fair: `(1 - zeros) * macs * 4.6` over `additions * 0.9 + updates * 4.6`. If this is the claim, no rule is broken.",
            'Then break one rule at a time. "zeros": the dense network multiplies all. "updates": leave them out. "steps": divide the spiking energy by the steps.',
            'Put the four claims into a dict, and return the name whose claim is nearest to `row["claim"]`.',
        ),
        right="The rows are made up. The three ways are not: look for them in the next paper that you read.",
    ),
    Exercise(
        id="18.3",
        title="A price on spikes",
        name="my_price",
        solution=my_price,
        cases=_draw_layers,
        run=_run_price,
        mistakes={
            NO_GRADIENT: [
                lambda spikes, fan_outs: my_price(spikes, fan_outs).item(),
                lambda spikes, fan_outs: my_price(spikes, fan_outs).detach(),
                lambda spikes, fan_outs: torch.tensor(my_price(spikes, fan_outs).tolist()),
            ],
            SPIKES_ONLY: [
                _priced(reach=lambda fan_outs, name: 1),
                lambda spikes, fan_outs: sum(spk.sum() / spk.shape[1] for spk in spikes.values()),
            ],
            FIXED: _priced(reach=lambda fan_outs, name: {"1": 100, "3": 10}[name]),
            ONE_PRICE: [
                lambda spikes, fan_outs: sum(
                    fan_outs[name] * spikes[name].sum((0, 2)) for name in fan_outs
                ),
                lambda spikes, fan_outs: [my_price(spikes, {n: fan_outs[n]}) for n in fan_outs],
            ],
            NO_BATCH: _priced(per=lambda spk: 1),
            MEAN_OF_STEPS: _priced(per=lambda spk: spk.shape[0] * spk.shape[1]),
            RATE: _priced(per=lambda spk: spk.numel()),
            ONE_LAYER: [
                _priced(names=lambda fan_outs: list(fan_outs)[:1]),
                _priced(names=lambda fan_outs: list(fan_outs)[1:]),
            ],
            FANNED_TWICE: _priced(reach=lambda fan_outs, name: sum(fan_outs.values())),
            TIME_FOR_BATCH: _priced(per=lambda spk: spk.shape[0]),
            ALL_LAYERS: lambda spikes, fan_outs: sum(
                fan_outs[name] * spk.sum() / spk.shape[1] for name, spk in spikes.items()
            ),
        },
        otherwise=_compare_price,
        accepts=(
            lambda spikes, fan_outs: sum(
                (fan_outs[name] * spikes[name]).sum((0, 2)).mean() for name in fan_outs
            ),
            lambda spikes, fan_outs: torch.stack(
                [spikes[name].sum((0, 2)).mean() * fan_outs[name] for name in fan_outs]
            ).sum(),
            _priced(),
        ),
        hints=(
            "A layer's spikes are `spikes[name]`, `[time, batch, neurons]`. Each costs `fan_outs[name]` additions.",
            "Loop over the names in `fan_outs`, and add up. Which axis holds the samples?",
            "Loop over the names in `fan_outs`, and add up `fan_outs[name] * spikes[name].sum()`. Divide by the batch size, `shape[1]`.",
        ),
        right="It has a gradient, through the surrogate: training can now weigh errors against additions.",
    ),
]
