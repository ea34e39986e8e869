"""`--billing`: the capacity to provision instead of the documented one. Pure."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from loadstone.errors import BadValue, UnknownName
from loadstone.table import Table, Throughput

ON_DEMAND = "on-demand"
PROVISIONED = re.compile(r"provisioned:(\d+)rcu,(\d+)wcu")
EVERY = "*"
SHAPE = "`on-demand`, `provisioned:100rcu,50wcu`, or a .toml or .json file of such"


@dataclass(frozen=True, slots=True, kw_only=True)
class Billing:
    """Capacity by `TABLE`, `TABLE/INDEX` and `*`; None is on-demand.

    An index of a provisioned table that has no line of its own gets what its table gets.
    """

    by_name: Mapping[str, Throughput | None] = field(default_factory=dict)
    given: bool = True

    def check(self, tables: Iterable[Table]) -> None:
        """Every name is that of a table or an index."""
        known = [
            name
            for table in tables
            for name in (table.name, *(f"{table.name}/{index.name}" for index in table.indexes))
        ]
        for name in self.by_name:
            if name != EVERY and name not in known:
                raise UnknownName.among("table or index to bill", name, known)

    def apply(self, table: Table) -> Table:
        """The table with the capacity that is asked for."""
        capacity = self._of(table.name, table.provisioned)
        own = {index.name: f"{table.name}/{index.name}" for index in table.indexes}
        if capacity is None:
            for name in own.values():
                if self.by_name.get(name) is not None:
                    raise BadValue(
                        f"{name} cannot be provisioned while {table.name} is on-demand: "
                        f"give {table.name} a capacity too"
                    )
            indexes = tuple(replace(index, provisioned=None) for index in table.indexes)
        else:
            for name in own.values():
                if name in self.by_name and self.by_name[name] is None:
                    raise BadValue(f"{name} cannot be on-demand while {table.name} is provisioned")
            kept = table.provisioned is not None and not self._names(table.name)
            indexes = tuple(
                replace(
                    index,
                    provisioned=self.by_name.get(own[index.name])
                    or (index.provisioned if kept else None)
                    or capacity,
                )
                for index in table.indexes
            )
        return replace(table, provisioned=capacity, indexes=indexes)

    def _names(self, table: str) -> bool:
        return table in self.by_name or EVERY in self.by_name

    def _of(self, table: str, documented: Throughput | None) -> Throughput | None:
        return self.by_name.get(table, self.by_name.get(EVERY, documented))


DOCUMENTED = Billing(given=False)


def parse_billing(text: str | None) -> Billing:
    """The value of `--billing`; None is the documented mode."""
    if text is None:
        return DOCUMENTED
    path = Path(text)
    if path.suffix in {".toml", ".json"}:
        return _from_file(path)
    return Billing(by_name={EVERY: parse_capacity(text, "--billing")})


def parse_capacity(text: object, where: str) -> Throughput | None:
    """`on-demand` is None; `provisioned:100rcu,50wcu`."""
    if text == ON_DEMAND:
        return None
    found = PROVISIONED.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise BadValue(f"{where}: {text!r} is no billing; it is {SHAPE}")
    read, write = int(found[1]), int(found[2])
    if not read or not write:
        raise BadValue(f"{where}: provisioned capacity starts at 1rcu,1wcu, not {text!r}")
    return Throughput(read_units=read, write_units=write)


def _from_file(path: Path) -> Billing:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadValue(f"--billing: {path} cannot be read: {error}") from error
    try:
        lines: Any = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except ValueError as error:
        raise BadValue(f"--billing: {path} is no {path.suffix[1:].upper()}: {error}") from error
    if not isinstance(lines, dict) or not lines:
        raise BadValue(f'{path} says nothing: a line is "TABLE" or "TABLE/INDEX" = "{ON_DEMAND}"')
    return Billing(by_name={name: parse_capacity(lines[name], f"{path}, {name}") for name in lines})
