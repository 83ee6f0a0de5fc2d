"""The command `snnedu`: open the course, or find out what is wrong with the machine."""

import argparse
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from snnedu.course.console import say

START = "00_start_here.ipynb"


def main(arguments: list[str] | None = None) -> int:
    """Run the command `snnedu`; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="snnedu", description="Learn spiking neural networks by playing with them."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("lab", help="open the course in JupyterLab (takes JupyterLab's options)")
    commands.add_parser("doctor", help="check this machine: versions, memory, widgets, a self-test")
    options, rest = parser.parse_known_args(arguments)
    if options.command == "lab":
        return lab(rest)
    if rest:
        parser.error(f"`snnedu doctor` takes no options. Received {' '.join(rest)}.")
    from snnedu.app import doctor

    return doctor.report()


def lab(arguments: list[str]) -> int:
    """Open JupyterLab on the tutorials, the start page in front."""
    try:
        _need_free_port(_port(arguments))
        folder = _tutorials()
    except (OSError, ValueError) as error:
        say(str(error), sys.stderr)
        return 1
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}"]
    command += [f"--LabApp.default_url=/lab/tree/{START}", *arguments]
    try:
        return subprocess.call(command, env=_environment())
    except KeyboardInterrupt:  # the usual way to close JupyterLab
        return 0


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


def _tutorials() -> Path:
    """Return the folder of the notebooks: the checkout's, or a copy for the learner.

    A checkout has the notebooks beside the package. An installed package carries them inside; they
    are copied to `snnedu-tutorials` in the current folder; files that exist there are kept.
    """
    package = Path(__file__).parents[1]
    beside = package.parent / "tutorials"
    folder = beside if (beside / START).exists() else Path.cwd() / "snnedu-tutorials"
    try:
        if folder is not beside:
            _copy_missing(package / "tutorials", folder)
        probe = folder / ".snnedu-can-write"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OSError(
            f"Your work could not be saved in {folder}: {error.strerror or error}. "
            "Change to a folder that you own (`cd`), and run `snnedu lab` there."
        ) from None
    return folder


def _copy_missing(source: Path, target: Path) -> None:
    """Copy the notebooks that are missing in `target`; a learner's own work is never replaced."""
    target.mkdir(exist_ok=True)
    for notebook in sorted(source.glob("*.ipynb")):
        if not (target / notebook.name).exists():
            shutil.copyfile(notebook, target / notebook.name)
            say(f"Copied {notebook.name} to {target}")


def _environment() -> dict[str, str]:
    """Return the environment for JupyterLab, with our settings as a default below the user's."""
    # labconfig: no pop-up that asks about news; labextensions: a widget's stored picture.
    ours = Path(__file__).parent / "jupyter"
    names = ("JUPYTER_CONFIG_PATH", "JUPYTER_PATH")
    paths = {name: filter(None, [os.environ.get(name, ""), str(ours)]) for name in names}
    return {
        # Threads that spin while they wait take the cores from a second notebook.
        "OMP_WAIT_POLICY": "PASSIVE",
        "PYTHONSTARTUP": str(ours / "startup.py"),
        **os.environ,
        **{name: os.pathsep.join(folders) for name, folders in paths.items()},
    }
