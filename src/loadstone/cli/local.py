"""`loadstone local`: the embedded engine, for as long as one wants it, behind a gate perhaps."""

from __future__ import annotations

import contextlib
import signal
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from loadstone.advice import advised
from loadstone.capacity.throttle_rules import Rules
from loadstone.cli.connection import print_variables, sdk_variables
from loadstone.cli.options import project_option, say, throttle_option
from loadstone.errors import BadValue
from loadstone.target import Where

if TYPE_CHECKING:
    from loadstone.client.target import Target
    from loadstone.embedded.process import Engine

ALIVE_EVERY_S = 0.5


@click.command()
@click.option("--port", type=int, help="Listen on this port; else on a free one.")
@click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Keep the data in this file; else in the project's own.",
)
@click.option("--memory", is_flag=True, help="Keep the data in memory, gone with the engine.")
@throttle_option
@project_option
def local(
    port: int | None,
    file: Path | None,
    memory: bool,
    throttle: tuple[str, ...],
    project: Path | None,
) -> None:
    """Run the embedded engine until Ctrl-C; commands of this project use it meanwhile.

    Its address is printed, and the variables that lead an SDK there.

    With --throttle, whoever uses it is throttled as DynamoDB would: point any application's tests
    at the address that is printed.

    \b
    loadstone local --throttle provisioned:100rcu,50wcu
    loadstone local --throttle on-demand --throttle messages/ByUser=on-demand:max=500wru
    """
    from loadstone.aws.target import embedded_target
    from loadstone.embedded.registry import default_file, registered_engine

    if file and memory:
        raise BadValue("--file and --memory contradict each other: pass one of them")
    rules = Rules.parse(throttle) if throttle else None
    state = Where(project=project).state
    kept = None if memory else file.resolve() if file else default_file(state)
    signal.signal(signal.SIGTERM, _interrupt)
    # Not one `with`: the engine is stopped before the interrupt is forgotten.
    with contextlib.suppress(KeyboardInterrupt):  # noqa: SIM117
        with registered_engine(state, file=kept, port=None if rules else port, say=say) as engine:
            about = f"{engine.binary}, {kept or 'in memory'}"
            if rules:
                _serve_throttled(engine, rules, state, port, about)
                return
            _print_address(embedded_target(engine.url))
            say(f"{about}; Ctrl-C stops it")
            engine.wait()


def _serve_throttled(
    engine: Engine, rules: Rules, state: Path, port: int | None, about: str
) -> None:
    """The gate in front of the engine, until Ctrl-C or until the engine dies."""
    import gevent
    from gevent.event import Event

    from loadstone.aws.target import embedded_target
    from loadstone.embedded.registry import announce
    from loadstone.gate.proxy import Proxy

    ended = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, ended.set)
    target = embedded_target(engine.url)
    with Proxy(target, rules, port=port, engine=engine.binary.name) as proxy:
        for table in proxy.check():
            say(f"there is no table {table!r} yet: its limits hold once it is created")
        announce(state, proxy.url)
        _print_address(replace(target, url=proxy.url))
        say(f"{about}; simulated throttling: {rules}; Ctrl-C stops it")
        while not ended.wait(ALIVE_EVERY_S):
            engine.raise_if_dead()


def _print_address(target: Target) -> None:
    """The address, and what leads an application's SDK there. Whoever reads it may be a program."""
    click.echo(target.url)
    print_variables(sdk_variables(target, target.url))
    say(f"`{advised('up', 'SYSTEM')}` elsewhere fills tables here, and tells their region too")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
