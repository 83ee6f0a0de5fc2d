"""Exercises of 11 · Event cameras: a camera, a time surface, a filter against noise."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor

from snnedu.course.attempt import Attempt, WrongAnswer
from snnedu.course.diagnosis import ByShape, refuse
from snnedu.course.exercise import Exercise


def my_camera(brightness: Tensor, threshold: float) -> Tensor:
    """Return the events of every frame and pixel: 2 for two ON events, -1 for one OFF event."""
    memory, counts = brightness[0], []
    for now in brightness:
        count = torch.trunc((now - memory) / threshold)
        memory = memory + threshold * count
        counts.append(count)
    return torch.stack(counts)


def my_surface(t: Tensor, pixel: Tensor, num_pixels: int, at: float, tau: float) -> Tensor:
    """Return for every pixel how recent its last event is at the time `at`."""
    last = torch.full((num_pixels,), -torch.inf)
    for when, where in zip(t, pixel, strict=True):
        if when <= at:
            last[where] = when
    return torch.exp(-(at - last) / tau)


def my_denoise(t: Tensor, y: Tensor, x: Tensor, window: float) -> Tensor:
    """Return True for every event that one of its 8 neighbors announced within the window."""
    keep = torch.zeros(len(t), dtype=torch.bool)
    for i in range(len(t)):
        dy, dx, age = (y - y[i]).abs(), (x - x[i]).abs(), t[i] - t
        near = (dy <= 1) & (dx <= 1) & (dy + dx > 0)
        keep[i] = (near & (age > 0) & (age <= window)).any()
    return keep


# --------------------------------------------------------------------------------------- 11.1

FORGETS = "After an event you remember what the pixel sees now. A slow drift then never adds up to θ. The memory moves by θ for each event, and keeps the rest."
FRAME_BEFORE = "You compare with the frame before. A slow change then never adds up to θ: keep a memory, which moves by θ for each event."
ONE_EACH = "You send one event at most. A change by 3 θ is three events."
ONE_MOVE = "A change by 3 θ sends three events, but your memory moves by one θ only. It moves by θ for each event."
FLOOR = "Your OFF events come too early: `floor` of -0.3 is -1. Whole thresholds count, towards zero: `torch.trunc`."
ROUNDED = "You round: half a threshold already counts. An event needs a whole one."
ONLY_ON = "You send ON events only. Falls by θ count, too: as -1."
SWAPPED = "The polarities are swapped: brighter is plus."
FIRST_FRAME = "You always compare with the first frame. The memory moves by θ for each event."
LOG_TWICE = "You take a logarithm. `brightness` is one already."
STRICT = "A change by exactly θ is an event, too: `>=`, not `>`."
FROM_ZERO = "Your memory starts at 0. It starts as the first brightness: `brightness[0]`."
ONE_START = (
    "Your pixels all start from one brightness. Each one remembers its own: `brightness[0]`."
)
DIFFERENCES = "You count whole θ from the first frame, and take differences. Where the light turns, a pixel needs a whole θ from its last event: keep a memory."
TIMES_THETA = (
    "You return changes of the brightness. Return how many events: leave out the factor θ."
)
NO_SIGN = "You count OFF events as positive. Brighter is plus, darker is minus."
MOVES_BY_COUNT = "Your memory moves by the number of events. Each event moves it by θ."
WRONG_WAY = (
    "Your memory moves the wrong way. An ON event raises it by θ, an OFF event lowers it by θ."
)
FRACTIONS = "You count parts of θ. Only whole ones are events: cut the rest off, `torch.trunc`."
FIRST_MISSING = (
    "Return a row for every frame. The first one has no events: it is the memory's start."
)


def _draw_light() -> Iterator[tuple[Tensor, float]]:
    """Draw brightness that drifts slowly in some pixels, and jumps in others."""
    for theta in (0.2, 0.35):
        walk = torch.randn(30, 6) * torch.tensor([0.05, 0.1, 0.3, 0.5, 1.0, 1.5])
        walk[:, 0] += 0.03
        yield walk.cumsum(0) + 3, theta
    # Numbers without rounding: here changes by exactly θ do occur.
    yield torch.randint(-2, 3, (20, 6)).cumsum(0) / 2 + 20, 0.5


def _camera(
    brightness: Tensor,
    theta: float,
    *,
    count: Callable[[Tensor], Tensor] = torch.trunc,
    move: Callable[[Tensor, Tensor, float, Tensor], Tensor] | None = None,
    send: Callable[[Tensor], Tensor] = Tensor.clone,
    start: Callable[[Tensor], Tensor] = lambda brightness: brightness[0],
) -> Tensor:
    """Return `my_camera` with another start, count or memory, or other events sent."""
    memory, sent = start(brightness), list[Tensor]()
    for now in brightness:
        found = count((now - memory) / theta)
        memory = move(memory, now, theta, found) if move else memory + theta * found
        sent.append(send(found))
    return torch.stack(sent)


def _forgets(memory: Tensor, now: Tensor, theta: float, found: Tensor) -> Tensor:
    return torch.where(found != 0, now, memory)


def _larger_than_theta(ratio: Tensor) -> Tensor:
    return ratio * (ratio.abs() >= 1)


def _more_than_one(ratio: Tensor) -> Tensor:
    return ratio.sign() * (ratio.abs().ceil() - 1).clamp(min=0)


def _differences(brightness: Tensor, theta: float) -> Tensor:
    whole = torch.trunc((brightness - brightness[0]) / theta)
    return whole.diff(dim=0, prepend=whole[:1])


def _one_at_a_time(brightness: Tensor, theta: float) -> list[Tensor]:
    """Count by comparing, event by event, and return a list."""
    memory, counts = brightness[0].clone(), list[Tensor]()
    for now in brightness:
        count = torch.zeros_like(now)
        while ((now - memory).abs() >= theta).any():
            step = (now - memory >= theta).float() - (memory - now >= theta).float()
            memory += theta * step
            count += step
        counts.append(count)
    return counts


# --------------------------------------------------------------------------------------- 11.2

FUTURE = "You use events that come after `at`. At that moment they have not happened."
FIRST_EVENT = "You use the first event of a pixel. The last one before `at` counts."
ADDS_UP = "You add up all events of a pixel, as a leaky trace does. Only the last one counts here."
SILENT_ONE = "A pixel without an event should be 0. Yours looks as if it had fired at time 0: start from minus infinity."
NO_TAU = "You divide by nothing, or multiply by τ. The age is measured in τ: (at - t) / τ."
FROM_END = "You measure the age from the last event of all. It counts from `at`."
GROWS = "Your surface grows with the age: the exponent needs a minus. Just now is 1, long ago goes to 0."
AGES = "You return ages. The surface is exp(-age / τ): 1 for now, towards 0 for long ago."
UP_TO = "An event exactly at `at` counts, too: up to that moment means `<=`."
UPSIDE_DOWN = "You return 1 minus the surface. Just now is 1, long ago goes to 0."
TIMES = "You return the times of the last events, not exp(-age / τ)."
NO_NUMBER = "Some of your numbers are infinite or not a number: a pixel without an event. Its last one is minus infinity: `-torch.inf`."
NO_KEY = "All your numbers are 0. If you look pixels up in a dict: a tensor is not found there, `int(p)` is."
NO_LAST = "A pixel may have no event up to `at`. It has no last one then, and its number is 0: ask first whether there are any."
SHAPE = ByShape(lambda t, pixel, num_pixels, at, tau: torch.exp(-(at - t) / tau))
PER_EVENT = "You return a number for each event. Return one for each pixel: `num_pixels` numbers."


def _run_surface(answer: Attempt, *case: Any) -> Any:
    """Return the answer's surface. Says so where it takes the last one of no events."""
    try:
        return answer(*case)
    except WrongAnswer as reply:
        said = str(reply)
        refuse(
            {NO_LAST: "numel() == 0" in said or "with size 0." in said or "empty sequence" in said}
        )
        raise


