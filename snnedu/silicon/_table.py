"""A report that prints as a table, in a terminal and in a notebook."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from html import escape
from itertools import chain, repeat

from snnedu.core.network import _table


class Table(ABC):
    """Lines of cells, the first of them the head, and a caption."""

    @abstractmethod
    def _lines(self) -> Iterable[tuple[str, ...]]: ...

    @abstractmethod
    def _caption(self) -> str: ...

    def __str__(self) -> str:
        return f"{_table(list(self._lines()))}\n{self._caption()}"

    def _repr_html_(self) -> str:
        head, *body = (
            "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in line)
            for tag, line in zip(chain(["th"], repeat("td")), self._lines(), strict=False)
        )
        rows = "".join(f"<tr>{row}</tr>" for row in body)
        return (
            f"<table><caption>{escape(self._caption())}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )
