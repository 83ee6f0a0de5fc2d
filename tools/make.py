"""What `make` does, in Python's standard library alone, so that it also runs where make is missing.

    python tools/make.py lab [JupyterLab's arguments]
    python tools/make.py test | bench | notebooks | book | slides | reference | clean [arguments]

The first call builds `.venv` from `constraints.txt`; later calls find it ready and install nothing.
This file must be read by old Pythons too (3.6), or it could not say that they are too old.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = (
    os.path.join(VENV, "Scripts", "python.exe")
    if os.name == "nt"
    else os.path.join(VENV, "bin", "python")
)
UNFINISHED = os.path.join(VENV, "snnedu-unfinished")  # there while an installation runs
OLDEST = (3, 11)
LARGER = {"course": ["test", "bench"], "book": ["test"]}  # the larger extras contain the first
CPU_WHEELS = (
    "https://download.pytorch.org/whl/cpu"  # on Linux, PyPI's torch brings gigabytes of CUDA
)
SOLVED = os.path.join("build", "solved")  # the notebooks with every exercise done
# In a folder of its own: its panels do not belong in the JupyterLab under test.
BESIDE = os.path.join(VENV, "nbgrader")
NBGRADER = ["nbgrader", "alembic", "greenlet", "mako", "rapidfuzz", "sqlalchemy"]
# Most tests run with beartype, which checks types and shapes at every call. These would not pass.
UNTYPED = "not browser and (bad_input or parity or house or traced)"
TYPED = "not browser and not (bad_input or parity or house or traced)"
FAST = ["lint", "format", "types", "core"]  # an answer within two minutes
# The drift run of CI runs without the pins, to see what tomorrow's learner would get.
PINNED = not os.environ.get("SNNEDU_UNPINNED")


def main(arguments):
    """Run one target; return the exit status."""
    targets = {"lab": lab, "test": test, "bench": bench, "notebooks": notebooks, "clean": clean}
    targets.update({"book": book, "slides": slides, "reference": reference})
    if not arguments or arguments[0] not in targets:
        print("Usage: python tools/make.py {} [arguments]".format("|".join(targets)))
        return 2
    os.chdir(ROOT)
    try:
        return targets[arguments[0]](arguments[1:])
    except StopError as stop:
        print(f"\n{stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to continue.", file=sys.stderr)
        return 130


def lab(arguments):
    """Open the learner's copy of the course in JupyterLab."""
    set_up("course")
    return subprocess.call([PYTHON, "-m", "snnedu", "lab", *arguments])


def test(arguments):
    """Run every check: lint, types, tests, browser, every notebook unsolved and solved."""
    set_up("test")
    return run_steps(checks(), only=arguments)


def bench(arguments):
    """Measure the library beside its peers; write benchmarks/RESULTS.md."""
    set_up("bench")
    return subprocess.call([PYTHON, "-m", "benchmarks", *arguments])


def notebooks(arguments):
    """Execute the notebooks again, in place."""
    set_up("test")
    return subprocess.call([PYTHON, "-m", "tools.notebooks", *arguments])


def book(arguments):
    """Make the web book from the stored notebooks, into build/book."""
    set_up("book")
    return subprocess.call([PYTHON, "-m", "tools.book", *arguments])


def slides(arguments):
    """Make slides from the stored notebooks, into build/slides."""
    set_up("book")
    return subprocess.call([PYTHON, "-m", "tools.slides", *arguments])


def reference(arguments):
    """Make the API reference from the docstrings, into build/reference."""
    set_up("test")
    return subprocess.call([PYTHON, "-m", "tools.reference", *arguments])


def clean(arguments):
    """Remove what was built; the tutorials, a learner's copy and progress stay."""
    built = [".venv", ".pytest_cache", ".ruff_cache", ".hypothesis", "build", "dist", "screenshots"]
    for name in built:
        shutil.rmtree(os.path.join(ROOT, name), ignore_errors=True)
    return 0


