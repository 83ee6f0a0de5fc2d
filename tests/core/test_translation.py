"""Texts in the learner's language: messages are found in what is shown, with values filled in."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from snnedu.core import translation
from snnedu.core.translation import language, languages, read_catalogue, translated

MESSAGES = {
    "{id} is still open.": "{id} ist noch offen.",
    "You count the steps. Count the spikes.": "Du zählst Schritte. Zähle Spikes.",
    "You counted {count} of {all} spikes.": "Von {all} Spikes hast du {count} gezählt.",
    "Your function returns {form}.": "Deine Funktion gibt {form} zurück.",
    "a {kind} of {n} things": "{kind} mit {n} Dingen",
    "one number": "eine Zahl",
    "{name} and {name}": "zweimal {name}",
    "Stuck?": "Kommst du nicht weiter?",
}
WORDS = st.text("abcXYZ0123456789_-", min_size=1, max_size=8)


@pytest.fixture(autouse=True)
def _toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have a catalogue "zz"; later tests read the real ones again."""
    entries = [f'msgid "{message}"\nmsgstr "{shown}"\n' for message, shown in MESSAGES.items()]
    (tmp_path / "zz.po").write_text("\n".join(entries), encoding="utf-8")
    caches = translation._catalogue, translation._patterns, translation._script
    monkeypatch.setattr(translation, "FOLDER", tmp_path)
    monkeypatch.setenv("SNNEDU_LANG", "zz")
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.fixed_dictionaries(dict.fromkeys(("id", "count", "all", "name"), WORDS)))
def test_a_filled_message_becomes_the_filled_translation(values: dict[str, str]):
    for message, shown in MESSAGES.items():
        if "form" not in message and "kind" not in message:
            assert translated(message.format(**values)) == shown.format(**values)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=st.lists(st.sampled_from([m for m in MESSAGES if m[-1] in ".?"]), min_size=1, max_size=6),
    space=st.sampled_from([" ", "\n"]),
)
def test_messages_in_a_row_are_translated_one_by_one(order: list[str], space: str):
    values = dict.fromkeys(("id", "count", "all"), "7") | {"form": "one number"}
    shown = dict.fromkeys(("id", "count", "all"), "7") | {"form": "eine Zahl"}
    text = space.join(message.format(**values) for message in order)
    assert translated(text) == space.join(MESSAGES[message].format(**shown) for message in order)


def test_a_value_that_is_a_message_is_translated_too():
    text = "Your function returns a tuple of 3 things."
    assert translated(text) == "Deine Funktion gibt tuple mit 3 Dingen zurück."
    assert translated("5 and 5") == "zweimal 5"
    assert translated("5 and 6") == "5 and 6"


def test_what_no_catalogue_has_stays_english_and_in_its_place():
    text = "  ( ) Who knows? Stuck?  Nobody."
    assert translated(text) == "  ( ) Who knows? Kommst du nicht weiter?  Nobody."
    assert translated("") == ""


@pytest.mark.parametrize("code", ["", "en", "xx", "../zz", "zz.po", "7"])
def test_english_and_unknown_languages_change_no_character(code: str, monkeypatch):
    monkeypatch.setenv("SNNEDU_LANG", code)
    for message in MESSAGES:
        assert translated(message) is message
    assert translation.translated_script('"Stuck?"') == '"Stuck?"'


@pytest.mark.parametrize("code", ["zz", "ZZ", "zz_AT", "zz_AT.UTF-8"])
def test_the_variable_may_look_like_a_locale(code: str, monkeypatch):
    monkeypatch.setenv("SNNEDU_LANG", code)
    assert translated("Stuck?") == "Kommst du nicht weiter?"


def test_language_chooses_and_english_is_always_there():
    assert languages() == ["en", "zz"]
    language("en")
    assert translated("Stuck?") == "Stuck?"
    language("zz")
    assert os.environ["SNNEDU_LANG"] == "zz"
    assert translated("Stuck?") == "Kommst du nicht weiter?"


@pytest.mark.bad_input
@pytest.mark.parametrize("code", ["xx", "", "ZZ", None, 7])
def test_a_language_without_a_catalogue_is_refused(code: object):
    with pytest.raises(ValueError, match=r"must be one of 'en', 'zz'. Received"):
        language(code)  # type: ignore
    assert os.environ["SNNEDU_LANG"] == "zz"


def test_a_catalogue_is_read_as_gettext_writes_it(tmp_path: Path):
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import write_po

    long = 'A `line` that is long, “quoted” and "quoted", with \\ and\ttab. ' * 4
    catalogue = Catalog(locale="de")
    catalogue.add(long, long.upper(), auto_comments=["a note"])
    catalogue.add("missing", "")
    catalogue.add("unsure", "unsicher", flags=["fuzzy"])
    catalogue.obsolete["old"] = catalogue.add("old", "alt")
    del catalogue._messages["old"]
    path = tmp_path / "de.po"
    with path.open("wb") as file:
        write_po(file, catalogue)
    assert read_catalogue(path) == {long: long.upper()}


def test_a_script_shows_its_words_and_keeps_its_code():
    script = 'h("Stuck?", `${x} Stuck?`); on("change:x"); "Unknown word"'
    shown = translation.translated_script(script)
    assert shown == script.replace('"Stuck?"', '"Kommst du nicht weiter?"')
