"""The command `snnedu`: it opens the course anywhere, and names what is wrong with a machine."""

import importlib.metadata
import json
import os
import re
import socket
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import nbclient
import nbformat
import psutil
import pytest

from snnedu import doctor
from snnedu.app import cli, workspace

pytestmark = pytest.mark.house
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The package as `pip install .` would unpack it, far from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run([*build, "--directory", str(folder)], cwd=ROOT, check=True, capture_output=True)
    site = folder / "site"
    zipfile.ZipFile(next(folder.glob("*.whl"))).extractall(site)
    return site


def test_the_wheel_holds_every_file_read_at_run_time(installed):
    package = installed / "snnedu"
    for source in (ROOT / "snnedu").rglob("*"):
        if source.suffix in {".py", ".pyi", ".js", ".css", ".json", ".npz"}:
            assert (package / source.relative_to(ROOT / "snnedu")).exists(), source
    assert (package / "tutorials" / workspace.START).exists()
    assert not list(installed.glob("tests"))


def test_doctor_runs_outside_the_checkout(installed, tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "snnedu", "doctor"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed), "SNNEDU_DATA": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "a small network learns" in run.stdout


def test_an_installed_package_copies_its_notebooks_with_their_images(installed, tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "snnedu", "copy"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed), "SNNEDU_DATA": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert run.returncode == 0, run.stdout + run.stderr
    folder = tmp_path / "data" / "my-course"
    assert f"Your own copy of the course is in {folder}" in run.stdout
    for source in (ROOT / "tutorials").rglob("*.[is][pv]*"):  # notebooks and drawings
        if ".ipynb_checkpoints" not in source.parts:
            assert (folder / source.relative_to(ROOT / "tutorials")).exists(), source


def test_lab_opens_jupyterlab_on_the_copy_with_the_start_page_in_front(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(cli, "_run", lambda command, env: calls.append((command, env)) or 0)
    monkeypatch.setattr(workspace, "default_folder", lambda: tmp_path / "my-course")
    assert cli.main(["lab", "--no-browser", "--port", "0"]) == 0
    command, env = calls[0]
    assert f"--ServerApp.root_dir={tmp_path / 'my-course'}" in command
    assert "--LabApp.default_url=/lab/tree/00_start_here.ipynb" in command
    assert command[-3:] == ["--no-browser", "--port", "0"]
    settings = Path(env["JUPYTER_CONFIG_PATH"].split(os.pathsep)[-1]) / "labconfig/page_config.json"
    assert "announcements" in settings.read_text()
    assert cli.FOR_KERNELS.items() <= env.items()
    assert env["SNNEDU_COURSE"] == str(tmp_path / "my-course")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
def test_what_ends_snnedu_lab_ends_jupyterlab_too(tmp_path):
    inner = "import os, time; print(os.getpid(), flush=True); time.sleep(100)"
    outer = (
        f"import os, sys; from snnedu.app import cli; command = [sys.executable, '-c', {inner!r}]"
    )
    code = f"{outer}; sys.exit(cli._run(command, dict(os.environ)) != -15)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as ours:
        jupyter = psutil.Process(int(ours.stdout.readline()))
        ours.terminate()
        assert ours.wait(30) == 0
    assert not jupyter.is_running()


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("user", "options", "status", "advice"),
    [
        (0, [], 1, "as another user. In a container that is yours alone: snnedu lab --allow-root"),
        (0, ["--allow-root"], 1, "To find out why: snnedu doctor"),
        (1000, [], 1, "To find out why: snnedu doctor"),
        (0, [], 0, ""),
    ],
)
def test_lab_says_what_to_do_when_jupyterlab_fails(
    user, options, status, advice, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(cli, "_run", lambda command, env: status)
    monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    assert cli.main(["lab", "--folder", str(tmp_path), *options]) == status
    said = capsys.readouterr().err.strip()
    assert said.endswith(advice)
    assert bool(said) == bool(advice)


def test_a_name_error_shows_which_cells_to_run_first(monkeypatch):
    monkeypatch.setenv("PYTHONSTARTUP", cli._environment(ROOT)["PYTHONSTARTUP"])
    cells = [nbformat.v4.new_code_cell(code) for code in ("1 / 0", "snn.check('07.1', 1)")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, allow_errors=True, timeout=60).execute()
    division, missing = (cell.outputs for cell in notebook.cells)
    assert [output.output_type for output in division] == ["error"]
    assert [output.output_type for output in missing] == ["error", "stream"]
    assert missing[0].evalue == "name 'snn' is not defined"
    assert missing[1].text.startswith("`snn` is not defined yet. If it is spelled right, a cell")


@pytest.mark.bad_input
def test_lab_suggests_another_port_when_the_port_is_in_use(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert cli.main(["lab", f"--port={port}"]) == 1
    message = capsys.readouterr().err
    assert f"Port {port} cannot be used" in message
    assert "choose another port: snnedu lab --port" in message


@pytest.mark.bad_input
@pytest.mark.parametrize("arguments", [["--port", "many"], ["--port=70000"], ["--port"]])
def test_lab_refuses_an_invalid_port(arguments, capsys):
    assert cli.main(["lab", *arguments]) == 1
    assert "needs a number from 0 to 65535" in capsys.readouterr().err


@pytest.mark.bad_input
def test_lab_names_a_folder_without_write_access(tmp_path, capsys):
    (tmp_path / "mine").write_text("a file where the folder should be")
    assert cli.main(["lab", "--folder", str(tmp_path / "mine")]) == 1
    error = capsys.readouterr().err
    assert "Your copy of the course could not be written: File exists" in error
    assert "Choose a folder that you own: snnedu lab --folder" in error


@pytest.mark.bad_input
def test_doctor_names_each_failure_and_its_fix(tmp_path, monkeypatch, capsys):
    def version(name):
        raise importlib.metadata.PackageNotFoundError(name)

    class Little:
        available, total = 3e8, 8e9

    monkeypatch.setattr(doctor.importlib.metadata, "version", version)
    monkeypatch.setattr("psutil.virtual_memory", Little)
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *parts: [])
    monkeypatch.setenv("SNNEDU_DATA", str(tmp_path))
    monkeypatch.setattr("snnedu.core.network.Sequential", lambda *layers: 1 / 0)
    assert doctor.report() == 1
    out = capsys.readouterr().out
    assert "Missing: torch, ipywidgets" in out
    assert f"Run: {doctor.INSTALL} torch ipywidgets" in out
    assert "0.3 GB of memory are free on this machine" in out
    assert "extension @jupyter-widgets/jupyterlab-manager is missing" in out
    assert "--force-reinstall --no-deps jupyterlab_widgets" in out
    assert "division by zero" in out
    assert "4 to fix." in out


def test_doctor_can_be_redirected_into_a_file_of_another_encoding(tmp_path):
    with (tmp_path / "report.txt").open("wb") as report:
        run = subprocess.run(
            [sys.executable, "-m", "snnedu", "doctor"],
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "cp1252"},
            stdout=report,
            stderr=subprocess.PIPE,
        )
    text = (tmp_path / "report.txt").read_bytes().decode("cp1252")
    assert "UnicodeEncodeError" not in run.stderr.decode()
    assert text.splitlines()[0].startswith("ok python")
    assert run.returncode == 0, text


