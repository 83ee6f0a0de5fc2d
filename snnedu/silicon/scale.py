"""Many runs of one function at once: all settings of a grid, with several seeds each (Dask).

    def run(beta, hidden, seed):
        ...
        return {"accuracy": accuracy}

    found = snn.sweep(run, {"beta": [0.8, 0.9], "hidden": [32, 128]}, seeds=8)
    found.rows[0]          # {"beta": 0.8, "hidden": 32, "seed": 0, "accuracy": …, "seconds": …}
    snn.viz.runs(found.rows, "beta", "accuracy", by="hidden")

Runs do not talk to each other, so this scales where one training run does not. Each worker is a
process of its own with one thread: on this machine by default, on others with an `address`.
"""

import hashlib
import inspect
import itertools
import json
import logging
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch

from snnedu.core import _check
from snnedu.core._extras import extra
from snnedu.core._files import check_writable, replacing

Row = dict[str, Any]
PLAIN = (str, int, float, bool, type(None))  # what a line of JSON keeps as it is


@dataclass(repr=False)
class Sweep:
    """What a sweep has found, in the order of the grid.

    `rows`: for each run its settings, its `seed`, what the function returned (`result`, where that
    was one number), and its `seconds`. `failures`: settings, `seed` and `error` of the others.
    """

    rows: list[Row] = field(default_factory=list)
    failures: list[Row] = field(default_factory=list)

    def values(self, name: str, **settings: Any) -> torch.Tensor:
        """Return one result of all seeds: `found.values("accuracy", beta=0.9)`, `[runs]`.

        Raises ValueError if no run has these settings and this result.
        """
        chosen = [
            row[name]
            for row in self.rows
            if name in row and all(row.get(key) == value for key, value in settings.items())
        ]
        if not chosen:
            known = ", ".join(self.rows[0]) if self.rows else "no run"
            raise ValueError(
                f"`values` needs a result and settings of this sweep. Received {name!r} and "
                f"{settings}. Its rows have {known}."
            )
        return torch.tensor(chosen)

    def __repr__(self) -> str:
        done, failed = len(self.rows), len(self.failures)
        return f"Sweep({done} of {done + failed} runs, {failed} failed)"


def sweep(
    function: Callable[..., Any],
    grid: Mapping[str, Sequence[Any]],
    seeds: int | Iterable[int] = 8,
    *,
    file: str | Path | None = None,
    address: str | None = None,
    workers: int | None = None,
    on_row: Callable[[Row], object] | None = None,
    progress: bool = True,
) -> Sweep:
    """Call `function(**settings, seed=seed)` for all settings of a grid and all seeds, in parallel.

    `function` returns a number, or a dict of numbers and texts. Whatever it draws should follow
        `seed`. It is sent to the workers with the variables that it uses, so keep these small.
    `grid`: the values of each setting by name. All combinations are run. `seeds`: how many (from
        0), or which.
    `file`: results are written there as they come, a line of JSON each. A second call with the same
        function and file runs only what is missing or has failed.
    `address`: that of a Dask scheduler, `"tcp://host:8786"`, whose workers have the same packages.
        Without it, `workers` processes are started here, by default one for each core. In a script
        the call must then stand under `if __name__ == "__main__":`.
    `on_row`: gets each row as it comes, in any order.

    A run that raises an error does not stop the others: see `Sweep.failures`. Ctrl-C, and ■ in a
    notebook, stop all; the file keeps what was found.

    Raises TypeError or ValueError if function, grid or file do not fit together, and
    ModuleNotFoundError without Dask.
    """
    points = _points(function, grid, seeds)
    found = {} if file is None else _read(Path(file), function)
    failures: dict[str, Row] = {}
    left = [point for point in points if _key(point) not in found]
    with ExitStack() as stack:
        bar = stack.enter_context(_bar(progress, len(points), len(left)))
        arriving = stack.enter_context(closing(_as_they_come(function, left, address, workers)))
        for point, results, error in arriving:
            if error:
                failures[_key(point)] = {**point, "error": error}
            else:
                found[_key(point)] = results
                if file is not None:
                    _append(Path(file), point, results)
                if on_row is not None:
                    on_row({**point, **results})
            bar.update()
    keys = {_key(point): point for point in points}
    rows = [{**point, **found[key]} for key, point in keys.items() if key in found]
    return Sweep(rows, [failures[key] for key in keys if key in failures])


def timed(function: Callable[..., Any], point: Row) -> Row:
    """Return what one run has found, and how long it took: this is what a worker does."""
    start = time.perf_counter()
    returned = function(**point)
    seconds = time.perf_counter() - start
    results: Mapping[Any, Any] = returned if isinstance(returned, Mapping) else {"result": returned}
    return {**{str(name): _plain(value) for name, value in results.items()}, "seconds": seconds}


