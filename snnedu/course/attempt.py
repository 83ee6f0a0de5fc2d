"""Call a learner's function, which may raise, never end, print, or change its input.

Whatever it does, the check gets a result or a reply for the learner, within seconds.

The function runs in its own thread on every system: the kernel's thread stays free to watch it.
"""

import ast
import contextlib
import copy
import ctypes
import inspect
import io
import random
import re
import textwrap
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from snnedu.core._interrupt import Interrupts
from snnedu.course.form import Form, form_of, misfit

SECONDS = 5.0  # of computing, for a whole check
MOST_SECONDS = 60.0  # of waiting: a busy machine computes little in a second
MOST_MEMORY = 500e6  # bytes that may be added meanwhile; Binder ends kernels that take all
MOST_ELEMENTS = 1_000_000
MOST_SAID = 300  # characters of an error's message that are shown
MOST_PRINTED = 500  # characters of the learner's own prints that are shown
NO_POWER = "`^` is not the power operator in Python: write `x**2`."
TWO_THINGS = (
    "You return two things, as `max` and similar functions do: the values and their positions. "
    "Take one of them: `.values` or `.indices`."
)
SPARSE = (
    "Your function returns a sparse tensor, with which few operations work. Return an ordinary "
    "one: `.to_dense()`."
)
CHANGES_INPUT = (
    "Your function changes its input, which later code may need: make a new tensor instead "
    "(`x + 1`, not `x += 1`), or change a copy (`x.clone()`)."
)
CHANGES_ARRAY = (
    "Your function changes an array that it was given, which later code may need. Change a copy "
    "instead: `x.copy()`. (A slice of an array, or `torch.from_numpy` of it, is no copy.)"
)
CHANGES_LIST = (
    "Your function changes a list that it was given, which later code may need. Change a copy "
    "instead: `list(x)`."
)
ENDS_PYTHON = "Your function ends Python (`exit`). Use `return`."
NOTHING = "Your function returns nothing. Does it end with `return`?"
EMPTY = "return", "return None", "return ..."
NONE = "Your function has a `return`, and yet it returned None for one of our inputs."


class Reply(Exception):  # noqa: N818 - an answer to the learner, not an error
    """Not solved yet; `printed` is what the learner's code printed until then."""

    printed = ""


class WrongAnswer(Reply):
    """The answer is not right; the text names the mistake that it looks like."""


class Unsolved(Reply):
    """There is no answer yet: the stub is as it was."""


