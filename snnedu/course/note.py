"""A reply to a learner: a colored note in a notebook, plain text elsewhere."""

import re
from html import escape

from snnedu.core.translation import translated
from snnedu.course.console import say

GREEN, AMBER = "#009e73", "#e69f00"
_EMPHASIZED = re.compile(r"(?<![\w*])\*(\w[\w ]*)(?<! )\*(?![\w*])")  # not 2*3*4, not a * b * c


def show(text: str, color: str = AMBER, printed: str = "") -> None:
    """Show a reply, translated; `printed` is what the learner's own code printed."""
    text = translated(text)
    if printed:
        text += f"\n{translated('Your code printed:')} {printed.strip()}"
    html = code_marks(escape(text).replace("\n", "<br>"))
    style = f"border-left:4px solid {color};padding:4px 12px;margin:4px 0"
    _display({"text/plain": text, "text/html": f'<div style="{style}">{html}</div>'})


def show_code(code: str) -> None:
    """Show a solution with syntax colors."""
    _display({"text/plain": code, "text/markdown": f"```python\n{code}\n```"})


def in_notebook() -> bool:
    """Return whether IPython runs this: in a notebook, most of the time."""
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return False
    return get_ipython() is not None


def code_marks(html: str) -> str:
    """Turn `code` into a code element, and *words* outside of code into emphasized ones."""
    parts = html.split("`")
    return "".join(
        f"<code>{p}</code>" if i % 2 else _EMPHASIZED.sub(r"<em>\1</em>", p)
        for i, p in enumerate(parts)
    )


def _display(data: dict[str, str]) -> None:
    if in_notebook():
        from IPython.display import display

        display(data, raw=True)
    else:
        say(data["text/plain"])
