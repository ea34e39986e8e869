"""The documented settings beside the live ones: what differs, as data. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from loadstone.aws.live import LiveIndex, LiveTable, Unread
from loadstone.errors import TableMismatch
from loadstone.table import Index, Table, Throughput

TAG = "loadstone"
NONE = "none"
State = Literal["missing", "differs", "unsupported", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One setting that is not seen to be as documented."""

    table: str  # the physical name
    setting: str
    documented: str
    live: str
    state: State

    @property
    def fails(self) -> bool:
        """What could not be asked, or cannot be had, is said and is no failure."""
        return self.state in {"missing", "differs"}

    @property
    def is_shape(self) -> bool:
        """Whether it concerns what a table is, which nothing but a new table can change."""
        return self.setting.startswith(("key", "index")) and not self.setting.endswith("capacity")

    def __str__(self) -> str:
        if self.state == "missing":
            return f"{self.table}: there is no such table"
        if self.fails:
            return f"{self.table}: {self.setting} is {self.live}, documented {self.documented}"
        return f"{self.table}: {self.setting} (documented {self.documented}): {self.live}"


class _Compare:
    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, setting: str, documented: object, live: object) -> Iterator[Finding]:
        if isinstance(live, Unread):
            if live is Unread.UNSUPPORTED and documented is None:
                return
            state: State = "unsupported" if live is Unread.UNSUPPORTED else "unknown"
            shown = live.value
        elif documented == live:
            return
        else:
            state, shown = "differs", _shown(live)
        yield Finding(
            table=self._name,
            setting=setting,
            documented=_shown(documented),
            live=shown,
            state=state,
        )


def findings(
    table: Table,
    live: LiveTable,
    *,
    tags: Mapping[str, str],
    key_arn: Callable[[str], str | Unread] = lambda _: Unread.UNSUPPORTED,
) -> list[Finding]:
    """Every setting that is not as documented. `key_arn` tells which key an alias names."""
    compare = _Compare(live.name)
    return [
        *compare("key", _key(table.key), _key(live.key)),
        *_key_types(table, live, compare),
        *_indexes(table, live, compare),
        *_capacity(table, live, compare),
        *compare("TTL", table.ttl, live.ttl),
        *compare("point-in-time recovery", _days(table.pitr_days), _recovery(live)),
        *compare("stream", table.stream, live.stream),
        *_encryption(table, live, compare, key_arn),
        *compare("deletion protection", table.deletion_protection, live.deletion_protection),
        *(each for key in tags for each in compare(f"tag {key}", tags[key], live.tag(key))),
    ]


def check_shape(table: Table, live: LiveTable) -> None:
    """TableMismatch when a live table has other keys or indexes than it should.

    An index too many is no mismatch: nothing that we do is wrong because of it.
    """
    wrong = [
        str(finding)
        for finding in findings(table, live, tags={})
        if finding.fails and finding.is_shape and finding.documented != NONE
    ]
    if wrong:
        raise TableMismatch(
            f"{'; '.join(wrong)}: drop that table, or pass another --stage or --table-prefix"
        )


def missing(name: str) -> Finding:
    return Finding(table=name, setting="table", documented="there", live=NONE, state="missing")


def _key_types(table: Table, live: LiveTable, compare: _Compare) -> Iterator[Finding]:
    for name in table.key_attributes:
        if name in live.key_types:
            yield from compare(f"key type of {name}", table.key_type(name), live.key_types[name])


def _indexes(table: Table, live: LiveTable, compare: _Compare) -> Iterator[Finding]:
    documented = {index.name: index for index in table.indexes}
    for name in (*documented, *(name for name in live.indexes if name not in documented)):
        ours, theirs = documented.get(name), live.indexes.get(name)
        if ours is None or theirs is None:
            yield from compare(
                f"index {name}",
                _key(ours.key) if ours else None,
                _key(theirs.key) if theirs else None,
            )
        else:
            yield from compare(f"index {name} key", _key(ours.key), _key(theirs.key))
            yield from compare(
                f"index {name} projection", _projection(ours), _live_projection(theirs)
            )


def _capacity(table: Table, live: LiveTable, compare: _Compare) -> Iterator[Finding]:
    mode = "PROVISIONED" if live.provisioned else "PAY_PER_REQUEST"
    yield from compare("billing", table.billing_mode, mode)
    if table.provisioned is None or not live.provisioned:
        return
    yield from compare("capacity", _units(table.provisioned), _units(live.capacity))
    for index in table.indexes:
        theirs = live.indexes.get(index.name)
        if theirs is not None:
            # DynamoDB has no provisioned index without capacity: 0 is an engine that keeps none.
            units = _units(theirs.capacity) if theirs.capacity else Unread.UNSUPPORTED
            wanted = _units(index.provisioned or table.provisioned)
            yield from compare(f"index {index.name} capacity", wanted, units)


def _encryption(
    table: Table, live: LiveTable, compare: _Compare, key_arn: Callable[[str], str | Unread]
) -> Iterator[Finding]:
    documented = None if table.kms_key is None else f"KMS {table.kms_key}"
    if table.kms_key is None or live.kms_key is None:
        shown = None if live.kms_key is None else f"KMS {live.kms_key}"
        yield from compare("encryption", documented, shown)
        return
    named = live.kms_key == table.kms_key or live.kms_key.endswith(f":key/{table.kms_key}")
    if named:
        return
    arn = key_arn(table.kms_key)
    if isinstance(arn, Unread):
        # Only AWS can say which key an alias names. Elsewhere an alias is kept as it was given.
        is_alias = ":key/alias/" in live.kms_key or arn is Unread.UNSUPPORTED
        yield from compare("encryption", documented, f"KMS {live.kms_key}" if is_alias else arn)
    elif arn != live.kms_key:
        yield from compare("encryption", documented, f"KMS {live.kms_key}")


def _recovery(live: LiveTable) -> str | Unread | None:
    return live.pitr_days if isinstance(live.pitr_days, Unread) else _days(live.pitr_days)


def _days(days: int | None) -> str | None:
    return None if days is None else f"{days} days"


def _key(key: tuple[str, ...]) -> str:
    return ", ".join(key)


def _projection(index: Index) -> str:
    return " ".join((index.projection, *sorted(index.include)))


def _live_projection(index: LiveIndex) -> str:
    return " ".join((index.projection, *sorted(index.include)))


def _units(units: Throughput | None) -> str | None:
    return None if units is None else f"{units.read_units}rcu,{units.write_units}wcu"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return NONE if value is None else str(value)
