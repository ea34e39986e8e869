"""How an application connects to tables that are ready."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from loadstone.client.target import Target
    from loadstone.system import System


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """`endpoint` is None for DynamoDB itself, and for an engine that ends with the command."""

    endpoint: str | None
    region: str
    tables: Mapping[str, str]  # physical names by the documented ones
    environment: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        return {
            "endpoint": self.endpoint,
            "region": self.region,
            "tables": dict(self.tables),
            "environment": dict(self.environment),
        }


def connection_to(
    target: Target,
    system: System,
    names: Mapping[str, str],
    *,
    settings: Mapping[str, int | str],
    profile: str | None = None,
    lasts: bool = True,
) -> Connection:
    """`lasts`: whether the target is still there when the command has ended."""
    endpoint = target.url if lasts and target.kind != "aws" else None
    variables = sdk_variables(target, endpoint, profile)
    return Connection(
        endpoint=endpoint,
        region=target.region,
        tables=names,
        environment=variables | system.variables(names, target.region, settings),
    )


def sdk_variables(
    target: Target, endpoint: str | None, profile: str | None = None
) -> dict[str, str]:
    """What leads every SDK to a target."""
    variables: dict[str, str] = {}
    if endpoint:
        variables |= {"AWS_ENDPOINT_URL_DYNAMODB": endpoint, "DYNAMODB_ENDPOINT_URL": endpoint}
    variables |= _credentials(target, profile)
    # boto3 reads the second, other SDKs the first.
    return variables | {"AWS_REGION": target.region, "AWS_DEFAULT_REGION": target.region}


def print_connection(connection: Connection) -> None:
    """Names, and variables as a shell takes them."""
    for documented, physical in connection.tables.items():
        named = "" if documented == physical else f"  ({documented})"
        click.echo(f"table {physical}{named}")
    if connection.endpoint:
        click.echo(f"endpoint {connection.endpoint}, region {connection.region}")
    print_variables(connection.environment)


def print_variables(environment: Mapping[str, str]) -> None:
    for name, value in environment.items():
        click.echo(f"export {name}={shlex.quote(value)}")


def _credentials(target: Target, profile: str | None) -> dict[str, str]:
    """Those of nobody, which a local engine wants to see; a person's own are never printed."""
    from loadstone.aws.session import DUMMY

    if target.kind == "aws" or target.credentials() != DUMMY:
        return {"AWS_PROFILE": profile} if profile else {}
    return {"AWS_ACCESS_KEY_ID": DUMMY.access_key, "AWS_SECRET_ACCESS_KEY": DUMMY.secret_key}
