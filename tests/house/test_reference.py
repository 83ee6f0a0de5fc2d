"""The API reference: every public name is explained, every link works, formulas stay as written."""

import html
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from pdoc import doc

import snnedu
from tools import reference

pytestmark = pytest.mark.house
ROOT = Path(__file__).parents[2]
STEPS = [name for name in reference.public_names() if name.endswith("_step")]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, str]:
    """Every page of a fresh build; a warning, a missing docstring or reference would stop it."""
    folder = tmp_path_factory.mktemp("reference")
    command = [sys.executable, "-m", "tools.reference", str(folder)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stderr == ""
    return {path: path.read_text(encoding="utf-8") for path in folder.rglob("*.html")}


def page(pages: dict[Path, str], module: str) -> str:
    end = module.replace(".", "/") + ".html"
    return next(text for path, text in pages.items() if path.as_posix().endswith("/" + end))


@pytest.mark.parametrize("name", reference.public_names())
def test_a_public_name_stands_on_the_page_of_its_module(name, pages):
    thing = getattr(snnedu, name)
    if inspect.ismodule(thing):
        assert f"snn.{name}</a></code>" in page(pages, "snnedu")
        assert page(pages, thing.__name__)
    else:
        assert f'id="{name}"' in page(pages, thing.__module__)
        assert f'#{name}">snn.{name}</a></code>' in page(pages, "snnedu")


def test_every_room_has_a_page(pages):
    for room in ("core", "brains", "silicon", "viz", "widgets", "course", "app"):
        assert page(pages, f"snnedu.{room}")


@pytest.mark.parametrize("name", STEPS)
def test_a_formula_stays_as_it_is_written(name, pages):
    step = getattr(snnedu, name)
    lines = [line[4:] for line in inspect.getdoc(step).splitlines() if line.startswith("    ")]
    blocks = re.findall(r"<pre>(.*?)</pre>", page(pages, step.__module__), re.S)
    shown = {
        line for block in blocks for line in html.unescape(re.sub("<[^>]+>", "", block)).split("\n")
    }
    assert len(lines) > 0
    assert set(lines) <= shown | {""}


def test_each_argument_is_an_item_of_a_list(pages):
    training, neurons = page(pages, "snnedu.core.training"), page(pages, "snnedu.core.neurons")
    items = re.findall(r"<li>\s*(?:<p>)?<code>(\w+)</code>", training)
    assert {"lr", "clip", "seed", "checkpoint"} <= set(items)
    assert re.search(r'<li>\s*(?:<p>)?<code>(<a href="#Leaky.beta">)?beta', neurons)


def test_arguments_below_a_heading_become_a_list():
    text = "Add.\n\nData\n    `x`, `y`: a pair\n      of tensors. `z`: more.\n\nRaises."
    wanted = "Add.\n\n**Data**\n\n- `x`, `y`: a pair\n      of tensors. \n- `z`: more.\n\nRaises."
    assert reference.to_markdown(text) == wanted


def test_every_link_leads_somewhere(pages):
    ids = {path: set(re.findall(r'\bid="([^"]+)"', text)) for path, text in pages.items()}
    checked = 0
    for path, text in pages.items():
        for address in re.findall(r'href="([^"]+)"', re.sub(r"(?s)<script.*?</script>", "", text)):
            if address.startswith(("http", "data:")):
                continue
            file, _, anchor = address.partition("#")
            target = (path.parent / file).resolve() if file else path
            assert target in ids, f"{path.name}: {address}"
            assert not anchor or anchor in ids[target], f"{path.name}: {address}"
            checked += 1
    assert checked > 1000


def test_no_page_asks_anything_of_the_network(pages):
    outside = r"""["'(]?\s*(?:https?:)?//"""
    for loads in (r"<\w+[^>]*\ssrc=", r"<link[^>]*\shref=", "url", "fetch", "import"):
        for path, text in pages.items():
            assert not re.search(rf"{loads}\(?{outside}", text), path.name


def test_names_of_other_modules_are_links(pages):
    neurons = page(pages, "snnedu.core.neurons")
    assert '<code><a href="steps.html#leaky_step">leaky_step</a></code>' in neurons
    assert '<a href="surrogate.html#atan">surrogate.atan()</a></code>' in neurons
    assert "Initialize internal Module state" not in neurons  # torch's docstring, not ours


def problems(**members: object) -> list[str]:
    module = ModuleType("snnedu.core.neurons", "Some neurons.")
    for member in members.values():
        vars(member)["__module__"] = module.__name__
    vars(module).update(members, __all__=[*members])
    return list(reference.problems(doc.Module(module)))


def explained(text: str):
    def member():
        pass

    member.__doc__ = text
    return member


def test_a_missing_docstring_is_a_problem():
    def silent():
        pass

    assert problems(silent=silent) == ["snnedu.core.neurons.silent has no docstring."]


@pytest.mark.parametrize(
    "name",
    ["surrogate.arctan()", "snn.Leeky", "Leaky.unrol", "leeky_step", "snn.viz.rasters(spk_rec)"],
)
def test_a_reference_to_nothing_is_a_problem(name):
    found = problems(member=explained(f"See `{name}`."))
    assert len(found) == 1
    assert f"refers to `{name}`, which does not exist" in found[0]


@pytest.mark.parametrize(
    "name",
    ["nn.Linear", "history.best_epoch", "lif.threshold = 2.0", "DataLoader", "[time, batch]"],
)
def test_a_reference_to_another_library_or_a_variable_is_no_problem(name):
    assert problems(member=explained(f"See `{name}`.")) == []


@pytest.mark.parametrize(
    "name",
    ["surrogate.atan()", "snn.Leaky", "Leaky.unroll", "leaky_step", "snn.History.loss", "mem", "τ"],
)
def test_a_reference_to_something_is_no_problem(name):
    assert problems(member=explained(f"See `{name}`.")) == []
