"""Options that commands share, and the target that they mean."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from loadstone.cli.kept import kept
from loadstone.naming import DEFAULT_STAGE, Naming
from loadstone.target import Where, opened_target, refuse_production

if TYPE_CHECKING:
    from loadstone.client.target import Target

Command = TypeVar("Command", bound=Callable[..., Any])


def project_option(command: Command) -> Command:
    return click.option(
        "--project",
        callback=kept,
        type=click.Path(path_type=Path, file_okay=False),
        help="The directory that holds fixtures/ and scenarios/; LOADSTONE_PROJECT names it too.",
    )(command)


def target_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--endpoint --region --profile --project`, passed on as `where`."""

    @functools.wraps(command)
    def gathered(
        *args: Any,
        endpoint: str | None,
        region: str | None,
        profile: str | None,
        project: Path | None,
        **kwargs: Any,
    ) -> Any:
        where = Where(endpoint=endpoint, region=region, profile=profile, project=project)
        return command(*args, where=where, **kwargs)

    options = (
        click.option(
            "--endpoint",
            metavar="URL|aws",
            callback=kept,
            help="A DynamoDB endpoint, or `aws`; else AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL "
            "or DYNAMODB_ENDPOINT_URL; else the embedded engine.",
        ),
        click.option(
            "--region",
            callback=kept,
            help="Else the environment's, the profile's, the documented one.",
        ),
        click.option(
            "--profile",
            callback=kept,
            help="An AWS profile; on its own it does not select AWS.",
        ),
        project_option,
    )
    return _applied(gathered, options)


def naming_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--stage --table-prefix`, passed on as `naming`."""

    @functools.wraps(command)
    def gathered(*args: Any, stage: str, table_prefix: str, **kwargs: Any) -> Any:
        return command(*args, naming=Naming(stage=stage, prefix=table_prefix), **kwargs)

    options = (
        click.option(
            "--stage",
            callback=kept,
            default=DEFAULT_STAGE,
            show_default=True,
            help="For systems whose table names have one.",
        ),
        click.option(
            "--table-prefix", callback=kept, default="", help="Put before every table's name."
        ),
    )
    return _applied(gathered, options)


def json_option(command: Command) -> Command:
    return click.option("--json", "as_json", is_flag=True, help="For machines to read.")(command)


def yes_option(command: Command) -> Command:
    return click.option("--yes", is_flag=True, help="Do not ask.")(command)


def throttle_option(command: Command) -> Command:
    return click.option(
        "--throttle",
        multiple=True,
        metavar="LIMITS",
        help="Throttle as DynamoDB would: provisioned:100rcu,50wcu or on-demand, of one table as "
        "messages=..., of one index as messages/ByUser=...; may be repeated. Simulated.",
    )(command)


def allow_production_option(command: Command) -> Command:
    return click.option(
        "--allow-production",
        multiple=True,
        metavar="WORD-OR-TABLE",
        help="Go on although this word or name looks like production; may be repeated.",
    )(command)


def allow_untagged_option(command: Command) -> Command:
    return click.option(
        "--allow-untagged",
        multiple=True,
        metavar="TABLE",
        help="Write to this table although it lacks Loadstone's tag (on AWS; `up` asks for it "
        "anywhere, of a table that is not empty); may be repeated.",
    )(command)


def say(line: str) -> None:
    """Progress, on stderr."""
    click.echo(line, err=True)


def check_production(
    target: Target, where: Where, naming: Naming, tables: Sequence[str], allowed: Sequence[str]
) -> None:
    """Refused when one of these tables, or what they are in, looks like production."""
    refuse_production(
        target, naming=naming, tables=tables, allowed=allowed, say=say, profile=where.profile
    )


@contextmanager
def open_target(where: Where, *, documented_region: str | None = None) -> Iterator[Target]:
    """`opened_target`, said on stderr, for those who do not watch the engine."""
    with opened_target(where, documented_region=documented_region, say=say) as opened:
        yield opened.target


def _applied(
    command: Callable[..., Any], options: tuple[Callable[..., Any], ...]
) -> Callable[..., Any]:
    for option in reversed(options):
        command = option(command)
    return command
