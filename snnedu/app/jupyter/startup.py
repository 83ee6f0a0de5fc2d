"""Runs when a kernel of the course starts: advice for a learner who meets a NameError.

Learners jump to a cell whose names come from cells above it. `snnedu lab` and Binder name this file
in PYTHONSTARTUP, which IPython's kernel runs; a plain Python started from there ignores it.
"""

from types import TracebackType
from typing import Any


def _advise(
    shell: Any,
    kind: type[NameError],
    error: NameError,
    traceback: TracebackType,
    tb_offset: int | None = None,
) -> None:
    """Show a NameError as usual, and below it what to do."""
    shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)
    print(
        f"`{error.name}` is not defined yet. If it is spelled right, a cell above defines it: "
        f"choose Run > Run All Above Selected Cell in the menu, then run this cell again."
    )


if "get_ipython" in globals():
    globals()["get_ipython"]().set_custom_exc((NameError,), _advise)
del Any, TracebackType  # the learner's cells would see these names
