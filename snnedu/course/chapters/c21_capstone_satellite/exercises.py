"""Exercises of 21 · Capstone: a score, a tracker's step, a detector of blocks."""

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor

import snnedu as snn
from snnedu.course.attempt import WrongAnswer
from snnedu.course.diagnosis import ByShape
from snnedu.course.exercise import Exercise
from snnedu.course.form import tensor


def my_informedness(found: Tensor, true: Tensor) -> float | Tensor:
    """Return sensitivity + specificity - 1; both are True or False for each volume."""
    sensitivity = (found & true).sum() / true.sum()
    specificity = (~found & ~true).sum() / (~true).sum()
    return sensitivity + specificity - 1


def my_step(
    place: Tensor, speed: Tensor, seen: Tensor, dt: float, alpha: float, beta: float
) -> tuple[Tensor, Tensor]:
    """Return place and speed one step later; `seen` is NaN where nothing was seen."""
    place = place + speed * dt
    missed = torch.nan_to_num(seen - place, nan=0.0)
    return place + alpha * missed, speed + beta / dt * missed


def my_blocks(x_rec: Tensor, beta: float, threshold: float) -> Tensor:
    """Return for each step which blocks of 4 x 4 pixels have a membrane above the threshold."""
    counts = x_rec.sum(1).unfold(1, 4, 4).unfold(2, 4, 4).sum((3, 4))
    mem, kept = torch.zeros_like(counts[0]), []
    for count in counts:
        mem = beta * mem + count
        kept.append(mem > threshold)
    return torch.stack(kept)


# --------------------------------------------------------------------------------------- 21.1

PRECISION = "You divide by the volumes that were found: that is the precision. Sensitivity divides by the true ones."
RECALL_ONLY = (
    "You return the sensitivity alone. A detector that reports everything has a sensitivity of 1."
)
SPECIFICITY_ONLY = (
    "You return the specificity alone. A detector that reports nothing has a specificity of 1."
)
FALSE_ALARMS = "You add the share of false alarms, or subtract the specificity. Add the specificity: of the empty volumes, the share that stayed empty."
ALL_FOUND = "You divide all reported volumes by the true ones. Sensitivity counts those that were reported *and* are true."
NOT_BOTH = "Your specificity counts missed satellites, too. It counts the volumes that are empty *and* were not reported: `~found & ~true`."
OF_ALL = "You divide by all volumes. Sensitivity divides by the true ones, specificity by the empty ones."
LEFT_OUT = "You divide by all volumes that were not reported. Specificity divides by those that are truly empty: `~true`."
ALL_RIGHT = "You count all right volumes in both shares. Sensitivity looks at the true ones alone, specificity at the empty ones alone."
TWICE_LESS = "You subtract 1 too many. Sensitivity minus the share of false alarms is the informedness already."
SIZE_ONLY = "You drop the sign. A detector that is worse than guessing gets a negative number."
CLAMPED = "You cut it off below 0. A detector that is worse than guessing gets a negative number."
PERCENT = "You return percent. Leave the shares between 0 and 1."
ONE_NUMBER = "One number is needed: the sum of the two shares, minus 1. You return two."
NOT_MINUS_ONE = "You leave out the -1. Guessing should get 0, and a perfect detector 1."
MEAN = "You take the mean of the two, which is 1/2 for guessing. Informedness is their sum minus 1."
ACCURACY = (
    "You use the share of right volumes. Nearly all are empty: reporting nothing gets close to 1."
)
F1 = "You return the F1 score. It never looks at the empty volumes that stayed empty."
FALSE_BY_ALL = (
    "You divide the false alarms by all volumes. Specificity looks at the empty volumes alone."
)
PRODUCT = "You multiply the two. Guessing with chance 1/2 then gets 1/4, not 0."
IOU = "You return the overlap of found and true. It never looks at the empty volumes that stayed empty."


