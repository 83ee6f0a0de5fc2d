"""constraints.txt, environment.yml and binder/ name the same versions; Binder finds its files."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from snnedu.app.cli import FOR_KERNELS

pytestmark = pytest.mark.house
ROOT = Path(__file__).parents[2]


def test_every_direct_dependency_is_pinned():
    missing = direct("test") - set(pins())
    assert not missing, f"Renew constraints.txt: it lacks {sorted(missing)}"


def test_binder_installs_what_the_course_needs_at_the_pinned_versions():
    wanted = {name: pins()[name] for name in direct("course") - {"jupyterlab"}}
    exact = [line.partition("==") for line in pip_lines("binder/environment.yml") if "==" in line]
    assert {canonical(name): version for name, _, version in exact} == wanted


def test_conda_installs_the_pinned_versions_and_torch_without_cuda():
    for file in ("environment.yml", "binder/environment.yml"):
        assert "--extra-index-url=https://download.pytorch.org/whl/cpu" in pip_lines(file), file
    assert "--constraint=constraints.txt" in pip_lines("environment.yml")
    assert "--editable=.[course]" in pip_lines("environment.yml")


def test_both_conda_files_pin_one_python_that_the_package_supports():
    pythons = {
        environment(f)["dependencies"][0] for f in ("environment.yml", "binder/environment.yml")
    }
    assert pythons == {"python=3.11"}
    assert project()["requires-python"] == ">=3.11"


@pytest.fixture(scope="module")
def build():
    """What repo2docker would do with this checkout, without Docker."""
    from repo2docker.app import Repo2Docker

    app = Repo2Docker()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        for buildpack in app.buildpacks:
            pack = buildpack(base_image=app.base_image)
            pack.platform = "linux/amd64"
            if pack.detect():
                yield pack
                return
    pytest.fail("repo2docker recognises nothing here")


def test_binder_takes_the_conda_build_and_our_files(build):
    assert type(build).__name__ == "CondaBuildPack"
    assert build.binder_dir == "binder"
    assert build.environment_yaml_path == "binder/environment.yml"
    assert build.get_post_build_scripts() == ["binder/postBuild"]
    assert build.get_start_script() == "${REPO_DIR}/binder/start"
    script = (ROOT / "binder/start").read_text()
    assert {f"{name}={value}" for name, value in FOR_KERNELS.items()} <= set(script.split())
    assert build.python_version == "3.11"


def test_binder_keeps_the_environment_when_only_a_notebook_changes(build):
    # The environment is installed before the repository is copied, so its layer is reused.
    assert "binder/environment.yml" in build.get_preassemble_script_files()
    docker = build.render(build_args={})
    environment_copied, repository_copied = (
        docker.index("src/binder/env"),
        docker.index("COPY --chown=1000:1000 src/ "),
    )
    assert (
        environment_copied
        < docker.index("env update")
        < repository_copied
        < docker.index("RUN ./binder/postBuild")
    )


@pytest.mark.parametrize("script", ["binder/postBuild", "binder/start", ".ci/run"])
def test_scripts_are_executable_bash(script):
    assert (ROOT / script).read_text().startswith("#!/usr/bin/env bash")
    listed = subprocess.check_output(["git", "ls-files", "-s", script], cwd=ROOT, text=True)
    assert listed.startswith("100755"), "git update-index --chmod=+x makes it executable"


def test_readme_has_a_binder_badge_for_the_course_and_for_each_tutorial():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for notebook in sorted((ROOT / "tutorials").glob("[0-9]*.ipynb")):
        badge = rf"\?urlpath=lab/tree/(?:my-course|tutorials)/{notebook.name}"
        assert re.search(badge, readme), notebook.name


def test_binder_starts_with_a_copy_without_outputs(tmp_path):
    for part in ("binder", "snnedu", "tutorials"):
        (tmp_path / part).symlink_to(ROOT / part)
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "snnedu"  # the one that postBuild installs
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m snnedu "$@"\n')
    command.chmod(0o755)
    path = os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]])
    run = subprocess.run(
        [tmp_path / "binder" / "start", "echo", "started"],
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert run.stdout.endswith("started\n"), run.stderr
    first = json.loads((tmp_path / "my-course" / "00_start_here.ipynb").read_text("utf-8"))
    assert not any(cell.get("outputs") for cell in first["cells"])
    command.write_text("#!/bin/sh\nexit 1\n")  # whatever goes wrong, the session starts
    assert subprocess.check_output(
        [tmp_path / "binder" / "start", "echo", "on"], env={"PATH": path}
    )


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_in_the_pages_lead_to_files(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)", text)
    assert [target for target in targets if not (ROOT / target).exists()] == []


def direct(extra: str) -> set[str]:
    """Return what the package asks for with one extra, and with the extras that this contains."""
    lines, extras = list(project()["dependencies"]), [extra]
    for extra in extras:
        for line in project()["optional-dependencies"][extra]:
            inner = re.match(r"snnedu\[(.+)\]", line)
            extras += inner[1].split(",") if inner else []
            lines += [] if inner else [line]
    return {canonical(re.match(r"[\w.-]+", line)[0]) for line in lines}


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if "==" in line and not line.startswith("#")]
    return {canonical(name): version for name, version in pairs}


def environment(file: str) -> dict:
    return yaml.safe_load((ROOT / file).read_text())


def pip_lines(file: str) -> list[str]:
    return environment(file)["dependencies"][-1]["pip"]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
