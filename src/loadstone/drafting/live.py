"""A live table: its settings, and a bounded sample of its items from all over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from math import ceil
from typing import Any

import orjson

from loadstone.aws.live import LiveTable, Unread
from loadstone.capacity.spend import Arm, Estimate
from loadstone.capacity.units import read_units, wire_size_bytes
from loadstone.client.client import Client
from loadstone.drafting.given import Given, WireItem
from loadstone.drafting.local_indexes import left_out
from loadstone.errors import BadValue, TargetError, UnknownName
from loadstone.table import Index, KeyType, StreamView, Table

#: Stretches of a table that are read, so that not all of the sample is of a few partitions.
_SEGMENTS, _LEAST_EACH = 10, 20
_MOST_BYTES = 16 * 1024 * 1024
_UNKNOWN_BYTES = 1024
_SHOWN_NAMES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A table that is there; `local` are its local secondary indexes, which a draft leaves out."""

    live: LiveTable
    local: Sequence[str] = ()


def described(client: Client, live: LiveTable) -> Found:
    """The table with what `LiveTable` has no place for."""
    answer = client.send("DescribeTable", orjson.dumps({"TableName": live.name}))
    table = answer.json.get("Table", {}) if answer.ok else {}
    local = tuple(each["IndexName"] for each in table.get("LocalSecondaryIndexes", ()))
    return Found(live=live, local=local)


def no_table(client: Client, name: str) -> UnknownName:
    """There is no such table; these are there, those that are spelled nearly so first."""
    answer = client.send("ListTables", b"{}")
    there = sorted(answer.json["TableNames"]) if answer.ok else []
    names = list(dict.fromkeys([*get_close_matches(name, there), *there]))
    more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
    known = f"there are {', '.join(names[:_SHOWN_NAMES])}{more}" if names else "there is none"
    return UnknownName(f"no table {name!r}; {known}. --endpoint, --region and --profile say where")


def sampling(found: Sequence[Found], sample: int) -> Estimate:
    """What reading so many items of each table consumes."""
    arms, assumed = [], []
    items = size_bytes = 0
    for each in found:
        live = each.live
        count = min(sample, live.items) if live.items else sample
        mean = live.size_bytes / live.items if live.items else _UNKNOWN_BYTES
        if not live.items:
            assumed.append(f"items of {live.name} are taken to have {_UNKNOWN_BYTES} bytes")
        size = min(round(count * mean), _MOST_BYTES)
        segments = _segments(sample)
        arms.append(
            Arm(
                table=live.name,
                items=count,
                size_bytes=size,
                read_units=segments * read_units(ceil(size / segments), "eventual"),
                capacity=live.capacity if live.provisioned else None,
            )
        )
        items, size_bytes = items + count, size_bytes + size
    return Estimate(
        items=items,
        size_bytes=size_bytes,
        requests=_segments(sample) * len(found),
        arms=tuple(arms),
        assumed=tuple(assumed),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Items of stretches all over a table; `whole` when it has no others."""

    runs: Sequence[Sequence[WireItem]]
    whole: bool


def sampled(client: Client, name: str, sample: int) -> Sample:
    """At most so many items, of stretches all over the table; fewer where they are large."""
    count = _segments(sample)
    runs: list[list[WireItem]] = [[] for _ in range(count)]
    after: dict[int, Mapping[str, Any] | None] = dict.fromkeys(range(count))
    left, left_bytes = sample, _MOST_BYTES
    while after and left > 0 and left_bytes > 0:
        limit = max(1, ceil(left / len(after)))
        for segment in list(after):
            if left <= 0 or left_bytes <= 0:
                break
            page = _page(client, name, segment, count, min(limit, left), after[segment])
            runs[segment] += page["Items"]
            left -= len(page["Items"])
            left_bytes -= sum(map(wire_size_bytes, page["Items"]))
            after[segment] = page.get("LastEvaluatedKey")
            if after[segment] is None:
                del after[segment]
    return Sample(runs=[run for run in runs if run], whole=not after)


def given(found: Found, sample: Sample) -> Given:
    """The table in the words of content, and the sample."""
    live, notes = found.live, list(map(left_out, found.local))
    for what, value in (("TTL", live.ttl), ("point-in-time recovery", live.pitr_days)):
        if value is Unread.DENIED:
            notes.append(f"Whether it has {what}: {value.value}.")
    if live.kms_key is not None:
        notes.append("It is encrypted with a key of the account's: kms_key takes its alias.")
    count = _count(live, sample)
    return Given(table=_table(live), runs=sample.runs, count=count, notes=notes)


def _count(live: LiveTable, sample: Sample) -> int | None:
    """How many items there are. DynamoDB counts them anew about every six hours: a count that is
    below what was read says nothing."""
    seen = sum(map(len, sample.runs))
    if sample.whole:
        return seen
    return live.items if live.items >= seen else None


def _table(live: LiveTable) -> Table:
    key_types: dict[str, KeyType] = {}
    for name in dict.fromkeys([*live.key, *(n for i in live.indexes.values() for n in i.key)]):
        kind = live.key_types[name]
        if kind in ("N", "B"):
            key_types[name] = kind  # type: ignore[assignment]
    stream: StreamView | None = live.stream  # type: ignore[assignment]
    return Table(
        live.name,
        partition_key=live.key[0],
        sort_key=live.key[1] if len(live.key) > 1 else None,
        indexes=tuple(
            Index(
                name,
                partition_key=index.key[0],
                sort_key=index.key[1] if len(index.key) > 1 else None,
                projection=index.projection,  # type: ignore[arg-type]
                include=tuple(sorted(index.include)),
                provisioned=index.capacity if live.provisioned else None,
            )
            for name, index in live.indexes.items()
        ),
        provisioned=live.capacity if live.provisioned else None,
        ttl=live.ttl if isinstance(live.ttl, str) else None,
        pitr_days=live.pitr_days if isinstance(live.pitr_days, int) else None,
        stream=stream,
        deletion_protection=live.deletion_protection,
        key_types=key_types,
    )


def _page(
    client: Client,
    name: str,
    segment: int,
    segments: int,
    limit: int,
    after: Mapping[str, Any] | None,
) -> dict[str, Any]:
    request: dict[str, Any] = {"TableName": name, "Limit": limit}
    if segments > 1:
        request |= {"Segment": segment, "TotalSegments": segments}
    if after is not None:
        request["ExclusiveStartKey"] = after
    answer = client.send("Scan", orjson.dumps(request))
    if not answer.ok:
        raise TargetError(f"reading a sample of {name}: {answer}")
    found: dict[str, Any] = answer.json
    return found


def _segments(sample: int) -> int:
    if sample < 1:
        raise BadValue(f"--sample {sample}: at least one item is looked at")
    return max(1, min(_SEGMENTS, sample // _LEAST_EACH))
