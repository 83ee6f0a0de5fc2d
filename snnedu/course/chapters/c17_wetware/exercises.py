"""Exercises of 17 · Wetware: find bursts, tell connection from common input, teach by pulses."""

import inspect
import math
import warnings
from collections.abc import Callable, Iterator
from random import randint, random, randrange, uniform
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snnedu.course.attempt import WrongAnswer
from snnedu.course.chapters.c17_wetware.trains import bursty, trio
from snnedu.course.diagnosis import refuse
from snnedu.course.exercise import Exercise
from snnedu.course.form import tensor

Times = NDArray[np.float64]


def find_bursts(times: Times, longest: float, fewest: int) -> list[tuple[float, float]]:
    """Return (start, end) of each burst: `fewest` spikes or more, no interval above `longest`."""
    bursts, first = [], 0
    for last in range(len(times)):
        if last + 1 == len(times) or times[last + 1] - times[last] > longest:
            if last + 1 - first >= fewest:
                bursts.append((times[first], times[last]))
            first = last + 1
    return bursts


def followed(a: Times, b: Times, c: Times) -> float:
    """Return the share of a's spikes that b follows within 5 ms, if c was silent for 20 ms."""
    free = [t for t in a if not ((c > t - 0.02) & (c <= t)).any()]
    hits = [((b > t) & (b <= t + 0.005)).any() for t in free]
    return float(sum(hits) / len(hits))


def my_policy(values: Tensor, seconds: float, usual: float, dice: float) -> int:
    """Return the number of the lesson to give now, or -1 if the last trial went well."""
    if seconds > usual:
        return -1
    shares = torch.softmax(values / 0.15, 0).cumsum(0)
    return int((shares < dice).sum())


# --------------------------------------------------------------------------------------- 17.1

EACH_GAP = "Each short interval is a burst of its own in your list. Short intervals next to each other belong to one burst."
TOO_SMALL = "Your list holds groups of fewer than `fewest` spikes. Count the spikes of a group before you add it."
ONE_TOO_MANY = "Your list lacks the bursts of exactly `fewest` spikes. They count, too: a group of 5 spikes has 4 intervals."
ONE_TOO_FEW = "Your list holds groups with one spike too few: you count one more than there are."
LAST_LOST = "Your list lacks a burst at the end of the train. No long interval follows there: close the last group after the loop."
FIRST_LOST = "Your list lacks a burst at the start of the train."
WRONG_END = "Your bursts end with the first spike after them. A burst ends with its own last spike."
LATE_START = (
    "Your bursts start with their second spike. The first short interval begins one spike earlier."
)
DURATIONS = "You return start and duration. Return start and end of each burst."
PLACES = "You return positions in the array. Return times: `times[first]` and `times[last]`."
FIXED = "You ignore `longest` and `fewest`: your limits are fixed numbers."
NO_LIST = "Return a list with (start, end) of each burst."
WHOLE = "Return only the start and the end of each group, not all of its spikes."
TWO_ROWS = "You return all starts, then all ends. Return one pair (start, end) for each burst."
FROM_FIRST = (
    "You compare a spike with the first one of its group. Compare it with the spike before."
)
OVERLAP = "Your bursts overlap: every run of `fewest` spikes is in your list. Let a group go on until an interval is too long."
ALWAYS_FIVE = "You ignore `fewest`: your groups need 5 spikes."
AT_LIMIT = "You cut at an interval that equals `longest`. Only a longer one ends a burst."
LONG_ONES = "Your list lacks the bursts. A group goes on while an interval is at most `longest` (in s, as the times are), and ends at a longer one."
DROPPED = "You drop the spike after a long interval. The next group begins with it."
CUT_EARLY = "Your cuts come one spike too early: each of your groups begins with the last spike of the one before. A group begins with the spike *after* the long interval."