class Attempt:
    """A learner's function, called with copies of its arguments, its result checked.

    `forms` are those of its results so far.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.forms = dict[Form, None]()

    def misfit(self, like: "Attempt") -> str:
        """Say why results cannot have the form of another's; "" if they can."""
        pairs = zip(self.forms, like.forms, strict=False)
        return next(filter(None, (misfit(*pair) for pair in pairs)), "")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the function returns. Raises `Unsolved`, or `WrongAnswer` with the reason."""
        given = copy.deepcopy((args, kwargs))
        result = self.changing(*given[0], **given[1])
        pairs = zip((*args, *kwargs.values()), (*given[0], *given[1].values()), strict=True)
        changed = [before for before, after in pairs if not _same(before, after)]
        if changed:
            arrays = any(isinstance(before, np.ndarray) for before in changed)
            plain = CHANGES_LIST if all(map(_is_plain, changed)) else CHANGES_INPUT
            raise WrongAnswer(CHANGES_ARRAY if arrays else plain)
        return result

    def changing(self, *args: Any, **kwargs: Any) -> Any:
        """Call with the arguments themselves, for a function that should change one (a network)."""
        try:
            result = self.function(*args, **kwargs)
        except NotImplementedError as error:
            if _is_left_open(error):
                raise Unsolved from None
            raise WrongAnswer(_explain(error, self.function)) from None
        except (SystemExit, KeyboardInterrupt):
            raise WrongAnswer(ENDS_PYTHON) from None
        except Exception as error:
            raise WrongAnswer(_explain(error, self.function)) from None
        if result is None or result is ...:
            if is_stub(self.function):
                raise Unsolved
            raise WrongAnswer(NONE if _has_return(self.function) else NOTHING)
        self.forms[form_of(_reasonable(result))] = None
        return result


def is_stub(function: Callable[..., Any], given: str = "") -> bool:
    """Tell whether a function has no body yet: a docstring, `...` or `pass` at most.

    The line `given` may stand there, too: the stub has it.
    """
    body = _body(function)
    if body is None:
        return True  # the source is not available: assume a stub, the kinder reply
    return all(
        isinstance(s, ast.Pass)
        or ast.unparse(s) == given
        or (isinstance(s, (ast.Expr, ast.Return)) and isinstance(s.value, ast.Constant))
        for s in body
    )


def _has_return(function: Callable[..., Any]) -> bool:
    """Tell whether a function returns a value somewhere; one inside it does not count."""
    waiting: list[ast.AST] = list(_body(function) or [])
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.Return) and ast.unparse(part) not in EMPTY:
            return True
        if not isinstance(part, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            waiting += ast.iter_child_nodes(part)
    return False


def _body(function: Callable[..., Any]) -> list[ast.stmt] | None:
    """Return the statements of a function, None where its source is not available."""
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function))).body[0].body  # pyright: ignore
    except (OSError, TypeError, SyntaxError, AttributeError):
        return None


def _is_left_open(error: NotImplementedError) -> bool:
    """Tell `raise NotImplementedError` in a stub from what torch raises of a wrong dtype."""
    line = traceback.extract_tb(error.__traceback__)[-1].line or ""
    return "raise " in line or not str(error)


def first_line(error: Exception) -> str:
    """Return the beginning of an error's message, without the period that may end it."""
    line = str(error).partition("\n")[0]
    if line.endswith(":"):  # it announces lines that are not shown
        line = line.rpartition(", ")[0] or line
    if len(line) > MOST_SAID:
        line = line[:MOST_SAID]
        line = line.rpartition(". ")[0] or line  # whole sentences, if it has some
    return line.rstrip(".: ") or "no message"


def limited(check: Callable[[], None]) -> str:
    """Run `check` within SECONDS and MOST_MEMORY; return what it printed, or raise its `Reply`."""
    printed, outcome, done = _Printed(), list[Reply | None](), threading.Event()
    interrupts = Interrupts()

    def work() -> None:
        try:
            check()
        except Reply as reply:
            outcome.append(reply)
        else:
            outcome.append(None)
        finally:
            done.set()

    thread = threading.Thread(target=work, daemon=True)
    # The redirection holds for all threads, so it must end with this one.
    with (
        interrupts,
        warnings.catch_warnings(action="ignore", category=DeprecationWarning),  # not for learners
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        # `float(loss)` is a plain number, and right.
        warnings.filterwarnings("ignore", ".*requires_grad=True to a scalar")
        thread.start()
        try:
            too_much = _watch(thread, done, interrupts)
        finally:  # also when the learner interrupts the kernel
            stopped = _stop(thread, done)
    if too_much:
        more = "" if stopped else " It cannot be stopped: fix your code, then restart the kernel."
        reply = WrongAnswer(too_much + more)
    else:
        reply = outcome[0] if outcome else WrongAnswer(ENDS_PYTHON)
    if reply is None:
        return printed.text()
    reply.printed = printed.text()
    raise reply


@contextlib.contextmanager
def random_numbers(seed: int) -> Generator[None]:
    """Draw random numbers from a seed, and leave the learner's own as they were."""
    ours, numpys = random.getstate(), np.random.get_state()  # noqa: NPY002 - learners may use it
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        try:
            yield
        finally:
            random.setstate(ours)
            np.random.set_state(numpys)  # noqa: NPY002


def _watch(thread: threading.Thread, done: threading.Event, interrupts: Interrupts) -> str:
    """Wait until the work is done; if it takes too much time or memory, return a reply."""
    import psutil

    memory = psutil.Process().memory_info
    start, most = time.monotonic(), memory().rss + MOST_MEMORY
    while not done.wait(0.02):
        interrupts.pass_on()
        if memory().rss > most:
            return (
                f"Your code took more than {MOST_MEMORY / 1e6:.0f} MB of memory, and was stopped. "
                f"Does something grow in every pass of a loop?"
            )
        waited = time.monotonic() - start
        if waited > MOST_SECONDS or (waited > SECONDS and _computed(thread) > SECONDS):
            return (
                f"Your code was still running after {waited:.0f} seconds, and was stopped. Does a "
                f"loop never end? A `while` ends only if its body changes what its condition "
                f"looks at."
            )
    return ""


def _computed(thread: threading.Thread) -> float:
    """Return the seconds that a thread has computed."""
    import psutil

    threads = {one.id: one for one in psutil.Process().threads()}
    one = threads.get(thread.native_id or 0)
    return one.user_time + one.system_time if one else 0.0


def _stop(thread: threading.Thread, done: threading.Event) -> bool:
    """Raise an exception inside a thread, repeatedly until it is done; tell whether it is.

    Code that waits inside C sees it only when it returns, and a bare `except:` may catch it.
    """
    end = time.monotonic() + 1.0
    while not done.is_set() and time.monotonic() < end:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit)
        )
        done.wait(0.1)  # freeing may take a while, and a second exception could reach our own code
    return done.is_set()


