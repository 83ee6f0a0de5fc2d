"""What a learner has done, kept on the learner's own machine and sent nowhere.

Each kernel appends to a file of its own, one JSON object per line; readers take all files
together. So two kernels never write to one file, and a crash can only cost the line being written.
The folder is the user's data folder, or SNNEDU_DATA where that is set.
"""

import csv
import io
import json
import os
import secrets
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from snnedu.core._files import replacing
from snnedu.course.console import say


@dataclass(frozen=True)
class Event:
    """Something that happened: `kind` "solved", "hint", "answer" or "learner", to exercise `id`.

    `value` is the detail: the number of a hint, the answer to a question.
    """

    kind: str
    id: str
    value: str = ""


def folder() -> Path:
    """Return the folder that holds the progress; it need not exist yet."""
    import platformdirs

    chosen = os.environ.get("SNNEDU_DATA")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("snnedu", appauthor=False))


def record(kind: str, id: str, value: str = "") -> None:
    """Keep an event on disk; if that fails, keep it in memory and print a message, once."""
    event = Event(kind, id, value)
    try:
        folder().mkdir(parents=True, exist_ok=True)
        with _own_file().open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(event)) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        if not _unsaved:
            say(
                f"Your progress cannot be saved in {folder()} ({error.strerror}). It is kept until "
                f"this notebook closes. Set SNNEDU_DATA to a folder that you can write to."
            )
        _unsaved.append(event)


def events() -> list[Event]:
    """Return every known event, without duplicates."""
    found: dict[Event, None] = {}
    for file in sorted(folder().glob("*.jsonl")):
        found.update(dict.fromkeys(_read(file)))
    return list(found | dict.fromkeys(_unsaved))


def solved() -> set[str]:
    """Return the ids of the exercises that are solved."""
    return {event.id for event in events() if event.kind == "solved"}


def learner() -> int:
    """Return this learner's own number, which never changes: it seeds the exercise variants.

    SNNEDU_LEARNER fixes it, for a class that should see the same variants, and for tests.
    """
    fixed = os.environ.get("SNNEDU_LEARNER")
    if fixed is not None:
        if not fixed.isdecimal():
            raise ValueError(
                f"SNNEDU_LEARNER must be a whole number. Received {fixed!r}. "
                f"Set it to 0, for example, or leave it unset."
            )
        return int(fixed)
    known = [e.value for e in events() if e.kind == "learner" and e.value.isdecimal()]
    if not known:
        known = [str(secrets.randbelow(2**31))]
        record("learner", "", known[0])
    return int(min(known))  # two kernels may have drawn at once; both then agree on one


def export_progress(path: str | Path) -> Path:
    """Write all progress into one file, to hand in or to take to another machine.

    Raises OSError if that fails, on a full disk for example; an older file then stays as it was.
    """
    path = Path(path)
    text = json.dumps([asdict(event) for event in events()], indent=1)
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")
    say(f"{len(solved())} solved exercises written to {path}.")
    return path


def import_progress(path: str | Path) -> None:
    """Add the progress in a file that `export_progress` wrote; nothing is lost or counted twice.

    Raises ValueError if the file cannot be read.
    """
    known = set(events())
    new = [event for event in _read_export(Path(path)) if event not in known]
    for event in new:
        if event.kind != "learner" or not os.environ.get("SNNEDU_LEARNER"):
            record(event.kind, event.id, event.value)
    say(f"{len(new)} entries added. Solved in all: {len(solved())}.")


def collect(exports: str | Path, table: str | Path = "class.csv") -> Path:
    """Write one table of the files that a class has handed in: a row per learner, 1 means solved.

    `exports` is the folder with the exported `.json` files, `table` the CSV file to write. Raises
    ValueError if there are none, or if one cannot be read.
    """
    files = sorted(Path(exports).glob("*.json"))
    if not files:
        raise ValueError(
            f"`collect` needs exported progress. Found no .json file in {exports}. "
            f'Ask everybody to call `snn.export_progress("name.json")`, and put the files there.'
        )
    done = {f.stem: {e.id for e in _read_export(f) if e.kind == "solved"} for f in files}
    ids = sorted(set[str]().union(*done.values()))
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(["learner", "solved", *ids])
    for name, theirs in done.items():
        rows.writerow([name, len(theirs), *(int(id in theirs) for id in ids)])
    with replacing(table) as part:
        part.write_text(text.getvalue(), encoding="utf-8", newline="")
    return Path(table)


def hints_taken() -> Counter[str]:
    """Return how many hints were taken for each exercise."""
    return Counter(event.id for event in events() if event.kind == "hint")


_unsaved: list[Event] = []  # what could not be written
_OWN_NAME = f"{os.getpid()}-{secrets.token_hex(8)}.jsonl"


def _own_file() -> Path:
    return folder() / _OWN_NAME


def _read(file: Path) -> Iterator[Event]:
    """Yield the events of a file; damaged lines stay in it, and are counted in a message."""
    broken = 0
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = ["unreadable"]
    for line in lines:
        try:
            yield _event(json.loads(line))
        except (ValueError, TypeError):
            broken += 1
    if broken and file not in _reported:
        _reported.add(file)
        say(f"{broken} unreadable line(s) in {file}: left alone.", sys.stderr)


def _event(entry: dict[str, str]) -> Event:
    """Return what was stored as JSON. Raises `TypeError` for anything else."""
    event = Event(**entry)
    if not all(isinstance(value, str) for value in asdict(event).values()):
        raise TypeError(f"an entry holds texts only, not {entry}")
    return event


_reported: set[Path] = set()


def _read_export(path: Path) -> Iterable[Event]:
    try:
        return [_event(entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(
            f"{path} must be a file that `snn.export_progress` wrote. It cannot be read: {error}. "
            f"Export it again where it came from."
        ) from None
