"""The house: imports go down, room by room; what is public is explained; imports are light."""

import ast
import inspect
import pkgutil
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import snnedu

pytestmark = pytest.mark.house
PACKAGE = Path(snnedu.__file__).parent

# From the ground up.
FLOORS = [
    ["core"],
    ["brains", "silicon", "viz"],
    ["widgets"],
    ["course"],
    ["app"],
    ["__main__"],
]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
# A plain `import snnedu` leads to the top. Only chapters stand above: their solutions are written
# as a learner writes them, with `snn.Leaky`, and no other room imports a chapter.
TOP = FLOOR["snnedu"] = len(FLOORS)
FLOOR["chapters"] = TOP + 1
LIBRARY = ["core", "brains", "silicon", "viz"]
ROOMS = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
HEAVY = {"matplotlib", "ipywidgets", "anywidget", "sklearn", "numba", "IPython"}


def room_of(path: Path) -> str:
    """Return the room of a file: widgets/explorer.py -> widgets."""
    return room_named(".".join(path.relative_to(PACKAGE.parent).parts).removesuffix(".py"))


def room_named(module: str) -> str:
    """Return the room of a module: snnedu.viz.plots -> viz, snnedu.Leaky -> snnedu, the top."""
    parts = module.split(".")
    if parts[1:3] == ["course", "chapters"]:
        return "chapters"
    return parts[1] if len(parts) > 1 and parts[1] in FLOOR else "snnedu"


SOURCES = [p for p in sorted(PACKAGE.rglob("*.py")) if room_of(p) not in ("__init__", "tutorials")]


