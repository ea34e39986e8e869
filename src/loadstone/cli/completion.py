"""`loadstone completion`: what a shell needs to complete commands, options and systems."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem, get_completion_class

from loadstone.errors import LoadstoneError

VARIABLE = "_LOADSTONE_COMPLETE"
SHELLS = ("bash", "zsh", "fish")


class SystemName(click.types.StringParamType):
    """A text of which the systems that there are are known."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from loadstone.system import system_names

        try:
            names = system_names()
        except LoadstoneError:
            return []
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def completing(command: click.Command) -> click.Command:
    """The same command, which completes the systems that it is about."""
    for param in command.params:
        if isinstance(param, click.Argument) and param.name == "system":
            param.type = SystemName()
    if isinstance(command, click.Group):
        for each in command.commands.values():
            completing(each)
    return command


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print what makes SHELL complete commands, options and the names of systems.

    \b
    eval "$(loadstone completion bash)"       in ~/.bashrc
    eval "$(loadstone completion zsh)"        in ~/.zshrc
    loadstone completion fish > ~/.config/fish/completions/loadstone.fish
    """
    from loadstone.cli import commands

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(commands, {}, "loadstone", VARIABLE).source())