def _draw_trains() -> Iterator[tuple[Times, float, int]]:
    """Draw four trains; one starts and ends with a burst, one is in another unit of time.

    In the last one, the intervals of a burst are exactly as long as they may be.
    """
    few, seed = randint(3, 6), randrange(2**31)
    yield bursty(randint(2, 4), seed), 0.1, 5
    yield bursty(randint(2, 4), seed + 1, few, ends=True), 0.1, few
    yield 0.1 * bursty(3, seed + 2, 7), 0.01, 7
    binary = np.round(1024 * bursty(2, seed + 3)) / 1024  # so that intervals can be exact
    yield np.concatenate([binary, binary[-1] + 1 + np.arange(7) / 16]), 1 / 16, 6


def _pairs(answer: Callable[..., Any], times: Times, longest: float, fewest: int) -> Any:
    """Return what an answer finds in a copy of the train, in which nothing can be changed."""
    found = answer(times.copy(), longest, fewest)
    number = isinstance(found, int | float | np.number)
    refuse({NO_LIST: number or inspect.isgenerator(found) or isinstance(found, set | dict)})
    if isinstance(found, list | tuple | np.ndarray):
        refuse({NO_LIST: any(np.ndim(pair) == 0 for pair in found)})  # one pair, not in a list
        refuse({TWO_ROWS: _are_two_rows(found)})
        refuse({WHOLE: any(np.asarray(group).size > 2 for group in found)})
    return found


def _are_two_rows(found: Any) -> bool:
    """Tell starts and ends (the first end comes before the last start) from two whole bursts."""
    rows = [np.ravel(row) for row in found]
    return len(rows) == 2 and len(rows[0]) == len(rows[1]) > 2 and rows[1][0] < rows[0][-1]


def _groups(times: Times, longest: float) -> list[tuple[int, int]]:
    """Return the first and the last place of each group of spikes without a long interval."""
    cuts = np.flatnonzero(np.diff(times) > longest)
    firsts, lasts = [0, *(cuts + 1).tolist()], [*cuts.tolist(), len(times) - 1]
    return list(zip(firsts, lasts, strict=True))


def _bursts(
    extra: int = 0, start: int = 0, end: int = 0, part: slice = slice(None), as_: str = "times"
) -> Callable[..., Any]:
    """Return a variant of the solution: so many `extra` spikes needed, shifted ends, …"""

    def found(times: Times, longest: float, fewest: int) -> Any:
        groups = _groups(times, longest)
        keep = [(i, j) for i, j in groups[part] if j - i + 1 >= fewest + extra]
        if as_ == "places":
            return keep
        pairs = [(times[i + start], times[min(j + end, len(times) - 1)]) for i, j in keep]
        return [(a, b - a) for a, b in pairs] if as_ == "durations" else pairs

    return found


def _each_gap(times: Times, longest: float, fewest: int) -> Any:
    short = np.flatnonzero(np.diff(times) <= longest)
    return [(times[i], times[i + 1]) for i in short]


def _without_last(times: Times, longest: float, fewest: int) -> Any:
    groups = _groups(times, longest)[:-1]
    return [(times[i], times[j]) for i, j in groups if j - i + 1 >= fewest]


def _fixed(times: Times, longest: float, fewest: int) -> Any:
    return find_bursts(times, 0.1, 5)


def _cut_early(times: Times, longest: float, fewest: int) -> Any:
    groups = np.split(times, np.flatnonzero(np.diff(times) > longest))
    return [(group[0], group[-1]) for group in groups if len(group) >= fewest]


def _dropped(times: Times, longest: float, fewest: int) -> Any:
    """Begin a new group at a long interval, and forget the spike that ends it."""
    groups: list[list[float]] = [[]]
    for time in times:
        if groups[-1] and time - groups[-1][-1] > longest:
            groups.append([])
        else:
            groups[-1].append(time)
    return [(group[0], group[-1]) for group in groups if len(group) >= fewest]


def _long_ones(times: Times, longest: float, fewest: int) -> Any:
    cuts = np.flatnonzero(np.diff(times) <= longest)
    firsts, lasts = [0, *(cuts + 1)], [*cuts, len(times) - 1]
    return [(times[i], times[j]) for i, j in zip(firsts, lasts, strict=True) if j - i + 1 >= fewest]