# ---------------------------------------------------------------------------------- the runs


def _points(
    function: Callable[..., Any], grid: Mapping[str, Sequence[Any]], seeds: int | Iterable[int]
) -> list[Row]:
    """Return the arguments of every run, after a look at them."""
    if isinstance(seeds, int):
        _check.count("seeds", seeds)
        seeds = range(seeds)
    for name, values in grid.items():
        if isinstance(values, str) or not all(type(value) in PLAIN for value in values):
            raise TypeError(
                f"`grid` must hold a list of plain numbers or texts for each setting. Received "
                f"{values!r} for {name!r}. Pass `.tolist()` of a tensor, and names for functions."
            )
    combinations = itertools.product(*grid.values(), seeds)
    points = [dict(zip([*grid, "seed"], each, strict=True)) for each in combinations]
    if not points:
        raise ValueError(
            "`grid` and `seeds` must give one run at least. Received an empty list. "
            "Pass values for each setting, and `seeds=1` or more."
        )
    try:
        inspect.signature(function).bind(**points[0])
    except TypeError as error:
        raise TypeError(
            f"`function` must take each setting and the seed by name: "
            f"{', '.join(points[0])}. Received one that does not: {error}. "
            f"Define it as `def run({', '.join(points[0])}):`."
        ) from None
    return points


def _as_they_come(
    function: Callable[..., Any], points: list[Row], address: str | None, workers: int | None
) -> Generator[tuple[Row, Row, str]]:
    """Yield point, results and error of each run, in the order in which they end."""
    if not points:
        return
    dask = extra("distributed", "Sweeps need", "Run: python -m pip install 'snnedu[scale]'")
    with ExitStack() as opened:
        if address is None:
            cluster = dask.LocalCluster(
                n_workers=workers, threads_per_worker=1,
                dashboard_address="127.0.0.1:0",  # any free port: 8787 may be another sweep's
                scheduler_kwargs={"dashboard": False},
                silence_logs=logging.CRITICAL, env={"TQDM_DISABLE": "1"},  # of each run's `fit`
            )  # fmt: skip
            address = opened.enter_context(cluster).scheduler_address
        client = opened.enter_context(dask.Client(address))
        futures = client.map(partial(timed, function), points, pure=False)
        place = dict(zip(futures, points, strict=True))
        for future in dask.as_completed(futures, raise_errors=False):
            error = future.exception()
            results = {} if error else future.result()
            yield place[future], results, f"{type(error).__name__}: {error}" if error else ""


def _plain(value: Any) -> Any:
    """Return a tensor or array of one number as that number."""
    value = value.item() if hasattr(value, "item") else value
    if type(value) not in PLAIN:
        raise TypeError(
            f"The function of a sweep must return a number, or a dict of numbers and texts. "
            f"Received {type(value).__name__}. Return `.item()` of a tensor."
        )
    return value


def _bar(show: bool, runs: int, left: int) -> Any:
    from tqdm.auto import tqdm  # a widget in notebooks, so not before it is needed

    return tqdm(total=runs, initial=runs - left, unit="run", disable=not show)


# ---------------------------------------------------------------------------------- the file


def _read(path: Path, function: Callable[..., Any]) -> dict[str, Row]:
    """Return the results in a file, by their settings; begin one where there is none."""
    check_writable("file", path)
    head = json.dumps({"sweep": getattr(function, "__name__", ""), "code": _code(function)})
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else [head]
    if lines[:1] != [head]:
        raise ValueError(
            f"`file` must be of a sweep of this function, as it now reads. Received {path}, which "
            f"begins {lines[:1]}. If the function has changed, so may its results: delete the "
            f"file, or pass another."
        )
    rows = [row for row in map(_parsed, lines[1:]) if row]
    with replacing(path) as part:  # without a line that was cut short
        part.write_text("\n".join([head, *map(json.dumps, rows), ""]), encoding="utf-8")
    return {_key(row["settings"]): row["found"] for row in rows}


def _append(path: Path, point: Row, results: Row) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"settings": point, "found": results}) + "\n")


def _parsed(line: str) -> Row:
    try:
        return json.loads(line)
    except ValueError:  # the power went out
        return {}


def _key(point: Row) -> str:
    return json.dumps(point, sort_keys=True)


def _code(function: Callable[..., Any]) -> str:
    """Return a short mark of a function's text, "" if it cannot be read."""
    try:
        return hashlib.sha256(inspect.getsource(function).encode()).hexdigest()[:16]
    except (OSError, TypeError):
        return ""
