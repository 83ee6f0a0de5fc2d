"""Exercises of 10 · Memory: hold a cue for 200 steps, build a delay line, mask the padding."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

import snnedu as snn
from snnedu.course.attempt import Attempt, WrongAnswer
from snnedu.course.diagnosis import ByShape, refuse
from snnedu.course.exercise import Exercise
from snnedu.course.form import tensor


def my_memory(steps: int) -> snn.SpikingLayer:
    """Return a neuron that still knows after so many steps whether there was a cue."""
    return snn.Leaky(0.9 ** (1 / steps))


def my_delay(x: Tensor, line: Tensor) -> tuple[Tensor, Tensor]:
    """Return what comes out now, and the line for the next step; the oldest input stands first."""
    return line[0], torch.cat([line[1:], x[None]])


def my_scores(mem_rec: Tensor, lengths: Tensor) -> Tensor:
    """Return the mean of each sample over its own steps, [batch, classes]."""
    steps = torch.arange(len(mem_rec))[:, None]
    real = (steps < lengths).float()  # [time, batch]
    return (mem_rec * real[:, :, None]).sum(0) / lengths[:, None]


# --------------------------------------------------------------------------------------- 10.1

CUE, QUESTION, LASTS = 0.1, 0.116, 5  # currents, and for how many steps they flow

NO_NEURON = "Return a neuron of the library, such as `snn.Leaky(…)`: the neuron itself, not its spikes or a number."
FORGETS = "Asked {steps} steps after the cue, your neuron is silent. By then {share:.0%} of a small input is left in its membrane: too little."
TOO_LONG = "Your neuron answers after {steps} steps, but asked after {later:,} steps it still fires: it has not forgotten the cue. Its memory is too long."
ALWAYS = f"Your neuron fires at the question even if there was no cue. To a membrane that leaks slowly, a question alone adds {QUESTION * LASTS:g}: that must not exceed the threshold."
CHATTERS = "Your neuron fires before it is asked, {spikes} times. It should wait in silence."
HIGH_THRESHOLD = "Asked {steps} steps after the cue, your neuron is silent, though {share:.0%} of a small input is left. That is enough for a threshold of 1. What is yours?"
NO_MARGIN = "Asked {steps} steps after the cue, your neuron is silent, but only just: {share:.1%} of a small input is left by then. While they last, cue and question leak a little, too. Leave them a margin."
OTHER_THRESHOLD = "Your neuron remembers, but it has another threshold. Leave the threshold at 1, and choose the decay."
SAME_FOR_ALL = (
    "Your neuron has the same memory for every number of steps. Compute its decay from `steps`."
)
SHARE_OF_ONE_STEP = (
    "Your decay shrinks with `steps`. A longer memory needs a decay nearer to 1: per step, it "
    "loses only a small part."
)


def check_memory(answer: Attempt) -> None:
    """Ask neurons with and without a cue: after the steps that they were made for, and much later.

    In 150 steps or more, a neuron loses so little within five that one that keeps 85 % passes.
    """
    spans = [int(n) for low in (150, 400, 900) for n in torch.randint(low, 2 * low, (1,))]
    spans = [spans[place] for place in torch.randperm(3).tolist()]
    neurons = {steps: _made(answer, steps) for steps in spans}
    shares = {steps: _share(neuron, steps) for steps, neuron in neurons.items()}
    kept = [_share(neurons[steps], 1) for steps in sorted(spans)]
    faults = {steps: _fault(neuron, steps, shares[steps]) for steps, neuron in neurons.items()}
    wrong = [fault for fault in faults.values() if fault]
    if wrong:
        refuse(
            {
                SAME_FOR_ALL: max(kept) - min(kept) < 1e-6 and len(wrong) < len(spans),
                SHARE_OF_ONE_STEP: kept[0] > kept[2],
            }
        )
        raise WrongAnswer(wrong[0])
    thresholds = [torch.as_tensor(neuron.threshold) for neuron in neurons.values()]
    refuse({OTHER_THRESHOLD: not all(bool((each == 1).all()) for each in thresholds)})


def _made(answer: Attempt, steps: int) -> Any:
    neuron = answer(steps)
    refuse({NO_NEURON: not isinstance(neuron, snn.SpikingLayer)})
    return neuron


def _share(neuron: Any, steps: int) -> float:
    """Return how much of a tiny input is left so many steps later."""
    cur_rec = torch.zeros(steps + 1, 1, 1)
    cur_rec[0] = 1e-3
    return max(0.0, _run(neuron, cur_rec)[1][-1].item() / 1e-3)


def _fault(neuron: Any, steps: int, share: float) -> str:
    later = 10 * steps
    answers = {
        (cue, wait): _ask(neuron, cue, wait) for cue in (True, False) for wait in (steps, later)
    }
    if answers[False, steps][1]:
        return ALWAYS
    early = [before for before, _ in answers.values()]
    if any(early):
        return CHATTERS.format(spikes=max(early))
    if not answers[True, steps][1]:
        needed = (1 - LASTS * QUESTION) / (LASTS * CUE)
        reply = FORGETS if share < needed - 0.005 else NO_MARGIN
        reply = HIGH_THRESHOLD if share > needed + 0.01 else reply
        return reply.format(steps=steps, share=share)
    return TOO_LONG.format(steps=steps, later=later) if answers[True, later][1] else ""


def _ask(neuron: Any, cue: bool, wait: int) -> tuple[int, bool]:
    """Return the spikes before the question, and whether it is answered with any."""
    cur_rec = torch.zeros(wait + LASTS, 1, 1)
    cur_rec[:LASTS] = CUE * cue
    cur_rec[wait:] += QUESTION
    spk_rec = _run(neuron, cur_rec)[0]
    return int(spk_rec[:wait].sum()), bool(spk_rec[wait:].any())


def _run(neuron: Any, cur_rec: Tensor) -> tuple[Tensor, Tensor]:
    """Return spikes and membrane; a neuron that was made in `torch.no_grad` or not is the same."""
    with torch.no_grad():
        spk_rec, *_, last = neuron.unroll(cur_rec)
    mem_rec = last if neuron.state_names[-1] == "mem" else neuron.unroll(cur_rec)[1]
    return spk_rec.detach(), mem_rec.detach()


# --------------------------------------------------------------------------------------- 10.2

NEEDS_TWO = "Return two things: what comes out now, and the line for the next step."
A_NONE = "One of the two things that you return is None. Methods that change a list, such as `append`, return None."
LINE_GROWS = "Your line has another length than before. For each input that enters, one leaves."
NOT_PUT_IN = "What goes in never comes out again: the new input must enter the line."
AT_ONCE = "Your function hands on the input of the same step. What comes out is the oldest in the line, `line[0]`."
TOO_EARLY = "Your input comes out one step too early: look at the line before the new input moves it, not afterwards."
NEWEST = "You take the newest input out of the line. It stands last; the oldest one stands first."
WRONG_END = (
    "You put the new input in front, where the oldest one stands. It belongs behind all others."
)
NEWEST_FIRST = (
    "Your queue delays rightly, but it holds the newest input first. Here the oldest stands first."
)
NOT_MOVED = "The inputs do not move up: after each step, the second oldest must stand first."
NO_AXIS = "`roll` without an axis mixes the neurons. Move whole rows up: `line.roll(-1, 0)`."
SWAPPED = "You return the line first. First comes what goes out now, then the line."
LINE_DIFFERS = (
    "The line is not right after {steps} steps. It should hold the last inputs, the oldest first."
)
OUTPUT_DIFFERS = (
    "With a line of {delay} places, what goes in should come out {delay} steps later, unchanged."
)


def _draw_lines() -> Iterator[tuple[Tensor, Tensor]]:
    """Draw inputs [time, neurons], and lines that are not empty."""
    for delay in torch.randperm(5)[:3].add(2).tolist():
        yield torch.randn(9, 3), torch.randn(delay, 3)


def _run_line(answer: Attempt, x_rec: Tensor, line: Tensor) -> Tensor:
    """Return what comes out at each step, and the line after each."""
    rows, shape = list[Tensor](), line.shape
    for x in x_rec:
        result = answer(x, line)
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise WrongAnswer(NEEDS_TWO)
        refuse({A_NONE: any(part is None for part in result)})
        now, line = (tensor(part).float() for part in result)
        refuse({SWAPPED: now.shape == shape and line.shape == shape[1:]})
        refuse({LINE_GROWS: line.shape[1:] == shape[1:] and line.shape != shape})
        wanted = f"What comes out should have the shape {list(x.shape)}, and the line {list(shape)}. Yours have {list(now.shape)} and {list(line.shape)}."
        refuse({wanted: now.shape != x.shape or line.shape != shape})
        rows.append(torch.cat([now[None], line]))
    return torch.stack(rows)


def _compare_lines(got: Tensor, right: Tensor, x_rec: Tensor, line: Tensor) -> str:
    if torch.allclose(got[:, 0], right[:, 0], atol=1e-5):
        return LINE_DIFFERS.format(steps=len(x_rec))
    return OUTPUT_DIFFERS.format(delay=len(line))


def _moved(x: Tensor, line: Tensor) -> Tensor:
    return torch.cat([line[1:], x[None]])


def _rolled(x: Tensor, line: Tensor) -> tuple[Tensor, Tensor]:
    after = line.roll(-1, 0)
    after[-1] = x
    return line[0], after


def _rolled_flat(x: Tensor, line: Tensor) -> tuple[Tensor, Tensor]:
    after = line.roll(-1)
    after[-1] = x
    return line[0], after


def _rolled_down(x: Tensor, line: Tensor) -> tuple[Tensor, Tensor]:
    after = line.roll(1, 0)
    after[-1] = x
    return line[0], after


def _appended(x: Tensor, line: Tensor) -> tuple[Tensor, None]:
    queue = list(line)
    return queue.pop(0), queue.append(x)


def _put_first(x: Tensor, line: Tensor) -> tuple[Tensor, Tensor]:
    return line[0], torch.cat([x[None], line[1:]])


def _overwrites_last(x: Tensor, line: Tensor) -> tuple[Tensor, Tensor]:
    return line[0], torch.cat([line[:-1], x[None]])


# --------------------------------------------------------------------------------------- 10.3

WITH_PADDING = "Your mean runs over all steps, the padding too. (There the inputs are 0, but the membranes are not.) Only the first `lengths[i]` steps of sample i are its own."
BY_ALL_STEPS = "You leave the padding out of the sum, but divide by the number of all steps. Divide each sample by its own length."
PADDED_SUM = "You divide by each sample's own length, but the padding is still in the sum."
SUM_OF_ALL = "You return sums over all steps. Leave the padding out, and divide each sum by the sample's own length."
CUTS = "Your scores cut the gradient, without which no network can be trained. Stay in torch, without `detach`, `numpy`, `tolist` or `no_grad`."
A_SUM = (
    "You return sums over the steps. A long utterance then counts more: divide each by its length."
)
ONE_TOO_MANY = "Each of your means has one step too many. Steps count from 0, so the last one of sample i is `lengths[i] - 1`."
ONE_TOO_FEW = "Each of your means leaves out the last step of the sample. It has `lengths[i]` steps: `mem_rec[: lengths[i], i]` stops before step `lengths[i]` by itself."
BATCH_FIRST = "You take the first axis for the samples. In `mem_rec` it is the time: the first n steps of sample i are `mem_rec[:n, i]`."
FROM_THE_END = "You take the last steps of the recording. The padding stands at the end: a sample's own steps are the first ones."
LAST_ALONE = (
    "You return the last step of each sample alone. Take the mean over all steps that are its own."
)
END_OF_ALL = "You return the last step of the recording, which is padding for most samples."
LENGTH_OF_ONE = "You use one length for all samples. Each has its own."
PEAK = "You return the largest value of each class. Take the mean."
KEEPS_TIME = (
    "You return a value for each step, the padding set to 0. Sum over the time axis, and divide."
)
DIFFERS = "The means are not right. Count only steps t of sample i with t < lengths[i]."


def _draw_scores() -> Iterator[tuple[Tensor, Tensor]]:
    """Draw recordings [time, batch, classes] whose padding is not 0, and unequal lengths."""
    for steps, batch in ((9, 4), (6, 5)):
        lengths = torch.randperm(steps - 1)[:batch] + 1
        yield torch.randn(steps, batch, 3), lengths


def _run_scores(answer: Attempt, mem_rec: Tensor, lengths: Tensor) -> Any:
    """Return the scores; raise `WrongAnswer` if no gradient comes through them."""
    scores = answer(mem_rec, lengths)
    if tensor(scores).shape != mem_rec.shape[1:]:
        return scores  # the shape is the first thing to tell
    try:
        trained = answer.changing(mem_rec.clone().requires_grad_(), lengths)
    except WrongAnswer as reply:
        refuse({CUTS: "requires grad" in str(reply)})
        raise
    refuse({CUTS: not tensor(trained).requires_grad})
    return scores


def _real(mem_rec: Tensor, lengths: Any, more: int = 0) -> Tensor:
    return (torch.arange(len(mem_rec))[:, None] < lengths + more).float()[:, :, None]


def _from_the_end(mem_rec: Tensor, lengths: Tensor) -> Tensor:
    return my_scores(mem_rec.flip(0), lengths)


def _one_length(pick: Callable[[Tensor], Any]) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda mem_rec, lengths: mem_rec[: int(pick(lengths))].mean(0)


def _in_a_loop(mem_rec: Tensor, lengths: Tensor) -> list[Tensor]:
    return [mem_rec[:length, i].mean(0) for i, length in enumerate(lengths.tolist())]


EXERCISES = [
    Exercise(
        id="10.1",
        title="Remember a cue",
        name="my_memory",
        solution=my_memory,
        check=check_memory,
        mistakes={
            NO_NEURON: [lambda steps: 0.9 ** (1 / steps), lambda steps: "snn.Leaky(0.99)"],
            SAME_FOR_ALL: [lambda steps: snn.Leaky(0.9995)],
            SHARE_OF_ONE_STEP: [
                lambda steps: snn.Leaky(0.9**steps),
                lambda steps: snn.Leaky(1 / steps),
            ],
            ALWAYS: lambda steps: snn.Leaky(0.9 ** (1 / steps), threshold=0.4),
        },
        wrong=(
            lambda steps: snn.Leaky(0.5 ** (1 / steps)),
            lambda steps: snn.Leaky(1 - 1 / steps),
            lambda steps: snn.Leaky(1.0),
            lambda steps: snn.Leaky(0.999 ** (1 / steps)),
            lambda steps: snn.Leaky(0.9),
            lambda steps: snn.RLeaky(0.9, V=1.2, all_to_all=False),
        ),
        accepts=(
            lambda steps: snn.Leaky(1 - 0.1 / steps),
            lambda steps: snn.Leaky(math.exp(-0.1 / steps)),
            lambda steps: snn.Leaky(torch.tensor(0.9) ** (1 / steps), learn_beta=True),
        ),
        hints=(
            "What is left of an input after n steps is β to the power n. Which share must be left of the 0.5, so that 0.58 more exceeds the threshold?",
            "At least 0.84 must be left, and a margin. About 0.9 is good: β to the power `steps` should be 0.9. After ten times as long, about a third is left.",
            "Which β is that? In Python, the n-th root of a is `a ** (1 / n)`.",
        ),
        right="The membrane is the memory: nothing fires meanwhile.",
    ),
    Exercise(
        id="10.2",
        title="A delay line",
        name="my_delay",
        solution=my_delay,
        cases=_draw_lines,
        run=_run_line,
        mistakes={
            NEEDS_TWO: [lambda x, line: _moved(x, line), lambda x, line: line[0]],
            A_NONE: _appended,
            SWAPPED: lambda x, line: (_moved(x, line), line[0]),
            LINE_GROWS: [
                lambda x, line: (line[0], torch.cat([line, x[None]])),
                lambda x, line: (line[0], line[1:]),
            ],
            NOT_PUT_IN: [
                lambda x, line: (line[0], line),
                lambda x, line: (line[0], line.roll(-1, 0)),
            ],
            NO_AXIS: [_rolled_flat, lambda x, line: (line[0], line.roll(-1))],
            AT_ONCE: lambda x, line: (x, _moved(x, line)),
            TOO_EARLY: [
                lambda x, line: (_moved(x, line)[0], _moved(x, line)),
                lambda x, line: (line[1], _moved(x, line)),
            ],
            NEWEST: lambda x, line: (line[-1], _moved(x, line)),
            NEWEST_FIRST: lambda x, line: (line[-1], torch.cat([x[None], line[:-1]])),
            WRONG_END: [
                lambda x, line: (line[0], torch.cat([x[None], line[:-1]])),
                _put_first,
            ],
            NOT_MOVED: [_overwrites_last, _rolled_down],
        },
        otherwise=_compare_lines,
        accepts=(
            lambda x, line: [line[0], [*line[1:], x]],
            lambda x, line: (line[0].numpy(), torch.vstack([line[1:], x]).double()),
            _rolled,
        ),
        hints=(
            "Think of a queue: who came first leaves first, the others move up, and the new one stands behind them.",
            "`line[0]` leaves, and `line[1:]` are all the others.",
            "`torch.cat` joins two tensors along the first axis; `x[None]` gives x such an axis.",
        ),
        right="This is all that a delay is: a place in memory for each step.",
    ),
    Exercise(
        id="10.3",
        title="Mask the padding",
        name="my_scores",
        solution=my_scores,
        cases=_draw_scores,
        run=_run_scores,
        mistakes={
            CUTS: [
                lambda mem_rec, lengths: my_scores(mem_rec.detach(), lengths),
                lambda mem_rec, lengths: my_scores(mem_rec, lengths).double().numpy(),
                lambda mem_rec, lengths: torch.stack(_in_a_loop(mem_rec, lengths)).tolist(),
            ],
            WITH_PADDING: [
                lambda mem_rec, lengths: mem_rec.mean(0),
                lambda mem_rec, lengths: mem_rec.sum(0) / (mem_rec != 0).sum(0),
            ],
            PADDED_SUM: lambda mem_rec, lengths: mem_rec.sum(0) / lengths[:, None],
            SUM_OF_ALL: lambda mem_rec, lengths: mem_rec.sum(0),
            BY_ALL_STEPS: lambda mem_rec, lengths: (mem_rec * _real(mem_rec, lengths)).mean(0),
            A_SUM: lambda mem_rec, lengths: (mem_rec * _real(mem_rec, lengths)).sum(0),
            ONE_TOO_MANY: [
                lambda mem_rec, lengths: my_scores(mem_rec, lengths + 1),
                lambda mem_rec, lengths: (
                    (mem_rec * _real(mem_rec, lengths, 1)).sum(0) / lengths[:, None]
                ),
            ],
            ONE_TOO_FEW: [
                lambda mem_rec, lengths: my_scores(mem_rec, lengths - 1),
                lambda mem_rec, lengths: (
                    (mem_rec * _real(mem_rec, lengths, -1)).sum(0) / lengths[:, None]
                ),
            ],
            BATCH_FIRST: lambda mem_rec, lengths: torch.stack(
                [mem_rec[i, :length].mean(0) for i, length in enumerate(lengths.tolist())]
            ),
            FROM_THE_END: _from_the_end,
            LAST_ALONE: lambda mem_rec, lengths: mem_rec[lengths - 1, torch.arange(len(lengths))],
            END_OF_ALL: lambda mem_rec, lengths: mem_rec[-1],
            LENGTH_OF_ONE: [_one_length(Tensor.max), _one_length(Tensor.min)],
            PEAK: [
                lambda mem_rec, lengths: mem_rec.max(0).values,
                lambda mem_rec, lengths: torch.stack(
                    [mem_rec[:length, i].amax(0) for i, length in enumerate(lengths.tolist())]
                ),
                lambda mem_rec, lengths: (mem_rec * _real(mem_rec, lengths)).amax(0),
            ],
            KEEPS_TIME: ByShape(lambda mem_rec, lengths: mem_rec * _real(mem_rec, lengths)),
        },
        otherwise=DIFFERS,
        accepts=(
            _in_a_loop,
            lambda mem_rec, lengths: my_scores(mem_rec, lengths).double(),
            lambda mem_rec, lengths: (
                mem_rec.cumsum(0)[lengths - 1, range(len(lengths))] / lengths[:, None]
            ),
        ),
        hints=(
            "`torch.arange(len(mem_rec))[:, None] < lengths` is True where a step belongs to a sample: `[time, batch]`.",
            "Give that mask a third axis, `[:, :, None]`, and multiply: the padding becomes 0 and adds nothing to a sum over time.",
            "Divide each sum by the sample's own length: `lengths[:, None]`.",
        ),
        right="Now the answer does not depend on who shares the batch.",
    ),
]
