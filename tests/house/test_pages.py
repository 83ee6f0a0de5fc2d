"""What the pages say is true: their code runs, their commands and files exist."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.house
ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "book/places.md"]
SETTINGS = ["pyproject.toml", "Makefile", ".pre-commit-config.yaml", "environment.yml"]
SETTINGS += ["binder/environment.yml", "binder/postBuild", "binder/start", ".ci/run"]
WITH_CODE = ["README.md", "CONTRIBUTING.md"]


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def code(page: str) -> Iterator[str]:
    """Yield the Python of a page, block by block; blank lines keep the line numbers of the page."""
    for block in re.finditer(r"^```python\n(.*?)^```", read(page), re.M | re.S):
        yield "\n" * read(page)[: block.start(1)].count("\n") + block[1]


@pytest.mark.parametrize("page", WITH_CODE)
def test_the_code_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for block in code(page):
        exec(compile(block, ROOT / page, "exec"), names)
    assert names
    for test in [value for name, value in names.items() if name.startswith("test_")]:
        test()
    assert list(tmp_path.iterdir()) == []


def test_a_neuron_of_your_own_takes_about_20_lines():
    first = next(code("CONTRIBUTING.md"))
    lines = [line for line in first.splitlines() if line.strip()]
    assert "class Floored(snn.SpikingLayer)" in first
    assert len(lines) <= 20


def test_contributing_tests_the_neuron_it_shows():
    tests = re.findall(r"^def (test_\w+)", "\n".join(code("CONTRIBUTING.md")), re.M)
    assert len(tests) == 2


@pytest.mark.parametrize("page", PAGES)
def test_make_knows_every_target_that_a_page_names(page):
    makefile = read("Makefile")
    known = re.search(r"^\.PHONY: (.*)", makefile, re.M)[1].split()
    assert set(re.findall(r"(?:^|`)make (\w+)", read(page), re.M)) <= set(known)
    assert {"lab", "test", "reference"} <= set(known)


def test_the_first_link_of_the_readme_is_the_book():
    first = re.search(r"\]\(([^)]+)\)", read("README.md"))
    assert first[1] == "https://snnedu.github.io/snnedu/"


@pytest.mark.parametrize("page", [*PAGES, *SETTINGS])
def test_every_file_that_a_page_names_exists(page):
    folders = "book|snnedu|tests|tools|tutorials|benchmarks|binder|pictures"
    named = set(re.findall(rf"(?<![\w./-])(?:{folders})/[\w./-]*\w/?", read(page)))
    real = {name for name in named if not re.search("NN|topic|snnedu/tutorials", name)}
    assert {name for name in real if not (ROOT / name).exists()} == set()


@pytest.mark.parametrize("page", PAGES)
def test_links_within_a_page_lead_to_a_heading(page):
    for target, anchor in re.findall(r"\]\(([\w.]*)#([^)]+)\)", read(page)):
        heads = re.findall(r"^#+ (.+)$", read(target or page), re.M)
        assert anchor in {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in heads}


def test_the_readme_gives_each_tutorial_the_time_that_it_gives_itself():
    rows = re.findall(r"\(tutorials/(\w+\.ipynb)\) \| (\d+) \|", read("README.md"))
    assert len(rows) == len(list((ROOT / "tutorials").glob("[0-9]*.ipynb")))
    for name, minutes in rows:
        cells = json.loads(read(f"tutorials/{name}"))["cells"]
        top = "".join("".join(cell["source"]) for cell in cells[:2])
        assert f"**Time** {minutes} minutes" in top, name


def test_the_commands_of_places_use_extras_files_and_options_that_exist():
    text = read("book/places.md")
    project = tomllib.loads(read("pyproject.toml"))["project"]
    extras = set(re.findall(r"\[(\w+)\]\"", text))
    assert extras == {"course", "test"}
    assert extras <= set(project["optional-dependencies"])
    assert set(re.findall(r"--constraint (\S+)", text)) == {"constraints.txt"}


def test_a_folder_of_wheels_installs_the_course_without_a_network(tmp_path):
    text = read("book/places.md")
    make = re.search(r"^python3 (-m pip wheel .*)$", text, re.M)[1]
    take = re.search(r"^course/bin/python (-m pip install --no-index .*)$", text, re.M)[1]
    # Only the course's own wheel: the other 140 packages are 400 MB from the network.
    made = shlex.split(re.sub(r"--extra-index-url \S+", "--no-deps --no-build-isolation", make))
    assert made[-1] == ".[course]"
    made = [str(tmp_path / "wheelhouse") if word == "wheelhouse" else word for word in made]
    taken = [*shlex.split(take), "--no-deps", "--target", "there"]
    pip = {"check": True, "capture_output": True}
    subprocess.run([sys.executable, *made], cwd=ROOT, **pip)
    subprocess.run([sys.executable, *taken], cwd=tmp_path, **pip)
    assert (tmp_path / "there/snnedu/tutorials/00_start_here.ipynb").exists()
