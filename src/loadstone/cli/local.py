"""`loadstone local`: the embedded engine, for as long as one wants it."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path
from types import FrameType

import click

from loadstone.cli.options import project_option, say
from loadstone.errors import BadValue
from loadstone.target import Where


@click.command()
@click.option("--port", type=int, help="Listen on this port; else on a free one.")
@click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Keep the data in this file; else in the project's own.",
)
@click.option("--memory", is_flag=True, help="Keep the data in memory, gone with the engine.")
@project_option
def local(port: int | None, file: Path | None, memory: bool, project: Path | None) -> None:
    """Run the embedded engine until Ctrl-C; commands of this project use it meanwhile."""
    from loadstone.embedded.registry import default_file, registered_engine

    if file and memory:
        raise BadValue("--file and --memory contradict each other: pass one of them")
    state = Where(project=project).state
    kept = None if memory else file.resolve() if file else default_file(state)
    signal.signal(signal.SIGTERM, _interrupt)
    # Not one `with`: the engine is stopped before the interrupt is forgotten.
    with contextlib.suppress(KeyboardInterrupt):  # noqa: SIM117
        with registered_engine(state, file=kept, port=port) as engine:
            click.echo(engine.url)
            say(f"{engine.binary}, {kept or 'in memory'}; Ctrl-C stops it")
            engine.wait()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
