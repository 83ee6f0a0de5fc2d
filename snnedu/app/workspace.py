"""A learner's own copy of the course: without outputs, kept up to date, never overwritten.

A hidden file in the copy, `.snnedu.json`, holds the digest of each file as it was given. A file
that still has this digest is replaced when the course has a newer version. A file that the learner
changed stays, and the newer version is put beside it. Running a notebook is no change: a digest
takes what stands in the cells, without outputs and empty cells.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from snnedu.core._files import replacing
from snnedu.core.translation import chosen, languages
from snnedu.course.progress import folder as data_folder

START = "00_start_here.ipynb"
RECORD = ".snnedu.json"
PACKAGE = Path(__file__).parents[1]


def lay_out(folder: Path | None = None, reset: Iterable[str] = ()) -> tuple[Path, list[str]]:
    """Bring the learner's copy up to date; return its folder, and what was done in sentences.

    `reset` names notebooks to give afresh ("02"); what the learner had is kept beside them.
    """
    again = [named(word) for word in reset]
    folder, source = (folder or default_folder()).expanduser().resolve(), published()
    if folder == source.resolve():
        raise ValueError(
            f"`--folder` must not be the folder of the course itself. Received {folder}. "
            f"Choose another one, or leave it out: your copy is then {default_folder()}."
        )
    copy = _Copy(source, folder)
    names = _names(source)
    for name in names:
        copy.reset(name) if name in again else copy.update(name)
    copy.forget_all_but(names)
    copy.save()
    return folder, list(copy.sentences())


def default_folder() -> Path:
    """Return the open copy, or `my-course` in the checkout (git ignores it) or among user data."""
    if chosen := os.environ.get("SNNEDU_COURSE"):  # set by `snnedu lab` and on Binder
        return Path(chosen)
    home = PACKAGE.parent if (PACKAGE.parent / "tutorials" / START).exists() else data_folder()
    return home / "my-course"


def published() -> Path:
    """Return the folder of the notebooks: the checkout's, or those inside an installed package."""
    for folder in (PACKAGE.parent / "tutorials", PACKAGE / "tutorials"):
        if (folder / START).exists():
            return folder
    raise FileNotFoundError(
        f"The notebooks should be in {PACKAGE / 'tutorials'}, and {START} is not there. "
        "Install again: python -m pip install --force-reinstall 'snnedu[course]'"
    )


def start() -> str:
    """Return the notebook to begin with, in the learner's language if there is a translation."""
    own = f"{chosen()}/{START}"
    return own if chosen() and (published() / own).exists() else START


def named(word: str) -> str:
    """Return the notebook that a learner means by "02", "2", "de/00" or a file's name."""
    path = Path(word)
    translation = f"{path.parent.name}/" if path.parent.name in languages() else ""
    start = translation + path.name.zfill(2)
    notebooks = [name for name in _names(published()) if name.endswith(".ipynb")]
    found = [name for name in notebooks if name.startswith(start)]
    if not word or len(found) != 1:
        known = ", ".join(name.removesuffix(".ipynb") for name in notebooks)
        raise ValueError(
            f"`--reset` needs the number or name of one notebook. Received {word!r}. "
            f"There are: {known}. Try: snnedu lab --reset 02"
        )
    return found[0]


def cleared(path: Path) -> bytes:
    """Return a notebook without outputs, and any other file as it is."""
    if path.suffix != ".ipynb":
        return path.read_bytes()
    notebook = json.loads(path.read_bytes())
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def digest(content: bytes, name: str) -> str:
    """Return a short text that changes when a learner writes into the file."""
    if name.endswith(".ipynb"):
        try:
            cells: list[Any] = json.loads(content)["cells"]
            sources = [[cell["cell_type"], "".join(cell["source"])] for cell in cells]
            # JupyterLab adds an empty cell when the last one is run.
            content = json.dumps([pair for pair in sources if pair[1].strip()]).encode()
        except (ValueError, KeyError, TypeError):
            pass  # a damaged notebook: its bytes stand for it
    return hashlib.sha256(content).hexdigest()[:16]