def _draw_events() -> Iterator[tuple[Tensor, Tensor, int, float, float]]:
    """Draw events of ten pixels, of which one is silent, some of them after `at`."""
    for at, tau in ((60.0, 20.0), (75.0, 35.0)):
        t = (100 * torch.rand(60)).sort().values
        yield t, torch.randint(9, (60,)), 10, at, tau
    t = (100 * torch.rand(60)).sort().values
    yield t, torch.randint(9, (60,)), 10, t[40].item(), 25.0  # one event exactly then


def _surface(
    t: Tensor,
    pixel: Tensor,
    num_pixels: int,
    at: float,
    tau: float,
    *,
    start: float = -torch.inf,
    until: float | None = None,
    now: float | None = None,
) -> Tensor:
    """Return `my_surface` with another start, other events, or another moment to look from."""
    last = torch.full((num_pixels,), start)
    for when, where in zip(t, pixel, strict=True):
        if when <= (at if until is None else until):
            last[where] = when
    return torch.exp(-((at if now is None else now) - last) / tau)


def _first_event(t: Tensor, pixel: Tensor, num_pixels: int, at: float, tau: float) -> Tensor:
    return _surface(t.flip(0), pixel.flip(0), num_pixels, at, tau)  # the first one is written last


def _before(t: Tensor, pixel: Tensor, num_pixels: int, at: float, tau: float) -> Tensor:
    return my_surface(t[t < at], pixel[t < at], num_pixels, at, tau)