def imports(path: Path) -> set[str]:
    """Return the rooms that a file imports, wherever in the file that is."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            module = node.module or ""
            names = {f"snnedu.{alias.name}" for alias in node.names}
            found |= names if module == "snnedu" else {module}
    return {room_named(name) for name in found if f"{name}.".startswith("snnedu.")}


def public_names() -> dict[str, object]:
    names = [name for name in snnedu.__all__ if not name.startswith("__")]
    return {name: getattr(snnedu, name) for name in names}


def public_things() -> dict[str, object]:
    """Return the public functions and classes of the library, by module and name."""
    things: dict[str, object] = {}
    for room in LIBRARY:
        for info in pkgutil.iter_modules([str(PACKAGE / room)]):
            if info.name.startswith("_"):
                continue
            module = import_module(f"snnedu.{room}.{info.name}")
            for key, value in vars(module).items():
                mine = getattr(value, "__module__", "") == module.__name__
                if mine and not key.startswith("_") and callable(value):
                    things[f"{info.name}.{key}"] = value
    return things


THINGS = public_things()
STEPS = {name: thing for name, thing in THINGS.items() if name.endswith("_step")}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_room_imports_only_from_rooms_below(path):
    here = room_of(path)
    assert here in FLOOR, f"Give {here} a floor in FLOORS"
    for imported in imports(path):
        assert imported == here or FLOOR[imported] < FLOOR[here], f"{here} imports {imported}"


def test_an_import_from_above_is_seen(tmp_path):
    lines = ["import snnedu.viz.plots", "from snnedu import app", "def f():"]
    (tmp_path / "low.py").write_text("\n".join([*lines, "    from snnedu.course import check"]))
    assert imports(tmp_path / "low.py") == {"viz", "app", "course"}
    (tmp_path / "low.py").write_text("from snnedu.course.chapters.c02_lif_neuron import quiz")
    assert imports(tmp_path / "low.py") == {"chapters"}


@pytest.mark.parametrize(
    "line", ["import snnedu as snn", "import snnedu", "from snnedu import Leaky"]
)
def test_a_plain_import_of_the_package_counts_as_the_top(line, tmp_path):
    (tmp_path / "low.py").write_text(f"def f():\n    {line}\n")
    assert imports(tmp_path / "low.py") == {"snnedu"}
    assert all(FLOOR["snnedu"] > FLOOR[room] for room in [*LIBRARY, "widgets", "course", "app"])


def test_a_newcomer_finds_the_room_from_the_names_alone():
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert {"core", "brains", "silicon", "viz", "widgets", "course", "app"} <= rooms
    chapters = [path.name for path in (PACKAGE / "course" / "chapters").glob("c*")]
    notebooks = [path.stem for path in (PACKAGE.parent / "tutorials").glob("[0-9]*.ipynb")]
    assert sorted(chapters) == sorted(f"c{name}" for name in notebooks)
    for chapter in chapters:
        files = {path.name for path in (PACKAGE / "course" / "chapters" / chapter).iterdir()}
        assert {"exercises.py", "quiz.py"} <= files


def test_contributing_lists_the_rooms_by_floor():
    rows = re.findall(r"^\| (\d) \| `snnedu/([\w/]+)/` \|", ROOMS, re.M)
    floors = {room: str(n) for n, names in enumerate(FLOORS[:-1]) for room in names}
    assert {room: floor for floor, room in rows} == floors | {"course/chapters": floors["course"]}


@pytest.mark.parametrize(
    ("subject", "room"),
    [
        (r"STDP|plasticity", "brains"),
        ("energy", "silicon"),
        ("its exercises", "course/chapters"),
        ("(?i)pictures", "viz"),
        ("explorers?, |controls", "widgets"),
        ("neurons", "core"),
    ],
)
def test_a_newcomer_finds_the_room_of_a_subject(subject, room):
    row = next(line for line in ROOMS.splitlines() if f"`snnedu/{room}/`" in line)
    assert re.search(subject, row)
    package = import_module(f"snnedu.{room.replace('/', '.')}")
    assert re.search(subject, package.__doc__), f"{room}'s own docstring says something else"


@pytest.mark.parametrize("room", [room for floor in FLOORS[:-1] for room in floor])
def test_a_room_says_in_one_line_what_it_holds(room):
    text = import_module(f"snnedu.{room}").__doc__
    assert len(text.splitlines()[0].split()) > 5


def test_what_is_public_is_there_and_listed_once():
    names = public_names()
    assert len(names) > 20
    assert {"Leaky", "Sequential", "fit", "evaluate", "surrogate"} <= set(names)
    stub = (PACKAGE / "__init__.pyi").read_text(encoding="utf-8")
    listed = re.findall(r" as (\w+)", stub)
    assert len(listed) == len(set(listed)), "a name is listed twice"
    assert set(listed) == set(names)


@pytest.mark.parametrize("name", THINGS)
def test_what_is_public_is_explained(name):
    thing = THINGS[name]
    text = vars(thing).get("__doc__") if inspect.isclass(thing) else thing.__doc__
    assert text, f"{name} has no docstring"
    first = text.strip().splitlines()[0]
    assert len(first.split()) > 2, f"{name}: {first!r} explains nothing"
    if inspect.isclass(thing):
        for key, method in vars(thing).items():
            if inspect.isfunction(method) and not key.startswith("_"):
                assert method.__doc__, f"{name}.{key} has no docstring"


@pytest.mark.parametrize("name", STEPS)
def test_a_step_carries_its_equation_and_its_source(name):
    text = STEPS[name].__doc__
    assert re.search(r"^ {4,}.*(\[t\]|/dt) += ", text, re.M), "no equation"
    assert re.search(
        r"doi:10\.\d{4,}/\S+|arXiv:\d{4}\.\d{5}|as `\w+_step`|as in `\w+_step`", text
    ), "no source, and no other step that has one"
    assert "return `" in text.splitlines()[0], (
        "the first line says what comes back, and in which order"
    )


def test_a_dozen_steps_were_looked_at():
    assert {"steps.leaky_step", "steps.synaptic_step", "biophysics.izhikevich_step"} <= set(STEPS)
    assert len(STEPS) >= 8


def test_a_fresh_import_loads_nothing_heavy():
    code = "import sys, snnedu; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "snnedu" in loaded
    assert not loaded & HEAVY
    assert "torch" not in loaded, "names are loaded on first use, and torch with them"


def test_the_neurons_load_nothing_heavy():
    code = "import sys, snnedu; snnedu.Leaky, snnedu.fit, snnedu.data; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "torch" in loaded
    assert not loaded & HEAVY


# --- help(snn) -------------------------------------------------------------------------------


def run(code: str) -> str:
    """Run Python in a fresh process; return what it prints."""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


UTF8 = "import sys; sys.stdout.reconfigure(encoding='utf-8');"
HELP = "import pydoc, snnedu; print(pydoc.plain(pydoc.render_doc(snnedu)))"
MISSING = "import sys; sys.modules.update(dict.fromkeys({'anywidget', 'matplotlib', 'IPython'}));"


def test_help_starts_with_a_tour():
    first_page = run(f"{UTF8} {HELP}").split("PACKAGE CONTENTS")[0]
    assert len(first_page.splitlines()) < 45
    for needed in ("[time, batch, *features]", "snn.Sequential(", "snn.fit(", "snnedu lab"):
        assert needed in first_page


def test_the_tour_lists_every_public_name():
    assert public_names().keys() <= set(re.findall(r"\w+", snnedu.__doc__))


def test_the_code_of_the_tour_runs():
    code = snnedu.__doc__.split("\n\n")[1:3]
    names: dict = {}
    exec("\n".join(line[4:] for block in code for line in block.splitlines()), names)
    assert names["spk_rec"].shape == (25, 32, 10)
    assert names["history"].accuracy[-1] > 0.5


def test_help_works_where_only_the_library_is_installed():
    text = run(f"{UTF8} {MISSING} {HELP}")
    assert "class Leaky(" in text
    assert "class Explorer(" not in text


def test_a_name_that_needs_a_missing_package_says_how_to_install_it():
    code = "import snnedu\ntry: snnedu.Explorer\nexcept AttributeError as error: print(error)"
    said = run(f"{MISSING}\n{code}").strip()
    assert said == (
        "`snnedu.Explorer` needs `anywidget`, which is not installed. "
        "Run: python -m pip install 'snnedu[course]'"
    )


def test_a_missing_module_of_our_own_is_not_taken_for_a_missing_package():
    code = "import sys; sys.modules['snnedu.core.training'] = None\nimport snnedu\nsnnedu.fit"
    with pytest.raises(AssertionError, match="ModuleNotFoundError"):
        run(code)