def _draw_volumes() -> Iterator[tuple[Tensor, Tensor]]:
    for share, hit, false in ((0.1, 0.7, 0.3), (0.3, 0.7, 0.6), (0.5, 0.7, 0.2), (0.3, 0.2, 0.8)):
        true = torch.rand(200) < share
        found = torch.where(true, torch.rand(200) < hit, torch.rand(200) < false)
        yield found, true


def _one_number(answer: Any, *case: Any) -> Any:
    result = answer(*case)
    if isinstance(result, (tuple, list)) and len(result) == 2:
        raise WrongAnswer(ONE_NUMBER)
    return result


def _counts(found: Tensor, true: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    pairs = ((found, true), (~found, true), (found, ~true), (~found, ~true))
    hit, miss, alarm, empty = ((a & b).sum().double() for a, b in pairs)
    return hit, miss, alarm, empty


def _from(
    formula: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor],
) -> Callable[[Tensor, Tensor], Tensor]:
    """Return a score by a formula of hits, misses, false alarms and rightly empty volumes."""
    return lambda found, true: formula(*_counts(found, true))


def _sum(*counts: Tensor) -> Tensor:
    return torch.stack(counts).sum()


def _one_by_one(found: Tensor, true: Tensor) -> float:
    hits = alarms = there = empty = 0
    for seen, real in zip(found.flatten().tolist(), true.flatten().tolist(), strict=True):
        there, empty = there + real, empty + (not real)
        hits, alarms = hits + (seen and real), alarms + (seen and not real)
    return hits / there - alarms / empty


# --------------------------------------------------------------------------------------- 21.2

NO_PREDICTION = (
    "You compare with the old place. Compare with the predicted one: place + speed · dt."
)
NOT_CORRECTED = "Your place is the prediction alone. Correct it by alpha times what it missed."
JUMPS = "Your place jumps to what was seen. A detection is noisy: correct by alpha times what was missed."
NO_DT = "You leave out dt in the speed. A miss of one pixel in dt seconds is a speed of 1/dt pixels per second."
TIMES_DT = "You multiply beta by dt where you should divide: a miss of one pixel in dt seconds is a speed of 1/dt pixels per second."
SAME_SPEED = "Your speed never changes. Correct it by beta / dt times what was missed."
SIGN = "Your corrections go the wrong way. What was missed is seen - predicted."
NAN = "Your track becomes NaN where nothing was seen. Then the prediction stands: what was missed is 0."
STOPS = "Where nothing was seen, your track stays where it was. It should move on with its speed."
SWAPPED = "You have swapped alpha and beta: alpha corrects the place, beta the speed."
AFTER = "You correct the speed by what is missed after the place was corrected. Use the same miss for both."
OLD_PLACE_CORRECTED = "You correct the old place. Add the correction to the predicted place."
PIXELS_PER_STEP = (
    "You leave out dt in the prediction. The speed is in pixels per second, a step is dt seconds."
)
CHANGES = "Your function changes its input, which later code may need: make new tensors instead (`place = place + …`, not `place += …`)."
TWO_PARTS = "Return two tensors, the place and the speed: `return place, speed`."
BACKWARD = "You return the speed before the place. Return place and speed, in this order."
PULLED = "Where nothing was seen, your track is pulled to (0, 0). Replace NaN after the subtraction: what was missed is 0."
OLD_PLACE_SEEN = "Where nothing was seen, you take the old place as seen, and your track is pulled back. There what was missed is 0."
NO_OLD_SPEED = "You return the correction of the speed alone. Add it to the old speed."
ALL_STOP = "You correct no track if a single one was not seen. Treat each row on its own."
EXCHANGED = "You give alpha to the prediction. The new place takes a share alpha of what was seen, and 1 - alpha of the prediction."
NO_BETA = "You leave out beta in the speed. Correct it by beta / dt times what was missed."
NEW_SPEED = (
    "You predict with the speed that is already corrected. Predict the place with the old speed."
)
FROM_PLACES = "You take the speed from the last two places. Keep the old speed, and correct it by beta / dt times what was missed."
ZEROED = "Where nothing was seen, your speed becomes 0. It should stay as it is."
LOST = "Where nothing was seen, your place and speed become 0. Replace NaN in what was missed, before you correct."


