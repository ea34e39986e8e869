"""`loadstone doctor`: each thing that can be wrong, found, and what to do about it."""

from __future__ import annotations

import json
import re
import shutil
import socket
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from loadstone.aws import account
from loadstone.aws.live import Unread
from loadstone.aws.policy import Allowed
from loadstone.client.target import Target
from loadstone.doctor import connection, machine
from loadstone.doctor.connection import About
from loadstone.doctor.finding import Finding
from loadstone.embedded.binary import NAME, VERSION, platform_name
from loadstone.naming import Naming
from loadstone.system import load_system, system_names
from tests.as_aws import billed
from tests.commands import loadstone
from tests.conftest import ENGINE_CACHE

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ROLE = "arn:aws:sts::123456789012:assumed-role/load-tester/me@example.com"


class Services:
    """STS and IAM: who asks, and which actions are not allowed. `silent` may not be asked."""

    def __init__(self, *, denied: Iterable[str] = (), silent: Iterable[str] = ()) -> None:
        self.denied, self.silent = set(denied), set(silent)
        self.asked: list[dict[str, Any]] = []

    def __call__(self, target: Target, service: str) -> Services:
        if service in self.silent:
            from botocore.exceptions import ClientError

            raise ClientError({"Error": {"Code": "AccessDenied"}}, service)
        return self

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "123456789012", "Arn": ROLE}

    def get_paginator(self, operation: str) -> Services:
        assert operation == "simulate_principal_policy"
        return self

    def paginate(self, **asked: Any) -> Iterable[dict[str, Any]]:
        self.asked.append(asked)
        for resource in asked["ResourceArns"]:
            yield {
                "EvaluationResults": [
                    {
                        "EvalActionName": action,
                        "EvalResourceName": resource,
                        "EvalDecision": "implicitDeny" if action in self.denied else "allowed",
                    }
                    for action in asked["ActionNames"]
                ]
            }


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Services:
    found = Services()
    monkeypatch.setattr(account, "neighbour", found)
    return found


def by_subject(found: Iterable[Finding]) -> dict[str, Finding]:
    return {each.about: each for each in found}


def test_all_is_well_from_nothing(tmp_path: Path) -> None:
    """In an empty folder nothing is wrong, every line says what to do, and nothing is left."""
    ran = loadstone("doctor", "--json", cwd=tmp_path)
    assert ran.code == 0, ran.out
    said = json.loads(ran.out)
    assert said["ok"]
    assert {"versions", "engine", "target", "credentials", "clock", "disk"} <= {
        each["about"] for each in said["findings"]
    }
    assert all(each["found"] and each["do"] for each in said["findings"])
    assert not list(tmp_path.iterdir())


def test_it_says_what_to_type_next(tmp_path: Path) -> None:
    """A first look ends with the commands that one begins with; in a project, with its own system;
    and nothing that was given is left out of them."""
    first = loadstone("doctor", cwd=tmp_path)
    assert "`loadstone new NAME` begins one here" in first.out
    begin = first.out.splitlines()[-1]
    assert re.fullmatch(
        r"next: `loadstone up \w+` makes .*; `loadstone new orders` begins .*", begin
    )
    assert loadstone("new", "orders", cwd=tmp_path).code == 0
    own = loadstone("doctor", "--table-prefix", "my-", cwd=tmp_path)
    assert own.out.splitlines()[-1].startswith("next: `loadstone up orders --table-prefix my-`")


def test_settings_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    """A pyproject.toml that is no TOML is a line that names it, whatever the command."""
    (tmp_path / "pyproject.toml").write_text("[tool.loadstone\n")
    for command in (("doctor",), ("systems",)):
        ran = loadstone(*command, cwd=tmp_path)
        assert ran.code == 2
        assert f"{tmp_path / 'pyproject.toml'}, where the project's settings are" in ran.err
        assert "Traceback" not in ran.err


def test_something_wrong_is_exit_1(tmp_path: Path) -> None:
    """An endpoint where nobody listens is wrong, and the line says what to do."""
    ran = loadstone("doctor", "cmz", "--endpoint", "http://127.0.0.1:1", cwd=tmp_path)
    assert ran.code == 1
    assert "wrong target: nothing answers at http://127.0.0.1:1" in ran.out
    assert "pass another --endpoint" in ran.out
    assert "\none thing is wrong\nnext: put that right, as its line says, and run this" in ran.out