def checks():
    """Return the steps of `make test`: a name, and the commands that must succeed one by one."""
    # A worker that dies fails the run: replacing it can hang (pytest-xdist issue 1323).
    pytest = [PYTHON, "-m", "pytest", "-q", "-n2", "--max-worker-restart=0"]
    # A browser's server and a notebook's kernel belong to one file; other tests stand alone.
    alone, by_file = [*pytest, "--dist=worksteal"], [*pytest, "--dist=loadfile"]
    shapes = ["--jaxtyping-packages=snnedu,tests.shapes.typechecker", "-m", TYPED]
    # Learners' kernels have 1 thread on Binder and 4 on many a laptop; outputs are stored with 2.
    unsolved, solved = (["-o", f"notebook_threads={threads}"] for threads in (1, 4))
    nbval = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=1200"]
    nbval += ["--nbval-sanitize-with=tests/nbval.cfg"]
    return [
        ("lint", [[PYTHON, "-m", "ruff", "check", "."]]),
        ("format", [[PYTHON, "-m", "ruff", "format", "--check", "."]]),
        ("types", [[PYTHON, "-m", "basedpyright", "--pythonpath", PYTHON]]),
        ("core", [[*alone, "tests/core"]]),
        ("tests", [[*alone, "-m", UNTYPED, "--ignore=tests/core", "tests"]]),
        ("shapes", [[*alone, *shapes, "tests"]]),
        ("browser", [[*by_file, "-m", "browser", "tests"]]),
        ("notebooks", [[*by_file, *nbval, *unsolved, "tutorials"]]),
        (
            "solved",
            [
                [PYTHON, "-m", "tools.solved", SOLVED],
                [*by_file, *nbval, *solved, "--nbval-lax", SOLVED],
            ],
        ),
    ]


def run_steps(steps, only):
    """Run the steps (those named in `only`, or all), also after a failure; print a table."""
    chosen = choose([name for name, _ in steps], only)
    steps = [step for step in steps if step[0] in chosen]
    began, rows = time.time(), []
    for number, (name, commands) in enumerate(steps, 1):
        following = "then " + steps[number][0] if number < len(steps) else "the last one"
        since = clock(time.time() - began)
        print(
            f"\n=== step {number} of {len(steps)}: {name}, {since} so far, {following} ===",
            flush=True,
        )
        start = time.time()
        passed = all(subprocess.call(command) == 0 for command in commands)
        rows.append((name, "ok" if passed else "FAILED", clock(time.time() - start)))
    print()
    for row in rows:
        print("{:10} {:6} {:>6}".format(*row))
    print("{:10} {:6} {:>6}".format("", "", clock(time.time() - began)))
    return int(any(word == "FAILED" for _, word, _ in rows))


def choose(names, only):
    """Return the names of the steps to run: `fast` stands for several, nothing for all."""
    wanted = [name for word in only for name in (FAST if word == "fast" else [word])]
    if set(wanted) - set(names):
        raise StopError(
            "Steps of `make test`: {}; `fast` is {}. Received {}.".format(
                ", ".join(names), ", ".join(FAST), " ".join(only)
            )
        )
    return wanted or names


def clock(seconds):
    """Return minutes and seconds: 2:05."""
    return "{}:{:02}".format(*divmod(round(seconds), 60))


def set_up(extra):
    """Make `.venv` ready for one extra of pyproject.toml, unless it is already."""
    need_python()
    wanted = fingerprint()
    ready = [read(stamp(name)) == wanted for name in (extra, *LARGER.get(extra, ()))]
    if any(ready) and not os.path.exists(UNFINISHED):
        return
    if not venv_works():
        make_venv()
    print("Installing into .venv (once; some minutes, about 1.5 GB on disk).", flush=True)
    write(UNFINISHED, extra)
    install(extra)
    write(stamp(extra), wanted)
    os.remove(UNFINISHED)