def _draw_tracks() -> Iterator[tuple[Tensor, Tensor, Tensor, float, float, float]]:
    for dt, alpha, beta in ((0.1, 0.5, 0.2), (0.25, 0.3, 0.1)):
        place, speed = 60 * torch.rand(6, 2), 10 * torch.randn(6, 2)
        seen = place + speed * dt + torch.randn(6, 2)
        seen[4:] = torch.nan
        yield place, speed, seen, dt, alpha, beta


def _both(answer: Any, *case: Any) -> Tensor:
    """Return place and speed. NaN equals no NaN: so whether the input changed is seen here."""
    given = copy.deepcopy(case)
    parts = getattr(answer, "changing", answer)(*given)
    if not isinstance(parts, (tuple, list, Tensor)) or len(parts) != 2:
        raise WrongAnswer(TWO_PARTS)
    if not all(
        torch.equal(a.nan_to_num(), b.nan_to_num())
        for a, b in zip(given[:3], case[:3], strict=True)
    ):
        raise WrongAnswer(CHANGES)
    return torch.stack([tensor(part).double() for part in parts])


def _track(
    place: Tensor,
    speed: Tensor,
    seen: Tensor,
    dt: float,
    alpha: float,
    beta: float,
    *,
    ahead: Callable[[Tensor, Tensor, float], Tensor] = lambda p, v, dt: p + v * dt,
    miss: Callable[[Tensor, Tensor, Tensor], Tensor] = lambda s, p, old: (s - p).nan_to_num(0.0),
    correct: Callable[[Tensor, Tensor, float, Tensor], Tensor] = lambda p, r, a, old: p + a * r,
    turn: Callable[[Tensor, Tensor, float, float], Tensor] = lambda v, r, b, dt: v + b / dt * r,
) -> tuple[Tensor, Tensor]:
    """Return `my_step` with another prediction, miss or correction."""
    predicted = ahead(place, speed, dt)
    missed = miss(seen, predicted, place)
    return correct(predicted, missed, alpha, place), turn(speed, missed, beta, dt)


def _stays(*given: Any) -> tuple[Tensor, Tensor]:
    place, speed = my_step(*given)
    return torch.where(given[2].isnan(), given[0], place), speed


def _all_stop(*given: Any) -> tuple[Tensor, Tensor]:
    place, speed, seen, dt = given[:4]
    return (place + speed * dt, speed) if seen.isnan().any() else my_step(*given)


def _zeroed(*given: Any) -> tuple[Tensor, Tensor]:
    place, speed = my_step(*given)
    return place, torch.where(given[2].isnan(), 0.0, speed)


def _after(*given: Any) -> tuple[Tensor, Tensor]:
    _, speed, seen, dt, _, beta = given
    place, _ = my_step(*given)
    return place, speed + beta / dt * (seen - place).nan_to_num(0.0)


def _new_speed(*given: Any) -> tuple[Tensor, Tensor]:
    place, speed, seen, dt, alpha, beta = given
    missed = (seen - (place + speed * dt)).nan_to_num(0.0)
    speed = speed + beta / dt * missed
    return place + speed * dt + alpha * missed, speed


def _from_places(*given: Any) -> tuple[Tensor, Tensor]:
    place, _ = my_step(*given)
    return place, (place - given[0]) / given[3]


def _with_where(*given: Any) -> list[Any]:
    place, speed, seen, dt, alpha, beta = given
    expected = place + dt * speed
    was = ~seen.isnan()
    missed = torch.where(was, seen - expected, torch.zeros_like(seen))
    return [(expected + alpha * missed).numpy(), (speed + beta * missed / dt).numpy()]


# --------------------------------------------------------------------------------------- 21.3

