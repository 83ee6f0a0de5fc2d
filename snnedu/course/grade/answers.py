"""Find the answers in a student's notebook, each with the code that it needs and no more.

An answer is what stands in the last `snn.check("02.1", answer)`. Where that call is gone, it is the
name that the exercise asks for, if a cell has the tag `exercise:02.1`.
"""

import ast
import json
import symtable
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from snnedu.course.exercise import all_exercises, tagged

MOST_BYTES = 20_000_000  # of a notebook; a larger one is not read


@dataclass(frozen=True)
class Answer:
    """Code that defines an answer: run `source`, then take `expression`.

    `modules` are those that it imports; `own` is its definition alone, None if there is none.
    """

    source: str
    expression: str
    modules: tuple[str, ...] = ()
    own: ast.stmt | None = None


@dataclass(frozen=True)
class _Statement:
    """A statement at the top level of a notebook, and the tags of its cell."""

    node: ast.stmt
    tags: tuple[str, ...]

    @cached_property
    def table(self) -> symtable.SymbolTable:
        return symtable.symtable(ast.unparse(self.node), "statement", "exec")

    @cached_property
    def binds(self) -> set[str]:
        """Return the names that it defines; "*" for a star import."""
        if isinstance(self.node, ast.ImportFrom) and self.node.names[0].name == "*":
            return {"*"}
        symbols = self.table.get_symbols()
        return {s.get_name() for s in symbols if s.is_assigned() or s.is_imported()}

    @cached_property
    def uses(self) -> set[str]:
        """Return the names that it takes from outside, inside its functions too."""
        return set(_globals(self.table))

    @property
    def is_definition(self) -> bool:
        return isinstance(self.node, (ast.FunctionDef, ast.ClassDef))


def answers(path: Path) -> dict[str, Answer]:
    """Return the answers in a notebook by the ids of their exercises.

    Raises ValueError for a file that is no notebook.
    """
    statements = list(_statements(_cells(path)))
    names = {exercise.id: exercise.name for exercise in all_exercises()}
    by_tag = {tag: (len(statements), names.get(tag, "")) for s in statements for tag in s.tags}
    asked = by_tag | {id: (place, text) for id, place, text in _checks(statements)}
    return {id: _answer(statements[: asked[id][0]], asked[id][1]) for id in names if id in asked}


def is_stub(answer: Answer) -> bool:
    """Tell whether a function has no body yet: a docstring, `...`, or an error that says so."""
    body = getattr(answer.own, "body", None)
    return body is not None and all(map(_is_empty, body))


def _is_empty(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass() | ast.Expr(ast.Constant()) | ast.Return(ast.Constant() | None):
            return True
        case ast.Raise(exc=error):
            return "NotImplementedError" in ast.dump(error or statement)
        case _:
            return False


def _cells(path: Path) -> list[tuple[str, tuple[str, ...]]]:
    """Return source and tags of the code cells."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"it has more than {MOST_BYTES / 1e6:.0f} MB")
        cells: list[Any] = json.loads(path.read_text(encoding="utf-8-sig"))["cells"]
        return [
            ("".join(cell["source"]), tuple(map(str, cell["metadata"].get("tags", ()))))
            for cell in cells
            if cell["cell_type"] == "code"
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise ValueError(f"{path} must be a notebook. It cannot be read ({reason}).") from None


def _statements(cells: Iterable[tuple[str, tuple[str, ...]]]) -> Iterator[_Statement]:
    """Yield the statements of all cells that are Python, without the lines of IPython."""
    for source, tags in cells:
        lines = source.splitlines()
        plain = "\n".join("" if line.lstrip()[:1] in tuple("%!?") else line for line in lines)
        try:
            found = [_Statement(node, tuple(tagged(tags))) for node in ast.parse(plain).body]
            for statement in found:
                statement.table.get_symbols()  # some errors are seen only here
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        yield from found


def _checks(statements: list[_Statement]) -> Iterator[tuple[str, int, str]]:
    """Yield id, place and answer of each `check("02.1", answer)`, in order."""
    for place, statement in enumerate(statements):
        for node in ast.walk(statement.node):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr="check") | ast.Name(id="check"),
                    args=[ast.Constant(value=str(id)), answer, *_],
                ):
                    yield id, place, ast.unparse(answer)
                case _:
                    pass


def _answer(statements: list[_Statement], expression: str) -> Answer:
    """Return the answer after these statements, with all that it uses, directly or not."""
    end, needed = len(statements), set[int]()
    first = _Statement(ast.parse(expression or "...").body[0], ())
    todo = [(name, end) for name in first.uses | {"*"}]
    while todo:
        name, before = todo.pop()
        for place in _places(statements[:before], name):
            if place not in needed:
                needed.add(place)
                late = statements[place].is_definition  # its body looks names up when it is called
                todo += [(used, end if late else place) for used in statements[place].uses]
    nodes = [statements[place].node for place in sorted(needed)]
    own = [s.node for s in statements if s.is_definition and expression in s.binds]
    source = "\n".join(map(ast.unparse, nodes))
    return Answer(source, expression, tuple(_modules(nodes)), own[-1] if own else None)


def _places(statements: list[_Statement], name: str) -> list[int]:
    """Return where a name was bound last; each star import may bind any."""
    found = [place for place, statement in enumerate(statements) if name in statement.binds]
    return found if name == "*" else found[-1:]


def _globals(table: symtable.SymbolTable) -> Iterator[str]:
    top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (top or symbol.is_global()):
            yield symbol.get_name()
    for inner in table.get_children():
        yield from _globals(inner)


def _modules(nodes: Iterable[ast.stmt]) -> Iterator[str]:
    """Yield the modules that are imported, wherever that is; those of the course stay out."""
    for node in (inner for outer in nodes for inner in ast.walk(outer)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        yield from (name for name in names if not name.startswith(("snnedu.course", "snnedu.app")))