def stamp(extra):
    """Return the file that says that an extra is installed, and with which pins."""
    return os.path.join(VENV, "snnedu-" + extra)


def need_python():
    """Stop if this Python is too old; name a newer one if there is one."""
    if sys.version_info >= OLDEST:
        return
    newer = [name for name in ("python3.13", "python3.12", "python3.11") if shutil.which(name)]
    advice = "Run again with" if newer else "Install a newer one from python.org, then run"
    raise StopError(
        f"snnedu needs Python {OLDEST[0]}.{OLDEST[1]} or newer. "
        f"This is {platform.python_version()} ({sys.executable}).\n"
        f"{advice}: make lab PYTHON={(newer or ['python3.13'])[0]}"
    )


def venv_works():
    """Return whether `.venv` is there, whole, and can install."""
    if os.path.exists(UNFINISHED) or not os.path.exists(PYTHON):
        return False
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.call([PYTHON, "-m", "pip", "--version"], **quiet) == 0


def make_venv():
    """Create `.venv`; where an earlier set-up was interrupted, start again."""
    if os.path.isdir(VENV):
        print("The folder .venv is unfinished or damaged. Rebuilding it.", flush=True)
    try:
        os.makedirs(VENV, exist_ok=True)
        write(UNFINISHED, "venv")
    except OSError as error:
        raise StopError(
            f"Cannot write to {VENV}: {error.strerror}.\n"
            "Free that name, or move the course into a folder that you own, and run again."
        ) from error
    free = shutil.disk_usage(VENV).free / 1e9
    if free < 3:
        raise StopError(
            f"The set-up needs 3 GB of free disk; {free:.1f} GB are left where {VENV} is.\n"
            "Free some space and run again."
        )
    if subprocess.call([sys.executable, "-m", "venv", "--clear", VENV]) != 0:
        raise StopError(
            "Python could not create .venv (see above). On Debian and Ubuntu it helps to run\n"
            "    sudo apt install python3-venv\nThen run this again."
        )


def install(extra):
    """Install the package with one extra, each version as pinned."""
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pins = ["--constraint", "constraints.txt"] if PINNED else []
    if sys.platform == "linux" and not has_torch():
        # If this fails, the next line still gets torch, only larger.
        cpu = ["--no-deps", "--retries=0", "--index-url", CPU_WHEELS, "torch"]
        subprocess.call([*pip, *pins, *cpu])
    if subprocess.call([*pip, *pins, "--editable", f".[{extra}]"]) != 0:
        raise StopError(
            "The installation stopped (see above): most often there is no network, or the "
            "disk is full.\nRun the same command again; what was downloaded is kept.\n"
            "If a pinned version is gone: with the environment variable SNNEDU_UNPINNED=1 the "
            "newest are taken."
        )
    if extra == "bench":
        # These ask for CUDA builds or old versions of what we have, and run without them.
        peers = os.path.join("benchmarks", "peers.txt")
        subprocess.check_call([*pip, "--no-deps", "--requirement", peers])
    elif extra == "test":
        here = ["--no-deps", "--upgrade", "--target", BESIDE]
        subprocess.check_call([*pip, *pins, *here, *NBGRADER])


def has_torch():
    """Return whether `.venv` has torch already."""
    return (
        subprocess.call(
            [PYTHON, "-c", "from importlib.metadata import version; version('torch')"],
            stderr=subprocess.DEVNULL,
        )
        == 0
    )


def fingerprint():
    """Return a text that changes when the set-up must be done again."""
    parts = [ROOT, platform.python_version(), str(PINNED)]
    parts += [read(os.path.join(ROOT, name)) for name in ("pyproject.toml", "constraints.txt")]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def read(path):
    """Return the text of a file, or "" if there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def write(path, text):
    """Write a text into a file."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class StopError(Exception):
    """What went wrong and what to do, for the person at the terminal."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
