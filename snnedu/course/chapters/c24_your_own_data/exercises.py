"""Exercises of 24 · Your own data: read a file, split by person, answer on a stream."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import snnedu as snn
from snnedu.course.attempt import WrongAnswer
from snnedu.course.diagnosis import refuse
from snnedu.course.exercise import Exercise
from snnedu.course.form import tensor

Rows = Any  # a NumPy array, [events, 4]


def my_read(rows: Rows, size: tuple[int, int]) -> snn.events.Events:
    """Return the events of a table with the columns t (µs of the camera's clock), x, y, p (0, 1)."""
    t, x, y, p = torch.tensor(rows).T
    t = (t - t[0]).double() / 1000
    return snn.events.Events(t, x, y, 2 * p - 1, size=size, duration=t[-1].item())


def my_split(paths: Sequence[Path], held_out: Sequence[str]) -> tuple[list[int], list[int]]:
    """Return the numbers of the windows for training, and of those of the persons held out."""
    persons = [path.stem.split("_")[0] for path in paths]
    test = [number for number, person in enumerate(persons) if person in held_out]
    return [number for number in range(len(paths)) if number not in test], test


def my_answers(step: Callable[..., Any], x_rec: Tensor, every: int) -> list[int]:
    """Return a class after each `every` steps of a stream; then start again from rest."""
    answers, state, counts = [], None, 0
    for number, x in enumerate(x_rec, start=1):
        spk, state = step(x, state)
        counts = counts + spk[0]
        if number % every == 0:
            answers.append(int(counts.argmax()))
            state, counts = None, 0
    return answers


# --------------------------------------------------------------------------------------- 24.1

CLOCK = "Your times are those of the camera's clock. Count them from the first event: subtract the first time."
MICROSECONDS = "Your times are in µs. `Events` counts in ms: divide by 1000."
SECONDS = "Your times are in seconds. `Events` counts in ms: 1 ms is 1000 µs."
X_AND_Y = "Your x and y are exchanged. In the table x, the column of the pixel, comes first."
SIGNS = "Your polarities are reversed: 1 in the table is brighter, and stays 1; 0 becomes -1."
ALL_ON = "All your events are ON. A 0 in the table is darker: it becomes -1."
LENGTH = "Your recording has another length. It ends with its last event: `duration` is the time of that, in ms."
WHOLE = "Your times are whole ms. Divide with `/`: a camera's clock is finer than that."
ORDER = "Your t, x, y, p are the columns {} of the table. Its order is t, x, y, p."
UNLIKE = "These are not the events of the table. Look at its columns: t (µs), x, y, p, and at what `Events` wants: ms from the first event, p of 1 or -1."
SIZE = "Your `size` is another than the one that is passed. It is (height, width)."
SHORT = (
    "Your times are right, but your `duration` is shorter. It is the time of the last event, in ms."
)
NO_TIME = "Your recording lasts 0 ms. A float32 (`/` makes one, too) holds about 7 digits, the camera's clock has 16: subtract the first time while the times are whole numbers."
ROWS = "{} rows go in, {} events come out. Every row of the table is an event."
NOT_EVENTS = "Return `snn.events.Events(t, x, y, p, size=size, duration=…)`. You return {}."


def _draw_rows() -> Iterator[tuple[Rows, tuple[int, int]]]:
    for count, side, size in ((40, 12, (12, 17)), (60, 9, (14, 9))):
        t = torch.randint(1, 9000, (count,)).cumsum(0) + 1_700_000_000_000_000
        x, y = (torch.randint(side, (count,)) for _ in "xy")
        yield torch.stack([t, x, y, torch.randint(2, (count,))], 1).numpy(), size


def _run_read(answer: Any, rows: Rows, size: tuple[int, int]) -> Any:
    try:
        events = answer(rows, size)
    except WrongAnswer as reply:
        taken = _columns(answer)
        refuse({ORDER.format(", ".join(taken)): taken not in ("", "txyp")})
        first, last, length = _times(str(reply))
        span = (rows[-1, 0] - rows[0, 0]) / 1000  # ms
        refuse({
            SHORT: first == 0 and math.isclose(last, span, rel_tol=1e-3),
            NO_TIME: "`duration` must be" in str(reply) and "0.0" in str(reply),
            CLOCK: first > 1e9,
            MICROSECONDS: first == 0 and last > 100 * length,
        })  # fmt: skip
        raise
    refuse(
        {NOT_EVENTS.format(f"`{type(events).__name__}`"): not isinstance(events, snn.events.Events)}
    )
    refuse({ROWS.format(len(rows), len(events)): len(events) != len(rows)})
    last = torch.tensor([*events.size, events.duration], dtype=torch.float64)
    return torch.cat([last, *(part.double() for part in (events.t, events.x, events.y, events.p))])


def _columns(answer: Any) -> str:
    """Return the columns of the table that an answer takes for t, x, y, p; "" if it is not known.

    In the table of this trial each column goes from 0 to 1 at a row of its own.
    """
    size, starts = (2, 2), {2 * i: name for i, name in enumerate("txyp", 1)}
    rows = torch.stack([(torch.arange(10) >= start).long() for start in starts], 1)
    try:
        events = answer(rows.numpy(), size)
        parts = [events.t, events.x, events.y, events.p]
        return "".join(starts[int((part > 0).long().argmax())] for part in parts)
    except (WrongAnswer, AttributeError, LookupError):
        return ""


def _times(reply: str) -> list[float]:
    """Return the first time, the last one and the duration that `Events` names in its error."""
    number = r"(-?[\d.]+(?:e[+-]?\d+)?)"
    found = re.search(f"times from {number} to {number} ms, with a duration of {number} ms", reply)
    return [float(each) for each in found.groups()] if found else [math.nan] * 3


def _reader(
    time: Callable[[Tensor], Tensor] = lambda t: (t - t[0]) / 1000,
    polarity: Callable[[Tensor], Tensor] = lambda p: 2 * p - 1,
    swapped: bool = False,
    longer: float = 1.0,
    sized: Callable[[Any], Any] = tuple,
) -> Callable[..., Any]:
    """Return `my_read`, with something else in it."""

    def read(rows: Rows, size: tuple[int, int]) -> snn.events.Events:
        t, x, y, p = torch.tensor(rows).T
        t = time(t.double())
        x, y = (y, x) if swapped else (x, y)
        length = longer * t[-1].item()
        return snn.events.Events(t, x, y, polarity(p), size=sized(size), duration=length)

    return read


def _unlike(got: Tensor, right: Tensor, *case: Any) -> str:
    """Return the general reply, another one if only the length is wrong, or times are cut."""
    size, times = slice(0, 2), slice(3, 3 + len(case[0]))
    others = slice(times.stop, None)
    if not (torch.equal(got[size], right[size]) and torch.equal(got[others], right[others])):
        return UNLIKE
    if torch.allclose(got[times], right[times], rtol=0, atol=1e-3):
        return LENGTH
    cut = (right[times].floor(), right[times].round())
    return WHOLE if any(torch.equal(got[times], each) for each in cut) else UNLIKE


def _of_the_clock(rows: Rows, size: tuple[int, int]) -> snn.events.Events:
    events = my_read(rows, size)
    last = rows[-1, 0].item() / 1000
    return snn.events.Events(events.t, events.x, events.y, events.p, size=size, duration=last)


def _timed(
    rows: Rows, size: tuple[int, int], time: Callable[[Tensor], Tensor]
) -> snn.events.Events:
    events = my_read(rows, size)
    t = time(torch.tensor(rows)[:, 0].double())
    return snn.events.Events(t, events.x, events.y, events.p, size=size, duration=events.duration)


def _through_tonic(rows: Rows, size: tuple[int, int]) -> snn.events.Events:
    array = np.zeros(len(rows), [(name, np.int64) for name in "txyp"])
    for column, name in enumerate("txyp"):
        array[name] = rows[:, column]
    array["t"] -= array["t"][0]
    return snn.events.from_tonic(array, size)


def _in_numpy(rows: Rows, size: tuple[int, int]) -> snn.events.Events:
    t = (rows[:, 0] - rows[0, 0]) / 1e3
    p = np.where(rows[:, 3] == 1, 1, -1)
    t, x, y, p = (torch.from_numpy(np.array(part)) for part in (t, rows[:, 1], rows[:, 2], p))
    return snn.events.Events(t, x, y, p, size, float(t[-1]))


# --------------------------------------------------------------------------------------- 24.2

BEGINS = (
    "You take p10 and p11 for p1, which their names begin with. Compare the whole part before `_`."
)
ANYWHERE = "You look for the name anywhere in the path. p1 is also in p10, and perhaps in the name of a folder. Compare the whole part of `path.stem` before `_`."
TURNED = "You return the test windows first. The order is training, test."
IN_BOTH = "All windows are in your training set, those of the test as well. Leave these out."
BY_TAKE = "You split by the number after `_`, the recording. Then each person is in both sets."
ONLY_ONE_EACH = "You return each file once. A file gives several windows: return the numbers of all of them, their places in `paths`."
REPEATED = "Some windows stand twice in your lists, and others are missing: `paths.index` finds the first window of a file only. `enumerate(paths)` numbers them all."
EMPTY = "Your test is empty. Compare the part of `path.stem` before `_`, such as p10, with each name in `held_out`."
EACH_NAME = "You decide again for each name in `held_out`. A window is in the test if its person is one of them: `person in held_out`."
WHERE = "`np.where` returns a tuple that holds an array. Take its element `[0]`."
TWO_LETTERS = "You take the first two characters, and p10 has three. Take what stands before `_`."
FIXED = "You hold out the persons of the next cell, whoever is asked for. Use `held_out`."
PATHS = "You return paths. Return the numbers of the windows, their places in `paths`."
MASKS = "You return True and False. Return the places where they are True."
SETS = "You return sets, which have no order. Return two lists."
LAST_ONLY = "You hold out one of the persons only. `held_out` names several."
TWO = "Return two lists: the windows for training, and those for the test."


def _draw_paths() -> Iterator[tuple[list[Path], list[str]]]:
    for held_out in (["p1", "p3"], ["p2", "p11"]):
        yield (
            [
                Path("p1_data") / gesture / f"p{person}_{take}.npz"
                for gesture in ("nod", "wave")
                for person in (1, 2, 3, 4, 10, 11, 12)
                for take in (0, 1, 2, 3)[: int(torch.randint(2, 5, ()))]
                for _ in range(int(torch.randint(2, 4, ())))
            ],
            held_out,
        )


def _run_split(answer: Any, paths: list[Path], held_out: list[str]) -> Tensor:
    """Return 0 for windows of neither set, 1 for training, 2 for the test, 3 for both; order last."""
    result = answer(list(paths), list(held_out))
    refuse({TWO: not isinstance(result, (tuple, list)) or len(result) != 2})
    refuse({SETS: any(isinstance(part, (set, frozenset)) for part in result)})
    refuse({WHERE: any(isinstance(part, tuple) and np.ndim(part) == 2 for part in result)})
    if any(isinstance(each, (Path, str)) for part in result for each in part):
        raise WrongAnswer(PATHS)
    train, test = (tensor(part) for part in result)
    refuse({MASKS: train.dtype == torch.bool})
    where = torch.zeros(len(paths) + 2)
    for weight, part in ((1, train), (2, test)):
        if len(part) and (part.min() < 0 or part.max() >= len(paths)):
            raise WrongAnswer(
                f"Windows are numbered from 0 to {len(paths) - 1}. You return {int(part.max())}."
            )
        for number in part.long().tolist():
            where[number] += weight
    where[-2:] = torch.tensor([len(train), len(test)])
    return where


def _by(belongs: Callable[[Path, Sequence[str]], bool]) -> Callable[..., Any]:
    """Return a split that tells by this whether a window is in the test."""

    def split(paths: Sequence[Path], held_out: Sequence[str]) -> tuple[list[int], list[int]]:
        test = [belongs(path, held_out) for path in paths]
        return [n for n, out in enumerate(test) if not out], [
            n for n, out in enumerate(test) if out
        ]

    return split


def _for_each_name(paths: Sequence[Path], held_out: Sequence[str]) -> tuple[list[int], list[int]]:
    both = [(n, _person(path) == name) for n, path in enumerate(paths) for name in held_out]
    return [n for n, out in both if not out], [n for n, out in both if out]


def _person(path: Path) -> str:
    return path.stem.split("_")[0]


def _each_once(paths: Sequence[Path], held_out: Sequence[str]) -> tuple[list[int], list[int]]:
    first = [n for n, path in enumerate(paths) if path not in paths[:n]]
    train, test = my_split(paths, held_out)
    return [n for n in train if n in first], [n for n in test if n in first]


def _each_last(paths: Sequence[Path], held_out: Sequence[str]) -> tuple[list[int], list[int]]:
    last = {path: n for n, path in enumerate(paths)}.values()
    train, test = my_split(paths, held_out)
    return [n for n in train if n in last], [n for n in test if n in last]


def _split_in_numpy(paths: Sequence[Path], held_out: Sequence[str]) -> tuple[Any, Any]:
    out = np.isin([path.name.partition("_")[0] for path in paths], list(held_out))
    return np.flatnonzero(~out), np.flatnonzero(out)


def _split_in_torch(paths: Sequence[Path], held_out: Sequence[str]) -> tuple[Tensor, Tensor]:
    out = torch.tensor([any(path.stem.startswith(f"{who}_") for who in held_out) for path in paths])
    return (~out).nonzero().flatten(), out.nonzero().flatten()


# --------------------------------------------------------------------------------------- 24.3

KEEPS_STATE = "Your counts start again after an answer, but the network does not: its membranes still hold the gesture before. Set the state back to None, too."
KEEPS_COUNTS = (
    "Your network starts again after an answer, but the counts go on. They must start from 0, too."
)
NEVER = "Nothing starts again: network and counts go on through the whole stream. After an answer set both back."
NO_STATE = "Each of your steps starts from rest: the state that `step` returns has to be passed to the next step."
LAST_STEP = "You look at the spikes of one step alone. Count the spikes of all steps since the answer before."
EACH_STEP = "You answer after each step. One answer is due after each `every` steps."
EARLY = "You answer before the last step of a window is counted. Run the step first, then look whether `every` steps are over."
LATE = "Your answers come one step late: step 0 counts, too. Look at `(number + 1) % every`, or count from 1."
VOTES = "You count in how many steps a class leads. Count its spikes."
FIRST_TOO = "You also answer at the very first step. The first answer is due after `every` steps."
LEAST = "You return the class with the fewest spikes."
COUNTS = "You return counts. Return the number of the class that has most of them."
REST_TOO = "You also answer after the steps that are left at the end. They are no whole window."
CLASSES = 20  # of the network in the check
NOT_A_LIST = "Return a list of answers, one number for each window."
CLASSES_HERE = f"The network of this check has {CLASSES} classes. Begin with counts of 0, whatever the number of classes is."
SIXTEEN = "You answer after 16 steps, whatever is asked for. Use `every`."


def _draw_streams() -> Iterator[tuple[int, Tensor, int]]:
    """Draw the seed of a network and a stream whose classes change, with steps left at the end."""
    for every, windows in ((5, 14), (8, 12)):
        strong = (torch.rand(windows, 6) < 0.4).float().repeat_interleave(every, 0)
        stream = (strong + 0.3 * torch.rand(len(strong), 6))[:, None]
        seed = int(torch.randint(10_000, ()))
        yield seed, torch.cat([stream, stream[: every - 1]]), every


def _run_answers(answer: Any, seed: int, x_rec: Tensor, every: int) -> Any:
    net = _network(seed)
    try:
        with torch.no_grad():
            result = answer(net.step, x_rec, every)
    except WrongAnswer as reply:
        refuse({CLASSES_HERE: f"({CLASSES})" in str(reply)})
        raise
    refuse({NOT_A_LIST: np.ndim(result) == 0})
    return result


def _network(seed: int) -> snn.Sequential:
    drawn = torch.Generator().manual_seed(seed)
    layers = nn.Linear(6, 24), snn.Leaky(0.9), nn.Linear(24, CLASSES), snn.Leaky(0.97)
    with torch.no_grad():
        for layer in layers[::2]:
            layer.weight.copy_(0.4 * torch.randn(layer.weight.shape, generator=drawn))  # pyright: ignore
            layer.bias.zero_()  # pyright: ignore
    return snn.Sequential(*layers)


def _answering(
    *, state: bool = True, counts: bool = True, pass_on: bool = True, count: str = "all",
    due: Callable[[int, int], bool] = lambda number, every: number % every == 0,
    late: bool = False, answer: Callable[[Any], Any] = lambda counts: int(counts.argmax()),
    tail: bool = False,
) -> Callable[..., Any]:  # fmt: skip
    """Return `my_answers`, with something else in it."""

    def answers(step: Callable[..., Any], x_rec: Tensor, every: int) -> list[Any]:
        found, now, seen = [], None, torch.zeros(CLASSES)
        for number, x in enumerate(x_rec, start=1):
            spk, after = step(x, now)
            now = after if pass_on else None
            new = spk[0] if count == "last" else seen + spk[0]
            if due(number, every):
                found.append(answer(seen if late else new))
                now = None if state else now
                new = torch.zeros(CLASSES) if counts else new
            seen = new
        return [*found, answer(seen)] if tail else found

    return answers


def _by_votes(step: Callable[..., Any], x_rec: Tensor, every: int) -> list[int]:
    found = list[int]()
    for start in range(0, len(x_rec) - every + 1, every):
        state, votes = None, list[int]()
        for x in x_rec[start : start + every]:
            spk, state = step(x, state)
            votes.append(int(spk[0].argmax()))
        found.append(max(votes, key=votes.count))
    return found


def _by_windows(step: Callable[..., Any], x_rec: Tensor, every: int) -> Tensor:
    found = []
    for start in range(0, len(x_rec) - every + 1, every):
        state, spikes = None, []
        for x in x_rec[start : start + every]:
            spk, state = step(x, state)
            spikes.append(spk)
        found.append(torch.cat(spikes).sum(0).argmax())
    return torch.stack(found)


EXERCISES = [
    Exercise(
        id="24.1",
        title="Read another kind of file",
        name="my_read",
        solution=my_read,
        cases=_draw_rows,
        run=_run_read,
        mistakes={
            ORDER.format("y, t, x, p"): lambda rows, size: my_read(rows[:, [2, 0, 1, 3]], size),
            CLOCK: [
                _reader(lambda t: t / 1000),
                lambda rows, size: _timed(rows, size, lambda t: t / 1000),
            ],
            MICROSECONDS: [
                _reader(lambda t: t - t[0]),
                lambda rows, size: _timed(rows, size, lambda t: t - t[0]),
            ],
            SECONDS: _reader(lambda t: (t - t[0]) / 1e6),
            X_AND_Y: _reader(swapped=True),
            SIGNS: _reader(polarity=lambda p: 1 - 2 * p),
            ALL_ON: _reader(polarity=torch.ones_like),
            NO_TIME: _reader(lambda t: (t.float() - t.float()[0]) / 1000),
            LENGTH: [_reader(longer=1000.0), _reader(longer=1.5), _of_the_clock],
            WHOLE: _reader(lambda t: (t - t[0]) // 1000),
            SIZE: [
                _reader(sized=lambda size: (size[0] + 1, size[1] + 1)),
                _reader(sized=lambda size: (20, 20)),
                _reader(sized=lambda size: size[::-1]),
            ],
        },
        otherwise=_unlike,
        accepts=(_through_tonic, _in_numpy),
        hints=(
            "`torch.tensor(rows).T` gives the four columns: `t, x, y, p = torch.tensor(rows).T`.",
            "Times: subtract the first one, divide by 1000. Polarities: `2 * p - 1` turns 0 and 1 into -1 and 1.",
            "`snn.events.Events(t, x, y, p, size=size, duration=t[-1].item())` puts them together.",
        ),
        right="`Folder(…, read=…)` now takes files of this kind.",
    ),
    Exercise(
        id="24.2",
        title="Split by person",
        name="my_split",
        solution=my_split,
        cases=_draw_paths,
        run=_run_split,
        mistakes={
            BEGINS: _by(lambda path, out: path.stem.startswith(tuple(out))),
            ANYWHERE: [
                _by(lambda path, out: any(who in str(path) for who in out)),
                _by(lambda path, out: any(who in path.as_posix() for who in out)),
            ],
            TURNED: lambda paths, out: my_split(paths, out)[::-1],
            IN_BOTH: lambda paths, out: (list(range(len(paths))), my_split(paths, out)[1]),
            BY_TAKE: _by(lambda path, out: path.stem.split("_")[1] == "0"),
            ONLY_ONE_EACH: [_each_once, _each_last],
            REPEATED: lambda paths, out: tuple(
                [list(paths).index(paths[n]) for n in part] for part in my_split(paths, out)
            ),
            EMPTY: [
                _by(lambda path, out: path.stem in out),
                _by(lambda path, out: _person(path) == out),
            ],
            EACH_NAME: _for_each_name,
            TWO_LETTERS: _by(lambda path, out: path.stem[:2] in out),
            FIXED: _by(lambda path, out: _person(path) in ("p2", "p10", "p11")),
            LAST_ONLY: [
                _by(lambda path, out: _person(path) == out[-1]),
                _by(lambda path, out: _person(path) == out[0]),
            ],
            PATHS: lambda paths, out: tuple(
                [paths[n] for n in part] for part in my_split(paths, out)
            ),
            SETS: lambda paths, out: tuple(map(set, my_split(paths, out))),
            MASKS: lambda paths, out: (
                torch.tensor([_person(path) not in out for path in paths]),
                torch.tensor([_person(path) in out for path in paths]),
            ),
            WHERE: lambda paths, out: tuple(
                np.where(np.isin(range(len(paths)), part)) for part in my_split(paths, out)
            ),
            TWO: lambda paths, out: my_split(paths, out)[1],
        },
        otherwise="A window is in the wrong set. The person is the part of `path.stem` before `_`; all windows of the persons in `held_out` are the test, and all others the training.",
        accepts=(_split_in_numpy, _split_in_torch),
        hints=(
            '`path.stem` is the name without folder and ending: p10_2. `path.stem.split("_")[0]` is the person.',
            "`enumerate(paths)` gives each window's number with its path.",
            "Two lists: the numbers whose person is in `held_out` are the test, the others the training.",
        ),
        right="Nobody is in both sets now.",
    ),
    Exercise(
        id="24.3",
        title="Answer on a stream",
        name="my_answers",
        solution=my_answers,
        cases=_draw_streams,
        run=_run_answers,
        mistakes={
            KEEPS_STATE: _answering(state=False),
            KEEPS_COUNTS: _answering(counts=False),
            NEVER: _answering(state=False, counts=False),
            NO_STATE: _answering(pass_on=False),
            LAST_STEP: _answering(count="last"),
            EACH_STEP: _answering(due=lambda number, every: True),
            EARLY: _answering(late=True),
            FIRST_TOO: [
                _answering(due=lambda number, every: (number - 1) % every == 0),
                _answering(due=lambda number, every: (number - 1) % every == 0, state=False),
            ],
            LEAST: _answering(answer=lambda counts: int(counts.argmin())),
            LATE: _answering(due=lambda number, every: number > 1 and (number - 1) % every == 0),
            VOTES: _by_votes,
            COUNTS: [
                _answering(answer=lambda counts: counts.tolist()),
                _answering(answer=lambda counts: float(counts.max())),
            ],
            REST_TOO: [
                _answering(tail=True),
                _answering(tail=True, state=False),
                _answering(tail=True, pass_on=False),
            ],
            SIXTEEN: _answering(due=lambda number, every: number % 16 == 0),
            NOT_A_LIST: lambda step, x_rec, every: my_answers(step, x_rec, every)[0],
            CLASSES_HERE: lambda step, x_rec, every: [torch.zeros(3) + step(x_rec[0], None)[0][0]],
        },
        otherwise="These are not the answers. Count the spikes of `every` steps, take the class with the most, and start again from rest.",
        accepts=(_by_windows, lambda *given: np.array(my_answers(*given))),
        hints=(
            "Before the loop: `state = None` and counts of 0. In it: `spk, state = step(x, state)`, and add `spk[0]` to the counts.",
            "After each `every` steps: append `int(counts.argmax())` to the answers.",
            "Then set both back: `state, counts = None, 0`.",
        ),
        right="This loop is what runs on the device.",
    ),
]
