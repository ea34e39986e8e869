"""Pythons with what the tests use and our own environment cannot have."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from loadstone.embedded.environments import Environment
from loadstone.errors import EngineError
from tests.conftest import ENGINE_CACHE


def python_with(name: str, lock: Path, *, required: str) -> Path:
    """The Python that has a package and what a lock file names beside it. Its lack skips the tests
    that ask for it, and is a failure where the variable `required` is set."""
    otherwise = "run the tests where PyPI can be reached"
    try:
        return Environment(name=name, lock=lock, otherwise=otherwise).python(ENGINE_CACHE)
    except EngineError as missing:
        if os.environ.get(required):
            raise
        pytest.skip(f"{name} cannot be installed: {missing}")
