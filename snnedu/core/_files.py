"""Files are written whole or not at all: what was there before survives a full disk or a crash."""

import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replacing(path: str | Path) -> Generator[Path]:
    """Yield a new file's path, in the same folder; at the end that file takes the place of `path`.

        with replacing("progress.json") as part:
            part.write_text(...)

    The folder is made where it is missing. Where writing fails, `path` stays as it was, and the
    error says so.
    """
    path = Path(path).resolve()  # a link stays one
    part = _beside(path)
    try:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())  # a full disk may answer only here
        os.replace(part, path)
    except OSError as error:
        error.add_note(f"{path} is as it was. Free some space, or choose another file or folder.")
        raise
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def check_writable(name: str, path: Path) -> None:
    """Raise `ValueError` unless a file can be written to `path`, before work is spent on it."""
    try:
        if path.is_dir():
            raise IsADirectoryError("it is a folder")
        part = _beside(path.resolve())
        part.touch()
        part.unlink()
    except OSError as error:
        raise ValueError(
            f"`{name}` must be a file that can be written. Received {path}: "
            f"{error.strerror or error}. Choose another file or folder."
        ) from None


def _beside(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