ONE_SIGN = "You count one polarity alone. Sum over both channels: axis 1."
OPPOSED = "You subtract one polarity from the other. Both are events of the block: add them up."
ALIKE = "Your result is the same in all steps: your list holds one tensor many times, which `mem += …` or `mem *= …` changes. Make a new one in each step: `mem = beta * mem + …`."
ONE_OF_BOTH = "You count a pixel once when both polarities fire in a step. These are two events."
RESETS = "You reset the membrane after a spike. This one is left as it is: a block stays kept while events come."
NO_LEAK = "Your membrane does not leak: it counts all events so far."
NO_MEMORY = "You look at each step alone. The membrane keeps beta of what it had."
LEAKS_INPUT = "You multiply the new events by beta, too. Only what the membrane had leaks."
LOW_PASS = "You weigh the new events by 1 - beta. They enter fully."
AT_LEAST = "At the threshold itself a neuron is silent: `>`, not `>=`."
BRIGHTEST = "You take the largest pixel of a block. The events of its pixels add up."
AVERAGE = "You take the mean over a block. Its 16 pixels add up: the sum is 16 times as much."
MEMBRANES = "You return the membranes. Return True where they are above the threshold."
DELAYED = "Your blocks are kept one step late. The events of a step count in this step."
EACH_SIGN = "Each polarity has a membrane of its own in your code. One neuron watches a block: add up the events of both first."
ONCE_KEPT = "You keep a block forever once it was kept. Compare its membrane with the threshold anew in each step."
NO_SQUARES = "Your blocks are not squares of 4 x 4 neighbors: use `unfold`, or `reshape` to rows, 4, columns, 4."
PER_PIXEL = "You return a result for each pixel. Return one for each block of 4 x 4 pixels."


def _draw_films() -> Iterator[tuple[Tensor, float, float]]:
    sparse, dense = ((0.02, 0.8, 1.5), (0.05, 0.5, 2.0)), ((0.2, 0.5, 0.7), (0.2, 0.5, 12.5))
    for share, beta, threshold in sparse + dense:
        yield (torch.rand(15, 2, 12, 16) < share).float(), beta, threshold


def _sums(x_rec: Tensor) -> Tensor:
    return x_rec.sum(1).unfold(1, 4, 4).unfold(2, 4, 4).sum((3, 4))


def _blocks(
    x_rec: Tensor,
    beta: float,
    threshold: float,
    *,
    count: Callable[[Tensor], Tensor] = _sums,
    step: Callable[[Tensor, Tensor, float], Tensor] = lambda mem, now, beta: beta * mem + now,
    fires: Callable[[Tensor, float], Tensor] = lambda mem, threshold: mem > threshold,
    after: Callable[[Tensor, float], Tensor] = lambda mem, threshold: mem,
) -> Tensor:
    """Return `my_blocks` with other counts, another membrane, or another spike."""
    counts = count(x_rec)
    mem, kept = torch.zeros_like(counts[0]), list[Tensor]()
    for now in counts:
        mem = step(mem, now, beta)
        kept.append(fires(mem, threshold).float())
        mem = after(mem, threshold)
    return torch.stack(kept)


def _late(*given: Any) -> Tensor:
    kept = my_blocks(*given)
    return torch.cat([torch.zeros_like(kept[:1]), kept[:-1]])


def _each_sign(x_rec: Tensor, beta: float, threshold: float) -> Tensor:
    off, on = (my_blocks(x_rec[:, [sign]], beta, threshold) for sign in (0, 1))
    return off | on