def _adds_up(t: Tensor, pixel: Tensor, num_pixels: int, at: float, tau: float) -> Tensor:
    seen = t <= at
    return torch.zeros(num_pixels).index_add_(0, pixel[seen], torch.exp(-(at - t[seen]) / tau))


def _of_each_pixel(
    t: Tensor,
    pixel: Tensor,
    num_pixels: int,
    at: float,
    tau: float,
    last: Callable[[Tensor], Tensor],
) -> Tensor:
    seen = [t[(pixel == place) & (t <= at)] for place in range(num_pixels)]
    return torch.stack([torch.exp(torch.as_tensor(last(each) - at) / tau) for each in seen])


def _ages(t: Tensor, pixel: Tensor, num_pixels: int, at: float, tau: float) -> Tensor:
    return -tau * torch.log(my_surface(t, pixel, num_pixels, at, tau))


def _grows_where_events_were(*given: Any) -> Tensor:
    surface = my_surface(*given)
    return torch.where(surface > 0, 1 / surface, 0)


def _by_scatter(t: Tensor, pixel: Tensor, num_pixels: int, at: float, tau: float) -> Tensor:
    last = torch.full((num_pixels,), -torch.inf).double()
    last.scatter_reduce_(0, pixel[t <= at], t[t <= at].double(), "amax")
    return torch.exp((last - at) / tau)


# --------------------------------------------------------------------------------------- 11.3

ITSELF = "A pixel supports itself: you keep noise that comes twice from one pixel. Leave out the event's own pixel."
JUST_BEFORE = "For you, only the very last event before counts. Any earlier one may announce an event, within the window."
LATER = "You let later events support an earlier one. A filter that runs live cannot know them."
ANY_TIME = "You keep an event that a neighbor announced long ago. Look at the time, too: `window` ms at most."
ANYWHERE = "You keep an event that any pixel announced, wherever it is. Look at the distance: one row and one column at most."
FOUR = "You look at 4 neighbors. Those across the corners count, too: there are 8."
INVERTED = "You keep what no neighbor announced. It is the other way round."
FAR = "Your neighbors are up to two pixels away. One is the most, in each direction."
CORNERS = (
    "You look across the corners only. The pixels beside, above and below count, too: there are 8."
)
ROW_OR_COLUMN = "A neighbor is near in its row and in its column. For you, one of them is enough."
ONE_SIDE = (
    "Your neighbors may be far away to one side. The distance has no sign: `(y - y[i]).abs()`."
)
TOO_SHORT = "An event exactly `window` ms before counts, too: at most means `<=`."
FROM_TIME_0 = "Your first events all stay: you start as if each pixel had fired at time 0. Start from minus infinity."
WRAPPED = "Your neighbors go around the border: the last row or column is no neighbor of the first one. Leave room on all sides of your map."
BORDER = "Your map fails at the border: there, row - 1 is -1, which means the last row. Leave room on all sides of your map."
SUPPORTERS = (
    "You keep the events that a later neighbor confirms. Keep those that an earlier one announced."
)
HOW_MANY = "You return how many neighbors fired. Return True or False for every event."
ALL = "You keep every event. Does each one support itself, or any other one?"
NOTHING = "You keep no event. If you remember only events that stayed, nothing ever supports the first one: remember them all."
TIMES_KEPT = ByShape(lambda *given: given[0][my_denoise(*given)])
MASK = "You return the events that stay. Return True or False for every event."