def _from_first(times: Times, longest: float, fewest: int) -> Any:
    """Compare each spike with the first one of its group."""
    groups = [[times[0]]]
    for time in times[1:]:
        if time - groups[-1][0] > longest:
            groups.append([])
        groups[-1].append(time)
    return [(group[0], group[-1]) for group in groups if len(group) >= fewest]


def _overlap(times: Times, longest: float, fewest: int) -> Any:
    """List every run of `fewest` spikes."""
    runs = [times[i : i + fewest] for i in range(len(times) - fewest + 1)]
    return [(run[0], run[-1]) for run in runs if np.diff(run).max() <= longest]


def _always_five(times: Times, longest: float, fewest: int) -> Any:
    return find_bursts(times, longest, 5)


def _at_limit(times: Times, longest: float, fewest: int) -> Any:
    return find_bursts(times, np.nextafter(longest, 0), fewest)


def _as_array(times: Times, longest: float, fewest: int) -> Any:
    groups = np.array(_groups(times, longest))
    return times[groups[groups[:, 1] - groups[:, 0] + 1 >= fewest]]


def _as_tensor(times: Times, longest: float, fewest: int) -> Any:
    return torch.tensor(_as_array(times, longest, fewest))


def _list_of_tensors(times: Times, longest: float, fewest: int) -> Any:
    return list(_as_tensor(times, longest, fewest))


def _two_rows(times: Times, longest: float, fewest: int) -> Any:
    return _as_array(times, longest, fewest).T


def _by_lists(times: Times, longest: float, fewest: int) -> Any:
    """Collect the spikes of a group in a list."""
    groups, group = list[list[float]](), [times[0]]
    for time in times[1:]:
        if time - group[-1] > longest:
            groups.append(group)
            group = []
        group.append(time)
    groups.append(group)
    return [[group[0], group[-1]] for group in groups if len(group) >= fewest]


# --------------------------------------------------------------------------------------- 17.2

NOT_FREE = (
    "You use all spikes of a. Leave out those that c may have caused: c fired in the 20 ms before."
)
OF_ALL = "You divide by all spikes of a. Divide by those that are left."
ONLY_CAUSED = (
    "You kept the wrong spikes of a: those with a spike of c before them. Keep the others."
)
C_LATER = "You leave out the spikes of a that c fires *after*. A cause comes before."
B_EARLIER = "You look for b before a. A spike of b that a caused comes after it."
ANY_EARLIER = "You also count spikes of b before a, however early. Count those that come after it, within 5 ms."
BOTH_SIDES = (
    "You also count a spike of b up to 5 ms *before* a. Only later ones can be caused by a."
)
COUNTED = "You return how many spikes b follows. Return their share."
THE_REST = "You return the share that b does *not* follow."
ALL_B = "You count every spike of b in the 5 ms. Per spike of a, count whether there is one."
OF_B = "You return the share of b's spikes. Return the share of a's."
MILLISECONDS = "Your windows are in ms. The times are in s: 5 ms are 0.005."
NONE_LEFT = "No spike of a is left to ask. Leave out only those with a spike of c in the 20 ms (0.02 s) before, or at the same moment."
PERCENT = "You return percent. Return a share, from 0 to 1."
SHORT_C = "Your window for c is too short: c must be silent for 20 ms, not for 5."
C_AROUND = "You also leave out spikes of a that c follows. Only a c *before* (or at) a spike can have caused it."
AT_ONCE = "You keep spikes of a at which c fires at the same moment. Leave them out, too."
ALL_PAIRS = "You average over all pairs of spikes. Ask first, per spike of a, whether *any* spike of b follows; then average over the spikes of a."
TOO_LONG = "At least one of your windows is too long. 20 ms are 0.02 s, and 5 ms are 0.005 s."
NO_B = "Your window for c also decides for b. Compare each spike of a with c first, then with b."


def _draw_trios() -> Iterator[tuple[Times, Times, Times]]:
    for direct in (True, False, True):
        a, b, c = trio(direct, seconds=uniform(30, 40), rate=uniform(4, 7), seed=randrange(2**31))
        b = b[(b > a[2]) & (b < a[-3])]  # some spikes of a have none of b before or after
        yield a, b, np.sort(np.append(c, a[::6]))  # at times, c fires at the same moment as a


