"""What a learner has done, kept on her own machine and sent nowhere.

Each kernel appends to a file of its own, one JSON object a line; whoever reads takes all files
together. So two kernels never write to one file, and a crash can only cost the line being written.
The folder is the user's data folder, or SNNEDU_DATA where that is set.
"""

import csv
import json
import os
import secrets
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Event:
    """Something that happened: `kind` "solved", "hint", "answer" or "learner"; `id` of what."""

    kind: str
    id: str
    value: str = ""


def folder() -> Path:
    """Return the folder that holds the progress; it need not exist yet."""
    import platformdirs

    chosen = os.environ.get("SNNEDU_DATA")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("snnedu", appauthor=False))


def record(kind: str, id: str, value: str = "") -> None:
    """Keep an event. Where nothing can be written, keep it in memory and say so, once."""
    event = Event(kind, id, value)
    try:
        folder().mkdir(parents=True, exist_ok=True)
        with _own_file().open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(event)) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        if not _unsaved:
            print(
                f"Your progress cannot be saved in {folder()} ({error.strerror}). It is kept until "
                f"this notebook closes. Set SNNEDU_DATA to a folder that you can write to."
            )
        _unsaved.append(event)


def events() -> list[Event]:
    """Return everything that is known, the same thing once."""
    found: dict[Event, None] = {}
    for file in sorted(folder().glob("*.jsonl")):
        found.update(dict.fromkeys(_read(file)))
    return list(found | dict.fromkeys(_unsaved))


def solved() -> set[str]:
    """Return the ids of the exercises that are solved."""
    return {event.id for event in events() if event.kind == "solved"}


def learner() -> int:
    """Return a number that is this learner's own, and stays the same: it seeds her variants.

    SNNEDU_LEARNER fixes it, for a class that shall see the same variants, and for tests.
    """
    fixed = os.environ.get("SNNEDU_LEARNER")
    if fixed is not None:
        if not fixed.isdecimal():
            raise ValueError(
                f"SNNEDU_LEARNER must be a whole number. Received {fixed!r}. Set it to 0, say, or "
                f"leave it away."
            )
        return int(fixed)
    known = [e.value for e in events() if e.kind == "learner" and e.value.isdecimal()]
    if not known:
        known = [str(secrets.randbelow(2**31))]
        record("learner", "", known[0])
    return int(min(known))  # two kernels may have drawn at once; both then agree on one


def export_progress(path: str | Path) -> Path:
    """Write all progress into one file, to hand in or to take to another machine."""
    path = Path(path)
    path.write_text(json.dumps([asdict(event) for event in events()], indent=1), encoding="utf-8")
    print(f"{len(solved())} solved exercises written to {path}.")
    return path


def import_progress(path: str | Path) -> None:
    """Add what `export_progress` wrote to what is here; nothing is lost, nothing counts twice."""
    known = set(events())
    new = [event for event in _read_export(Path(path)) if event not in known]
    for event in new:
        if event.kind != "learner" or not os.environ.get("SNNEDU_LEARNER"):
            record(event.kind, event.id, event.value)
    print(f"{len(new)} entries added. Solved in all: {len(solved())}.")


def collect(exports: str | Path, table: str | Path = "class.csv") -> Path:
    """Make one table of the files that a class has handed in: a row each, 1 where it is solved."""
    files = sorted(Path(exports).glob("*.json"))
    if not files:
        raise ValueError(
            f"`collect` needs exported progress. Found no .json file in {exports}. "
            f'Let everybody call `snn.export_progress("name.json")`, and put the files there.'
        )
    done = {f.stem: {e.id for e in _read_export(f) if e.kind == "solved"} for f in files}
    ids = sorted(set[str]().union(*done.values()))
    with Path(table).open("w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(["learner", "solved", *ids])
        for name, theirs in done.items():
            rows.writerow([name, len(theirs), *(int(id in theirs) for id in ids)])
    return Path(table)


def hints_taken() -> Counter[str]:
    """Return how many hints were taken for each exercise."""
    return Counter(event.id for event in events() if event.kind == "hint")


_unsaved: list[Event] = []  # what could not be written
_OWN_NAME = f"{os.getpid()}-{secrets.token_hex(8)}.jsonl"


def _own_file() -> Path:
    return folder() / _OWN_NAME


def _read(file: Path) -> Iterator[Event]:
    """Yield the events of a file; what cannot be read stays in it, and is named."""
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
        print(f"{broken} unreadable line(s) in {file}: left alone.", file=sys.stderr)


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