def _draw_noise() -> Iterator[tuple[Tensor, Tensor, Tensor, float]]:
    for window in (3.0, 5.0):
        t = (100 * torch.rand(150)).sort().values
        yield t, torch.randint(6, (150,)), torch.randint(7, (150,)), window
    t = torch.randperm(200)[:150].sort().values / 2  # without rounding: some exactly 3 ms apart
    yield t, torch.randint(6, (150,)), torch.randint(7, (150,)), 3.0


def _filter(
    t: Tensor,
    y: Tensor,
    x: Tensor,
    window: float,
    *,
    near: Callable[[Tensor, Tensor], Tensor] = lambda dy, dx: torch.maximum(dy, dx) <= 1,
    recent: Callable[[Tensor, float], Tensor] = lambda age, window: (age > 0) & (age <= window),
    itself: bool = False,
) -> Tensor:
    """Return `my_denoise` with other neighbors, or another look at the time."""
    dy, dx = (y[:, None] - y).abs(), (x[:, None] - x).abs()
    other = (dy + dx > 0) | itself
    return (near(dy, dx) & other & recent(t[:, None] - t, window)).any(1)


def _pairs(t: Tensor, y: Tensor, x: Tensor, window: float) -> Tensor:
    """Return for each event (a row) which others announced it."""
    dy, dx, age = (y[:, None] - y).abs(), (x[:, None] - x).abs(), t[:, None] - t
    return (torch.maximum(dy, dx) == 1) & (age > 0) & (age <= window)


def _by_the_one_before(*given: Any) -> Tensor:
    announced = _pairs(*given).diagonal(-1)
    return torch.cat([announced.new_zeros(1), announced])


def _to_one_side(t: Tensor, y: Tensor, x: Tensor, window: float, side: int = 1) -> Tensor:
    dy, dx, age = side * (y[:, None] - y), side * (x[:, None] - x), t[:, None] - t
    return ((dy <= 1) & (dx <= 1) & ((dy != 0) | (dx != 0)) & (age > 0) & (age <= window)).any(1)


def _without_room(
    t: Tensor, y: Tensor, x: Tensor, window: float, slices: bool = False
) -> list[bool]:
    """Keep a map without a border, on which -1 is the last row or column."""
    last, keep = torch.full((int(y.max()) + 1, int(x.max()) + 1), -torch.inf), list[bool]()
    height, width = last.shape
    for when, row, column in zip(t.tolist(), y.tolist(), x.tolist(), strict=True):
        last[row, column] = -torch.inf
        if slices:
            around = last[row - 1 : row + 2, column - 1 : column + 2].flatten()
        else:
            rows, columns = (
                range(a - 1, min(a + 2, b)) for a, b in ((row, height), (column, width))
            )
            around = torch.stack([last[r, c] for r in rows for c in columns])
        keep.append(bool((when - around <= window).any()))
        last[row, column] = when
    return keep


def _around(dy: Tensor, dx: Tensor) -> Tensor:
    """Return who is near on a sensor whose borders meet."""
    dy, dx = (torch.minimum(d, d.max() + 1 - d) for d in (dy, dx))
    return torch.maximum(dy, dx) <= 1


def _latest(
    t: Tensor, y: Tensor, x: Tensor, window: float, start: float = -torch.inf
) -> list[bool]:
    """Keep a map of the last event of each pixel, as a camera does."""
    last, keep = torch.full((int(y.max()) + 3, int(x.max()) + 3), start), list[bool]()
    for when, row, column in zip(t.tolist(), y.tolist(), x.tolist(), strict=True):
        around = last[row : row + 3, column : column + 3].clone()
        around[1, 1] = -torch.inf
        keep.append(bool(when - around.max() <= window))
        last[row + 1, column + 1] = when
    return keep


