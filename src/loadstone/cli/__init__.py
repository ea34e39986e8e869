"""The `loadstone` command."""

from __future__ import annotations

import contextlib
import importlib
import sys
from typing import Any

import click

from loadstone import __version__, starting
from loadstone.cli.completion import completing
from loadstone.errors import LoadstoneError, UnknownName

#: Where each command is; loaded when it is asked for, so that `--help` is quick and Locust's
#: process never holds what Locust must be imported before.
COMMANDS = {
    "check": "check:check",
    "compare": "compare:compare",
    "completion": "completion:completion",
    "demo": "demo:demo",
    "doctor": "doctor:doctor",
    "export": "export:export",
    "import": "import_:import_",
    "local": "local:local",
    "locustfile": "locustfile:locustfile",
    "new": "new:new",
    "permissions": "permissions:permissions",
    "plan": "plan:plan",
    "preview": "preview:preview",
    "prices": "prices:prices",
    "reconcile": "reconcile:reconcile",
    "report": "report:report",
    "run": "run:run",
    "runs": "runs:runs",
    "seed": "seed:seed",
    "size": "size:size",
    "systems": "systems:systems",
    "tables": "tables:tables",
    "unseed": "unseed:unseed",
    "up": "up:up",
    "verify": "verify:verify",
}

#: Interrupted anywhere, they find at the next call what they have done.
GO_ON = frozenset({"export", "seed", "tables create", "tables drop", "unseed", "up"})


class Commands(click.Group):
    """Commands by name, each loaded from its own module."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(f"loadstone.cli.{module}"), name)
        return completing(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise UnknownName.among("command", args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="loadstone")
def commands() -> None:
    """Fill DynamoDB tables with believable data, replay documented access patterns, see the bill.

    \b
    loadstone doctor                     whether all is there that it needs
    loadstone up cmz                     tables with data in them, and how to connect
    loadstone systems                    what there is
    loadstone preview cmz -n 5           what its data looks like
    loadstone seed cmz --scale 20000     fill its tables, in the embedded engine if none is named
    loadstone run cmz --users 20 --duration 30s
    loadstone report last
    loadstone plan cmz                   what to provision for it, and what that costs

    `loadstone COMMAND --help` has examples of each; `loadstone completion bash` completes them.
    """


def main(arguments: list[str] | None = None) -> Any:
    """Run a command; what a person can put right is one line on stderr, and an exit code."""
    starting.ready()
    try:
        return commands.main(args=arguments, prog_name="loadstone", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        _tell_interrupted(sys.argv[1:] if arguments is None else arguments)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        _tell_what_there_is(error)
        sys.exit(2)
    except LoadstoneError as error:
        click.echo(f"loadstone: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        # A folder that may not be written, a disk that is full: the person's to put right.
        where = f": {error.filename}" if error.filename else ""
        click.echo(f"loadstone: {error.strerror or error}{where}", err=True)
        sys.exit(2)


def _tell_interrupted(arguments: list[str]) -> None:
    """What Ctrl-C has left, of commands that leave something."""
    named = {" ".join(arguments[:words]) for words in (1, 2)}
    left = ": what is done stays, and the same command goes on" if named & GO_ON else ""
    click.echo(f"interrupted{left}", err=True)


def _tell_what_there_is(error: click.ClickException) -> None:
    """Where a system, or a run, is to be named and none is."""
    if not isinstance(error, click.MissingParameter) or error.param is None:
        return
    if error.param.name == "system":
        from loadstone.system import system_names

        with contextlib.suppress(LoadstoneError):
            click.echo(f"There are {', '.join(system_names())}.", err=True)
    elif error.param.human_readable_name in ("RUN", "BASE", "NEW"):
        click.echo("A run is a path, a name or `last`; `loadstone runs` lists them.", err=True)
