"""`loadstone locustfile`: where a system's locustfile is, or a copy of it to change."""

from __future__ import annotations

from pathlib import Path

import click

from loadstone.advice import advised
from loadstone.cli.options import project_option, say
from loadstone.cli.run import own_locustfile
from loadstone.errors import BadValue
from loadstone.system import load_system

#: What a system that has none gets; `loadstone new` writes the same.
DRAFT = '''\
"""{title} under load: `locust -f {file}`, or `loadstone run {system}`."""

from loadstone.locust import ScenarioUser


class {user}(ScenarioUser):
    system = "{system}"
'''


@click.command()
@click.argument("system")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a copy there, to be changed; `-` prints it.",
)
@project_option
def locustfile(system: str, out: Path | None, project: Path | None) -> None:
    """Print where SYSTEM's locustfile is, for plain Locust, or write a copy of it.

    \b
    locust -f "$(loadstone locustfile cmz)"
    loadstone locustfile cmz --out locustfiles/cmz.py
    """
    loaded = load_system(system, project)
    found = own_locustfile(loaded, project)
    if out is None:
        if found is None:
            path = f"locustfiles/{system}.py"
            raise BadValue(
                f"{system} has no locustfile: `{advised('locustfile', system, '--out', path)}` "
                f"writes one; `{advised('run', system)}` needs none"
            )
        click.echo(found)
        return
    text = found.read_text(encoding="utf-8") if found else _draft(system, out)
    if str(out) == "-":
        click.echo(text, nl=False)
        return
    _write(out, text)
    say(f"wrote {out}; `locust -f {out}` runs it")


def _draft(system: str, out: Path) -> str:
    user = f"{system.title().replace('_', '')}User"
    file = f"locustfiles/{system}.py" if str(out) == "-" else str(out)
    return DRAFT.format(title=system, file=file, system=system, user=user)


def _write(out: Path, text: str) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise BadValue(f"{out} is there already: pass another --out, or delete it") from None
