"""`snnedu doctor`: is this machine ready for the course? Each failure says what to do."""

import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from snnedu.course.console import say

NEEDED = ["torch", "ipywidgets", "anywidget", "matplotlib", "celluloid", "numba"]
INSTALL = "python -m pip install"  # of packages by name: works whatever `snnedu` came from
REPAIR = f"{INSTALL} --force-reinstall --no-deps"
FRONT_ENDS = {
    "@jupyter-widgets/jupyterlab-manager": "jupyterlab_widgets",
    "anywidget": "anywidget",
}
ELSEWHERE = "/tmp/snnedu"
GROUPS = Path("/sys/fs/cgroup")
CONTAINER = [  # the limit of a container's memory, and what is used, in both versions of cgroups
    (GROUPS / "memory.max", GROUPS / "memory.current"),
    (GROUPS / "memory/memory.limit_in_bytes", GROUPS / "memory/memory.usage_in_bytes"),
]
MEMORY_GB = 1.0  # the most that a notebook may take


def report() -> int:
    """Print one line for each check; return 0 if all passed and 1 otherwise."""
    failed = 0
    for check in (python, packages, memory, widgets, progress, self_test):
        try:
            say(f"✅ {check.__name__.replace('_', ' '):10} {check()}")
        except Exception as problem:  # every failure must reach the reader, whatever its kind
            failed += 1
            say(f"❌ {check.__name__.replace('_', ' '):10} {problem}")
    ready = "Ready. Open the course with: snnedu lab" if find_spec("jupyterlab") else "Ready."
    say(f"{failed} to fix." if failed else ready)
    return int(failed > 0)


def python() -> str:
    """Check the version of Python."""
    if sys.version_info < (3, 11):  # noqa: UP036 - pip can be told to ignore the requirement
        raise RuntimeError(f"Python {platform.python_version()} is too old. Install 3.11 or newer.")
    return f"{platform.python_version()} on {platform.system()} {platform.machine()}"


def packages() -> str:
    """Check that the packages of the course are installed."""
    found, missing = [], []
    for name in NEEDED:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        raise RuntimeError(f"Missing: {', '.join(missing)}. Run: {INSTALL} {' '.join(missing)}")
    return ", ".join(found)


def memory() -> str:
    """Check that a notebook fits into the memory that is free."""
    free, where = min(_free())
    if free < MEMORY_GB:
        raise RuntimeError(
            f"{free:.1f} GB of memory are free {where}; a notebook may need {MEMORY_GB:.0f} GB. "
            "Close other programs, or shut down kernels that you no longer use."
        )
    return f"{free:.1f} GB free {where}"


def widgets() -> str:
    """Check that JupyterLab will find the front ends of the widgets, and has not disabled them."""
    if not find_spec("jupyterlab"):
        return f"not checked: JupyterLab is not here. `snnedu lab` needs it: {INSTALL} jupyterlab"
    from jupyter_core.paths import jupyter_config_path, jupyter_path

    for extension, package in FRONT_ENDS.items():
        folders = [Path(p) / extension for p in jupyter_path("labextensions")]
        if not any((folder / "package.json").exists() for folder in folders):
            raise RuntimeError(
                f"JupyterLab's extension {extension} is missing. Run: {REPAIR} {package}"
            )
        for config in (Path(p) / "labconfig" / "page_config.json" for p in jupyter_config_path()):
            if _disables(config, extension):
                raise RuntimeError(
                    f"{config} disables {extension}. Run: jupyter labextension enable {extension}"
                )
    return "JupyterLab's extensions are there and enabled"


def progress() -> str:
    """Check that a learner's progress can be saved, and that Jupyter can write what it needs."""
    from snnedu.course.progress import folder

    places = [folder()]
    if find_spec("jupyter_core"):
        from jupyter_core.paths import jupyter_runtime_dir

        places.append(Path(jupyter_runtime_dir()))
    for place in places:
        try:
            place.mkdir(parents=True, exist_ok=True)
            probe = place / f"doctor-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise RuntimeError(
                f"{place} cannot be written ({error.strerror}). Is your home read-only? Use a "
                f"folder that you can write to: HOME={ELSEWHERE} SNNEDU_DATA={ELSEWHERE}/data "
                f"snnedu lab --folder {ELSEWHERE}/my-course"
            ) from None
    return f"is saved in {places[0]}"


def self_test() -> str:
    """Train a small network for 30 steps."""
    import torch

    from snnedu.core.functional import ce_rate_loss
    from snnedu.core.network import Sequential
    from snnedu.core.neurons import Leaky

    torch.manual_seed(0)
    net = Sequential(torch.nn.Linear(8, 16), Leaky(0.9), torch.nn.Linear(16, 2), Leaky(0.9))
    x_rec, targets = torch.rand(10, 32, 8), torch.randint(2, (32,))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    losses: list[float] = []
    for _ in range(30):
        spk_rec, _ = net(x_rec)
        loss = ce_rate_loss(spk_rec, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    if not losses[-1] < losses[0]:
        raise RuntimeError(
            f"A small network did not learn (loss {losses[0]:.3f} to {losses[-1]:.3f}). "
            f"Please report this with the lines above. Until then: {REPAIR} torch"
        )
    return f"a small network learns: loss {losses[0]:.2f} to {losses[-1]:.2f}"


def _free() -> Iterator[tuple[float, str]]:
    """Yield the GB that are free, and where: on the machine, and below each limit that holds."""
    import psutil

    yield psutil.virtual_memory().available / 1e9, "on this machine"
    for limit, used in CONTAINER:
        most = _number(limit)
        if most and most < psutil.virtual_memory().total:  # else it is no limit
            taken = _number(used) - _reclaimable(used.parent / "memory.stat")
            yield (most - taken) / 1e9, f"of {most / 1e9:.1f} GB for this container"
    most = _number_in(os.environ.get("MEM_LIMIT", ""))  # JupyterHub sets it
    if most and os.name != "nt":
        mine = [
            p.info["memory_info"]
            for p in psutil.process_iter(["memory_info", "uids"])
            if p.info["uids"] and p.info["uids"].real == os.getuid()
        ]
        used = sum(info.rss for info in mine if info)
        yield (most - used) / 1e9, f"of {most / 1e9:.1f} GB for you (MEM_LIMIT)"


def _reclaimable(path: Path) -> int:
    """Return the bytes of files that are kept in memory only while nobody else needs it."""
    try:
        pairs = dict(line.split() for line in path.read_text().splitlines())
    except (OSError, ValueError):
        return 0
    return _number_in(pairs.get("total_inactive_file", pairs.get("inactive_file", "")))


def _number(path: Path) -> int:
    """Return the number in a file of the system; 0 where there is none."""
    try:
        return _number_in(path.read_text())
    except OSError:
        return 0


def _number_in(text: str) -> int:
    return int(text) if text.strip().isdecimal() else 0


def _disables(config: Path, extension: str) -> bool:
    """Tell whether a JupyterLab configuration file disables an extension."""
    try:
        disabled = json.loads(config.read_text()).get("disabledExtensions", {})
    except (OSError, ValueError):
        return False
    return extension in disabled and (isinstance(disabled, list) or bool(disabled[extension]))
