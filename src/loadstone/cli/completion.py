"""`loadstone completion`: what a shell needs to complete commands, options and systems."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import click
from click.shell_completion import CompletionItem, get_completion_class

from loadstone.errors import LoadstoneError

VARIABLE = "_LOADSTONE_COMPLETE"
SHELLS = ("bash", "zsh", "fish")


class Known(click.types.StringParamType):
    """A text of which some are known."""

    def __init__(self, known: Callable[[Path | None], Iterable[str]]) -> None:
        self._known = known

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        try:
            names = list(self._known(ctx.params.get("project")))
        except LoadstoneError:
            return []
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _systems(project: Path | None) -> list[str]:
    from loadstone.system import system_names

    return system_names(project)


def _runs(project: Path | None) -> list[str]:
    from loadstone.run.library import LAST, list_runs
    from loadstone.target import Where

    found = [each.name for each in list_runs(Where(project=project).state / "runs")]
    return [*found, LAST] if found else []


def _both(project: Path | None) -> list[str]:
    return [*_systems(project), *_runs(project)]


#: By what a parameter is called. `what` is looked at by `check`, and shown by `preview`.
_KNOWN: Mapping[str, Callable[[Path | None], Iterable[str]]] = {
    "system": _systems,
    "run": _runs,
    "run_name": _runs,
    "base": _runs,
    "new": _runs,
}


def completing(command: click.Command) -> click.Command:
    """The same command, which completes the systems and the runs that it is about."""
    known = {**_KNOWN, "what": _both if command.name == "check" else _systems}
    for param in command.params:
        if param.name in known and param.type is click.STRING:
            param.type = Known(known[param.name])
    if isinstance(command, click.Group):
        for each in command.commands.values():
            completing(each)
    return command


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print what makes SHELL complete commands, options and the names of systems and runs.

    \b
    eval "$(loadstone completion bash)"       in ~/.bashrc
    eval "$(loadstone completion zsh)"        in ~/.zshrc
    loadstone completion fish > ~/.config/fish/completions/loadstone.fish
    """
    from loadstone.cli import commands

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(commands, {}, "loadstone", VARIABLE).source())