def _one_share(answer: Callable[..., Any], a: Times, b: Times, c: Times) -> Any:
    """Return the share, refuse one of nothing: all spikes of a were left out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # NumPy's, for the mean of nothing
        try:
            share = answer(a.copy(), b.copy(), c.copy())
        except WrongAnswer as reply:
            refuse({NONE_LEFT: "ZeroDivisionError" in str(reply)})
            raise
    refuse({NONE_LEFT: isinstance(share, float) and math.isnan(share)})
    return share


def _after(x: Times, t: float, start: float, end: float) -> bool:
    """Tell whether x has a spike more than `start` and at most `end` after t."""
    return bool(((x > t + start) & (x <= t + end)).any())


def _share(
    keep: Callable[[Times, float], bool] = lambda c, t: not _after(c, t, -0.02, 0),
    hit: Callable[[Times, float], Any] = lambda b, t: _after(b, t, 0, 0.005),
    of: str = "kept",
) -> Callable[[Times, Times, Times], float]:
    """Return a variant of the solution: which spikes of a are kept, and what counts as a hit."""

    def share(a: Times, b: Times, c: Times) -> float:
        hits = [float(hit(b, t)) for t in a if keep(c, t)]
        return (
            sum(hits)
            / {"kept": len(hits), "a": len(a), "b": len(b), "one": 1, "percent": 0.01 * len(hits)}[
                of
            ]
        )

    return share


def _from_b(a: Times, b: Times, c: Times) -> float:
    """Return the share of b's spikes that follow a free spike of a."""
    free = np.array([t for t in a if not _after(c, t, -0.02, 0)])
    return float(np.mean([_after(-free, -t, 0, 0.005) for t in b]))


def _silent_before(c: Times, t: float) -> bool:
    return not ((c > t - 0.02) & (c < t)).any()


def _left_search(a: Times, b: Times, c: Times) -> float:
    """Bisect c to the left, so that a spike of c at the same moment is missed; the first a wraps."""
    free = a[a - c[np.searchsorted(c, a) - 1] > 0.02]
    return float(np.mean([_after(b, t, 0, 0.005) for t in free]))


def _sorted_search(a: Times, b: Times, c: Times) -> float:
    """Find the neighbors of each spike by bisection."""
    a, b, c = (np.asarray(x) for x in (a, b, c))
    last = np.append(-np.inf, c)[np.searchsorted(c, a, side="right")]
    free = a[last <= a - 0.02]
    following = np.append(b, np.inf)[np.searchsorted(b, free, side="right")]
    return (following <= free + 0.005).mean()


def _by_tensors(a: Times, b: Times, c: Times) -> Any:
    a_, b_, c_ = (torch.as_tensor(x) for x in (a, b, c))
    before, later = a_[:, None] - c_, b_ - a_[:, None]
    free = ~((before >= 0) & (before < 0.02)).any(1)
    return ((later > 0) & (later <= 0.005)).any(1)[free].double().mean()


# --------------------------------------------------------------------------------------- 17.3

ALWAYS = "You always give a lesson. After a trial that went better than usual, return -1."
NEVER_BAD = (
    "You have it the wrong way round: after a *bad* trial comes a lesson, after a good one -1."
)
GREEDY = "You always take the lesson with the highest value. Then the others are never tried again: draw one, with `dice`."
UNIFORM = "You draw all lessons equally often. Prefer those with a high value."
NO_TEMPERATURE = "You leave out the temperature. Divide the values by 0.15 before the softmax."
WORST_FIRST = "You prefer the lessons with *low* values. There is a minus too many."
NO_EXP = "You use the values themselves as weights. They may be negative: take the softmax of `values / 0.15`."
ONE_LATE = "Your number is one too high. The first lesson has the number 0."
SEVERAL = "You return several numbers. Return one: that of the lesson."
NOT_THE_NUMBER = (
    "You return an entry of your tensor. Return its place: the number of the lesson, 0 to 3."
)
ZERO_FOR_NONE = "You return 0 after a good trial, which is a lesson. For no lesson, return -1."
SHARES_DIVIDED = "You divide the shares by 0.15. Divide the values, before the softmax."
RETURNS_CHANCES = "You return probabilities. Return one number: that of the lesson."
NO_SUM = "You compare `dice` with one share. Lay the shares side by side: add them up, with `.cumsum(0)`."
AFTER = "You count the shares that end after `dice`. Count those that end *before* it."
NOT_SHARES = (
    "Your shares do not add up to 1. Divide the exponentials by their sum, or use `torch.softmax`."
)
TIMES_TEMPERATURE = "You multiply by 0.15. Divide the values by it."
OWN_DICE = "Two calls with the same inputs differ: you throw dice of your own. Use `dice`, so that a run can be repeated."
EQUAL = "You give no lesson after a trial that lasted exactly as long as usual. Only a *longer* one needs none."
TRIALS = 40