def test_aws_without_credentials(tmp_path: Path) -> None:
    """Asking for AWS with no credentials is wrong, and says which variables or flag are missing."""
    environ = {"AWS_EC2_METADATA_DISABLED": "true"}
    ran = loadstone("doctor", "--endpoint", "aws", cwd=tmp_path, environ=environ)
    assert ran.code == 1
    assert "no AWS credentials" in ran.out
    assert "--profile" in ran.out


def test_an_endpoint_that_answers(target: Target, tmp_path: Path) -> None:
    """A local endpoint is well, its clock is read, and credentials there are nobody's."""
    ran = loadstone("doctor", "--endpoint", target.url, "--json", cwd=tmp_path)
    found = {each["about"]: each for each in json.loads(ran.out)["findings"]}
    assert found["target"]["state"] == found["clock"]["state"] == "ok"
    assert found["clock"]["found"] == "right, to some seconds"
    assert "nobody's" in found["credentials"]["found"]


@pytest.mark.parametrize(
    ("off_s", "state", "words"),
    [
        (0, "ok", "right"),
        (-20, "ok", "right"),
        (45, "note", "45 s ahead"),
        (-299, "note", "299 s behind"),
        (300, "wrong", "300 s ahead"),
        (-7200, "wrong", "7,200 s behind"),
    ],
)
def test_a_clock_may_be_off_by_less_than_five_minutes(off_s: int, state: str, words: str) -> None:
    """Half a minute is noted, and five, which AWS does not take, are wrong."""
    found = connection.clock(NOW, lambda: NOW + timedelta(seconds=off_s))
    assert found.state == state
    assert words in found.found


def about(system: str) -> About:
    loaded = load_system(system)
    return About(system=loaded, names=Naming().names(loaded.tables))


def test_what_credentials_may_do(services: Services, target: Target) -> None:
    """IAM is asked about the role behind a session and about the system's own tables, command by
    command; what is lacking is named, with where its policy is printed."""
    services.denied = {"dynamodb:PutItem", "dynamodb:DeleteTable"}
    found = by_subject(connection.credentials(billed(target), about("cmz")))
    assert ROLE in found["credentials"].found
    assert {each["PolicySourceArn"] for each in services.asked} == {
        "arn:aws:iam::123456789012:role/load-tester"
    }
    resources = {arn for each in services.asked for arn in each["ResourceArns"]}
    table = f"arn:aws:dynamodb:{target.region}:123456789012:table/cmz-conversations"
    assert {table, f"{table}/index/SessionIndex"} <= resources
    assert found["may tables create"].state == found["may verify"].state == "ok"
    for command, lacking in (
        ("seed", "dynamodb:PutItem"),
        ("run", "dynamodb:PutItem"),
        ("tables drop", "dynamodb:DeleteTable"),
    ):
        assert found[f"may {command}"].state == "note"
        assert found[f"may {command}"].found == f"no: not allowed {lacking}"
        assert f"`loadstone permissions cmz {command}`" in found[f"may {command}"].do


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"EvalDecision": "explicitDeny", "EvalResourceName": "two"}, {"two"}),
        ({"EvalDecision": "implicitDeny", "EvalResourceName": "*"}, {"one", "two"}),
        ({"EvalDecision": "implicitDeny"}, {"one", "two"}),
        ({"EvalDecision": "allowed", "EvalResourceName": "one"}, set()),
        (
            {
                "EvalDecision": "implicitDeny",
                "ResourceSpecificResults": [
                    {"EvalResourceName": "one", "EvalResourceDecision": "allowed"},
                    {"EvalResourceName": "two", "EvalResourceDecision": "implicitDeny"},
                ],
            },
            {"two"},
        ),
    ],
)
def test_each_resource_has_its_answer(
    result: dict[str, Any], expected: set[str], monkeypatch: pytest.MonkeyPatch, target: Target
) -> None:
    """IAM tells its verdicts one by one or together; one without a known name means every one."""
    services = Services()
    found = {"EvaluationResults": [{"EvalActionName": "dynamodb:Query", **result}]}
    monkeypatch.setattr(services, "paginate", lambda **_: [found])
    monkeypatch.setattr(account, "neighbour", services)
    asked = [Allowed("dynamodb:Query", arn) for arn in ("one", "two")]
    refused = account.refused(billed(target), account.Caller("1", "arn:aws:iam::1:user/a"), asked)
    assert not isinstance(refused, Unread)
    assert {each.resource for each in refused} == expected


