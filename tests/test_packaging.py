"""What a wheel carries, seen from a fresh environment and an empty directory."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from loadstone import __version__, native

ROOT = Path(__file__).resolve().parent.parent
CONTENT = ("fixtures", "scenarios", "locustfiles", "reports/templates")
LIMIT_S = 120


@dataclass(frozen=True, slots=True)
class Installed:
    """The wheel, installed in an environment of its own."""

    bin: Path
    site: Path

    def run(self, command: Sequence[str], directory: Path) -> subprocess.CompletedProcess[str]:
        """Run one of the environment's commands in `directory`, as somebody without AWS would."""
        private = ("AWS_", "DYNAMODB_", "LOADSTONE_", "PYTHON", "VIRTUAL_ENV")
        environment = {k: v for k, v in os.environ.items() if not k.startswith(private)}
        environment["PATH"] = os.pathsep.join(
            [str(self.bin), *engine_directories(), environment.get("PATH", os.defpath)]
        )
        environment["HOME"] = str(directory)
        name, *arguments = command
        done = subprocess.run(
            [str(self.bin / name), *arguments],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done

    def systems(self, directory: Path) -> dict[str, Any]:
        listed = json.loads(self.run(["loadstone", "systems", "--json"], directory).stdout)
        return {system["id"]: system for system in listed}


def engine_directories() -> list[str]:
    """Where the checkout keeps an engine fetched before, so that a test need not fetch it again."""
    found = sorted((ROOT / ".loadstone" / "engine").rglob("dynoxide"))
    return [str(path.parent) for path in found if path.is_file() and os.access(path, os.X_OK)]


def built_in() -> set[str]:
    return {path.stem for path in (ROOT / "fixtures").glob("[a-z]*.py")}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built without a network."""
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=LIMIT_S)
    (built,) = directory.glob("loadstone-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """A fresh environment with the wheel in it, and the locked dependencies within its sight.

    They come by a plain path, which follows no `.pth` file there: not the editable Loadstone's.
    """
    home = tmp_path_factory.mktemp("elsewhere") / "environment"
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    command = [sys.executable, "-m", "uv", "pip", "install", "--python", str(python)]
    options = ["--quiet", "--no-deps", "--offline", "--no-cache", "--no-config"]
    subprocess.run(
        [*command, *options, str(wheel)], check=True, capture_output=True, timeout=LIMIT_S
    )
    (site,) = (home / "lib").glob("python3.*/site-packages")
    dependencies = sysconfig.get_path("purelib")
    (site / "dependencies.pth").write_text(f"{dependencies}\n", encoding="utf-8")
    return Installed(home / "bin", site)


def test_the_wheel_carries_the_content(wheel: Path) -> None:
    """Every content file of the checkout is in the wheel, under `loadstone/_content`."""
    packed = set(zipfile.ZipFile(wheel).namelist())
    expected = {
        f"loadstone/_content/{path.relative_to(ROOT).as_posix()}"
        for folder in CONTENT
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert expected
    assert expected <= packed


def test_the_source_distribution_carries_the_pages(tmp_path: Path) -> None:
    """Every page, manifest and test of the checkout is in the source distribution."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=LIMIT_S)
    (built,) = tmp_path.glob("loadstone-*.tar.gz")
    with tarfile.open(built) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {
        path.relative_to(ROOT).as_posix()
        for folder in ("docs", "deploy", "tests")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {"docs/running-on-aws.md", "deploy/Dockerfile"} <= wanted
    assert wanted <= packed


def test_the_wheel_claims_one_package(wheel: Path) -> None:
    """The wheel installs `loadstone`, typed, and no other top-level name, and no leftovers."""
    packed = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in packed}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"loadstone"}
    assert "loadstone/py.typed" in packed
    assert not [name for name in packed if "__pycache__" in name]


def test_the_wheel_is_compiled_where_it_can_be(wheel: Path, installed: Installed) -> None:
    """A wheel is for the Python that built it, and has machine code for that one alone, which an
    installed command runs on; or it is for any Python, and has none."""
    names = zipfile.ZipFile(wheel).namelist()
    code = {name.split("/")[2] for name in names if name.startswith("loadstone/_native/")}
    if os.environ.get(native.PURE) or not (native.COMPILED / native.MANIFEST).exists():
        assert wheel.name.endswith("-py3-none-any.whl")
        assert not code
        return
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    assert f"-{python}-{python}-" in wheel.name
    assert code == {native.COMPILED.name}
    look = "from loadstone.client import http; print(http.__file__)"
    found = Path(installed.run(["python", "-c", look], installed.site).stdout.strip())
    assert found.is_relative_to(installed.site)
    assert found.suffix == ".so"


