"""The house: imports go down, floor by floor; what is public is explained; imports are light."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import snnedu

pytestmark = pytest.mark.house
PACKAGE = Path(snnedu.__file__).parent

# From the ground up. A private module stands right below its first user.
FLOORS = [
    ["_check", "_notebook", "_recording"],
    ["_player"],
    ["surrogate", "spikegen", "functional", "data", "viz", "memory"],
    ["_threads"],
    ["_kernels"],
    ["_sequence"],
    ["neurons", "biophysics", "plasticity"],
    ["network"],
    ["training", "online", "energy", "conversion", "quantize", "nir"],
    ["widgets"],
    ["course"],
    ["doctor", "jupyter"],
    ["cli"],
    ["__main__"],
]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
LIBRARY = [name for names in FLOORS[: FLOOR["widgets"]] for name in names if name[0] != "_"]
HEAVY = {"matplotlib", "ipywidgets", "anywidget", "sklearn", "numba", "IPython"}


def module_of(path: Path) -> str:
    """Return the first part of a module's name below snnedu: widgets/ready.py -> widgets."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


SOURCES = [
    p for p in sorted(PACKAGE.rglob("*.py")) if module_of(p) not in ("__init__", "tutorials")
]


def imports(path: Path) -> set[str]:
    """Return the modules of snnedu that a file imports, wherever in the file that is."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            module = node.module or ""
            found |= (
                {f"{module}.{alias.name}" for alias in node.names}
                if module == "snnedu"
                else {module}
            )
    return {name.split(".")[1] for name in found if name.startswith("snnedu.")}


def public_names() -> dict[str, object]:
    names = [name for name in snnedu.__all__ if not name.startswith("__")]
    return {name: getattr(snnedu, name) for name in names}


def public_things() -> dict[str, object]:
    """Return the public functions and classes of the library, floors 0 to 3, by full name."""
    things: dict[str, object] = {}
    for name in LIBRARY:
        if not (PACKAGE / f"{name}.py").exists():
            continue
        module = __import__(f"snnedu.{name}", fromlist=["_"])
        for key, value in vars(module).items():
            mine = getattr(value, "__module__", "") == module.__name__
            if (
                mine
                and not key.startswith("_")
                and (inspect.isfunction(value) or inspect.isclass(value))
            ):
                things[f"{name}.{key}"] = value
    return things


THINGS = public_things()
STEPS = {name: thing for name, thing in THINGS.items() if name.endswith("_step")}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_from_floors_below(path):
    here = module_of(path)
    assert here in FLOOR, f"Give {here} a floor in FLOORS"
    for imported in imports(path):
        assert imported == here or imported in FLOOR, f"{path.name} imports the unknown {imported}"
        assert imported == here or FLOOR[imported] < FLOOR[here], f"{here} imports {imported}"


def test_an_import_from_above_would_be_seen(tmp_path):
    lines = ["import snnedu.network", "from snnedu import cli, _check", "def f():"]
    (tmp_path / "low.py").write_text("\n".join([*lines, "    from snnedu.course import checks"]))
    assert imports(tmp_path / "low.py") == {"network", "cli", "_check", "course"}


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
    assert {"neurons.leaky_step", "neurons.synaptic_step", "biophysics.izhikevich_step"} <= set(
        STEPS
    )
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