@pytest.mark.bad_input
def test_doctor_sees_a_disabled_widget_extension(tmp_path, monkeypatch):
    config = tmp_path / "labconfig"
    config.mkdir()
    (config / "page_config.json").write_text(
        json.dumps({"disabledExtensions": {"anywidget": True}})
    )
    monkeypatch.setattr("jupyter_core.paths.jupyter_config_path", lambda: [str(tmp_path)])
    with pytest.raises(RuntimeError, match=r"disables anywidget.*labextension enable anywidget"):
        doctor.widgets()


@pytest.mark.parametrize(("limit", "used", "fits"), [(4e9, 1e9, True), (2e9, 1.5e9, False)])
def test_doctor_knows_the_memory_of_a_container(limit, used, fits, tmp_path, monkeypatch):
    (tmp_path / "max").write_text(f"{limit:.0f}\n")
    (tmp_path / "now").write_text(f"{used + 7e9:.0f}\n")
    (tmp_path / "memory.stat").write_text("anon 1\ninactive_file 7000000000\n")  # a cache of files
    monkeypatch.setattr(doctor, "CONTAINER", [(tmp_path / "max", tmp_path / "now")])
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=6e9, total=8e9))
    monkeypatch.delenv("MEM_LIMIT", raising=False)
    if fits:
        assert doctor.memory() == "3.0 GB free of 4.0 GB for this container"
    else:
        with pytest.raises(RuntimeError, match=r"0\.5 GB of memory are free of 2\.0 GB for this"):
            doctor.memory()


@pytest.mark.parametrize("text", ["max", "9223372036854771712", "", None])
def test_doctor_sees_where_a_container_has_no_limit(text, tmp_path, monkeypatch):
    if text is not None:
        (tmp_path / "max").write_text(text)
    monkeypatch.setattr(doctor, "CONTAINER", [(tmp_path / "max", tmp_path / "now")])
    monkeypatch.delenv("MEM_LIMIT", raising=False)
    assert [where for _, where in doctor._free()] == ["on this machine"]


@pytest.mark.skipif(os.name == "nt", reason="JupyterHub runs on Unix")
def test_doctor_knows_the_limit_that_jupyterhub_sets(monkeypatch):
    monkeypatch.setenv("MEM_LIMIT", "200000000")
    with pytest.raises(RuntimeError, match=r"GB of memory are free of 0\.2 GB for you \(MEM_LIMIT"):
        doctor.memory()


@pytest.mark.parametrize("which", ["SNNEDU_DATA", "JUPYTER_RUNTIME_DIR"])
def test_doctor_has_a_remedy_for_a_read_only_home(which, tmp_path, monkeypatch):
    monkeypatch.setenv("SNNEDU_DATA", str(tmp_path / "data"))
    assert doctor.progress() == f"is saved in {tmp_path / 'data'}"
    (tmp_path / "file").touch()
    monkeypatch.setenv(which, str(tmp_path / "file" / "inside"))
    with pytest.raises(RuntimeError, match=r"cannot be written .*HOME=.*SNNEDU_DATA=.*--folder"):
        doctor.progress()


def test_doctor_is_content_without_jupyterlab_where_another_editor_opens_notebooks(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("SNNEDU_DATA", str(tmp_path))
    monkeypatch.setattr(doctor, "find_spec", lambda name: None)
    assert doctor.report() == 0
    out = capsys.readouterr().out
    assert "JupyterLab is not here. `snnedu lab` needs it: python -m pip install jupyter" in out
    assert out.endswith("Ready.\n")


def test_the_commands_of_the_teachers_walk_exist_with_their_options(capsys):
    walk = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    walk = walk.partition("### From a clone to a graded class")[2].partition("\n### ")[0]
    lines = re.findall(r"^ +(?:\S+ -m )?snnedu (\S+)(.*)$", walk, re.M)
    assert [name for name, _ in lines] == ["guide", "class-edition", "lab", "grade", "progress"]
    for name, rest in lines:
        with pytest.raises(SystemExit, match=r"^0$"):
            cli.main([name, "--help"])
        shown = capsys.readouterr().out
        assert [flag for flag in re.findall(r"--\w+", rest) if flag not in shown] == []
