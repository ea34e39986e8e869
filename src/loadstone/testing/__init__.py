"""A pytest plugin: a DynamoDB of its own for every test, tables as documented, data at hand.

    def test_a_lead_is_found_by_its_mail(seeded):
        ds = seeded("kxgen", scale=200)
        assert find_lead(ds.lead(3)["email_lc"]) == ds.lead(3)

The engine is the embedded one, in memory, and every process of pytest has its own, so that tests in
parallel are apart. Neither Locust nor gevent is imported.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from loadstone.testing.asked import LoadstoneTables, Seed, Throttled
    from loadstone.testing.database import Database
    from loadstone.testing.director import Director, Shelf
    from loadstone.testing.environment import DefaultSession
    from loadstone.testing.stage import Stage

PROJECT = "loadstone_project"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(
        PROJECT,
        "The folder that holds your fixtures/ and scenarios/, seen from the rootdir; without it, "
        "they are found as the loadstone command finds them.",
    )


@pytest.fixture
def dynamodb(_loadstone_database: Database) -> Database:
    """An empty DynamoDB. SDKs find it by the environment; others by `dynamodb.endpoint`."""
    return _loadstone_database


@pytest.fixture
def loadstone_tables(_loadstone_director: Director) -> LoadstoneTables:
    """`loadstone_tables("acs")`: the tables of a system, and their names."""
    return _loadstone_director.tables


@pytest.fixture
def seeded(_loadstone_director: Director) -> Seed:
    """`ds = seeded("kxgen", scale=200)`: tables with about so many items in them, `len(ds)` in all;
    `ds.lead(3)` is an item."""
    return _loadstone_director.seeded


@pytest.fixture
def throttled(
    _loadstone_database: Database, _loadstone_stage: Stage, _loadstone_director: Director
) -> Iterator[Throttled]:
    """`with throttled("TableWriteProvisionedThroughputExceeded"):` writes are refused."""
    from loadstone.testing.at_hand import AtHand
    from loadstone.testing.throttling import Throttler

    at_hand = AtHand(_loadstone_database, _loadstone_director.physical)
    throttler = Throttler(_loadstone_stage.front, _loadstone_database.describe, at_hand)
    with closing(throttler):
        yield throttler


@pytest.fixture
def _loadstone_database(
    _loadstone_stage: Stage, _loadstone_environment: pytest.MonkeyPatch
) -> Iterator[Database]:
    from loadstone.testing.database import Database

    _loadstone_stage.enter()
    yield Database(_loadstone_stage, os.environ["AWS_REGION"])
    _loadstone_stage.leave()


@pytest.fixture
def _loadstone_director(
    _loadstone_database: Database,
    _loadstone_stage: Stage,
    _loadstone_shelf: Shelf,
    _loadstone_environment: pytest.MonkeyPatch,
) -> Director:
    from loadstone.testing.director import Director

    return Director(
        _loadstone_stage,
        _loadstone_shelf,
        region=_loadstone_database.region,
        set_variable=_loadstone_environment.setenv,
    )


@pytest.fixture
def _loadstone_environment(
    _loadstone_stage: Stage, _loadstone_session: DefaultSession
) -> Iterator[pytest.MonkeyPatch]:
    from loadstone.testing.environment import environment

    with _loadstone_session, environment(_loadstone_stage.front.url) as patch:
        yield patch


@pytest.fixture(scope="session")
def _loadstone_session() -> DefaultSession:
    from loadstone.testing.environment import DefaultSession

    return DefaultSession()


@pytest.fixture(scope="session")
def _loadstone_stage(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    from loadstone.embedded.registry import STATE
    from loadstone.system import project_root
    from loadstone.testing.stage import Stage

    home = project_root(_project(pytestconfig)) or pytestconfig.rootpath
    folder = tmp_path_factory.mktemp("loadstone")
    with closing(Stage(cache=home / STATE / "engine", folder=folder)) as stage:
        yield stage


@pytest.fixture(scope="session")
def _loadstone_shelf(pytestconfig: pytest.Config) -> Shelf:
    from loadstone.testing.director import Shelf

    return Shelf(_project(pytestconfig))


def _project(config: pytest.Config) -> Path | None:
    from loadstone.errors import BadValue

    named = str(config.getini(PROJECT))
    folder = config.rootpath / named
    if named and not folder.is_dir():
        raise BadValue(
            f"{PROJECT} = {named!r} in pytest's settings: there is no folder {folder}; it is the "
            "one that holds your fixtures/"
        )
    return folder if named else None