EXERCISES = [
    Exercise(
        id="11.1",
        title="An event camera",
        name="my_camera",
        solution=my_camera,
        cases=_draw_light,
        mistakes={
            FORGETS: [
                partial(_camera, move=_forgets),
                partial(_camera, move=_forgets, send=torch.sign),
            ],
            FRAME_BEFORE: partial(_camera, move=lambda memory, now, theta, found: now),
            ONE_EACH: [
                partial(_camera, send=torch.sign),
                partial(
                    _camera, count=lambda ratio: torch.trunc(ratio.clamp(-1, 1)), send=torch.sign
                ),
                partial(_camera, count=lambda ratio: _more_than_one(ratio).sign()),
            ],
            ONE_MOVE: partial(
                _camera, move=lambda memory, now, theta, found: memory + theta * found.sign()
            ),
            FLOOR: partial(_camera, count=torch.floor),
            ROUNDED: partial(_camera, count=torch.round),
            ONLY_ON: [
                partial(_camera, send=lambda found: found.clamp(min=0)),
                partial(_camera, count=lambda ratio: torch.trunc(ratio).clamp(min=0)),
            ],
            SWAPPED: partial(_camera, send=torch.neg),
            NO_SIGN: partial(_camera, send=torch.abs),
            FIRST_FRAME: partial(_camera, move=lambda memory, now, theta, found: memory),
            LOG_TWICE: lambda brightness, theta: my_camera(brightness.clamp(min=0.01).log(), theta),
            STRICT: partial(_camera, count=_more_than_one),
            FROM_ZERO: partial(_camera, start=lambda brightness: torch.zeros_like(brightness[0])),
            ONE_START: [
                partial(_camera, start=lambda brightness: brightness[0, 0]),
                partial(_camera, start=lambda brightness: brightness[0].mean()),
            ],
            DIFFERENCES: _differences,
            TIMES_THETA: lambda brightness, theta: theta * my_camera(brightness, theta),
            WRONG_WAY: [
                partial(_camera, move=lambda memory, now, theta, found: memory - theta * found),
                partial(
                    _camera, move=lambda memory, now, theta, found: memory + theta * found.abs()
                ),
            ],
            FRACTIONS: [
                partial(_camera, count=Tensor.clone),
                partial(_camera, count=_larger_than_theta),
            ],
            MOVES_BY_COUNT: partial(_camera, move=lambda memory, now, theta, found: memory + found),
            FIRST_MISSING: ByShape(lambda *given: my_camera(*given)[1:]),
        },
        otherwise="The counts differ from those of whole thresholds between memory and brightness.",
        accepts=(
            _one_at_a_time,
            lambda *given: my_camera(*given).numpy(),
            lambda *given: my_camera(*given).long(),
            lambda *given: my_camera(*given).tolist(),
            lambda *given: tuple(my_camera(*given).double()),
        ),
        hints=(
            "Keep `memory`, one number a pixel. It starts as `brightness[0]`.",
            "For each frame: how many whole θ fit between the memory and what is seen? `torch.trunc` cuts towards zero.",
            "Then the memory moves by θ times that number. Collect the numbers and `torch.stack` them.",
        ),
        right="This is what every pixel of an event camera does.",
    ),
    Exercise(
        id="11.2",
        title="A time surface",
        name="my_surface",
        solution=my_surface,
        cases=_draw_events,
        run=_run_surface,
        mistakes={
            UP_TO: _before,
            UPSIDE_DOWN: lambda *given: 1 - my_surface(*given),
            FUTURE: [
                partial(_surface, until=torch.inf),
                lambda *given: _surface(*given, until=torch.inf).clamp(max=1),
            ],
            FIRST_EVENT: _first_event,
            ADDS_UP: _adds_up,
            SILENT_ONE: partial(_surface, start=0.0),
            NO_TAU: [
                lambda t, pixel, num_pixels, at, tau: my_surface(t, pixel, num_pixels, at, 1.0),
                lambda t, pixel, num_pixels, at, tau: my_surface(t, pixel, num_pixels, at, 1 / tau),
            ],
            FROM_END: [
                lambda t, *rest: _surface(t, *rest, now=float(t[t <= rest[2]].max())),
                lambda t, *rest: _surface(t, *rest, now=float(t.max())),
            ],
            GROWS: [lambda *given: 1 / my_surface(*given), _grows_where_events_were],
            AGES: _ages,
            NO_LAST: [
                partial(_of_each_pixel, last=lambda seen: seen.max()),
                partial(_of_each_pixel, last=lambda seen: seen[-1]),
                partial(_of_each_pixel, last=lambda seen: max(seen.tolist())),
            ],
            TIMES: lambda t, pixel, num_pixels, at, tau: at - _ages(t, pixel, num_pixels, at, tau),
            NO_NUMBER: [partial(_surface, start=torch.inf), partial(_surface, start=torch.nan)],
            NO_KEY: lambda t, pixel, num_pixels, at, tau: torch.zeros(num_pixels),
            PER_EVENT: SHAPE,
        },
        otherwise="The surface differs from exp(-(at - t) / τ) of each pixel's last event.",
        accepts=(
            _by_scatter,
            lambda *given: my_surface(*given).numpy(),
            lambda *given: my_surface(*given).tolist(),
            lambda *given: list(my_surface(*given)),
        ),
        hints=(
            "Keep the time of the last event of each pixel: `torch.full((num_pixels,), -torch.inf)`.",
            "Go through the events in order, and overwrite. Skip those after `at`.",
            "`torch.exp(-(at - last) / tau)`: minus infinity becomes 0.",
        ),
        right="You turned times into an image that a network can read.",
    ),
    Exercise(
        id="11.3",
        title="Against noise",
        name="my_denoise",
        solution=my_denoise,
        cases=_draw_noise,
        mistakes={
            ITSELF: partial(
                _filter, itself=True, recent=lambda age, window: (age > 0) & (age <= window)
            ),
            JUST_BEFORE: _by_the_one_before,
            LATER: [
                partial(_filter, recent=lambda age, window: (age != 0) & (age.abs() <= window)),
                partial(_filter, recent=lambda age, window: age <= window),
                partial(_filter, recent=lambda age, window: age >= -window),
            ],
            ANY_TIME: partial(_filter, recent=lambda age, window: age > 0),
            ANYWHERE: partial(_filter, near=lambda dy, dx: dy >= 0),
            FOUR: partial(_filter, near=lambda dy, dx: dy + dx <= 1),
            CORNERS: partial(_filter, near=lambda dy, dx: (dy == 1) & (dx == 1)),
            ROW_OR_COLUMN: [
                partial(_filter, near=lambda dy, dx: (dy == 1) | (dx == 1)),
                partial(_filter, near=lambda dy, dx: (dy <= 1) | (dx <= 1)),
            ],
            ONE_SIDE: [_to_one_side, partial(_to_one_side, side=-1)],
            FAR: partial(_filter, near=lambda dy, dx: torch.maximum(dy, dx) <= 2),
            TOO_SHORT: partial(_filter, recent=lambda age, window: (age > 0) & (age < window)),
            FROM_TIME_0: partial(_latest, start=0.0),
            WRAPPED: partial(_filter, near=_around),
            BORDER: [_without_room, partial(_without_room, slices=True)],
            SUPPORTERS: lambda *given: _pairs(*given).any(0),
            HOW_MANY: lambda *given: _pairs(*given).sum(1),
            ALL: lambda t, y, x, window: torch.ones(len(t), dtype=torch.bool),
            NOTHING: lambda t, y, x, window: torch.zeros(len(t), dtype=torch.bool),
            INVERTED: lambda *given: ~my_denoise(*given),
            MASK: TIMES_KEPT,
        },
        otherwise="Some events are kept or dropped wrongly. One of the 8 pixels around must have fired at most `window` ms before.",
        accepts=(
            _filter,
            _latest,
            lambda *given: my_denoise(*given).numpy(),
            lambda *given: my_denoise(*given).float(),
            lambda *given: my_denoise(*given).tolist(),
        ),
        hints=(
            "For event i: which others are near, in another pixel, and earlier by `window` at most? Each is a mask.",
            "`(y - y[i]).abs() <= 1` says which rows are near. Combine masks with `&`.",
            "Event i stays if `.any()` event fulfills all three.",
        ),
        right="Some cameras run such a filter in hardware. They keep one number a pixel, the time of its last event, and look at 8 of them for each new event.",
    ),
]
