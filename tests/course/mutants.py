"""Mutants of a solution: its source with one thing changed, as a learner may get it wrong."""

import ast
import copy
from collections.abc import Iterator
from typing import Any

FLIPPED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.USub: ast.UAdd,
    ast.Eq: ast.GtE,
}  # fmt: skip
REVERSED = {ast.Gt: ast.Lt, ast.GtE: ast.LtE, ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Eq: ast.NotEq}


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """Return (changed line, source) of each mutant; a statement left out is "without …"."""
    tree = ast.parse(source)
    before, seen = ast.unparse(tree), set[str]()
    for place, node in enumerate(ast.walk(tree)):
        for choice in range(len(list(_changes(node)))):
            mutant = copy.deepcopy(tree)
            chosen = list(ast.walk(mutant))[place]
            _put(mutant, chosen, list(_changes(chosen))[choice])
            text = ast.unparse(mutant)
            if text != before and text not in seen:
                seen.add(text)
                yield _changed_line(before, text), text


def _changes(node: Any) -> Iterator[Any]:
    """Return what may stand in a node's place: nodes, or None where it is left out."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield from (ast.Constant(node.value + change) for change in (1, -1))
    elif isinstance(node, ast.Compare):
        for table in (FLIPPED, REVERSED):
            if other := table.get(type(node.ops[0])):
                yield ast.Compare(node.left, [other()], node.comparators)
    elif isinstance(node, ast.BinOp):
        yield from (node.left, node.right)
        if not isinstance(node.op, (ast.Add, ast.Mult)):
            yield ast.BinOp(node.right, node.op, node.left)
        if other := FLIPPED.get(type(node.op)):
            yield ast.BinOp(node.left, other(), node.right)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    elif isinstance(node, ast.Subscript):
        yield node.value
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    elif isinstance(node, (ast.AugAssign, ast.If, ast.Assign)) or _is_call(node):
        yield None


def _calls(node: ast.Call) -> Iterator[ast.expr]:
    """Leave a call out, or swap its first two arguments."""
    if isinstance(node.func, ast.Attribute) and not _is_module(node.func.value):
        yield node.func.value
    elif node.args and not isinstance(node.args[0], ast.Starred):
        yield node.args[0]
    if len(node.args) > 1:
        yield ast.Call(node.func, [node.args[1], node.args[0], *node.args[2:]], node.keywords)


def _is_call(node: Any) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)


def _is_module(node: ast.expr) -> bool:
    root = node
    while isinstance(root, ast.Attribute):
        root = root.value
    return isinstance(root, ast.Name) and root.id in ("torch", "snn")


def _put(tree: ast.AST, old: ast.AST, new: ast.AST | None) -> None:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
                return
            if isinstance(value, list) and any(each is old for each in value):
                kept = [new if each is old else each for each in value]
                filled = [each for each in kept if each is not None]
                setattr(parent, name, filled or [ast.Pass()])
                return


def _changed_line(before: str, after: str) -> str:
    old, new = ([line.strip() for line in text.splitlines()] for text in (before, after))
    place = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), len(new))
    return new[place] if len(old) == len(new) else f"without {old[place]}"
