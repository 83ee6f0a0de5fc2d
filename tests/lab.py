"""JupyterLab in a real browser, for tests that see what a learner sees.

    @pytest.mark.browser
    def test_slider_moves_the_picture(lab):                   # the fixture stands in conftest.py
        notebook = lab.open("01_hello_spikes.ipynb")          # a copy; the original stays as it is
        notebook.run_all()
        assert notebook.errors() == []
        picture = notebook.page.locator(".jp-OutputArea canvas").first
        with notebook.pixels_change(picture):
            notebook.page.keyboard.press("ArrowRight")

`lab.write("mine.ipynb", ["1 + 1", "…"])` makes a notebook from the code of its cells.
"""

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import nbformat
from playwright.sync_api import (
    Browser,
    Error as PlaywrightError,
    Locator,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from tools.notebooks import kernel_environment

ROOT = Path(__file__).parent.parent
SCREENSHOTS = ROOT / "screenshots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "msedge")
GET_ONE = "Install Chromium (`sudo apt install chromium`), or set CHROMIUM to the path of a Chrome."
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 300  # seconds to wait for what must come, however busy the machine is
expect.set_options(timeout=1000 * PATIENCE)
# Off: a cell that is out of sight keeps its outputs in the page, where tests can find them.
SETTINGS = {"@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"}}


def find_chromium() -> str | None:
    """Return the path of a Chromium or Chrome, or None where there is none."""
    wanted = os.environ.get("CHROMIUM")
    return wanted or next(filter(None, map(shutil.which, BROWSERS)), None)


class Lab:
    """A JupyterLab server on a folder, and a headless Chromium beside it; a context manager."""

    def __init__(self, folder: Path, home: Path) -> None:
        """Serve `folder`; `home` is for settings and whatever kernels save."""
        self.folder = folder
        self.home = home
        self.notebooks: list[Notebook] = []

    def __enter__(self) -> Self:
        self._start_server()
        try:
            self._playwright: Playwright = sync_playwright().start()
            self._start_browser()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if hasattr(self, "browser"):
            self.close_notebooks()
            self.browser.close()
        if hasattr(self, "_playwright"):
            self._playwright.stop()
        self._server.terminate()
        try:
            self._server.wait(10)
        except subprocess.TimeoutExpired:
            self._server.kill()
        self._log.close()

    def write(self, name: str, cells: list[str]) -> str:
        """Make a notebook of code cells in the folder; return its name."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, self.folder / name)
        return name

    def open(self, name: str, *, dark: bool = False, width: int = 1280) -> "Notebook":
        """Open a notebook of the folder in a new page, and wait until its kernel is ready."""
        theme = "JupyterLab Dark" if dark else "JupyterLab Light"
        self._settings({"@jupyterlab/apputils-extension/themes": {"theme": theme}})
        page = self.browser.new_page(viewport={"width": width, "height": 900})
        notebook = Notebook(page)
        self.notebooks.append(notebook)
        page.set_default_timeout(1000 * PATIENCE)
        page.goto(f"{self.url}/doc/tree/{name}?token={self.token}&reset")
        page.wait_for_function(_KERNEL_IS_IDLE)
        return notebook

    def close_notebooks(self) -> None:
        """Close every page, and shut its kernel down."""
        for notebook in self.notebooks:
            notebook.page.close()
        self.notebooks.clear()
        for session in json.loads(self._api("GET", "api/sessions")):
            with suppress(urllib.error.URLError):
                self._api("DELETE", f"api/sessions/{session['id']}")

    def keep_screenshots(self, name: str) -> list[Path]:
        """Save a picture of every open page under `screenshots/`; return the paths."""
        SCREENSHOTS.mkdir(exist_ok=True)
        paths: list[Path] = []
        for number, notebook in enumerate(self.notebooks, start=1):
            path = SCREENSHOTS / f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', name)}-{number}.png"
            notebook.page.screenshot(path=path)
            paths.append(path)
        return paths

    def _start_server(self) -> None:
        self.token = secrets.token_hex(16)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._settings(SETTINGS)
        self._log = (self.home / "server.log").open("w")
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
        command += [f"--port={port}", "--ServerApp.port_retries=0", "--ip=127.0.0.1"]
        command += [f"--ServerApp.root_dir={self.folder}", f"--IdentityProvider.token={self.token}"]
        command += ["--LabApp.expose_app_in_browser=True"]
        self._server = subprocess.Popen(
            command, env=self._environment(), stdout=self._log, stderr=self._log
        )
        self._wait_for_server()

    def _wait_for_server(self) -> None:
        end = time.monotonic() + PATIENCE
        while self._server.poll() is None and time.monotonic() < end:
            with suppress(OSError):
                self._api("GET", "api/status")
                return
            time.sleep(0.2)
        log = (self.home / "server.log").read_text()
        raise RuntimeError(f"JupyterLab did not start.\n{log[-3000:]}")

    def _start_browser(self) -> None:
        flags = [*FLAGS, "--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else FLAGS
        self.browser: Browser = self._playwright.chromium.launch(
            executable_path=find_chromium(), args=flags
        )

    def _environment(self) -> dict[str, str]:
        """Return an environment in which a person's own settings and progress play no part."""
        ours = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "IPYTHONDIR": "ipython",
        }
        folders = {name: str(self.home / folder) for name, folder in ours.items()}
        # No pop-up that asks about news; a stored picture where a widget's kernel is gone.
        jupyter = str(ROOT / "snnedu" / "app" / "jupyter")
        settings = {"JUPYTER_CONFIG_PATH": jupyter, "JUPYTER_PATH": jupyter}
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        kernels = kernel_environment(str(self.home / "data"))
        return {**kernels, **folders, **settings, "PYTHONPATH": path}

    def _settings(self, settings: dict[str, dict[str, str]]) -> None:
        for plugin, values in settings.items():
            path = self.home / "settings" / f"{plugin}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))

    def _api(self, method: str, path: str) -> str:
        request = urllib.request.Request(f"{self.url}/{path}", method=method)
        request.add_header("Authorization", f"token {self.token}")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()


