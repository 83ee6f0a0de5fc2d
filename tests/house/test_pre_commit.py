"""pre-commit runs the pinned tools of .venv, whichever Python is active."""

import os
import shutil
import site
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.house
ROOT = Path(__file__).parents[2]
FILES = [".pre-commit-config.yaml", "pyproject.toml", "tests/notebook_lint.py"]
for pattern in ("tools/*.py", "tutorials/*.*", "tutorials/images/*"):
    FILES += [path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern)]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with our configuration and a .venv, as after `make test`."""
    folder = tmp_path / "a clone"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / ".venv"], check=True)
    packages = next((folder / ".venv").rglob("site-packages"))
    (packages / "tools.pth").write_text("\n".join(site.getsitepackages()), encoding="utf-8")
    (folder / ".gitignore").write_text(".venv/\n")
    subprocess.run(["git", "init", "-q", folder], check=True)
    subprocess.run(["git", "add", "."], cwd=folder, check=True)
    return folder


def pre_commit(clone: Path, *files: str) -> subprocess.CompletedProcess[str]:
    """Run the hooks on some files, with another Python first on the path."""
    other = clone.parent / "other"
    other.mkdir()
    (other / "python").write_text("#!/bin/sh\necho another Python\nexit 1\n")
    (other / "python").chmod(0o755)
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    env |= {"PATH": f"{other}{os.pathsep}{env['PATH']}", "SKIP": "basedpyright"}  # takes a minute
    env |= {"PRE_COMMIT_HOME": str(clone.parent / "cache"), "PYTHONPATH": ""}
    command = [sys.executable, "-m", "pre_commit", "run", "--files", *files]
    env["PYTHONIOENCODING"] = "utf-8"
    return subprocess.run(
        command, cwd=clone, env=env, capture_output=True, encoding="utf-8", check=False
    )


def test_hooks_fix_and_refuse_with_the_tools_of_the_environment(clone):
    (clone / "ugly.py").write_text("x = { 1 }\n")
    done = pre_commit(clone, "ugly.py")
    assert done.returncode == 1
    assert "another Python" not in done.stdout
    assert "lint" in done.stdout
    assert "D100" in done.stdout  # our own rules, those of pyproject.toml
    assert "x = {1}" in (clone / "ugly.py").read_text()


def test_hooks_pass_what_keeps_the_form(clone):
    (clone / "fine.py").write_text('"""A module."""\n\nx = {1}\n')
    done = pre_commit(clone, "fine.py", "tutorials/02_lif_neuron.ipynb")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Passed") == 3


def test_a_notebook_out_of_form_is_refused(clone):
    notebook = clone / "tutorials" / "02_lif_neuron.ipynb"
    text = notebook.read_text(encoding="utf-8").replace("## Next", "## After")
    notebook.write_text(text, encoding="utf-8")
    done = pre_commit(clone, "tutorials/02_lif_neuron.ipynb")
    assert done.returncode == 1
    assert "must end with a section `## Next`" in done.stdout
