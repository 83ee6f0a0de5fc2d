"""Make the API reference from the docstrings: static pages that ask nothing of the network.

    python -m tools.reference [folder]      # build/reference by default

A public name without a docstring, a reference to a name that does not exist, and every warning stop
it. Docstrings are Markdown: `code`, and indented blocks for formulas. pdoc reads them as they are.
"""

import ast
import builtins
import html
import keyword
import pkgutil
import re
import sys
import warnings
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from inspect import ismodule
from pathlib import Path
from types import ModuleType
from typing import Any

import torch.utils.data
from jinja2 import ChoiceLoader, DictLoader, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from pdoc import doc, render, render_helpers

import snnedu

Pages = dict[str, doc.Module]

ROOT = Path(__file__).parents[1]
OUT = ROOT / "build" / "reference"
CODE = re.compile(r"`([^`\n]+)`")  # in a docstring
SPAN = re.compile(r"<code>([^<]+)</code>")  # the same in a page
HERE = re.compile(r'<a href="#([^"]+)">(.*?)</a>')  # a link within a page
HEADING = re.compile(r"^([A-Z][\w ]+)\n(?= +`)", re.M)  # above indented arguments
ARGUMENT = re.compile(r"(?:^ *|(?<=[.;] ))(?=`[\w.*]+`(?:, `[\w.*]+`)*: )", re.M)
WIDE = "main.pdoc { width: calc(62rem + var(--sidebar-width, 0)) }"  # formulas have 100 characters
CALL = re.compile(r"([A-Za-z_][\w.]*?)(\(.*\))?")  # `surrogate.atan`, `quiz("02")`


