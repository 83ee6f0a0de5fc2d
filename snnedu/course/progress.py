"""What a learner has done, kept on the learner's own machine and sent nowhere.

Each kernel appends to a file of its own, one JSON object per line; readers take all files
together. So two kernels never write to one file, and a crash can only cost the line being written.
Nothing is erased: a "reset" hides what came before it, and of two guesses the later one counts.
The folder is the user's data folder, or SNNEDU_DATA where that is set.
"""

import json
import os
import secrets
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from snnedu.core._files import replacing
from snnedu.course.console import say

MOST_BYTES = 20_000_000  # of a file that was handed in


@dataclass(frozen=True)
class Event:
    """Something that happened to `id`: an exercise, a prediction, a question or a chapter.

    `kind` is "solved", "hint", "solution", "mistake", "answer", "guess", "outcome", "reset" or
    "learner". `value` is the detail: the number of a hint, the answer to a question. `at` is when,
    in nanoseconds since 1970; it is empty in files of the first version.
    """

    kind: str
    id: str
    value: str = ""
    at: str = ""

    @property
    def age(self) -> int:
        """Return a number that is smaller for what happened earlier."""
        return int(self.at or 0)


def folder() -> Path:
    """Return the folder that holds the progress; it need not exist yet."""
    import platformdirs

    chosen = os.environ.get("SNNEDU_DATA")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("snnedu", appauthor=False))


def record(kind: str, id: str, value: str = "") -> None:
    """Keep an event on disk; if that fails, keep it in memory and print a message, once."""
    newest = max((event.age for event in events()), default=0)  # clocks of two machines may differ
    _keep([Event(kind, id, value, str(max(time.time_ns(), newest + 1)))])


def events() -> list[Event]:
    """Return every known event, without duplicates, the oldest first."""
    found: dict[Event, None] = {}
    for file in sorted(folder().glob("*.jsonl")):
        found.update(dict.fromkeys(_read(file)))
    return sorted(found | dict.fromkeys(_unsaved), key=lambda event: event.age)


def standing() -> list[Event]:
    """Return the events that no reset hides, the oldest first."""
    return standing_of(events())


def newest() -> dict[tuple[str, str], Event]:
    """Return the newest event of each kind and id, unless a reset hides it."""
    return {(event.kind, event.id): event for event in standing()}


def solved() -> set[str]:
    """Return the ids of the exercises that are solved."""
    return {event.id for event in standing() if event.kind == "solved"}


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


def export_progress(path: str | Path, *, mistakes: bool = False) -> Path:
    """Write all progress into one file, to hand in or to take to another machine.

    Which mistakes you made stays on your machine, unless you share it with `mistakes=True`: it
    tells a teacher what to explain again. Your code is never part of it. Raises OSError if the file
    cannot be written, on a full disk for example; an older file then stays as it was.
    """
    path = Path(path)
    shared = [event for event in events() if mistakes or event.kind != "mistake"]
    text = json.dumps([asdict(event) for event in shared], indent=1)
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")
    say(f"{len(solved())} solved exercises written to {path}.")
    return path


def import_progress(path: str | Path) -> None:
    """Add the progress in a file that `export_progress` wrote; nothing is lost or counted twice.

    Raises ValueError if the file cannot be read.
    """
    known = set(events())
    new = [event for event in read_export(Path(path)) if event not in known]
    fixed = "SNNEDU_LEARNER" in os.environ
    _keep([event for event in new if event.kind != "learner" or not fixed])
    say(f"{len(new)} entries added. Solved in all: {len(solved())}.")


def first_answers(events: Iterable[Event]) -> dict[str, str]:
    """Return the first answer to each question of a quiz: `{"02.q1": "It leaks."}`."""
    answered = [event for event in events if event.kind == "answer"]
    newest_first = sorted(answered, key=lambda event: -event.age)
    return {event.id: event.value for event in newest_first}


def hints_taken() -> Counter[str]:
    """Return how many hints were taken for each exercise."""
    taken = {(event.id, event.value) for event in standing() if event.kind == "hint"}
    return Counter(id for id, _ in taken)


_unsaved: list[Event] = []  # what could not be written
_OWN_NAME = f"{os.getpid()}-{secrets.token_hex(8)}.jsonl"


def _own_file() -> Path:
    return folder() / _OWN_NAME


def _keep(new: list[Event]) -> None:
    """Append events to this kernel's file, with those that could not be written before."""
    first = not _unsaved
    _unsaved.extend(new)
    try:
        folder().mkdir(parents=True, exist_ok=True)
        with _own_file().open("a+b") as file:
            lines = [json.dumps(asdict(event)) + "\n" for event in _unsaved]
            file.write(_missing_line_break(file) + "".join(lines).encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        if first:
            say(
                f"Your progress cannot be saved in {folder()} ({error.strerror}). It is kept until "
                f"this notebook closes. Set SNNEDU_DATA to a folder that you can write to."
            )
    else:
        _unsaved.clear()


def _missing_line_break(file: BinaryIO) -> bytes:
    """Return what separates a new line from one that a full disk has cut off."""
    if file.seek(0, os.SEEK_END) == 0:
        return b""
    file.seek(-1, os.SEEK_END)
    return b"" if file.read() == b"\n" else b"\n"


def standing_of(events: Iterable[Event]) -> list[Event]:
    """Return those of these events that no reset hides, the oldest first."""
    kept: list[Event] = []
    for event in sorted(events, key=lambda event: event.age):
        if event.kind == "reset":
            kept = [e for e in kept if not f"{e.id}.".startswith(f"{event.id}.")]
        else:
            kept.append(event)
    return kept


def _read(file: Path) -> Iterator[Event]:
    """Yield the events of a file; damaged lines stay in it, and are counted in a message."""
    broken = 0
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    except OSError:
        lines = ["unreadable\n"]
    for line in lines:
        try:
            yield _event(json.loads(line))
        except (ValueError, TypeError):
            broken += line.endswith("\n")  # else it is being written, or a crash cut it off
    if broken and file not in _reported:
        _reported.add(file)
        say(f"{broken} unreadable line(s) in {file}: left alone.", sys.stderr)


def _event(entry: dict[str, str]) -> Event:
    """Return what was stored as JSON. Raises `TypeError` for anything else."""
    event = Event(**entry)
    if not all(isinstance(value, str) for value in asdict(event).values()):
        raise TypeError(f"an entry holds texts only, not {entry}")
    if event.at and not (event.at.isdecimal() and len(event.at) < 30):
        raise TypeError(f"an entry's time is a number, not {event.at[:30]}")
    return event


_reported: set[Path] = set()


def read_export(path: Path) -> list[Event]:
    """Return the events in a file that `export_progress` wrote. Raises ValueError if it did not."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"it has more than {MOST_BYTES / 1e6:.0f} MB")
        entries = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(entries, list):
            raise TypeError("it holds no list of entries")
        return [_event(entry) for entry in entries]
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise ValueError(
            f"{path} must be a file that `snn.export_progress` wrote. It cannot be read: {error}. "
            f"Export it again where it came from."
        ) from None
