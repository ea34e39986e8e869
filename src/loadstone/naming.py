"""What tables are called in an account, and which names look like production."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from loadstone.errors import BadValue, Refused
from loadstone.table import STAGE, TABLE_NAME, Table

DEFAULT_STAGE = "dev"
PREFIX = re.compile(r"[A-Za-z0-9_.-]{0,200}")
PRODUCTION_WORDS = frozenset({"prod", "production", "prd", "live"})
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """How the documented names become those of an account."""

    stage: str = DEFAULT_STAGE
    prefix: str = ""

    def __post_init__(self) -> None:
        if not STAGE.fullmatch(self.stage):
            raise BadValue(
                f"{self.stage!r} is no stage: 1 to 16 of a-z, 0-9 and -, such as {DEFAULT_STAGE!r}"
            )
        if not PREFIX.fullmatch(self.prefix):
            raise BadValue(f"{self.prefix!r} is no table prefix: letters, digits, _, . and - alone")

    def unheeded(self, tables: Iterable[Table]) -> str | None:
        """What to say of a stage that is in no name of these tables."""
        has = any("{stage}" in (table.physical or table.name) for table in tables)
        if has or self.stage == DEFAULT_STAGE:
            return None
        return (
            f"--stage {self.stage} changes nothing: the names of these tables have no stage; "
            f"--table-prefix {self.stage}- sets them apart"
        )

    def physical(self, table: Table, environ: Mapping[str, str] = os.environ) -> str:
        """A table's name in the account: the documented variable's, else its own; prefixed."""
        named = environ.get(table.name_from, "") if table.name_from else ""
        own = (table.physical or table.name).replace("{stage}", self.stage)
        name = self.prefix + (named or own)
        if not TABLE_NAME.fullmatch(name):
            source = f" (from {table.name_from})" if named else ""
            raise BadValue(
                f"{name!r}{source} is no table name: 3 to 255 letters, digits, _, . and -"
            )
        return name

    def names(
        self, tables: Iterable[Table], environ: Mapping[str, str] = os.environ
    ) -> dict[str, str]:
        """The physical name of each documented one; BadValue when two become one."""
        found = {table.name: self.physical(table, environ) for table in tables}
        taken: dict[str, str] = {}
        for name, physical in found.items():
            if physical in taken:
                raise BadValue(f"tables {taken[physical]} and {name} are both named {physical!r}")
            taken[physical] = name
        return found


class Trigger(NamedTuple):
    """A name that looks like production: `table 'acme-prod-users' ('prod')`."""

    kind: str
    name: str
    word: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r} ({self.word!r})"


def words_of(name: str) -> list[str]:
    """The words between separators, dots and case changes; `livestock` is one word, not `live`."""
    return [word.lower() for word in WORD.findall(name)]


def production_triggers(names: Iterable[tuple[str, str]]) -> list[Trigger]:
    """Every (kind, name) with a production word in it."""
    return [
        Trigger(kind, name, word)
        for kind, name in names
        for word in dict.fromkeys(words_of(name))
        if word in PRODUCTION_WORDS
    ]


def check_production(names: Iterable[tuple[str, str]], allowed: Sequence[str] = ()) -> None:
    """Refuse what looks like production, unless the word or the name itself was allowed."""
    said = {word.lower() for word in allowed}
    refused = [
        trigger
        for trigger in production_triggers(names)
        if trigger.word not in said and trigger.name.lower() not in said
    ]
    if refused:
        words = dict.fromkeys(trigger.word for trigger in refused)
        flags = " ".join(f"--allow-production {word}" for word in words)
        raise Refused(
            f"this looks like production: {', '.join(map(str, refused))}; "
            f"if it is meant, add {flags}"
        )
