"""The course without our solutions, for a class whose grade depends on not having them.

    snnedu class-edition FOLDER

Students install it (`python -m pip install './FOLDER[course]'`) in place of the course. It has all
notebooks, widgets, quizzes and hints. `snn.check` checks nothing and goes on with the student's own
answer, so cells that use it need one. Collect the notebooks, and grade them with `snnedu grade` of
the whole course.
"""

import pkgutil
import shutil
from importlib import import_module
from pathlib import Path

from snnedu.app.workspace import PACKAGE, cleared, published
from snnedu.course import chapters

BESIDE = ("pyproject.toml", "LICENSE", "LICENSE-CONTENT", "constraints.txt")
TEACHERS = ("grade", "guide.py", "guide.md", "for_nbgrader.py")  # what needs the solutions
README = """# Spiking neural networks: the class edition

These are the notebooks of a course, without the solutions of the exercises. Python 3.11 or newer
is needed. Unpack the folder `{name}`. Beside it, make an environment and install the course there:

```
python3 -m venv course
course/bin/python -m pip install {cpu} './{name}[course]'
course/bin/python -m snnedu lab
```

On Windows, in PowerShell:

```
py -m venv course
course\\Scripts\\python -m pip install './{name}[course]'
course\\Scripts\\python -m snnedu lab
```

The last line opens your own copy of the notebooks in JupyterLab, and says where it is. Hand in the
notebook that your teacher asks for. Your answers are not checked here: your teacher does that.
"""
CPU = "--extra-index-url https://download.pytorch.org/whl/cpu"  # else Linux gets 3 GB of CUDA
HEAD = '''"""The exercises, without solutions and checks: this is the class edition."""

from snnedu.course.exercise import Exercise

EXERCISES = [
'''


def make(folder: Path) -> Path:
    """Write the class edition into a new folder. Raises ValueError, FileExistsError."""
    checkout = PACKAGE.parent
    if not all((checkout / name).exists() for name in BESIDE):
        raise ValueError(
            f"`snnedu class-edition` needs the checkout of the course, with {', '.join(BESIDE)}. "
            f"{checkout} has them not all. Clone the repository, and call it there."
        )
    if folder.exists():
        raise FileExistsError(
            f"The folder of the class edition must be new. {folder} exists. Choose another name."
        )
    ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "exercises.py", *TEACHERS)
    shutil.copytree(PACKAGE, folder / "snnedu", ignore=ignored)
    for name in BESIDE:
        shutil.copyfile(checkout / name, folder / name)
    (folder / "README.md").write_text(README.format(name=folder.name, cpu=CPU), encoding="utf-8")
    _copy_notebooks(published(), folder / "tutorials")
    for module in pkgutil.iter_modules(chapters.__path__):
        place = folder / "snnedu" / "course" / "chapters" / module.name / "exercises.py"
        place.write_text(_without_solutions(module.name), encoding="utf-8")
    return folder


def _copy_notebooks(source: Path, folder: Path) -> None:
    """Copy the notebooks without outputs, which show what our solutions return."""
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    for path in folder.rglob("*.ipynb"):
        path.write_bytes(cleared(path))


def _without_solutions(chapter: str) -> str:
    exercises = import_module(f"snnedu.course.chapters.{chapter}.exercises").EXERCISES
    kept = ("id", "title", "name", "hints")
    rows = [", ".join(f"{name}={getattr(each, name)!r}" for name in kept) for each in exercises]
    return (
        HEAD
        + "".join(f"    Exercise({row}, solution=None, mistakes={{}}),\n" for row in rows)
        + "]\n"
    )