def test_every_system_can_be_asked_about(services: Services, target: Target) -> None:
    """With all that it needs allowed, each command of each system is well."""
    for system in system_names():
        found = by_subject(connection.credentials(billed(target), about(system)))
        assert {each.state for each in found.values()} == {"ok"}
        assert {f"may {command}" for command in connection.COMMANDS} <= found.keys()


def test_what_may_not_be_asked_is_said_so(monkeypatch: pytest.MonkeyPatch, target: Target) -> None:
    """Neither STS nor IAM may have to answer: then it is not known, and not wrong."""
    monkeypatch.setattr(account, "neighbour", Services(silent={"iam"}))
    found = by_subject(connection.credentials(billed(target), about("cmz")))
    assert found["permissions"].state == "note"
    assert "iam:SimulatePrincipalPolicy" in found["permissions"].found
    none = by_subject(connection.credentials(billed(target), None))
    assert "`loadstone doctor SYSTEM`" in none["permissions"].do
    monkeypatch.setattr(account, "neighbour", Services(silent={"sts"}))
    assert account.caller(billed(target)) is Unread.DENIED
    (alone,) = connection.credentials(billed(target), None)
    assert alone.state == "note"


@pytest.mark.parametrize(
    ("arn", "source"),
    [
        (ROLE, "arn:aws:iam::123456789012:role/load-tester"),
        (
            "arn:aws-cn:sts::123456789012:assumed-role/path/name/session",
            "arn:aws-cn:iam::123456789012:role/path/name",
        ),
        ("arn:aws:iam::123456789012:user/ada", "arn:aws:iam::123456789012:user/ada"),
    ],
)
def test_a_session_is_judged_by_its_role(arn: str, source: str) -> None:
    """IAM knows the policies of users and roles, and not of sessions."""
    assert account.Caller("123456789012", arn).policy_source == source


def test_old_and_missing_packages_are_named() -> None:
    """A requirement that is met says nothing; one that is not says both versions."""
    asked = ["pytest>=8.0", "click>=999.1", "no-such-thing>=1", "rich"]
    old, missing = machine.too_old(asked)
    assert old.startswith("click ")
    assert old.endswith("is older than 999.1")
    assert missing == "no-such-thing is missing"


def test_what_this_version_needs_is_here() -> None:
    """The requirements are those of the installed package, and all are met."""
    found = machine.versions()
    assert found.state == "ok"
    assert "locust 2" in found.found


def test_an_engine_is_started_for_a_moment(tmp_path: Path) -> None:
    """An engine that is at hand is tried; one that is damaged is wrong, and says so."""
    state = tmp_path / ".loadstone"
    cache = state / "engine"
    cache.mkdir(parents=True)
    name = f"{NAME}-{VERSION}-{platform_name()}"
    if not (ENGINE_CACHE / name).exists() or shutil.which(NAME):
        pytest.skip("the engine is on PATH, and not in the checkout")
    (cache / name).symlink_to(ENGINE_CACHE / name)
    assert machine.engine(state).state == "ok"
    (cache / name).unlink()
    (cache / name).write_bytes(b"not an engine")
    found = machine.engine(state)
    assert found.state == "wrong"
    assert "not the recorded" in found.found


@pytest.mark.parametrize(("there", "words"), [(["npm"], "with npm"), ([], "ministack from PyPI")])
def test_an_engine_is_not_fetched(
    there: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not at hand is not fetched: the line tells what will fetch it."""
    monkeypatch.setattr("shutil.which", lambda name: name if name in there else None)
    found = machine.engine(tmp_path / ".loadstone")
    assert found.state == "note"
    assert words in found.found
    assert not list(tmp_path.iterdir())


def test_a_port_that_is_taken_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A taken port is no error, and the flag for another one is named."""
    with socket.create_server(("", 0)) as listener:
        taken = listener.getsockname()[1]
        monkeypatch.setattr(machine, "PORTS", {taken: ("a page", "--web-port")})
        (found,) = machine.ports()
        assert found.state == "note"
        assert "--web-port" in found.do
    (found,) = machine.ports()
    assert found.state == "ok"


def test_a_disk_needs_room_and_a_permission(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Less than a gigabyte is wrong, and so is a folder that may not be written."""
    state = tmp_path / "not" / "there" / ".loadstone"
    assert machine.disk(state).state == "ok"
    usage = type("Usage", (), {"free": 999_999_999})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    assert machine.disk(state).state == "wrong"
    monkeypatch.setattr("os.access", lambda *_: False)
    found = machine.disk(state)
    assert found.state == "wrong"
    assert str(tmp_path) in found.found
    assert "--project" in found.do
