"""The command `snnedu`: open the course, or find out what is wrong with the machine."""

import argparse
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from snnedu.app import workspace
from snnedu.core.translation import language, languages
from snnedu.course.console import say

# Threads that spin while they wait take the cores from a second notebook: training was up to ten
# times slower. glibc keeps up to so much freed memory: fresh pages cost more than the arithmetic.
KEPT = str(1 << 28)
FOR_KERNELS = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "MALLOC_MMAP_THRESHOLD_": KEPT,
    "MALLOC_TRIM_THRESHOLD_": KEPT,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the command `snnedu`; return the exit status."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "lab":
        parser.error(
            f"`snnedu {options.command}` does not know the option {' '.join(rest)}. "
            f"Try: snnedu {options.command} --help"
        )
    try:
        return options.run(options, rest)
    except (OSError, ValueError, ModuleNotFoundError) as error:
        say(_without_the_trace(error), sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="snnedu", description="Learn spiking neural networks by playing with them."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (run, takes, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        command.set_defaults(run=run)
        takes(command)
    return parser


def _without_the_trace(error: Exception) -> str:
    """Return what to tell a person, who may have called a teacher's command as a student."""
    if (getattr(error, "name", None) or "").startswith("snnedu."):
        return "This is the class edition, without solutions. Teachers install the whole course."
    return str(error)


def lab(options: Any, rest: list[str]) -> int:
    """Open JupyterLab on the learner's copy, with the start page or what was reset in front."""
    if options.lang:
        language(options.lang)
    _need_free_port(_port(rest))
    folder = _lay_out(options.folder, options.reset)
    front = workspace.named(options.reset[0]) if options.reset else workspace.start()
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}"]
    command += [f"--LabApp.default_url=/lab/tree/{front}", *rest]
    try:
        status = _run(command, _environment(folder))
    except KeyboardInterrupt:  # the usual way to close JupyterLab
        return 0
    if status > 0:
        say(_after_a_failure(rest), sys.stderr)
    return status


def _after_a_failure(arguments: list[str]) -> str:
    """Return what to try when JupyterLab has ended with an error."""
    is_root = getattr(os, "geteuid", lambda: None)() == 0  # Windows has no such function
    if is_root and "--allow-root" not in arguments:
        return (
            "JupyterLab does not run for the administrator (root): its notebooks could do "
            "anything to this machine. Run `snnedu lab` as another user. In a container that "
            "is yours alone: snnedu lab --allow-root"
        )
    return "JupyterLab ended with an error (see above). To find out why: snnedu doctor"


def _run(command: list[str], environment: dict[str, str]) -> int:
    """Run a program until it ends; what ends us (SIGTERM, from `docker stop`, say) ends it, too."""
    with subprocess.Popen(command, env=environment) as program:
        before = signal.signal(signal.SIGTERM, lambda *_: program.terminate())
        try:
            return program.wait()
        except KeyboardInterrupt:  # the terminal has told the program, too
            program.kill()
            raise
        finally:
            signal.signal(signal.SIGTERM, before)


def copy(options: Any, _: list[str]) -> int:
    """Make or update the learner's copy, for other editors than JupyterLab."""
    say(f"Ready: {_lay_out(options.folder, options.reset)}")
    return 0


def doctor(*_: Any) -> int:
    """Check this machine."""
    from snnedu.app.doctor import report

    return report()


def grade(options: Any, _: list[str]) -> int:
    """Grade the notebooks of a class; print a line for each student, and where the tables are."""
    from snnedu.course.grade.table import grade

    for path in grade(options.folder, options.roster, options.out, options.seconds):
        say(f"Written: {path}")
    return 0


def progress(options: Any, _: list[str]) -> int:
    """Write a class's progress as a table and a picture; print which files cannot be read."""
    from snnedu.course.grade.rollup import roll_up

    *written, unread = roll_up(options.folder, options.roster, options.out)
    for sentence in [*unread, *(f"Written: {path}" for path in written)]:
        say(sentence)
    return 0


def class_edition(options: Any, _: list[str]) -> int:
    """Write the course without our solutions."""
    from snnedu.app.class_edition import make

    folder = make(options.folder)
    say(f"Ready: {folder}. Students install it with '{options.folder}[course]'.")
    return 0


def for_nbgrader(options: Any, _: list[str]) -> int:
    """Write the notebooks as assignments for nbgrader."""
    from snnedu.app.for_nbgrader import write

    assignments = write(options.folder)
    say(f"Written: {len(assignments)} assignments in {options.folder / 'source'}")
    return 0


def guide(options: Any, _: list[str]) -> int:
    """Write the instructor's guide."""
    from snnedu.course.guide import write_guide

    say(f"Written: {write_guide(options.folder)}")
    return 0


def anki(options: Any, _: list[str]) -> int:
    """Write the deck of cards."""
    from snnedu.app.anki import write

    say(f"Written: {write(options.folder)} cards in {options.folder}. In Anki: File, Import.")
    return 0


def _takes_a_class(parser: argparse.ArgumentParser) -> None:
    """Let a command choose the files of a class, its roster, and the table to write."""
    grades = parser.prog.endswith("grade")
    parser.add_argument("folder", type=Path, help="what your students handed in")
    parser.add_argument("--roster", type=Path, required=grades, help="a table of your students")
    name = "grades.csv" if grades else "class.csv"
    parser.add_argument("--out", type=Path, default=Path(name), help="the table to write")
    if grades:
        parser.add_argument("--seconds", type=int, default=20, help="the most for one answer")


def _takes_a_place(parser: argparse.ArgumentParser) -> None:
    """Let a command choose the folder of the copy, and what in it is given afresh."""
    parser.add_argument(
        "--folder", type=Path, help=f"where your copy is (default: {workspace.default_folder()})"
    )
    parser.add_argument(
        "--reset",
        action="append",
        default=[],
        metavar="02",
        help="give this notebook afresh; what you had is kept beside it",
    )
    if parser.prog.endswith("lab"):
        parser.add_argument(
            "--lang", choices=languages(), help="the language of replies, and of the start page"
        )


def _takes_a_file(parser: argparse.ArgumentParser) -> None:
    """Let a command choose what it writes."""
    text = "the folder (guide, anki: the file) to write"
    parser.add_argument("folder", type=Path, help=text)


def _takes_nothing(_: argparse.ArgumentParser) -> None: ...


COMMANDS = {
    "lab": (
        lab,
        _takes_a_place,
        "open your copy of the course in JupyterLab (takes JupyterLab's options, too)",
    ),
    "copy": (
        copy,
        _takes_a_place,
        "make or update your copy of the course, without opening it",
    ),
    "doctor": (
        doctor,
        _takes_nothing,
        "check this machine: versions, memory, widgets, a self-test",
    ),
    "grade": (
        grade,
        _takes_a_class,
        "grade the notebooks of a class (Linux, macOS): each answer runs in a locked process",
    ),
    "progress": (
        progress,
        _takes_a_class,
        "make a table and a picture of the progress that a class has exported",
    ),
    "class-edition": (
        class_edition,
        _takes_a_file,
        "write the course without our solutions into a new folder, for a class",
    ),
    "nbgrader": (
        for_nbgrader,
        _takes_a_file,
        "write the notebooks as assignments for nbgrader, solutions included",
    ),
    "guide": (
        guide,
        _takes_a_file,
        "write an instructor's guide: solutions, hints, what learners get wrong, quiz answers",
    ),
    "anki": (
        anki,
        _takes_a_file,
        "write the glossary and the quizzes as a deck of cards for Anki (an .apkg file)",
    ),
}


def _lay_out(folder: Path | None, reset: Sequence[str]) -> Path:
    """Bring the copy up to date, and print what was done."""
    try:
        folder, done = workspace.lay_out(folder, reset)
    except OSError as error:
        place = error.filename or folder or workspace.default_folder()
        raise OSError(
            f"Your copy of the course could not be written: {error.strerror or error} ({place}). "
            "Choose a folder that you own: snnedu lab --folder my-course"
        ) from None
    for sentence in done:
        say(sentence)
    return folder


def _port(arguments: list[str]) -> int | None:
    """Return the port that JupyterLab's options ask for, if they do."""
    options = ("--port", "--ServerApp.port", "--LabApp.port")
    for position, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name in options:
            value = value if equals else "".join(arguments[position + 1 : position + 2])
            if not value.isdigit() or int(value) > 65535:
                raise ValueError(
                    f"`{name}` needs a number from 0 to 65535. Received {value!r}. "
                    "Try: snnedu lab --port 8899"
                )
            return int(value)
    return None


def _need_free_port(port: int | None) -> None:
    """Raise `OSError` if the port that was asked for is taken."""
    if not port:  # JupyterLab then looks for a free one
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(os.name != "nt"))
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise OSError(
                f"Port {port} cannot be used: {error.strerror or error}. The course may be "
                f"open already (see `jupyter server list`). Or choose another port: "
                f"snnedu lab --port {port + 1 if port < 65535 else 8888} "
                f"(with make: make lab ARGS='--port {port + 1 if port < 65535 else 8888}')."
            ) from None


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment for JupyterLab, with our settings as a default below the user's.

    `snnedu copy --reset 02` in one of its terminals means the copy that is open.
    """
    # labconfig: no pop-up that asks about news; labextensions: a widget's stored picture.
    ours = Path(__file__).parent / "jupyter"
    names = ("JUPYTER_CONFIG_PATH", "JUPYTER_PATH")
    paths = {name: filter(None, [os.environ.get(name, ""), str(ours)]) for name in names}
    return {
        **FOR_KERNELS,
        "PYTHONSTARTUP": str(ours / "startup.py"),
        **os.environ,
        "SNNEDU_COURSE": str(folder),
        **{name: os.pathsep.join(folders) for name, folders in paths.items()},
    }
