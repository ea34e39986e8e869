"""What throttles a load: typed, declared, or passed over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from loadstone import Throttle
from loadstone.capacity.limits import Provisioned
from loadstone.client.client import Client
from loadstone.client.target import Target
from loadstone.errors import BadContent, BadValue, Refused
from loadstone.gate.asked import find_throttling, refuse_throttle
from loadstone.system import load_system
from tests.shop import shop_system

LIMITS = "provisioned:100rcu,50wcu"


def test_what_is_typed_goes_before_what_is_declared(target: Target) -> None:
    """A scenario's limits hold until others are typed; what each load says it was throttled by is
    what it was."""
    system = shop_system(throttle=Throttle(LIMITS))
    names = {table.name: f"dev-{table.name}" for table in system.tables}
    declared = find_throttling(target, (), system, names)
    assert declared.rules is not None
    assert declared.rules.given(["anything"]) == Provisioned(read=100, write=50)
    assert declared.simulated == (f"throttling: {LIMITS}, as scenarios/made.py declares",)
    typed = find_throttling(target, ("on-demand",), system, names)
    assert typed.simulated == ("throttling: on-demand",)
    assert not typed.notes


@pytest.mark.parametrize("texts", [(), ("none",)])
def test_without_limits_there_is_no_gate(target: Target, texts: tuple[str, ...]) -> None:
    """Where nothing throttles, requests go the short way, and nothing is called simulated."""
    system = shop_system(throttle=Throttle(LIMITS)) if texts else shop_system()
    found = find_throttling(target, texts, system, {})
    assert found.gate(1.0) is None
    assert found.simulated == ()


def test_dynamodb_throttles_by_itself(target: Target) -> None:
    """On AWS what a scenario declares is passed over, which is said."""
    system = shop_system(throttle=Throttle(LIMITS))
    found = find_throttling(replace(target, kind="aws"), (), system, {})
    assert found.rules is None
    assert found.simulated == ()
    assert found.notes == (
        f"scenarios/made.py, Throttle: {LIMITS} is passed over: DynamoDB throttles by itself",
    )


def test_limits_for_another_system_are_of_no_effect(target: Target) -> None:
    """What is typed may be for several systems: a table that the target has beside this system's is
    no mistake, but is said to be of no effect."""
    with Client(target) as client:
        made = client.send(
            "CreateTable",
            orjson.dumps(
                {
                    "TableName": "others",
                    "BillingMode": "PAY_PER_REQUEST",
                    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                }
            ),
        )
    assert made.ok
    system = shop_system()
    names = {table.name: table.name for table in system.tables}
    found = find_throttling(target, (f"others={LIMITS}",), system, names)
    (note,) = found.notes
    assert "others is no table of made" in note
    with pytest.raises(BadValue, match="no global index 'ByUser'"):
        find_throttling(target, ("others/ByUser=on-demand",), system, names)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ("50wcu", r"scenarios/made.py, Throttle: '50wcu' is no limit"),
        (["on-demand", "parcels=on-demand"], "there is no table 'parcels'; there are"),
    ],
)
def test_a_wrong_declaration_says_where_it_stands(
    target: Target, limits: str | list[str], said: str
) -> None:
    """What a scenario says wrongly is found before the run, by the scenario's name."""
    system = shop_system(throttle=Throttle(limits))
    names = {table.name: table.name for table in system.tables}
    with pytest.raises(BadValue, match=said):
        find_throttling(target, (), system, names)


FIXTURES = 'from loadstone import Table\nthings = Table("things", partition_key="id")\n'
SCENARIO = "from loadstone import Throttle\nby_day = Throttle('on-demand')\n"


@pytest.mark.parametrize("more", ["", "by_night = Throttle('on-demand')\n"])
def test_a_scenario_declares_once(tmp_path: Path, more: str) -> None:
    """A system has what its scenario declares; a scenario that declares twice is refused."""
    for room, text in (("fixtures", FIXTURES), ("scenarios", SCENARIO + more)):
        (tmp_path / room).mkdir()
        (tmp_path / room / "twice.py").write_text(text)
    if more:
        with pytest.raises(
            BadContent, match=r"scenarios/twice.py:3: by_night is a second Throttle"
        ):
            load_system("twice", tmp_path)
    else:
        throttle = load_system("twice", tmp_path).throttle
        assert throttle is not None
        assert throttle.texts == ("on-demand",)


@pytest.mark.parametrize(
    ("endpoint", "environ"),
    [
        ("aws", {}),
        ("https://dynamodb.eu-west-1.amazonaws.com", {}),
        (None, {"AWS_ENDPOINT_URL": "https://dynamodb.eu-west-1.amazonaws.com"}),
    ],
)
def test_limits_for_aws_are_refused(endpoint: str | None, environ: dict[str, str]) -> None:
    """Limits that are typed for DynamoDB itself are refused, whoever names it, with a way out."""
    with pytest.raises(Refused, match=r"throttles by itself.*the embedded engine instead"):
        refuse_throttle(endpoint, (LIMITS,), environ)
    refuse_throttle(endpoint, (), environ)