_NUMPY = (
    " NumPy and tensors do not mix here: use torch's function, `x.sum(0)`, or make an array of the "
    "tensor first, `x.numpy()`."
)
_COMPARES = r"(?:[<>]=?|[=!]=)"
_PARENTHESES = (
    " Put each comparison in parentheses, `(a > 0) & (b > a)`: `&` comes before `>`, and "
    "`b > a > 0` takes no tensors."
)
_OTHER_SIZES = (
    " The check may use other sizes than the notebook: take them from the input, `x.shape`."
)
# What an error says, what its line contains, and what to do; the first that fits.
_ADVICE = [
    ("does not require grad", "",
     " No path leads back to the weights: did `.detach()` or `torch.no_grad()` cut it?"),
    ("through the graph a second time", "",
     " Something from before the last `backward` is still in use: a state, or a list."),
    ("modified by an inplace operation", "",
     " Something from before `optimizer.step()` is still in use, or a line changes a tensor in "
     "place, such as `x += 1`."),
    ("bool tensors? is not supported", "",
     " A comparison gives True and False: make numbers of them, `(a > b).float()`."),
    ("only one element tensors", r"torch\.tensor\(",
     " `torch.tensor` takes numbers. `torch.stack` makes one tensor of a list of tensors."),
    ("only one element tensors", "",  # `math.exp(x)`, `float(x)`, `int(x)`
     " `math`, `float` and `int` take one number, a tensor holds many: use what torch has, such "
     "as `torch.exp(x)`, `x.float()` or `x.long()`."),
    ("__round__", "",
     " Python's `round` takes no tensors: use `torch.round(x)`, or `round(float(x))` for one "
     "number."),
    ("axis", r"\b(np|numpy)[.]", _NUMPY),  # which `x.sum` does take
    ("Concatenation", "", _NUMPY),
    ("torch.return_types", "",  # `y - torch.max(x, 0)`
     " Along an axis, `max` and `min` return values and positions: take `.values`. To compare with "
     "a number, use `x.clamp(min=0)`."),
    ("'keepdim'", "", " Put several axes into a tuple: `x.sum((0, 2))`."),  # `x.sum(0, 2)`
    ("could not infer output dtype", "",
     " `mean` needs floats: make them first, `x.float().mean()`."),
    ("zero-size array|empty sequence", "", " The array or list is empty here."),  # `b[b > t].min()`
    ("is ambiguous", r"(?<![\w.])(max|min)\(",
     " Python's `max` and `min` compare single numbers, a tensor holds many: use `x.max(-1)` or "
     "`x.clamp(min=0)`."),
    ("is ambiguous", r"^(?!.*\b(if|while)\b).*\b(and|or|(?<!is )not(?! in))\b",
     " `and`, `or` and `not` take a single True or False, a tensor holds many: use `&`, `|` and "
     "`~`, as in `(a > 0) & ~b`."),
    ("is ambiguous", rf"^(?!.*\b(if|while)\b).*{_COMPARES}.*{_COMPARES}", _PARENTHESES),
    ("bitwise_(and|or)", _COMPARES, _PARENTHESES),
    ("is ambiguous", "",
     " An `if` needs a single True or False, a tensor holds many: use `(a > b).float()`, or "
     "`torch.where(a > b, x, y)`."),
    ("list index out of range", r"\.test_accuracy\b",
     " It stays empty unless `fit` is given test data, too: `fit(net, train, test, …)`."),
    ("is invalid for input of size", "", _OTHER_SIZES),
    ("must match the size of tensor", "",
     " Axes are matched from the last one on: `x[:, None]` adds one of length 1."),
]  # fmt: skip
# What torch says at length, and where to stop.
_CUT = {
    "through the graph a second time": " (",
    "bool tensors? is not supported": ". ",  # then `^` or `~`, which give something else
    "modified by an inplace operation": ": [",
}