def _draw_trials() -> Iterator[tuple[Tensor, float, float, float]]:
    """Draw values and a dice for many trials; about a third of them went well, some as usual."""
    for number in range(TRIALS):
        values, usual = 0.6 * torch.rand(4) - 0.3, uniform(0.8, 2.0)
        values *= 30 if number % 4 == 0 else 1  # so that a temperature of 1/0.15 shows, too
        good = number % 3 == 2
        change = 1.0 if number % 10 == 4 else uniform(1.2, 2) if good else uniform(0.4, 0.9)
        yield values, usual * change, usual, random()


def _decided(answer: Callable[..., Any], *trial: Any) -> Any:
    """Return the number of the lesson, refuse a list of probabilities."""
    values, *rest = trial
    once, again = (answer(values.clone(), *rest) for _ in range(2))
    many = tensor(once).numel() > 1
    refuse({RETURNS_CHANCES if tensor(once).is_floating_point() else SEVERAL: many})
    refuse({OWN_DICE: tensor(once).item() != tensor(again).item()})
    return once


def _policy(
    weights: Callable[[Tensor], Tensor] = lambda v: torch.softmax(v / 0.15, 0),
    due: Callable[[float, float], bool] = lambda seconds, usual: seconds <= usual,
    shift: int = 0,
) -> Callable[..., int]:
    """Return a variant of the solution."""

    def policy(values: Tensor, seconds: float, usual: float, dice: float) -> int:
        ends = weights(values).cumsum(0)
        return int((ends < dice * ends[-1]).sum()) + shift if due(seconds, usual) else -1

    return policy


def _unsummed(last: int) -> Callable[..., int]:
    """Return a variant that compares `dice` with each share alone."""

    def policy(values: Tensor, seconds: float, usual: float, dice: float) -> int:
        shares = torch.softmax(values / 0.15, 0)
        places = [i for i, share in enumerate(shares) if dice < share]
        return -1 if seconds > usual else (places[0] if places else last)

    return policy


def _entry(of: Callable[[Tensor], Tensor]) -> Callable[..., Any]:
    """Return a variant that returns not the place of the lesson, but what stands there."""

    def policy(values: Tensor, seconds: float, usual: float, dice: float) -> Any:
        shares = torch.softmax(values / 0.15, 0)
        place = (shares.cumsum(0) < dice).sum().clamp(max=3)
        return -1 if seconds > usual else of(values)[place]

    return policy


def _searched(values: Tensor, seconds: float, usual: float, dice: float) -> int:
    shares = torch.softmax(values / 0.15, 0)
    return -1 if seconds > usual else int(np.searchsorted(shares.numpy(), dice))


def _counted(values: Tensor, seconds: float, usual: float, dice: float) -> int:
    shares = torch.softmax(values / 0.15, 0)
    return -1 if seconds > usual else int((shares < dice).sum())


def _counted_after(values: Tensor, seconds: float, usual: float, dice: float) -> int:
    ends = torch.softmax(values / 0.15, 0).cumsum(0)
    return -1 if seconds > usual else int((ends > dice).sum())


def _laid(weights: Callable[[Tensor], Tensor]) -> Callable[..., int]:
    """Return a variant that lays side by side what does not sum to 1."""

    def policy(values: Tensor, seconds: float, usual: float, dice: float) -> int:
        return -1 if seconds > usual else int((weights(values).cumsum(0) < dice).sum())

    return policy