class _Copy:
    """The learner's folder, and what is done in it during one call."""

    def __init__(self, source: Path, folder: Path) -> None:
        self.source, self.folder = source, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.first = not (folder / RECORD).exists()
        record = _read(folder / RECORD)
        self.given: dict[str, str] = record.get("given", {})
        self.beside: dict[str, list[str]] = record.get("beside", {})  # name: [its file, digest]
        self.done: dict[str, list[str]] = {"new": [], "updated": [], "reset": [], "newer": []}

    def update(self, name: str) -> None:
        """Give a file that is missing, or that the learner never changed."""
        fresh = cleared(self.source / name)
        newest, mine = digest(fresh, name), self._digest(name)
        if mine == newest:
            self._take(name, newest)
        elif mine in (None, self.given.get(name)):
            self._write(name, fresh)
            self._take(name, newest)
            self.done["new" if mine is None else "updated"].append(name)
        elif newest != self.given.get(name):
            self._put_beside(name, fresh, newest)

    def reset(self, name: str) -> None:
        """Give a notebook afresh; keep what the learner had as `.old`, `.old2`, ..."""
        fresh, path = cleared(self.source / name), self.folder / name
        if path.exists() and path.read_bytes() != fresh:
            old = self._first_name(name, "old", lambda other: not (self.folder / other).exists())
            self._write(old, path.read_bytes())
            self.done["reset"].append(f"{name} is as new. What you had is kept in {old}.")
        else:
            self.done["reset"].append(f"{name} is as new.")
        self._write(name, fresh)
        self._take(name, digest(fresh, name))

    def forget_all_but(self, names: list[str]) -> None:
        """Remove files such as `solutions-withheld` once the course has them no more."""
        for name in set(self.given) - set(names):
            given = self.given.pop(name)
            if not name.endswith(".ipynb") and self._digest(name) == given:
                (self.folder / name).unlink()

    def save(self) -> None:
        """Record what was given; this also finds out whether the folder can be written."""
        record = {"given": self.given, "beside": self.beside}
        self._write(RECORD, json.dumps(record, indent=1).encode())

    def sentences(self) -> Iterator[str]:
        """Say what was done, in sentences for the learner."""
        if self.first:
            yield f"Your own copy of the course is in {self.folder}. Work there: it is yours."
        elif self.done["new"]:
            yield f"New: {', '.join(self.done['new'])}."
        if self.done["updated"]:
            yield f"Updated, since you had not changed them: {', '.join(self.done['updated'])}."
        yield from self.done["reset"]
        yield from self.done["newer"]

    def _take(self, name: str, newest: str) -> None:
        """Note that the learner has the newest version; remove its twin, unless it was changed."""
        self.given[name] = newest
        twin, offered = self.beside.pop(name, ("", ""))
        if twin and self._digest(twin) == offered:
            (self.folder / twin).unlink()

    def _put_beside(self, name: str, fresh: bytes, newest: str) -> None:
        """Put a newer version beside the learner's, once; afterwards only say so."""
        twin, offered = self.beside.get(name, ("", ""))
        if newest != offered:
            ours = {None, newest, offered} if twin else {None, newest}
            twin = self._first_name(name, "new", lambda other: self._digest(other) in ours)
            self._write(twin, fresh)
            self.beside[name] = [twin, newest]
        if (self.folder / twin).exists():
            self.done["newer"].append(
                f"{name} has a newer version: {twin}. Yours stays as you left it. "
                f"To continue with the newer one: snnedu lab --reset {name.partition('_')[0]}"
            )

    def _first_name(self, name: str, word: str, fits: Callable[[str], bool]) -> str:
        """Return the first fitting one of 02_x.new.ipynb, 02_x.new2.ipynb, ..."""
        path = Path(name)
        names = (f"{path.stem}.{word}{n if n > 1 else ''}{path.suffix}" for n in count(1))
        return next(filter(fits, (path.with_name(other).as_posix() for other in names)))

    def _digest(self, name: str) -> str | None:
        path = self.folder / name
        return digest(path.read_bytes(), name) if path.exists() else None

    def _write(self, name: str, content: bytes) -> None:
        with replacing(self.folder / name) as part:
            part.write_bytes(content)


def _names(source: Path) -> list[str]:
    """Return every file of the course, as a path below `source`; hidden ones belong to others."""
    paths = [path.relative_to(source) for path in source.rglob("*") if path.is_file()]
    return sorted(
        path.as_posix()
        for path in paths
        if not any(part.startswith((".", "__")) for part in path.parts)
    )


def _read(path: Path) -> dict[str, Any]:
    """Return the record; a missing or damaged one is empty, and then nothing is replaced."""
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}