def main(arguments: list[str]) -> int:
    """Write the pages, or print what is wrong with the docstrings and return 1."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pages = make_pages()
        found = sorted({text for page in pages.values() for text in problems(page)})
        if found:
            print("\n".join(found))
            return 1
        write(pages, Path(*arguments) if arguments else OUT)
    return 0


def make_pages() -> Pages:
    """Return a page for the package, for each room, and for each module with a public name."""
    homes = sorted({home for name in public_names() for home in homes_of(getattr(snnedu, name))})
    rooms = [f"snnedu.{room.name}" for room in pkgutil.iter_modules(snnedu.__path__) if room.ispkg]
    above = {home.rsplit(".", n)[0] for home in homes for n in range(1, home.count(".") + 1)}
    packages = sorted({*rooms, *above})
    pages = {name: package_page(name, [*packages, *homes]) for name in packages}
    pages |= {home: doc.Module(sys.modules[home]) for home in homes if home not in packages}
    for page in pages.values():
        tidy(page)
    return pages


def tidy(page: doc.Module) -> None:
    """Hide what comes from elsewhere; show private classes whose methods public ones inherit."""
    for thing in everything(page):
        inherits = isinstance(thing, doc.Variable) or thing.name == "__init__"
        if inherits and thing.docstring.partition("\n")[0] not in page.source:
            thing.docstring = ""  # torch's "Initialize internal Module state", traitlets' "A trait"
        for _, name, _ in thing.bases if isinstance(thing, doc.Class) else ():
            base = page.get(name)
            if base and name.startswith("_"):
                base.docstring += "@public"  # pdoc's own mark, which it does not print


def public_names() -> list[str]:
    """Return the names that `import snnedu as snn` gives."""
    return sorted((name for name in snnedu.__all__ if not name.startswith("__")), key=str.lower)


def homes_of(thing: Any) -> set[str]:
    """Return the module in which a public name is defined; of a module, also those it hands on."""
    things = vars(thing).values() if ismodule(thing) else [thing]
    found = {getattr(part, "__module__", None) or "" for part in things if callable(part)}
    found |= {thing.__name__} if ismodule(thing) else set()
    return {home for home in found if home.startswith("snnedu.")}


def package_page(name: str, pages: list[str]) -> doc.Module:
    """Return the page of a package: its docstring and links to what it holds."""
    package = import_module(name)
    inside = dict.fromkeys(n for n in pages if n.rpartition(".")[0] == name)
    names = f"\n\n## Public names\n\n{list_of_names()}" if name == "snnedu" else ""
    page = ModuleType(name, f"{package.__doc__}{names}")
    vars(page).update(__path__=package.__path__, __all__=[n.rpartition(".")[2] for n in inside])
    return doc.Module(page)


def list_of_names() -> str:
    """Return the public names, each with the first line of its docstring, in Markdown."""
    docs = {name: (getattr(snnedu, name).__doc__ or "").strip() for name in public_names()}
    return "\n".join(f"- `snn.{name}`: {text.partition(chr(10))[0]}" for name, text in docs.items())


def write(pages: Pages, folder: Path) -> None:
    """Render the pages into a folder."""
    render.configure(docformat="markdown", footer_text=f"snnedu {snnedu.__version__}")
    render.env.filters |= {"linkify": linkify, "to_markdown": to_markdown}
    render.env.loader = ChoiceLoader([DictLoader({"custom.css": WIDE}), render.env.loader])
    texts = {
        f"{name.replace('.', '/')}.html": render.html_module(pages[name], pages) for name in pages
    }
    texts |= {"index.html": render.html_index(pages), "search.js": render.search_index(pages)}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def to_markdown(docstring: str) -> str:
    """Turn the arguments in a docstring, "`name`: what it is", into a list; the rest stays."""
    return ARGUMENT.sub("\n- ", HEADING.sub(r"**\1**\n", docstring))


# --- references -------------------------------------------------------------------------------


@pass_context
def linkify(context: Context, text: str, namespace: str = "", shorten: bool = True) -> Markup:
    """Link names as pdoc does, and those that `snnedu` hands out from other modules."""
    page, pages = context["module"], context["all_modules"]

    def link(span: re.Match[str]) -> str:
        thing = find(html.unescape(span[1]), page.modulename)
        home, name = getattr(thing, "__module__", ""), getattr(thing, "__qualname__", "")
        if ismodule(thing):
            home, name = thing.__name__, ""
        if home not in pages or (name and not pages[home].get(name)):
            return span[0]
        address = render_helpers.relative_link(page.modulename, home)
        return f'<code><a href="{address}#{name}">{span[1]}</a></code>'.replace('#"', '"')

    def drop_unless_shown(anchor: re.Match[str]) -> str:
        member = page.get(anchor[1])  # pdoc also links what a class inherits from torch
        return anchor[0] if member and member.taken_from[0] in pages else anchor[2]

    linked = render_helpers.linkify(context, text, namespace, shorten)
    return Markup(SPAN.sub(link, HERE.sub(drop_unless_shown, linked)))


def find(code: str, module: str) -> Any:
    """Return what a piece of code in a docstring of `module` names, or None."""
    match = CALL.fullmatch(code)
    if not match:
        return None
    head, *rest = match[1].split(".")
    thing = head_of(head, module)
    for name in rest:
        thing = getattr(thing, name, None)
    return thing


def head_of(name: str, module: str) -> Any:
    """Return what stands before the first dot: `snn`, a name of the module, or a public name."""
    if name in ("snn", "snnedu"):
        return snnedu
    here = vars(sys.modules[module])
    return here[name] if name in here else getattr(snnedu, name, None)


# --- problems ---------------------------------------------------------------------------------


def problems(page: doc.Module) -> Iterator[str]:
    """Yield what is missing or broken on a page, one sentence each."""
    for thing in (page, *everything(page)):
        if isinstance(thing, doc.Variable) or thing.name == "__init__":
            continue  # the docstring of the class explains both
        if not thing.docstring:
            yield f"{thing.fullname} has no docstring."
        for code in CODE.findall(thing.docstring):
            if is_broken(code, page.modulename):
                yield f"{thing.fullname} refers to `{code}`, which does not exist."


def everything(space: doc.Namespace[Any]) -> Iterator[doc.Doc[Any]]:
    """Yield the public members of a module or class, and theirs."""
    for member in space.own_members:
        if member.name == "__init__" or not member.name.startswith("_"):
            yield member
            if isinstance(member, doc.Class):
                yield from everything(member)


def is_broken(code: str, module: str) -> bool:
    """Tell whether a piece of code names something of ours that is not there.

    After a module or a class of ours, the name must be one of its own; alone, it must be the name
    of anything in the package, such as an argument. A plain word may belong to another library.
    """
    match = CALL.fullmatch(code)
    if not match:
        return False
    owner, dot, name = match[1].rpartition(".")
    if not dot:
        return bool(re.search("[_A-Z(]", code)) and name not in known_names()
    home = head_of(owner.partition(".")[0], module)
    if not getattr(home, "__module__", getattr(home, "__name__", "")).startswith("snnedu"):
        return False
    fields = getattr(find(owner, module), "__annotations__", {})
    return find(match[1], module) is None and name not in fields


@cache
def known_names() -> set[str]:
    """Return every name in the package's code, Python's own, and torch's."""
    names = {*dir(builtins), *keyword.kwlist, *dir(torch), *dir(torch.nn), *dir(torch.utils.data)}
    for path in Path(snnedu.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names |= {value for _, value in ast.iter_fields(node) if isinstance(value, str)}
            names |= {*path.parts, path.stem}
    return names


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
