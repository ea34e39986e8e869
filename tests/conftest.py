"""Options of the test suite, and the real engine that tests run against."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from loadstone.advice import forget, handed_on
from loadstone.aws.target import embedded_target
from loadstone.client.target import Target
from loadstone.embedded.binary import Binary, find_binary
from loadstone.embedded.ministack import find_ministack
from loadstone.embedded.process import Engine
from loadstone.embedded.registry import STATE
from loadstone.errors import EngineError
from tests.loaded import Loaded, loaded
from tests.shop import shop_dataset

# Machines differ in speed: a test says what is true, never how quickly. A build in CI says the same
# each time it is asked; new examples are looked for at the desk.
settings.register_profile("loadstone", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("loadstone")

# The prices of who runs the tests play no part in them.
os.environ["LOADSTONE_PRICES"] = ""

#: What a module imports whose tests start the command, Locust or a browser.
STARTS_PROCESSES = (
    "import subprocess",
    "from tests.commands import",
    "from tests.pages import",
    "from tests.seeding_real import",
    "from playwright.sync_api import",
)

ENGINE_CACHE = Path(__file__).resolve().parent.parent / STATE / "engine"


@pytest.fixture(autouse=True)
def _same_jitter() -> None:
    """Each test meets the same jitter in back-off, whichever ran before it."""
    random.seed(0)


@pytest.fixture(autouse=True)
def _nothing_given() -> Iterator[None]:
    """No test leaves behind what a command was given: another would be advised with it."""
    yield
    left = handed_on()
    forget()
    assert not left


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write the golden files anew, for review"
    )


@cache
def _source(path: Path) -> str:
    return path.read_text()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What starts processes takes most of the time: `-m "not processes"` leaves it out."""
    for item in items:
        source = _source(item.path)
        if any(f"{start}\n" in source or f"{start} " in source for start in STARTS_PROCESSES):
            item.add_marker(pytest.mark.processes)


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project's state folder; the engine's binary is kept in the checkout, and fetched once."""
    folder = tmp_path_factory.mktemp("project") / STATE
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def binary() -> Binary:
    return find_binary(ENGINE_CACHE)


@pytest.fixture(scope="session")
def engine(binary: Binary, state: Path) -> Iterator[Engine]:
    """One engine in memory for the whole session: a test uses table names of its own."""
    with Engine(binary, folder=state) as running:
        yield running


@pytest.fixture(scope="session")
def target(engine: Engine) -> Target:
    return embedded_target(engine.url, environ={})


@pytest.fixture(scope="module")
def shops(target: Target) -> Iterator[Loaded]:
    """Tables that hold a shop, for a module to read only."""
    with loaded(shop_dataset(), target) as found:
        yield found


@pytest.fixture
def written(target: Target) -> Iterator[Loaded]:
    """Tables that hold a shop, for one test to write to."""
    with loaded(shop_dataset(500), target) as found:
        yield found


@pytest.fixture(scope="session")
def ministack() -> Binary:
    """The engine for machines without npm; its lack is a failure where it is required."""
    try:
        return find_ministack(ENGINE_CACHE)
    except EngineError as missing:
        if os.environ.get("LOADSTONE_REQUIRE_MINISTACK"):
            raise
        pytest.skip(f"ministack cannot be installed: {missing}")


@pytest.fixture(scope="session", params=["dynoxide", "ministack"])
def each_engine(request: pytest.FixtureRequest, state: Path) -> Iterator[Engine]:
    """The engine of the other tests, and then ministack."""
    if request.param == "dynoxide":
        yield request.getfixturevalue("engine")
        return
    with Engine(request.getfixturevalue("ministack"), folder=state) as running:
        yield running


@pytest.fixture(scope="session")
def each_target(each_engine: Engine) -> Target:
    return embedded_target(each_engine.url, environ={})


@pytest.fixture
def no_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment without endpoints, regions, credentials and AWS configuration."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "DYNAMODB_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The system's Chromium; its lack is a failure where the browser tests are required."""
    found = shutil.which("chromium")
    if found is None and not os.environ.get("LOADSTONE_REQUIRE_BROWSER"):
        pytest.skip("there is no chromium on PATH")
    assert found is not None, "LOADSTONE_REQUIRE_BROWSER is set, and there is no chromium on PATH"
    return found