def _greedy(values: Tensor, seconds: float, usual: float, dice: float) -> int:
    return int(values.argmax()) if seconds <= usual else -1


def _by_loop(values: Tensor, seconds: float, usual: float, dice: float) -> int:
    if seconds > usual:
        return -1
    weights = [math.exp(value / 0.15) for value in values]
    passed = 0.0
    for number, weight in enumerate(weights):
        passed += weight / sum(weights)
        if passed >= dice:
            return number
    return len(weights) - 1


def _by_search(values: Tensor, seconds: float, usual: float, dice: float) -> Any:
    if seconds > usual:
        return torch.tensor(-1)
    shares = torch.softmax(values / 0.15, 0).cumsum(0)
    return torch.searchsorted(shares, dice)


# --------------------------------------------------------------------------------------- all

EXERCISES = [
    Exercise(
        id="17.1",
        title="Find bursts",
        name="find_bursts",
        solution=find_bursts,
        cases=_draw_trains,
        run=_pairs,
        mistakes={
            EACH_GAP: _each_gap,
            TOO_SMALL: [_bursts(extra=-100), lambda t, longest, _: find_bursts(t, longest, 2)],
            ONE_TOO_MANY: _bursts(extra=1),
            ONE_TOO_FEW: _bursts(extra=-1),
            LAST_LOST: _without_last,
            FIRST_LOST: _bursts(part=slice(1, None)),
            WRONG_END: _bursts(end=1),
            LATE_START: [_bursts(start=1), _bursts(extra=1, start=1)],
            DROPPED: _dropped,
            CUT_EARLY: _cut_early,
            NO_LIST: lambda *train: len(find_bursts(*train)),
            DURATIONS: _bursts(as_="durations"),
            PLACES: _bursts(as_="places"),
            FIXED: _fixed,
            LONG_ONES: [_long_ones, lambda *train: []],
            FROM_FIRST: _from_first,
            OVERLAP: _overlap,
            ALWAYS_FIVE: _always_five,
            AT_LIMIT: _at_limit,
            TWO_ROWS: [_two_rows, lambda *train: tuple(zip(*find_bursts(*train), strict=True))],
        },
        otherwise="These are not the bursts. Walk along the train; where an interval is too long, a group ends, and the next one starts.",
        accepts=(_as_array, _as_tensor, _list_of_tensors, _by_lists, _bursts()),
        hints=(
            "Cut the train wherever an interval is longer than `longest`. What lies between two cuts is a group.",
            "Keep the place where the present group began. At a cut, the group ends with the spike before the long interval.",
            "A group from `first` to `last` has `last + 1 - first` spikes. The end of the train is a cut, too.",
        ),
        right="Two numbers decide what a burst is. State them whenever you report bursts.",
    ),
    Exercise(
        id="17.2",
        title="Connection or common input",
        name="followed",
        solution=followed,
        cases=_draw_trios,
        run=_one_share,
        mistakes={
            NOT_FREE: _share(keep=lambda c, t: True),
            OF_ALL: _share(of="a"),
            ONLY_CAUSED: _share(keep=lambda c, t: _after(c, t, -0.02, 0)),
            C_LATER: [
                _share(keep=lambda c, t: not _after(c, t, 0, 0.02)),
                _share(keep=lambda c, t: not ((c >= t) & (c < t + 0.02)).any()),
            ],
            B_EARLIER: _share(hit=lambda b, t: _after(b, t, -0.005, 0)),
            ANY_EARLIER: _share(hit=lambda b, t: (b <= t + 0.005).any()),
            BOTH_SIDES: _share(hit=lambda b, t: _after(b, t, -0.005, 0.005)),
            COUNTED: _share(of="one"),
            THE_REST: _share(hit=lambda b, t: not _after(b, t, 0, 0.005)),
            ALL_B: _share(hit=lambda b, t: ((b > t) & (b <= t + 0.005)).sum()),
            OF_B: [_share(of="b"), _from_b],
            MILLISECONDS: _share(keep=lambda c, t: True, hit=lambda b, t: _after(b, t, 0, 5)),
            NO_B: _share(hit=lambda b, t: _after(b, t, 0, 0.02)),
            PERCENT: _share(of="percent"),
            ALL_PAIRS: _share(hit=lambda b, t: ((b > t) & (b <= t + 0.005)).mean()),
            TOO_LONG: [
                _share(keep=lambda c, t: not _after(c, t, -0.2, 0)),
                _share(hit=lambda b, t: _after(b, t, 0, 0.05)),
                _share(lambda c, t: not _after(c, t, -0.2, 0), lambda b, t: _after(b, t, 0, 0.05)),
            ],
            SHORT_C: _share(keep=lambda c, t: not ((c > t - 0.005) & (c <= t)).any()),
            C_AROUND: _share(keep=lambda c, t: not (abs(c - t) <= 0.02).any()),
            AT_ONCE: [_share(keep=_silent_before), _left_search],
        },
        otherwise="This is not the share. First choose the spikes of a, then ask for each whether b follows.",
        accepts=(
            _sorted_search,
            _by_tensors,
            _share(),
            lambda a, b, c: [_share()(a, b, c)],
        ),
        hints=(
            "There are two windows: one *before* each spike of a, for c; one *after* it, for b.",
            "`((c > t - 0.02) & (c <= t)).any()` tells whether c fired in the 20 ms before t.",
            "Make a list of the spikes of a without c, then the mean of `((b > t) & (b <= t + 0.005)).any()` over that list.",
        ),
        right="You removed one common input. Those that nobody recorded are still there.",
    ),
    Exercise(
        id="17.3",
        title="Choose the lesson",
        name="my_policy",
        solution=my_policy,
        cases=_draw_trials,
        run=_decided,
        mistakes={
            ALWAYS: _policy(due=lambda seconds, usual: True),
            NEVER_BAD: [
                _policy(due=lambda seconds, usual: seconds > usual),
                _policy(due=lambda seconds, usual: seconds >= usual),
            ],
            GREEDY: _greedy,
            UNIFORM: _policy(weights=torch.ones_like),
            NO_TEMPERATURE: _policy(weights=torch.exp),
            WORST_FIRST: _policy(weights=lambda v: torch.softmax(-v / 0.15, 0)),
            NO_EXP: _policy(weights=lambda v: v / 0.15),
            TIMES_TEMPERATURE: _policy(weights=lambda v: torch.softmax(v * 0.15, 0)),
            NO_SUM: [_unsummed(3), _unsummed(-1), _searched, _counted],
            AFTER: _counted_after,
            NOT_SHARES: _laid(lambda v: torch.exp(v / 0.15)),
            EQUAL: _policy(due=lambda seconds, usual: seconds < usual),
            ONE_LATE: _policy(shift=1),
            NOT_THE_NUMBER: [
                _entry(lambda v: v),
                _entry(lambda v: torch.softmax(v / 0.15, 0)),
                _entry(lambda v: torch.softmax(v / 0.15, 0).cumsum(0)),
            ],
            ZERO_FOR_NONE: lambda *trial: max(_policy()(*trial), 0),
            SHARES_DIVIDED: _laid(lambda v: torch.softmax(v, 0) / 0.15),
            RETURNS_CHANCES: lambda values, *rest: torch.softmax(values / 0.15, 0),
        },
        otherwise="These are not the lessons. First decide whether there is one at all, then draw one: with the softmax of `values / 0.15`.",
        accepts=(
            _by_loop,
            _by_search,
            _policy(weights=lambda v: torch.exp(v / 0.15)),
            lambda *trial: np.int64(_policy()(*trial)),
        ),
        wrong=(lambda values, seconds, usual, dice: -1, lambda *trial: 0),
        hints=(
            "Compare `seconds` with `usual` first. If the trial went better than usual, return -1.",
            "`torch.softmax(values / 0.15, 0)` gives each lesson its share. Lay the shares side by side on a line from 0 to 1: `dice` is a place on it.",
            "`.cumsum(0)` says where each share ends on that line. Count how many end before `dice`.",
        ),
        right="It tries all lessons, and prefers those after which the pole stayed up.",
    ),
]