def _explain(error: Exception, function: Callable[..., Any]) -> str:
    """Say what was raised, and in which line of the learner's function."""
    file = getattr(getattr(inspect.unwrap(function), "__code__", None), "co_filename", None)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    line = frames[-1].line.rstrip(": ") if frames and frames[-1].line else ""
    name, text = type(error).__name__, first_line(error)
    if "for ^:" in text or "bitwise_xor" in text:  # torch says the latter of `x^2`
        return NO_POWER
    fits = (a for said, at, a in _ADVICE if re.search(said, text) and re.search(at, line))
    advice = next(fits, "")
    written = _whole_numbers(function)
    if outside := re.search(r"out of bounds .*size ([1-9]\d*)", text):
        advice = f" Indices count from 0: the last one is {int(outside[1]) - 1}."
        if max(written, default=0) > int(outside[1]):
            advice += _OTHER_SIZES
    unlike = re.search(r"size of tensor a \((\d+)\) must match .* b \((\d+)\)", text)
    if unlike and written & set(map(int, unlike.groups())):
        advice = _OTHER_SIZES
    for said, end in _CUT.items():
        if re.search(said, text):
            text = text.partition(end)[0]
    if line:
        return f"Your function raised {name} in the line `{line}`: {text}.{advice}"
    return f"Your function raised {name}: {text}.{advice}"


def _whole_numbers(function: Callable[..., Any]) -> set[int]:
    """Return the whole numbers that stand in a function's code: sizes that are fixed, maybe."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    found = set[int]()
    for constant in code.co_consts if code else ():
        parts = constant if isinstance(constant, tuple) else (constant,)
        found |= {part for part in parts if type(part) is int}
    return found


def _reasonable(result: Any) -> Any:
    """Return the result; raise `WrongAnswer` if it is two results in one, or too large."""
    if isinstance(result, tuple) and hasattr(result, "indices"):
        raise WrongAnswer(TWO_THINGS)
    for part in result if isinstance(result, (tuple, list)) else (result,):
        if isinstance(part, Tensor) and part.layout is not torch.strided:
            raise WrongAnswer(SPARSE)
        size = part.numel() if isinstance(part, Tensor) else getattr(part, "size", 1)
        many = len(part) if isinstance(part, (list, tuple, str, dict)) else size
        if isinstance(many, int) and many > MOST_ELEMENTS:
            raise WrongAnswer(
                f"Your function returned {many:,} elements. It repeats something that it should "
                f"not repeat. Look at the shapes."
            )
    return result


def _is_plain(value: Any) -> bool:
    """Tell whether a value is a list of numbers, which has no `clone`."""
    return isinstance(value, list) and not any(isinstance(part, Tensor) for part in value)


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, Tensor):
        return isinstance(b, Tensor) and a.shape == b.shape and bool(torch.equal(a, b))
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and np.array_equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(_same, a, b))
    return callable(a) or a == b


class _Printed(io.TextIOBase):
    """Takes what is printed, keeps the beginning, and counts the rest."""

    def __init__(self) -> None:
        self.kept, self.total = "", 0

    def write(self, text: str) -> int:
        self.kept += text[: max(0, MOST_PRINTED - len(self.kept))]
        self.total += len(text)
        return len(text)

    def text(self) -> str:
        rest = self.total - len(self.kept)
        return self.kept + (f"… and {rest:,} characters more" if rest else "")