class Notebook:
    """One notebook open in JupyterLab; `page` is Playwright's page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.console: list[str] = []  # errors of the page's scripts
        page.on("pageerror", lambda error: self.console.append(str(error)))

    def run_all(self) -> None:
        """Run every cell; return when the last one is done."""
        self.page.evaluate(_RUN_ALL)
        self.page.wait_for_function(_KERNEL_IS_IDLE)

    def errors(self) -> list[str]:
        """Return every error that a cell or a widget shows."""
        stored: list[str] = self.page.evaluate(_ERROR_OUTPUTS)
        kinds = ("stderr", "error")
        shown = [f'[data-mime-type="application/vnd.jupyter.{kind}"]' for kind in kinds]
        shown = ", ".join([*shown, ".snnedu .error:visible"])  # an Explorer shows its own
        texts = [text.strip() for text in self.page.locator(shown).all_inner_texts()]
        return stored + [text for text in texts if text]

    @contextmanager
    def pixels_change(self, where: Locator, timeout: float = PATIENCE) -> Generator[None]:
        """Fail unless what is done inside the `with` changes the pixels of `where`."""
        where.scroll_into_view_if_needed()
        before = where.screenshot()
        yield
        end = time.monotonic() + timeout
        after = before
        while after == before:
            assert time.monotonic() < end, f"No pixel changed within {timeout:.0f} s."
            self.page.wait_for_timeout(50)
            with suppress(PlaywrightError):  # a picture that is being replaced is not there yet
                after = where.screenshot(timeout=2_000)


_KERNEL_IS_IDLE = """() => {
    const panel = window.jupyterapp?.shell?.currentWidget
    return panel?.sessionContext?.session?.kernel?.status === "idle"
}"""
_RUN_ALL = """() => window.jupyterapp.commands.execute("notebook:run-all-cells")"""
_ERROR_OUTPUTS = """() => {
    const cells = window.jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON().cells
    return cells.flatMap((cell, number) => (cell.outputs ?? [])
        .filter(output => output.output_type === "error")
        .map(output => `cell ${number + 1}: ${output.ename}: ${output.evalue}`))
}"""
