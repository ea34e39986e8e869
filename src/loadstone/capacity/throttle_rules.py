"""What `--throttle` says, of every table or of one: the one place that reads it.

    provisioned:100rcu,50wcu                    every table and every index has this
    on-demand                                   as a new table: 12,000 read, 4,000 write units
    on-demand:24000rru,8000wru,max=500wru       warm throughput, and a maximum
    as-created                                  as each table was created in the engine
    messages=provisioned:100rcu,50wcu,burst=0s  a table and its indexes
    messages/ByUser=provisioned:5rcu,5wcu       an index
    sessions=none                               never throttled

Several are separated by blanks or `;`, or given one by one. The one that names most decides. A
scenario's Throttle says the same in the same words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Self, TypeAlias

from loadstone.capacity.limits import Limit, OnDemand, Provisioned
from loadstone.errors import BadValue

EXAMPLE = (
    "write it as provisioned:100rcu,50wcu or on-demand, for one table as "
    "messages=provisioned:100rcu,50wcu, for one index as messages/ByUser=provisioned:5rcu,5wcu"
)
AS_CREATED: Literal["as-created"] = "as-created"
FLAG = "--throttle"

_NAME = r"[A-Za-z0-9_.-]{1,255}"
_RULE = re.compile(
    rf"(?:(?P<table>{_NAME})(?:/(?P<index>{_NAME}))?=)?"
    r"(?P<mode>(?i:provisioned|on-demand|as-created|none))(?::(?P<fields>.*))?"
)
_UNITS = re.compile(r"(?P<max>max=)?(?P<units>\d{1,12})(?P<kind>[rw])(?P<per>[cr])u")
_SETTING = re.compile(r"burst=(?P<burst>\d{1,6})s|partitions=(?P<partitions>\d{1,6})")
#: Capacity units are provisioned, request units are served on demand.
_PER = {"provisioned": "c", "on-demand": "r"}
_SUCH_AS = {
    "provisioned": "100rcu, 50wcu, burst=60s",
    "on-demand": "24000rru, 8000wru, max=500wru",
}

#: What one rule gives: limits, none at all, or those that the table was created with.
Given: TypeAlias = Limit | Literal["as-created"] | None


class Named(NamedTuple):
    """A table by all of its names, the one in the account first, and its global indexes."""

    names: tuple[str, ...]
    indexes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Limits for what `table` and `index` name; None: for every one."""

    table: str | None = None
    index: str | None = None
    given: Given

    def __str__(self) -> str:
        place = f"{self.table}/{self.index}" if self.index else self.table
        limits = "none" if self.given is None else str(self.given)
        return f"{place}={limits}" if place else limits


@dataclass(frozen=True, slots=True)
class Rules:
    """All that was asked for, and where: `origin` begins every message."""

    rules: tuple[Rule, ...]
    origin: str = field(default=FLAG, compare=False)

    @classmethod
    def parse(cls, texts: Iterable[str], *, origin: str = FLAG) -> Self:
        """Rules out of what was typed; BadValue says which part is wrong, and how to write it."""
        words = [word for text in texts for word in re.split(r"[;\s]+", text) if word]
        if not words:
            raise BadValue(f"{origin} says nothing: {EXAMPLE}")
        rules = tuple(_rule(word, origin) for word in words)
        places = [(rule.table, rule.index) for rule in rules]
        for rule, place in zip(rules, places, strict=True):
            if places.count(place) > 1:
                said = "/".join(filter(None, place)) or "every table"
                raise BadValue(f"{origin} says two things of {said}, one of them {rule}: keep one")
        return cls(rules, origin)

    @property
    def throttle_nothing(self) -> bool:
        return all(rule.given is None for rule in self.rules)

    def given(self, names: Iterable[str], index: str | None = None) -> Given:
        """What holds for a table by any of its names, or for an index; None: no limit."""
        names = set(names)

        def chosen(fits: Callable[[Rule], bool]) -> list[Rule]:
            return [rule for rule in self.rules if fits(rule)]

        found = chosen(lambda rule: rule.table in names and rule.index == index)
        found += chosen(lambda rule: rule.table in names and rule.index is None)
        found += chosen(lambda rule: rule.table is None)
        return found[0].given if found else None

    def check(self, tables: Iterable[Named]) -> None:
        """BadValue for a rule that names what is not there, or what cannot be."""
        known = tuple(tables)
        for rule in self.rules:
            if rule.table is None:
                continue
            found = [table for table in known if rule.table in table.names]
            if not found:
                names = sorted(table.names[0] for table in known)
                raise BadValue(
                    f"{self.origin} {rule}: there is no table {rule.table!r}; there are "
                    f"{', '.join(names)}"
                )
            indexes = found[0].indexes
            if rule.index and rule.index not in indexes:
                raise BadValue(
                    f"{self.origin} {rule}: {rule.table} has no global index {rule.index!r}; it "
                    f"has {', '.join(sorted(indexes)) or 'none'}"
                )
            self._check_billing(rule, found[0].names)

    def _check_billing(self, rule: Rule, names: Iterable[str]) -> None:
        both = (rule.given, self.given(names))
        if not rule.index or None in both or AS_CREATED in both:
            return
        provisioned = [isinstance(given, Provisioned) for given in both]
        if provisioned[0] != provisioned[1]:
            raise BadValue(
                f"{self.origin} {rule}: its table is {both[1]}, and DynamoDB bills a table and its "
                "indexes in one mode: give both provisioned capacity, or neither"
            )

    def __str__(self) -> str:
        return "; ".join(map(str, self.rules))


def _rule(word: str, origin: str) -> Rule:
    match = _RULE.fullmatch(word)
    if match is None:
        raise BadValue(f"{origin} {word!r} is no limit: {EXAMPLE}")
    fields = match["fields"]
    try:
        given = _given(match["mode"].lower(), fields if fields is None else fields.lower())
    except BadValue as error:
        raise BadValue(f"{origin} {word}: {error}; {EXAMPLE}") from None
    return Rule(table=match["table"], index=match["index"], given=given)


def _given(mode: str, text: str | None) -> Given:
    if mode in {"none", AS_CREATED}:
        if text is not None:
            raise BadValue(f"{mode} takes nothing after it")
        return None if mode == "none" else AS_CREATED
    fields = _fields(mode, text.split(",")) if text is not None else {}
    if mode == "on-demand":
        if "burst_s" in fields:
            raise BadValue("burst is of provisioned capacity")
        return OnDemand(**fields)
    if not {"read", "write"} <= fields.keys():
        raise BadValue("provisioned capacity is so many rcu and so many wcu")
    if fields.keys() & {"max_read", "max_write"}:
        raise BadValue("a maximum is of on-demand capacity")
    return Provisioned(**fields)


def _fields(mode: str, words: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for word in words:
        if not word:
            raise BadValue("nothing follows a colon or a comma of it; blanks end a limit")
        if match := _UNITS.fullmatch(word):
            if match["per"] != _PER[mode]:
                raise BadValue(
                    f"{word!r}: provisioned capacity is in rcu and wcu, on-demand in rru and wru"
                )
            kind = "read" if match["kind"] == "r" else "write"
            name, value = (f"max_{kind}" if match["max"] else kind), match["units"]
        elif match := _SETTING.fullmatch(word):
            name = "burst_s" if match["burst"] else "partitions"
            value = match["burst"] or match["partitions"]
        else:
            raise BadValue(f"{word!r} is none of {_SUCH_AS[mode]} and partitions=4")
        if name in found:
            raise BadValue(f"{word!r} says a second time what was said")
        found[name] = int(value)
    return found
