"""Show the texts of the course in the learner's language: `snn.language("de")` or SNNEDU_LANG=de.

The source holds English. `languages/de.po`, a catalogue in gettext's format, holds each message and
its translation. What is shown is finished text: several messages in a row, with numbers and names
filled in. `translated` finds the messages in it. What no catalogue has stays English.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from snnedu.core import _check

FOLDER = Path(__file__).with_name("languages")
ENGLISH = "en"
FIELD = re.compile(r"\{(\w+)\}")  # a place in a message that is filled in
END = re.compile(r"(?<=[.?!…:)”`·✅])\s+|$")  # where one message may end and the next may begin
WORD_IN_SCRIPT = re.compile(r'"(?:[A-Z✅][^"\n]*[a-z.]|spike)[^"\n]*"|`Your [^`\n]*`')
Pattern = tuple[re.Pattern[str], str]  # what a message looks like when filled in; its translation


def language(code: str) -> None:
    """Show replies, questions and explorers in another language from now on: `language("de")`.

    "en" is the original. Raises ValueError for a language that has no catalogue.
    """
    _check.one_of("language", code, languages())
    os.environ["SNNEDU_LANG"] = code


def languages() -> list[str]:
    """Return the codes of all languages, English first."""
    return [ENGLISH, *sorted(path.stem for path in FOLDER.glob("*.po"))]


def translated(text: str) -> str:
    """Return a text as it is shown in the learner's language; unknown parts stay English."""
    code = chosen()
    if not code or not text:
        return text
    return "\n".join(_line(line, code) for line in text.split("\n"))


def translated_script(script: str) -> str:
    """Return JavaScript with the words that it shows in the learner's language."""
    return _script(script, chosen()) if chosen() else script


def read_catalogue(path: Path) -> dict[str, str]:
    """Return {message: translation} of a catalogue, without those that are missing or unsure."""
    found: dict[str, str] = {}
    for entry in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
        texts, kind = {"msgid": "", "msgstr": ""}, "msgid"
        for line in entry.splitlines():
            if not line.startswith("#"):
                word, quote, text = line.partition('"')
                kind = word.strip() or kind
                texts[kind] += json.loads(quote + text)
        if texts["msgid"] and texts["msgstr"] and "#, fuzzy" not in entry:
            found[texts["msgid"]] = texts["msgstr"]
    return found


def chosen() -> str:
    """Return the code of the language, "" for English and for one that has no catalogue."""
    code = os.environ.get("SNNEDU_LANG", "").partition("_")[0].lower()
    return code if code and _catalogue(code) else ""


def _line(line: str, code: str) -> str:
    """Translate the messages in a line one after the other."""
    done = ""
    while line:
        end, shown = _first(line, code)
        space = re.match(r"\s*", line[end:])
        end += space.end() if space else 0
        done += shown + (space[0] if space else "")
        line = line[end:]
    return done


def _first(line: str, code: str) -> tuple[int, str]:
    """Return where the first message of a line ends, and its translation.

    The longest message without fields comes first, then the shortest with fields: a field could
    swallow all that follows. The first sentence stays as it is if there is neither.
    """
    exact, ends = _catalogue(code), [match.start() for match in END.finditer(line)]
    for end in reversed(ends):
        if line[:end] in exact:
            return end, exact[line[:end]]
    for end in ends:
        for shown in _matches(line[:end], code):
            return end, shown
    return ends[0], line[: ends[0]]


def _filled(translation: str, values: Mapping[str, str], code: str) -> str:
    """Put values into a translation; a value that is a message itself is translated, too."""
    return FIELD.sub(lambda field: _whole(values[field[1]], code), translation)


def _whole(value: str, code: str) -> str:
    """Return the translation of a value that is one message; any other value stays."""
    if value in _catalogue(code):
        return _catalogue(code)[value]
    return next(_matches(value, code), value)


def _matches(text: str, code: str) -> Iterator[str]:
    """Yield the translations of the messages with fields that a text can be."""
    for pattern, translation in _patterns(code):
        if found := pattern.fullmatch(text):
            yield _filled(translation, found.groupdict(), code)


@cache
def _catalogue(code: str) -> dict[str, str]:
    path = FOLDER / f"{code}.po"
    return read_catalogue(path) if code.isalpha() and path.exists() else {}


@cache
def _patterns(code: str) -> list[Pattern]:
    """Return the messages with fields; those that say most themselves come first."""
    messages = [message for message in _catalogue(code) if FIELD.search(message)]
    messages.sort(key=lambda message: len(FIELD.sub("", message)), reverse=True)
    return [
        (re.compile("".join(_pieces(message))), _catalogue(code)[message]) for message in messages
    ]


def _pieces(message: str) -> Iterator[str]:
    """Yield the parts of a regular expression that a filled message matches."""
    seen = set[str]()
    for number, piece in enumerate(FIELD.split(message)):
        if number % 2 == 0:
            yield re.escape(piece)
        else:
            yield f"(?P={piece})" if piece in seen else f"(?P<{piece}>.*?)"
            seen.add(piece)


@cache
def _script(script: str, code: str) -> str:
    def word(found: re.Match[str]) -> str:
        quote, text = found[0][0], found[0][1:-1]
        shown = _catalogue(code).get(text, text)
        return json.dumps(shown, ensure_ascii=False) if quote == '"' else f"`{shown}`"

    return WORD_IN_SCRIPT.sub(word, script)
