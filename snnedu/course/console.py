"""Text on consoles whose code page lacks our symbols: `snnedu doctor > report.txt` on Windows."""

import re
import sys
import unicodedata
from io import TextIOBase
from typing import TextIO

from snnedu.core.translation import translated

WORDS = {
    "✅": "ok", "❌": "FAILED", "●": "x", "○": "-", "→": "->", "≥": ">=", "≤": "<=", "≠": "!=",
    "≈": "~", "√": "sqrt", "∂": "d", "×": "x", "·": "*", "Ω": "Ohm", "\N{MINUS SIGN}": "-",
    "–": "-", "“": '"', "”": '"', "’": "'",
}  # fmt: skip


def say(text: str, stream: TextIO | TextIOBase | None = None) -> None:
    """Print `text`, translated, to `stream` (default: stdout), in what its encoding can show."""
    stream = stream or sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    print("".join(_written(char, encoding) for char in translated(text)), file=stream)


def _written(char: str, encoding: str) -> str:
    """Return `char`, or where the encoding lacks it: β as "beta", β² as "beta^2", é as "e"."""
    try:
        return char.encode(encoding).decode(encoding)
    except UnicodeEncodeError:
        pass
    if char in WORDS:
        return WORDS[char]
    if greek := re.match(r"GREEK (SMALL|CAPITAL) LETTER (\w+)", unicodedata.name(char, "")):
        return greek[2].lower() if greek[1] == "SMALL" else greek[2].capitalize()
    parts = unicodedata.normalize("NFKD", char)
    if parts == char:
        accent = unicodedata.category(char) == "Mn"
        return "" if accent else char.encode(encoding, "backslashreplace").decode(encoding)
    raised = "^" if unicodedata.decomposition(char).startswith("<super>") else ""
    return raised + "".join(_written(part, encoding) for part in parts)