def _interleaved(x_rec: Tensor) -> Tensor:
    steps, _, height, width = x_rec.shape
    return x_rec.sum(1).reshape(steps, 4, height // 4, 4, width // 4).sum((1, 3))


def _in_rows(x_rec: Tensor) -> Tensor:
    steps, _, height, width = x_rec.shape
    return x_rec.sum(1).reshape(steps, height // 4, width // 4, 4, 4).sum((3, 4))


def _by_reshape(x_rec: Tensor, beta: float, threshold: float) -> list[Tensor]:
    steps, _, height, width = x_rec.shape
    counts = x_rec.reshape(steps, 2, height // 4, 4, width // 4, 4).sum((1, 3, 5))
    mem, kept = 0.0, list[Tensor]()
    for t in range(steps):
        mem = counts[t] + mem * beta
        kept.append((mem > threshold).int())
    return kept


EXERCISES = [
    Exercise(
        id="21.1",
        title="The informedness",
        name="my_informedness",
        solution=my_informedness,
        cases=_draw_volumes,
        run=_one_number,
        mistakes={
            PRECISION: [
                _from(lambda hit, miss, alarm, empty: hit / (hit + alarm)),
                _from(
                    lambda hit, miss, alarm, empty: (
                        hit / (hit + alarm) + empty / (empty + alarm) - 1
                    )
                ),
                _from(
                    lambda hit, miss, alarm, empty: hit / (hit + alarm) + empty / (empty + miss) - 1
                ),
            ],
            LEFT_OUT: _from(
                lambda hit, miss, alarm, empty: hit / (hit + miss) + empty / (empty + miss) - 1
            ),
            SIZE_ONLY: _from(
                lambda hit, miss, alarm, empty: (hit / (hit + miss) - alarm / (empty + alarm)).abs()
            ),
            FALSE_ALARMS: [
                _from(
                    lambda hit, miss, alarm, empty: hit / (hit + miss) + alarm / (empty + alarm) - 1
                ),
                _from(
                    lambda hit, miss, alarm, empty: hit / (hit + miss) - empty / (empty + alarm) - 1
                ),
            ],
            TWICE_LESS: _from(
                lambda hit, miss, alarm, empty: hit / (hit + miss) - alarm / (empty + alarm) - 1
            ),
            ALL_RIGHT: [
                _from(
                    lambda hit, miss, alarm, empty: (
                        (hit + empty) / (hit + miss) + (hit + empty) / (empty + alarm) - 1
                    )
                ),
                _from(
                    lambda hit, miss, alarm, empty: (
                        (hit + empty) / (hit + miss) + (miss + alarm) / (empty + alarm) - 1
                    )
                ),
            ],
            ALL_FOUND: [
                _from(
                    lambda hit, miss, alarm, empty: (
                        (hit + alarm) / (hit + miss) + (miss + empty) / (empty + alarm) - 1
                    )
                ),
                _from(
                    lambda hit, miss, alarm, empty: (
                        (hit + alarm) / (hit + miss) + empty / (empty + alarm) - 1
                    )
                ),
            ],
            NOT_BOTH: [
                _from(
                    lambda hit, miss, alarm, empty: (
                        hit / (hit + miss) + (miss + empty) / (empty + alarm) - 1
                    )
                ),
                _from(
                    lambda hit, miss, alarm, empty: (
                        hit / (hit + miss) + (miss + alarm + empty) / (empty + alarm) - 1
                    )
                ),
            ],
            OF_ALL: [
                _from(
                    lambda hit, miss, alarm, empty: -(miss + alarm) / _sum(hit, miss, alarm, empty)
                ),
                _from(lambda hit, miss, alarm, empty: hit / _sum(hit, miss, alarm, empty)),
            ],
            CLAMPED: _from(
                lambda hit, miss, alarm, empty: (
                    hit / (hit + miss) - alarm / (empty + alarm)
                ).clamp(min=0)
            ),
            PERCENT: _from(
                lambda hit, miss, alarm, empty: 100 * (hit / (hit + miss) - alarm / (empty + alarm))
            ),
            RECALL_ONLY: _from(lambda hit, miss, alarm, empty: hit / (hit + miss)),
            SPECIFICITY_ONLY: _from(lambda hit, miss, alarm, empty: empty / (empty + alarm)),
            NOT_MINUS_ONE: _from(
                lambda hit, miss, alarm, empty: hit / (hit + miss) + empty / (empty + alarm)
            ),
            MEAN: _from(
                lambda hit, miss, alarm, empty: (hit / (hit + miss) + empty / (empty + alarm)) / 2
            ),
            ACCURACY: [
                _from(
                    lambda hit, miss, alarm, empty: (hit + empty) / _sum(hit, miss, alarm, empty)
                ),
                _from(
                    lambda hit, miss, alarm, empty: (
                        2 * (hit + empty) / _sum(hit, miss, alarm, empty) - 1
                    )
                ),
            ],
            F1: _from(lambda hit, miss, alarm, empty: 2 * hit / (2 * hit + miss + alarm)),
            FALSE_BY_ALL: _from(
                lambda hit, miss, alarm, empty: (
                    hit / (hit + miss) - alarm / (hit + miss + alarm + empty)
                )
            ),
            PRODUCT: _from(
                lambda hit, miss, alarm, empty: hit / (hit + miss) * empty / (empty + alarm)
            ),
            IOU: _from(lambda hit, miss, alarm, empty: hit / (hit + miss + alarm)),
        },
        otherwise="The numbers differ from sensitivity + specificity - 1.",
        accepts=(
            _one_by_one,
            lambda found, true: float(found[true].float().mean() - found[~true].float().mean()),
            lambda found, true: (
                found[true].double().mean().numpy() - found[~true].double().mean().numpy()
            ),
        ),
        hints=(
            "Sensitivity: of the volumes with `true`, the share with `found`.",
            "Specificity: of the volumes without `true`, the share without `found`. `~true` is the opposite of `true`.",
            "`(found & true).sum() / true.sum()` is the first; add the second, and subtract 1.",
        ),
        right="Guessing gets 0 with it, however often you guess.",
    ),
    Exercise(
        id="21.2",
        title="A step of a tracker",
        name="my_step",
        solution=my_step,
        cases=_draw_tracks,
        run=_both,
        mistakes={
            NO_PREDICTION: [
                partial(_track, miss=lambda s, p, old: (s - old).nan_to_num(0.0)),
                partial(_track, ahead=lambda p, v, dt: p),
            ],
            NOT_CORRECTED: partial(_track, correct=lambda p, r, a, old: p),
            JUMPS: partial(_track, correct=lambda p, r, a, old: p + r),
            NO_DT: partial(_track, turn=lambda v, r, b, dt: v + b * r),
            TIMES_DT: partial(_track, turn=lambda v, r, b, dt: v + b * dt * r),
            SAME_SPEED: partial(_track, turn=lambda v, r, b, dt: v),
            SIGN: partial(_track, miss=lambda s, p, old: (p - s).nan_to_num(0.0)),
            NAN: partial(_track, miss=lambda s, p, old: s - p),
            STOPS: _stays,
            SWAPPED: lambda p, v, s, dt, alpha, beta: my_step(p, v, s, dt, beta, alpha),
            AFTER: _after,
            OLD_PLACE_CORRECTED: partial(_track, correct=lambda p, r, a, old: old + a * r),
            PIXELS_PER_STEP: [
                partial(_track, ahead=lambda p, v, dt: p + v),
                partial(_track, ahead=lambda p, v, dt: p + v, turn=lambda v, r, b, dt: v + b * r),
            ],
            NO_OLD_SPEED: partial(_track, turn=lambda v, r, b, dt: b / dt * r),
            OLD_PLACE_SEEN: partial(
                _track, miss=lambda s, p, old: torch.where(s.isnan(), old, s) - p
            ),
            EXCHANGED: partial(_track, correct=lambda p, r, a, old: p + (1 - a) * r),
            NO_BETA: partial(_track, turn=lambda v, r, b, dt: v + r / dt),
            NEW_SPEED: _new_speed,
            FROM_PLACES: _from_places,
            ZEROED: _zeroed,
            LOST: lambda *given: tuple(
                part.nan_to_num(0.0) for part in _track(*given, miss=lambda s, p, old: s - p)
            ),
            BACKWARD: lambda *given: my_step(*given)[::-1],
            PULLED: partial(_track, miss=lambda s, p, old: s.nan_to_num(0.0) - p),
            ALL_STOP: _all_stop,
        },
        otherwise="Place or speed differ from those of the equations of the text.",
        accepts=(
            _with_where,
            lambda *given: tuple(part.double() for part in my_step(*given)),
        ),
        hints=(
            "First predict: `place + speed * dt`. Then what was missed: `seen` minus the prediction.",
            "Where `seen` is NaN, what was missed is 0: `torch.nan_to_num`, or `torch.where`.",
            "The new place is the prediction plus alpha times the miss; the new speed is the old one plus beta / dt times the miss.",
        ),
        right="The same step follows ships and aircraft on radar screens.",
    ),
    Exercise(
        id="21.3",
        title="A neuron for each block",
        name="my_blocks",
        solution=my_blocks,
        cases=_draw_films,
        mistakes={
            ONE_SIGN: [
                partial(_blocks, count=lambda x_rec: _sums(x_rec[:, :1])),
                partial(_blocks, count=lambda x_rec: _sums(x_rec[:, 1:])),
            ],
            OPPOSED: [
                partial(_blocks, count=lambda x_rec: _sums(x_rec[:, 1:]) - _sums(x_rec[:, :1])),
                partial(_blocks, count=lambda x_rec: _sums(x_rec[:, :1]) - _sums(x_rec[:, 1:])),
            ],
            ALIKE: lambda *given: my_blocks(*given)[-1:].expand(len(given[0]), -1, -1),
            ONE_OF_BOTH: partial(_blocks, count=lambda x_rec: _sums(x_rec.amax(1, keepdim=True))),
            RESETS: [
                partial(_blocks, after=lambda mem, threshold: mem * (mem <= threshold)),
                partial(_blocks, after=lambda mem, threshold: mem - threshold * (mem > threshold)),
                lambda x_rec, beta, threshold: snn.Leaky(beta, threshold).unroll(_sums(x_rec))[0],
            ],
            NO_LEAK: partial(_blocks, step=lambda mem, now, beta: mem + now),
            NO_MEMORY: partial(_blocks, step=lambda mem, now, beta: now),
            LEAKS_INPUT: partial(_blocks, step=lambda mem, now, beta: beta * (mem + now)),
            LOW_PASS: partial(_blocks, step=lambda mem, now, beta: beta * mem + (1 - beta) * now),
            AT_LEAST: partial(_blocks, fires=lambda mem, threshold: mem >= threshold),
            BRIGHTEST: partial(
                _blocks,
                count=lambda x_rec: x_rec.sum(1).unfold(1, 4, 4).unfold(2, 4, 4).amax((3, 4)),
            ),
            AVERAGE: partial(_blocks, count=lambda x_rec: _sums(x_rec) / 16),
            MEMBRANES: partial(_blocks, fires=lambda mem, threshold: mem),
            DELAYED: _late,
            EACH_SIGN: _each_sign,
            ONCE_KEPT: lambda *given: my_blocks(*given).cummax(0).values,
            NO_SQUARES: [partial(_blocks, count=_interleaved), partial(_blocks, count=_in_rows)],
            PER_PIXEL: ByShape(partial(_blocks, count=lambda x_rec: x_rec.sum(1))),
        },
        otherwise="Other blocks are kept than by the equation of the text.",
        accepts=(
            _by_reshape,
            lambda *given: my_blocks(*given).numpy(),
            lambda *given: tuple(my_blocks(*given).double()),
        ),
        hints=(
            "First the number of events of each block: `x_rec.sum(1)` joins the polarities; `reshape` to [time, rows, 4, columns, 4] and sum over the two axes of 4.",
            "Then a loop over time: `mem = beta * mem + count`, from zeros.",
            "Collect `mem > threshold` and `torch.stack` them.",
        ),
        right="Each block has its own leaky neuron: the smallest detector of this chapter.",
    ),
]
