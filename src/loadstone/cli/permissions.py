"""`loadstone permissions`: the least IAM policy that commands need for a system's tables."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from loadstone.advice import advised
from loadstone.cli.options import json_option, naming_options, project_option, say
from loadstone.cli.sessions import say_unheeded
from loadstone.errors import BadValue, UnknownName
from loadstone.naming import Naming

if TYPE_CHECKING:
    from loadstone.aws.permissions import Scope
    from loadstone.aws.policy import Allowed

ACCOUNT = re.compile(r"\d{12}")
ANY_BUCKET = "BUCKET"


@click.command()
@click.argument("system")
@click.argument("commands", nargs=-1, metavar="[COMMAND]...")
@click.option("--account", metavar="NUMBER", help="Of twelve digits; else any, `*`.")
@click.option("--region", help="Else the environment's, the documented one, us-east-1.")
@click.option("--mix", multiple=True, help="For `run`: of this mix alone; may be repeated.")
@click.option("--bucket", metavar="NAME[/PREFIX]", help="For `export` and `import`.")
@click.option(
    "--from-table", "live", multiple=True, metavar="TABLE", help="For `new`; may be repeated."
)
@naming_options
@project_option
@json_option
def permissions(
    system: str,
    commands: tuple[str, ...],
    account: str | None,
    region: str | None,
    mix: tuple[str, ...],
    bucket: str | None,
    live: tuple[str, ...],
    naming: Naming,
    project: Path | None,
    as_json: bool,
) -> None:
    """Print the least IAM policy that COMMANDs need for SYSTEM's tables; without any, what each
    command needs.

    Nothing is asked of any target. `seed --verify` needs what `seed` and `verify` need.

    \b
    loadstone permissions cmz
    loadstone permissions cmz tables create seed run --account 123456789012 > policy.json
    loadstone permissions cmz run --mix read-heavy
    loadstone permissions orders new --from-table orders-dev
    """
    from loadstone.aws.permissions import needs
    from loadstone.aws.policy import MOST_CHARACTERS, document, length_of

    _refuse_turned_round(system, commands, project)
    asked = asked_commands(commands)
    if account is not None and not ACCOUNT.fullmatch(account):
        raise BadValue(f"--account {account}: an account is a number of twelve digits")
    if "new" in asked and len(asked) > 1:
        raise BadValue("`new` reads tables that are no system's yet: ask for its policy alone")
    if "new" in asked:
        scope = _of_tables(live, region)
    else:
        scope = _of_system(system, mix, region, naming, project)
    scope = replace(scope, account=account or scope.account, bucket=bucket)
    if not asked:
        _overview(scope, as_json=as_json)
        return
    policy = document(each for command in asked for each in needs(command, scope))
    click.echo(orjson.dumps(policy, option=orjson.OPT_INDENT_2).decode())
    if not policy["Statement"]:
        say(f"{', '.join(asked)}: needs nothing of AWS")
    if length_of(policy) > MOST_CHARACTERS:
        say(
            f"this policy has {length_of(policy):,} characters, and a managed one "
            f"{MOST_CHARACTERS:,} at most: print one for each command, and attach them all"
        )


def _refuse_turned_round(system: str, commands: Sequence[str], project: Path | None) -> None:
    """`permissions seed cmz`."""
    from loadstone.aws.permissions import NEEDS
    from loadstone.system import system_names

    if system in NEEDS and (meant := [each for each in commands if each in system_names(project)]):
        raise BadValue(
            "the system comes first, then the commands: "
            f"`{advised('permissions', meant[0], system)}`"
        )


def asked_commands(words: Sequence[str]) -> list[str]:
    """`tables create seed` are two commands."""
    from loadstone.aws.permissions import NEEDS

    found: list[str] = []
    left = list(words)
    while left:
        two = " ".join(left[:2])
        command = two if two in NEEDS else left[0]
        if command not in NEEDS:
            raise UnknownName.among("command", command, list(NEEDS))
        found.append(command)
        left = left[len(command.split()) :]
    return found


def _of_system(
    name: str,
    mixes: Sequence[str],
    region: str | None,
    naming: Naming,
    project: Path | None,
) -> Scope:
    from loadstone.aws.permissions import Scope
    from loadstone.system import load_system

    system = load_system(name, project)
    say_unheeded([system], naming)
    played = [system.mix(each) for each in mixes or system.mixes]
    return Scope(
        region=_region(region, system.region),
        tables=system.tables,
        names=naming.names(system.tables),
        patterns=list(dict.fromkeys(pattern for each in played for pattern in each.patterns)),
    )


def _of_tables(names: Sequence[str], region: str | None) -> Scope:
    """Of live tables nothing is known here but their names."""
    from loadstone.aws.permissions import Scope
    from loadstone.table import Table

    if not names:
        raise BadValue("`new` reads tables that are there: name them with --from-table")
    tables = [Table(name, partition_key="?") for name in names]
    return Scope(region=_region(region, None), tables=tables, names={each: each for each in names})


def _region(flag: str | None, documented: str | None) -> str:
    from loadstone.aws.endpoint import choose_region

    return choose_region(
        flag=flag, environ=os.environ, profile_region=None, documented=documented, address=None
    )


def _overview(scope: Scope, *, as_json: bool) -> None:
    """Every command; those of the files with a bucket of no name."""
    from loadstone.aws.permissions import NEEDS, needs
    from loadstone.aws.policy import document

    scope = replace(scope, bucket=scope.bucket or ANY_BUCKET)
    found = {command: needs(command, scope) for command in NEEDS}
    if as_json:
        policies = {command: document(allowed) for command, allowed in found.items()}
        click.echo(orjson.dumps(policies, option=orjson.OPT_INDENT_2).decode())
        return
    width = max(map(len, found))
    for command, allowed in found.items():
        click.echo(f"{command:{width}}  {_actions(allowed) or 'nothing'}")
    say("with one or more of these commands: the policy, as JSON")


def _actions(allowed: Iterable[Allowed]) -> str:
    by_service: defaultdict[str, set[str]] = defaultdict(set)
    for each in allowed:
        service, _, action = each.action.partition(":")
        by_service[service].add(action)
    return "; ".join(
        f"{service}: {', '.join(sorted(of_it))}" for service, of_it in sorted(by_service.items())
    )
