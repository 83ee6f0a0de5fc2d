"""Exercises of 22 · Scaling out: average gradients, predict a speed-up, a function for a sweep."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

import snnedu as snn
from snnedu.course.attempt import Attempt, WrongAnswer
from snnedu.course.chapters.c22_scaling_out.watched import Watched
from snnedu.course.diagnosis import ByShape, refuse
from snnedu.course.exercise import Exercise
from snnedu.course.form import tensor


def my_average(gradients: list[Tensor], sizes: list[int]) -> Tensor:
    """Return the gradient of the whole batch from those of its shares, which are means."""
    total = torch.zeros_like(gradients[0])
    for gradient, size in zip(gradients, sizes, strict=True):
        total = total + gradient * size
    return total / sum(sizes)


def my_speedup(
    sizes: tuple[int, int], times: tuple[float, float], batch: int, processes: int
) -> float:
    """Return how many times as fast so many processes take a step with the batch."""
    slope = (times[1] - times[0]) / (sizes[1] - sizes[0])
    fixed = times[0] - slope * sizes[0]
    alone = fixed + slope * batch
    share = fixed + slope * batch / processes
    return alone / share


def my_run(beta: float, seed: int) -> float:
    """Return the test accuracy of a small network with this decay, trained from this seed."""
    torch.manual_seed(seed)
    train, test = snn.data.digits()
    layers = torch.nn.Linear(64, 32), snn.Leaky(beta), torch.nn.Linear(32, 10), snn.Leaky(beta)
    net = snn.Sequential(*layers)
    history = snn.fit(
        net, train, test, encode=lambda x: x.expand(5, *x.shape), epochs=1, lr=0.03,
        seed=seed, progress=False,
    )  # fmt: skip
    return history.test_accuracy[-1]


# --------------------------------------------------------------------------------------- 22.1

ALIKE = "You count every process alike. A process with few samples then has as much to say as one with many: weight each gradient with its size."
SUM = "You add the gradients up. They are means, so the result must be a mean, too."
DIVIDED_TWICE = "Your result is a mean of means, divided by the number of samples. A mean over one sample is not smaller than a mean over ten."
NOT_DIVIDED = (
    "You return the sum over all samples. The gradient of the mean loss is divided by their number."
)
MEAN_OF_SHARES = "You divide twice, by the number of samples and by that of the processes. Weighted with size / all samples, the gradients only need to be added up."
BY_PROCESSES = "You divide the sum over all samples by the number of processes. Divide it by the number of samples."
INVERSE = "You divide each gradient by its size, so the smallest share counts most. A mean stands for as many samples as it was taken over."
FROM_EXAMPLE = "These are the weights of the example, 70, 20 and 10 of 100 samples. Another batch has others: divide each size by `sum(sizes)`."
THREE = "You add up three gradients and no more. Another batch has more processes: go through all of `gradients`."
NOT_ADDED = "You return one tensor for each process. Add them up: one gradient is needed."
FIRST = "You return the gradient of one process alone. The other samples count as well."
ONE_ALONE = "Your result holds the gradient of one process alone. The other samples count as well: add up in the loop, and return after it."
ONE_NUMBER = "You return a single number. Each weight has a gradient of its own: add up over processes, not over weights."


def _draw_gradients() -> Iterator[tuple[list[Tensor], list[int]]]:
    for shape, sizes in (((3, 4), [7, 2, 4]), ((2, 5), [1, 9, 3, 5])):
        sizes = [size + int(torch.randint(3, ())) for size in sizes]
        yield [torch.randn(shape) for _ in sizes], sizes


def _weighted(weight: Callable[[int, list[int]], float]) -> Callable[..., Tensor]:
    """Return a mean with other weights."""

    def average(gradients: list[Tensor], sizes: list[int]) -> Tensor:
        parts = [g * weight(n, sizes) for g, n in zip(gradients, sizes, strict=True)]
        return torch.stack(parts).sum(0)

    return average


def _as_in_the_example(gradients: list[Tensor], sizes: list[int]) -> Tensor:
    return 0.7 * gradients[0] + 0.2 * gradients[1] + 0.1 * gradients[2]


def _by_einsum(gradients: list[Tensor], sizes: list[int]) -> Any:
    shares = torch.tensor(sizes).double() / sum(sizes)
    return torch.einsum("p,p...->...", shares, torch.stack(gradients).double()).numpy()


def _in_lists(gradients: list[Tensor], sizes: list[int]) -> Any:
    flat = [gradient.numpy() for gradient in gradients]
    return np.average(flat, axis=0, weights=sizes).tolist()


# --------------------------------------------------------------------------------------- 22.2

IDEAL = "Your result is the number of processes. That would be right if the fixed part were split as well. But each process has it in full."
TURNED = "Your fraction is upside down: how many times as fast is the old time by the new one."
ONLY_SHARE = (
    "You return the new time. The question is how many times as fast: divide the old time by it."
)
LIMIT = "You return the limit for very many processes. With these, a share of the samples is left in each."
AT_FIRST_SIZE = "You start from the first batch that was measured. The batch to split is `batch`."
AT_SECOND_SIZE = "You start from the second batch that was measured. The batch to split is `batch`."
NOT_SUBTRACTED = "A measured time is not the fixed part. It also holds the time of its samples: the first measurement contains `sizes[0]` of them. Subtract slope × `sizes[0]`."
WEAK = "You let the batch grow with the processes. Here it stays the same: each process has `batch / processes` samples."
SWAPPED = (
    "Your slope is upside down: the difference of the times goes above, that of the sizes below."
)
PARTS = "You return two numbers, and one is needed: the time of one process, divided by the time with many."
A_TIME = "You put the fixed part into the formula as a time. There s is a share: divide the fixed part by the time of the whole batch, fixed + slope × `batch`."
NOT_FIXED = "You leave the fixed part out of the time of one process. It has it as well: fixed + slope × `batch`."
SIGN = "You add slope × samples to a measured time. The fixed part is what is left without them: subtract."
UNLIKE = "This is not the speed-up. Draw a line through the two measurements: time = fixed part + slope × samples. Each process has the fixed part, and its share of the samples."
OVER_ORIGIN = "You take the time per sample of one measurement as the slope. It holds a part of the fixed time: take the difference of the two measurements."


def _draw_times() -> Iterator[tuple[tuple[int, int], tuple[float, float], int, int]]:
    for sizes, batch, processes in (((16, 64), 128, 4), ((10, 200), 480, 16), ((96, 32), 512, 8)):
        fixed, slope = 0.5 + torch.rand(2).double()
        times = [(fixed + 0.02 * slope * size).item() for size in sizes]
        yield sizes, (times[0], times[1]), batch, processes


def _line(sizes: Any, times: Any) -> tuple[float, float]:
    slope = (times[1] - times[0]) / (sizes[1] - sizes[0])
    return times[0] - slope * sizes[0], slope


def _of_line(
    ratio: Callable[[float, float, Any, int, int], float],
) -> Callable[..., float]:
    """Return an answer computed from fixed part, slope, sizes, batch and processes."""
    return lambda sizes, times, batch, processes: ratio(
        *_line(sizes, times), sizes, batch, processes
    )


def _swapped(sizes: Any, times: Any, batch: int, processes: int) -> float:
    slope = (sizes[1] - sizes[0]) / (times[1] - times[0])
    fixed = times[0] - slope * sizes[0]
    return (fixed + slope * batch) / (fixed + slope * batch / processes)


def _samples_over_time(sizes: Any, times: Any, batch: int, processes: int) -> float:
    fixed, slope = _line(times, sizes)
    return (fixed + slope * batch) / (fixed + slope * batch / processes)


def _by_whole_samples(sizes: Any, times: Any, batch: int, processes: int) -> float:
    fixed, slope = _line(sizes, times)
    return (fixed + slope * batch) / (fixed + slope * -(-batch // processes))


def _by_amdahl(sizes: Any, times: Any, batch: int, processes: int) -> Any:
    fixed, slope = _line(np.array(sizes), np.array(times))
    share = fixed / (fixed + slope * batch)
    return np.float32(1 / (share + (1 - share) / processes))


def _by_fit(sizes: Any, times: Any, batch: int, processes: int) -> Any:
    slope, fixed = np.polyfit(sizes, times, 1)
    return torch.tensor((fixed + slope * batch) / (fixed + slope * batch / processes))


def _through_origin(number: int) -> Callable[..., float]:
    def speedup(sizes: Any, times: Any, batch: int, processes: int) -> float:
        slope = times[number] / sizes[number]
        fixed, _ = _line(sizes, times)
        return (fixed + slope * batch) / (fixed + slope * batch / processes)

    return speedup


# --------------------------------------------------------------------------------------- 22.3

SAME_SEEDS = "Different seeds give exactly the same accuracy: eight such runs are one run. Let the seed decide the first weights: `torch.manual_seed(seed)`, before the network is made."
SAME_ANSWERS = "Different seeds give exactly the same accuracy, though their weights differ: your network says the same of every digit. Train it as `snn.fit` does by default."
NOT_REPEATED = "The same seed gives another accuracy when it is run again, so nobody can repeat your sweep. Set the seed before the network is made, and pass it to `snn.fit`."
SAME_BETAS = (
    "The neurons of both layers need the decay `beta`. Yours have another one, or one layer has."
)
NOT_A_SHARE = "Return the test accuracy, one number from 0 to 1."
ON_TRAINING = "That is an accuracy on the training digits. Return the one on the test digits."
NOT_OURS = "The accuracy must be a share of all 359 test digits. Yours is not: test on all of them, and return the accuracy without rounding."
NOT_ITS_OWN = "Your network reads another share of the test digits than you return. Return its test accuracy, as it is."
NOT_TRAINED = "No layer was trained in your run: call `snn.fit` before you test the network."
LAYERS = "The network should have 64 inputs, 32 hidden and 10 output neurons: two linear layers, each with its `snn.Leaky`."
RATE = "The learning rate is not 0.03: pass `lr=0.03`."
SHOWN = "Train for one epoch, with each digit shown for 5 steps. Yours sees more or fewer of them."

TRAINING, TESTED = 1438, 359  # digits
STEPS, LR = 5, 0.03
NEAR = 0.12  # membranes in place of spikes may be counted
SHAPES = {(64, 32), (32, 10)}  # inputs and outputs of the layers


def check_run(answer: Attempt) -> None:
    """Look at what a run does, and at what changes with the seed, with β, and with nothing."""
    low, high = 0.5 + 0.1 * torch.rand(()).item(), 0.9 + 0.05 * torch.rand(()).item()
    seeds = torch.randperm(1000)[:5].tolist()
    calls = [(low, seeds[0]), (low, seeds[0]), (low, seeds[1]), (high, seeds[2])]
    before = torch.randperm(10**6)[: len(calls)].tolist()  # what ran before must not matter
    runs = [_watched(answer, *call, start) for call, start in zip(calls, before, strict=True)]
    (first, seen), (again, _), (other, also), _ = runs
    refuse({NOT_REPEATED: again != first})
    for (beta, _), (found, what) in zip(calls, runs, strict=True):
        _refuse_run(beta, found, what)
    if first == other:  # it may be chance
        more = {_watched(answer, low, seed, before[0])[0] for seed in seeds[2:]}
        same = more == {first}
        refuse({SAME_SEEDS: same and seen.weighs_as(also), SAME_ANSWERS: same})


def _refuse_run(beta: float, found: float, seen: Watched) -> None:
    """Refuse a run that is not what was asked for."""
    refuse({NOT_TRAINED: not seen.learned})
    refuse({LAYERS: set(seen.linears) != SHAPES})
    ours = seen.betas and all(abs(other - beta) < 1e-5 for other in seen.betas)
    refuse({SAME_BETAS: not ours, RATE: seen.rates != {LR}})
    asked = TRAINING * STEPS
    refuse({SHOWN: abs(seen.learned - asked) > asked / 10})  # the last batch may be dropped
    refuse({ON_TRAINING: not _counts(found, TESTED) and _counts(found, TRAINING)})
    refuse({NOT_OURS: not _counts(found, TESTED)})
    _, test = snn.data.digits()
    refuse({NOT_ITS_OWN: abs(found - seen.accuracy(beta, test, STEPS)) > NEAR})


def _counts(accuracy: float, samples: int) -> bool:
    """Tell whether an accuracy can be a share of so many samples."""
    return abs(accuracy * samples - round(accuracy * samples)) < 1e-3


def _watched(answer: Attempt, beta: float, seed: int, start: int) -> tuple[float, Watched]:
    """Call an answer after other random numbers were drawn; return its accuracy and what it did."""
    torch.manual_seed(start)
    random.seed(start)
    np.random.seed(start)  # noqa: NPY002 - learners may use it
    seen = Watched()
    result = tensor(seen.run(lambda: answer(beta=beta, seed=seed)))
    if result.numel() != 1 or not 0 <= float(result) <= 1:
        raise WrongAnswer(NOT_A_SHARE)
    return float(result), seen


def _run(
    seed_first: bool = True,
    fit_seed: bool = True,
    decays: Callable[[float], tuple[float, float]] = lambda beta: (beta, beta),
    returns: Callable[[Any], Any] = lambda history: history.test_accuracy[-1],
    start: int | None = None,
    hidden: int = 32,
    steps: int = STEPS,
    **how: Any,
) -> Callable[..., Any]:
    """Return a variant of the solution."""

    def run(beta: float, seed: int) -> Any:
        if seed_first:
            torch.manual_seed(seed if start is None else start)
        train, test = snn.data.digits()
        first, second = map(snn.Leaky, decays(beta))
        net = snn.Sequential(
            torch.nn.Linear(64, hidden), first, torch.nn.Linear(hidden, 10), second
        )
        given: dict[str, Any] = {
            "epochs": 1, "lr": LR, "seed": (seed if start is None else start) if fit_seed else None,
        }  # fmt: skip
        encode = lambda x: x.expand(steps, *x.shape)  # noqa: E731
        return returns(snn.fit(net, train, test, encode=encode, progress=False, **given | how))

    return run


def _seed_too_late(beta: float, seed: int) -> Any:
    layers = torch.nn.Linear(64, 32), snn.Leaky(beta), torch.nn.Linear(32, 10), snn.Leaky(beta)
    net = snn.Sequential(*layers)
    torch.manual_seed(seed)
    train, test = snn.data.digits()
    encode = lambda x: x.expand(STEPS, *x.shape)  # noqa: E731
    history = snn.fit(
        net, train, test, encode=encode, epochs=1, lr=LR, seed=seed, progress=False
    )  # fmt: skip
    return history.test_accuracy[-1]


def _untrained(beta: float, seed: int) -> Any:
    torch.manual_seed(seed)
    hidden, last = snn.Leaky(beta), snn.Leaky(beta)
    net = snn.Sequential(torch.nn.Linear(64, 32), hidden, torch.nn.Linear(32, 10), last)
    _, test = snn.data.digits()
    return snn.evaluate(net, test, encode=lambda x: x.expand(5, *x.shape)).accuracy


def _by_hand(beta: float, seed: int) -> Any:
    torch.manual_seed(seed)
    train, test = snn.data.digits()
    hidden, last = snn.Leaky(beta), snn.Leaky(beta)
    net = snn.Sequential(torch.nn.Linear(64, 32), hidden, torch.nn.Linear(32, 10), last)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.03)
    for places in torch.randperm(len(train[0])).split(128):
        spk_rec, _ = net(train[0][places].expand(5, -1, -1))
        optimizer.zero_grad()
        snn.functional.ce_rate_loss(spk_rec, train[1][places]).backward()
        optimizer.step()
    spk_rec, _ = net(test[0].expand(5, -1, -1))
    return (spk_rec.sum(0).argmax(-1) == test[1]).float().mean()


EXERCISES = [
    Exercise(
        id="22.1",
        title="Average unequal shares",
        name="my_average",
        solution=my_average,
        cases=_draw_gradients,
        mistakes={
            ALIKE: _weighted(lambda n, sizes: 1 / len(sizes)),
            SUM: _weighted(lambda n, sizes: 1),
            DIVIDED_TWICE: _weighted(lambda n, sizes: 1 / sum(sizes)),
            NOT_DIVIDED: _weighted(lambda n, sizes: n),
            MEAN_OF_SHARES: _weighted(lambda n, sizes: n / sum(sizes) / len(sizes)),
            BY_PROCESSES: _weighted(lambda n, sizes: n / len(sizes)),
            INVERSE: [
                _weighted(lambda n, sizes: (1 / n) / sum(1 / size for size in sizes)),
                _weighted(lambda n, sizes: 1 / n),
            ],
            FIRST: lambda gradients, sizes: gradients[0],
            ONE_ALONE: [
                lambda gradients, sizes: gradients[0] * sizes[0] / sum(sizes),
                lambda gradients, sizes: gradients[-1] * sizes[-1] / sum(sizes),
            ],
            THREE: [
                lambda gradients, sizes: my_average(gradients[:3], sizes[:3]),
                lambda gradients, sizes: (
                    my_average(gradients[:3], sizes[:3]) * sum(sizes[:3]) / sum(sizes)
                ),
            ],
            FROM_EXAMPLE: [_weighted(lambda n, sizes: n / 100), _as_in_the_example],
            ONE_NUMBER: ByShape(lambda gradients, sizes: my_average(gradients, sizes).mean()),
            NOT_ADDED: ByShape(lambda gradients, sizes: torch.stack(gradients)),
        },
        otherwise="This is not the gradient of the whole batch. Each gradient is a mean over its samples: turn it into their sum, add the sums, and divide by the number of all samples.",
        accepts=(_by_einsum, _in_lists),
        hints=(
            "A mean over 7 samples, times 7, is the sum over these samples.",
            "Add the sums of all processes. Then divide by the number of all samples.",
            "In a loop over `zip(gradients, sizes)`: `total = total + gradient * size`. At the end divide by `sum(sizes)`.",
        ),
        right="`snn.fit` does this in one message, `torch.distributed.all_reduce`.",
    ),
    Exercise(
        id="22.2",
        title="Predict the speed-up",
        name="my_speedup",
        solution=my_speedup,
        cases=_draw_times,
        mistakes={
            IDEAL: lambda sizes, times, batch, processes: float(processes),
            TURNED: _of_line(lambda a, b, s, n, p: (a + b * n / p) / (a + b * n)),
            ONLY_SHARE: _of_line(lambda a, b, s, n, p: a + b * n / p),
            LIMIT: _of_line(lambda a, b, s, n, p: (a + b * n) / a),
            AT_FIRST_SIZE: [
                _of_line(lambda a, b, s, n, p: (a + b * s[0]) / (a + b * s[0] / p)),
                _of_line(lambda a, b, s, n, p: (a + b * s[0]) / (a + b * n / p)),
            ],
            AT_SECOND_SIZE: [
                _of_line(lambda a, b, s, n, p: (a + b * s[1]) / (a + b * s[1] / p)),
                _of_line(lambda a, b, s, n, p: (a + b * s[1]) / (a + b * n / p)),
            ],
            NOT_SUBTRACTED: _of_line(
                lambda a, b, s, n, p: (a + b * (s[0] + n)) / (a + b * (s[0] + n / p))
            ),
            NOT_FIXED: _of_line(lambda a, b, s, n, p: b * n / (a + b * n / p)),
            SIGN: [
                _of_line(
                    lambda a, b, s, n, p, i=i: (
                        (a + b * (2 * s[i] + n)) / (a + b * (2 * s[i] + n / p))
                    )
                )
                for i in (0, 1)
            ],
            WEAK: _of_line(lambda a, b, s, n, p: (a + b * n * p) / (a + b * n)),
            SWAPPED: [_swapped, _samples_over_time],
            PARTS: ByShape(lambda sizes, times, batch, processes: _line(sizes, times)),
            A_TIME: _of_line(lambda a, b, s, n, p: 1 / (a + (1 - a) / p)),
            OVER_ORIGIN: [_through_origin(0), _through_origin(1)],
        },
        otherwise=UNLIKE,
        accepts=(_by_amdahl, _by_fit, _by_whole_samples),
        hints=(
            "The slope is the difference of the two times by the difference of the two sizes.",
            "The fixed part is what a measurement took beyond slope × size. One process needs fixed + slope × batch.",
            "Each of the processes needs `fixed + slope * batch / processes`. The answer is the time of one process divided by this.",
        ),
        right="That is Amdahl's law, with its two numbers measured.",
    ),
    Exercise(
        id="22.3",
        title="A run for a sweep",
        name="my_run",
        solution=my_run,
        check=check_run,
        by_hand=True,
        mistakes={
            SAME_SEEDS: [_run(start=0), _run(start=7)],
            NOT_REPEATED: [_run(seed_first=False), _seed_too_late],
            SAME_BETAS: [
                _run(decays=lambda beta: (0.9, 0.9)),
                _run(decays=lambda beta: (beta, 0.9)),
            ],
            NOT_A_SHARE: [
                _run(returns=lambda history: 100 * history.test_accuracy[-1] + 2),
                _run(returns=lambda history: [history.test_accuracy[-1], 0.5]),
            ],
            ON_TRAINING: _run(returns=lambda history: history.accuracy[-1]),
            NOT_TRAINED: [_untrained, lambda beta, seed: (7 * seed % 99 + round(99 * beta)) / 359],
            LAYERS: _run(hidden=16),
            RATE: _run(lr=0.02),
            SHOWN: [_run(steps=10), _run(epochs=2)],
            NOT_ITS_OWN: _run(returns=lambda history: 1 - history.test_accuracy[-1]),
        },
        accepts=(_by_hand, _run(returns=lambda history: np.float64(history.test_accuracy[-1]))),
        hints=(
            "Everything that a run needs must be made inside it, from `beta` and `seed`: data, network, training.",
            "Begin with `torch.manual_seed(seed)`. Then load `snn.data.digits()`, make the network with `snn.Leaky(beta)`, and call `snn.fit(..., seed=seed, progress=False)`.",
            "`fit` returns a history, and `history.test_accuracy[-1]` is the accuracy after the last epoch. The text before the exercise names the sizes.",
        ),
        right="Nothing in it depends on what ran before: that is all that a sweep needs.",
    ),
]
