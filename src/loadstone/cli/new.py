"""`loadstone new`: the files of a system of your own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loadstone.advice import advised
from loadstone.cli.options import open_target, say, target_options
from loadstone.cli.spend import Deed, Spending, agreed, spend_options
from loadstone.errors import BadValue
from loadstone.target import Where

if TYPE_CHECKING:
    from loadstone.drafting.given import Given

_WORD = re.compile(r"[^,\s]+")
_MOST_ADVISED = 12
_OWN = "mine-"
READ = Deed(done="read", question="Read them?")
_file = click.Path(path_type=Path, dir_okay=False)


@click.command(context_settings={"allow_extra_args": True})
@click.argument("name")
@click.option(
    "--from-table",
    "tables",
    multiple=True,
    metavar="TABLE",
    help="Draft from this live table and a sample of its items; may be repeated.",
)
@click.option(
    "--sample",
    type=click.IntRange(1, 10_000),
    default=500,
    show_default=True,
    help="Items that are looked at in each table.",
)
@click.option(
    "--words",
    metavar="WORD[,WORD]…",
    multiple=True,
    help="Words of your schema that name nobody, to be written as they are.",
)
@click.option("--from-cloudformation", "template", type=_file, help="A template, JSON or YAML.")
@click.option("--from-workbench", "model", type=_file, help="A model of NoSQL Workbench.")
@target_options
@spend_options
@click.pass_context
def new(
    context: click.Context,
    name: str,
    tables: tuple[str, ...],
    sample: int,
    words: tuple[str, ...],
    template: Path | None,
    model: Path | None,
    where: Where,
    spending: Spending,
) -> None:
    """Write fixtures/NAME.py, scenarios/NAME.py and locustfiles/NAME.py: a small system that runs,
    or a draft of your own tables. Nothing is written over.

    A draft from a live table holds shapes, never a value that was read.

    \b
    loadstone new orders
    loadstone new orders --from-table orders-dev --endpoint aws
    loadstone new shop --from-table orders --from-table customers
    loadstone new orders --from-cloudformation template.yaml
    loadstone new orders --from-workbench model.json
    """
    from loadstone.drafting.project import check_name, write_files
    from loadstone.drafting.starter import starter

    project = where.project
    if context.args:
        raise BadValue(_left_over(context.args, tables))
    check_name(name, project)
    if sum(map(bool, (tables, template, model))) > 1:
        raise BadValue(
            "a draft is made from one of --from-table, --from-cloudformation and --from-workbench"
        )
    if tables or template or model:
        givens = _givens(tables, sample, template, model, where, spending)
        if givens is None:
            return
        source = (
            _listed(tables) if tables else next(each.name for each in (template, model) if each)
        )
        spelled = _WORD.findall(",".join(words))
        texts = _drafted(name, givens, f"from {source}", spelled, live=bool(tables))
    else:
        texts = starter(name)
    for path in write_files(texts, project, say=say):
        click.echo(path)
    say("next: " + ", ".join(advised(step, name) for step in ("check", "preview", "demo")))
    if tables:
        _tell_where(name, here=where.endpoint == "aws")


def _left_over(words: Sequence[str], tables: Sequence[str]) -> str:
    """One name was asked for, and there is more."""
    named = f"beside NAME there is {' '.join(words)!r}"
    if tables:
        return (
            f"{named}: --from-table takes one table and may be repeated, as in "
            "--from-table A --from-table B"
        )
    return f"{named}: a system has one name, of letters, digits and _"


def _tell_where(name: str, *, here: bool) -> None:
    """Under the names that were read, `up` and `seed` would fill the tables that were drafted
    from."""
    own = ("--table-prefix", _OWN)
    where = "on this machine" if here else "beside those that were read"
    steps = ", ".join(advised(step, name, *own, here=here) for step in ("up", "run"))
    say(f"with tables of your own, {where}: {steps}")
    say(
        "the draft's tables are called as those that were read: without --table-prefix those are "
        "meant, where --endpoint has them; seed adds made-up items to them, and run asks for these"
    )


def _givens(
    tables: Sequence[str],
    sample: int,
    template: Path | None,
    model: Path | None,
    where: Where,
    spending: Spending,
) -> Sequence[Given] | None:
    """What a draft is made from; None when only the price was asked for."""
    from loadstone.drafting.cloudformation import read_template
    from loadstone.drafting.workbench import read_model

    if template is not None:
        return read_template(template)
    if model is not None:
        return read_model(model)
    return _from_tables(tables, sample, where, spending)


def _drafted(
    name: str, givens: Sequence[Given], source: str, words: Sequence[str], *, live: bool = False
) -> dict[str, str]:
    from loadstone.drafting.drafts import draft_of
    from loadstone.drafting.python import fixtures_text, locustfile_text, scenario_text

    draft = draft_of(name, givens, document=f"{name}: a draft {source}", words=words)
    for each in draft.left_out:
        say(f"left out: {each}, and content has no word for bytes")
    _tell(draft.stand_ins, draft.hidden)
    return {
        f"fixtures/{name}.py": fixtures_text(draft, live=live),
        f"scenarios/{name}.py": scenario_text(draft),
        f"locustfiles/{name}.py": locustfile_text(name),
    }


def _tell(stand_ins: Mapping[str, str], hidden: Mapping[str, Mapping[str, str]]) -> None:
    """What is in no file and what is there in its place, and how to have it there."""
    if stand_ins:
        say(f"on no list of words that are nobody's data: {_in_place(stand_ins)}")
    for attribute, members in hidden.items():
        say(f"not written, as they may be somebody's data: of {attribute}, {_in_place(members)}")
    values = [word for members in hidden.values() for word in members]
    left_out = dict.fromkeys(_WORD.findall(" ".join([*stand_ins, *values])))
    if left_out:
        words = ",".join(left_out) if len(left_out) <= _MOST_ADVISED else "WORD[,WORD]…"
        say(f"where they name no one: remove what was written, and again with --words {words}")


def _in_place(stand_ins: Mapping[str, str]) -> str:
    return ", ".join(f"{word} is {stand_in}" for word, stand_in in stand_ins.items())


def _from_tables(
    names: Sequence[str], sample: int, where: Where, spending: Spending
) -> list[Given] | None:
    """The live tables, each with a sample; read only after what that costs was told."""
    from loadstone.aws.control import Control
    from loadstone.client.client import Client
    from loadstone.drafting.live import described, given, no_table, sampled, sampling

    with open_target(where) as target, Client(target) as client:
        control = Control(target, say=say)
        found = []
        for name in dict.fromkeys(names):
            live = control.read(name)
            if live is None:
                raise no_table(client, name)
            found.append(described(client, live))
        if not agreed(sampling(found, sample), target, spending, READ):
            return None
        givens = [given(each, sampled(client, each.live.name, sample)) for each in found]
    for each in givens:
        count = len(each.items)
        say(
            f"{each.table.name}: {count:,} items looked at"
            if count
            else f"{each.table.name}: empty"
        )
    return givens


def _listed(names: Sequence[str]) -> str:
    kind = "the table" if len(names) == 1 else "the tables"
    return f"{kind} {', '.join(names)}"