def test_the_editable_install_stays_out_of_sight(installed: Installed, tmp_path: Path) -> None:
    """In the fresh environment `loadstone` is the wheel's, not the checkout's."""
    answer = installed.run(
        ["python", "-c", "import loadstone; print(loadstone.__file__)"], tmp_path
    )
    assert Path(answer.stdout.strip()) == installed.site / "loadstone" / "__init__.py"


def test_systems_are_listed_from_an_empty_directory(installed: Installed, tmp_path: Path) -> None:
    """The installed command lists the built-in systems where there is no checkout around."""
    systems = installed.systems(tmp_path)
    assert systems.keys() == built_in()
    assert all(system["tables"] for system in systems.values())
    scenarios = {path.stem for path in (ROOT / "scenarios").glob("[a-z]*.py")}
    assert {name for name, system in systems.items() if system["patterns"]} == scenarios
    assert not list(tmp_path.iterdir())


def test_seeding_from_an_empty_directory(installed: Installed, tmp_path: Path) -> None:
    """The installed command makes and seeds a table of its own engine, inside `.loadstone/`."""
    if not (shutil.which("dynoxide") or shutil.which("npm") or engine_directories()):
        pytest.skip("no engine and no npm to fetch one")
    installed.run(["loadstone", "tables", "create", "cmz"], tmp_path)
    seed = ["loadstone", "seed", "cmz", "--scale", "200", "--verify"]
    installed.run(seed, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} <= {".loadstone"}


def test_a_project_is_found_beside_the_built_ins(installed: Installed, tmp_path: Path) -> None:
    """A project's own `fixtures/orders.py` and `scenarios/orders.py` are a system, `orders`."""
    (tmp_path / "pyproject.toml").write_text("[tool.loadstone]\n", encoding="utf-8")
    for folder in ("fixtures", "scenarios"):
        (tmp_path / folder).mkdir()
        shutil.copy(ROOT / folder / "cmz.py", tmp_path / folder / "orders.py")
    below = tmp_path / "src" / "deep"
    below.mkdir(parents=True)
    systems = installed.systems(below)
    assert systems.keys() == {*built_in(), "orders"}
    assert systems["orders"]["tables"] == systems["cmz"]["tables"]


def test_an_environment_of_an_application_gets_it_as_the_page_says(tmp_path: Path) -> None:
    """The commands that docs/your-own-tests.md puts Loadstone into an environment with do so, and
    ask for the Pythons and the boto3 that it names. Nothing is fetched: what Loadstone needs lies
    within the environment's sight."""
    page = (ROOT / "docs" / "your-own-tests.md").read_text(encoding="utf-8")
    commands = re.findall(r"^\$ \.venv/bin/(python -m pip .+)$", page, re.MULTILINE)
    assert len(commands) == 3
    venv.create(tmp_path / ".venv", with_pip=True, symlinks=True)
    (site,) = (tmp_path / ".venv" / "lib").glob("python3.*/site-packages")
    (site / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    for command in commands:
        offline = command.replace("path/to/loadstone", str(ROOT)).replace(" pytest ", " ")
        line = f"{offline} --no-deps --no-index --no-build-isolation --force-reinstall"
        line = line.replace(" --force-reinstall", "") if "wheel --no" in line else line
        words = [
            str(found)
            for word in shlex.split(line)
            for found in ([*tmp_path.glob(word)] if "*" in word else [word])
        ]
        Installed(tmp_path / ".venv" / "bin", site).run(words, tmp_path)
    (found,) = site.glob("loadstone-*.dist-info")
    asked = (found / "METADATA").read_text(encoding="utf-8").splitlines()
    assert "Requires-Python: >=3.11" in asked
    assert "Requires-Dist: boto3>=1.40" in asked
    told = {line.rpartition(" ")[2] for line in asked if "Python :: 3." in line}
    assert all(each in page for each in told)


def test_the_plugin_comes_with_the_wheel(installed: Installed, tmp_path: Path) -> None:
    """Where the wheel is installed, pytest knows the fixtures without being told."""
    if not (shutil.which("dynoxide") or shutil.which("npm") or engine_directories()):
        pytest.skip("no engine and no npm to fetch one")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (tmp_path / "test_it.py").write_text(
        "def test_seeded(seeded):\n    assert len(seeded('cmz', scale=20)) == 20\n",
        encoding="utf-8",
    )
    done = installed.run(["python", "-m", "pytest", "-p", "no:cacheprovider"], tmp_path)
    assert f"loadstone-{__version__}" in done.stdout
    assert "1 passed" in done.stdout
