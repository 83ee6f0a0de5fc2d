"""Who is in the class, and which files are whose.

The roster is a table as Moodle or Canvas exports it, or any other: one row a student. A file is a
student's if its name, or a folder's, holds what stands in the student's row: an id, a login, an
address, or the name. Both systems' downloads are laid out so:

    Moodle   Ada Lovelace_123_assignsubmission_file/02_lif_neuron.ipynb
    Canvas   lovelaceada_123_456_02_lif_neuron.ipynb
"""

import codecs
import csv
import pkgutil
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from snnedu.course import chapters

POINTS = "points possible"  # Canvas has a row with this in the first column
FIRST = ("firstname", "givenname")
LAST = ("lastname", "surname", "familyname")
KEYS = re.compile(r"\b(id|login|user ?name|e-?mail( address)?|student|(full )?name)\b", re.I)


@dataclass(frozen=True)
class Roster:
    """The columns, a row for each student as it stands in the file, and Canvas's row of points."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    points: tuple[str, ...] | None = None

    def keys(self, row: tuple[str, ...]) -> set[str]:
        """Return all by which a student may be called in a file's name."""
        cells = dict(zip(self.columns, row, strict=True))
        partial = (*FIRST, *LAST)
        values = [
            v for name, v in cells.items() if KEYS.search(name) and plain(name) not in partial
        ]
        first, last = (_value(cells, names) for names in (FIRST, LAST))
        if first and last:
            values.append(f"{first} {last}")
        swapped = [" ".join(reversed(value.split(","))) for value in values if "," in value]
        joined = ["".join(value.split(",")) for value in values if "," in value]
        return {plain(value) for value in values + swapped + joined} - {""}


def read_roster(path: Path) -> Roster:
    """Read a table with commas, semicolons or tabs. Raises ValueError for one without students."""
    text = _text(path)
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    table = [row for row in csv.reader(text.splitlines(), delimiter=separator) if any(row)]
    width = len(table[0]) if table else 0
    rows = [tuple((row + [""] * width)[:width]) for row in table[1:]]
    points = [row for row in rows if row[0].strip().lower() == POINTS]
    rows = [row for row in rows if row not in points]
    roster = Roster(tuple(table[0]) if table else (), tuple(rows), *points[:1])
    if not rows or not all(roster.keys(row) for row in rows):
        raise ValueError(
            f"{path} must be a table with a first row of names such as `Name`, `ID` or `Email`, "
            f"and a row for each student. Found {len(rows)} students in columns "
            f"{', '.join(roster.columns) or 'without names'}. Export it again from your system."
        )
    return roster


def whose(paths: Iterable[Path], folder: Path, roster: Roster) -> Mapping[Path, int | None]:
    """Return the row of each file's student; None where no row fits, or several do equally."""
    keys = [roster.keys(row) for row in roster.rows]
    found = dict[Path, int | None]()
    for path in paths:
        parts = _parts(path.relative_to(folder))
        fits = [len(theirs & parts) for theirs in keys]
        most = max(fits, default=0)
        found[path] = fits.index(most) if most and fits.count(most) == 1 else None
    return found


def plain(text: str) -> str:
    """Return a text without case, accents, blanks and signs, as names are compared."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in decomposed if char.isalnum())


def _parts(path: Path) -> set[str]:
    """Return the parts of a path's names between underscores, and each name as a whole.

    The notebook's own name stays out: it begins with a number, as an id may.
    """
    names = [*path.parts[:-1], re.sub(_notebooks(), "", path.stem)]
    parts = [part for name in names for part in name.split("_")]
    return {plain(text) for text in names + parts} - {""}


@cache
def _notebooks() -> str:
    """Return a pattern for the notebooks of the course: "02_lif_neuron"."""
    names = [module.name.removeprefix("c") for module in pkgutil.iter_modules(chapters.__path__)]
    return rf"_?({'|'.join(names)})"


def _value(cells: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((value for name, value in cells.items() if plain(name) in names), "")


def _text(path: Path) -> str:
    """Return a table's text; Excel writes UTF-16 or Windows' own code page, too."""
    content = path.read_bytes()
    wide = content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    try:
        return content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
