"""Packages that only some functions need: imported where they are used, and named if missing."""

from importlib import import_module
from types import ModuleType


def extra(module: str, user: str, advice: str) -> ModuleType:
    """Import a module that may be missing; the error says who needs it, and what to do.

    `user` stands before "need" or "needs", as in "NWB files need".
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{user} `{error.name}`, which is not installed. {advice}"
        ) from error
