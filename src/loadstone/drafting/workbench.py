"""Tables of a NoSQL Workbench model: keys, indexes, sample data, facets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from loadstone.drafting.given import Facet, Given, WireItem
from loadstone.drafting.misread import in_words, json_of, other_format, text_of
from loadstone.errors import BadValue
from loadstone.table import Index, KeyType, Table, Throughput
from loadstone.wire import decode

_FLAG = "--from-workbench"


def read_model(path: Path) -> list[Given]:
    """Every table of a model, with the items that its author put there."""
    text = text_of(path, _FLAG)
    try:
        model = json_of(text)
    except ValueError as error:
        raise BadValue(f"{_FLAG}: {path} cannot be read: {error}") from error
    tables = model.get("DataModel") if isinstance(model, Mapping) else None
    if not isinstance(tables, list) or not tables:
        instead = other_format(model, _FLAG) or "is it an exported model?"
        raise BadValue(f"{_FLAG}: {path} has no DataModel: {instead}")
    return [_read(path, place, table) for place, table in enumerate(tables, 1)]


def _read(path: Path, place: int, model: Any) -> Given:
    """One table; what its part of the file lacks is told with its name."""
    try:
        return _given(model)
    except BadValue:
        raise
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        name = model.get("TableName") if isinstance(model, Mapping) else None
        which = repr(name) if isinstance(name, str) else f"number {place}"
        raise BadValue(
            f"{_FLAG}: {path} is no model of tables: table {which}: {in_words(error)}"
        ) from error


def _given(model: Mapping[str, Any]) -> Given:
    table = _table(model)
    facets = model.get("TableFacets") or ()
    stood = [*(model.get("TableData") or ())]
    stood += [item for facet in facets for item in facet.get("TableData") or ()]
    # What stands in a facet stands among the table's own items, mostly.
    items = list({json.dumps(item, sort_keys=True): item for item in stood}.values())
    whole = [item for item in items if all(_filled(item, name) for name in table.key)]
    notes = []
    if len(whole) < len(items):
        notes.append(f"{len(items) - len(whole)} items of the model without a key are left out.")
    typed = [_typed(item) for item in whole]
    return Given(
        table=table,
        runs=[typed] if typed else [],
        declared={
            each["AttributeName"]: each.get("AttributeType", "S")
            for each in model.get("NonKeyAttributes") or ()
        },
        facets=[
            Facet(
                name=facet["FacetName"],
                attributes=frozenset(facet.get("NonKeyAttributes") or ()) | {*table.key},
            )
            for facet in facets
        ],
        published=True,
        notes=notes,
    )


def _table(model: Mapping[str, Any]) -> Table:
    kinds: dict[str, str] = {}
    partition_key, sort_key = _key(model["KeyAttributes"], kinds)
    indexes = []
    for each in model.get("GlobalSecondaryIndexes") or ():
        keys = _key(each["KeyAttributes"], kinds)
        projection = each.get("Projection") or {}
        taken = {partition_key, sort_key, *keys}
        include = [n for n in projection.get("NonKeyAttributes") or () if n not in taken]
        kind = projection.get("ProjectionType", "ALL")
        indexes.append(
            Index(
                each["IndexName"],
                partition_key=keys[0],
                sort_key=keys[1],
                projection="KEYS_ONLY" if kind == "INCLUDE" and not include else kind,
                include=tuple(include) if kind == "INCLUDE" else (),
            )
        )
    key_types: dict[str, KeyType] = {
        name: kind  # type: ignore[misc]
        for name, kind in kinds.items()
        if kind in ("N", "B")
    }
    return Table(
        model["TableName"],
        partition_key=partition_key,
        sort_key=sort_key,
        indexes=tuple(indexes),
        provisioned=_capacity(model),
        key_types=key_types,
    )


def _key(given: Mapping[str, Any], kinds: dict[str, str]) -> tuple[str, str | None]:
    names: list[str] = []
    for part in ("PartitionKey", "SortKey"):
        key = given.get(part)
        if key:
            names.append(key["AttributeName"])
            kinds[key["AttributeName"]] = key.get("AttributeType", "S")
    return names[0], (names[1] if len(names) > 1 else None)


def _capacity(model: Mapping[str, Any]) -> Throughput | None:
    if model.get("BillingMode") != "PROVISIONED":
        return None
    settings = model.get("ProvisionedCapacitySettings") or {}
    units = settings.get("ProvisionedThroughput") or {}
    read, write = units.get("ReadCapacityUnits", 5), units.get("WriteCapacityUnits", 5)
    return Throughput(read_units=int(read), write_units=int(write))


def _filled(item: Mapping[str, Any], name: str) -> bool:
    return any(str(value) for value in (item.get(name) or {}).values())


def _typed(item: Mapping[str, Any]) -> WireItem:
    """An item with its types. The model has sets and lists of plain values here and there, and
    numbers that are none."""
    return {name: dict(_value(value)) for name, value in item.items() if value}


def _value(value: Mapping[str, Any]) -> Mapping[str, Any]:
    ((kind, held),) = value.items()
    if kind == "N":
        try:
            decode({"n": {"N": str(held)}})
        except ArithmeticError:
            return {"S": str(held)}
        return {"N": str(held)}
    if kind == "M":
        return {"M": {name: _any(each) for name, each in held.items()}}
    if kind == "L":
        return {"L": [_any(each) for each in held]}
    if kind in ("SS", "NS", "BS"):
        return {kind: [str(each) for each in _listed(held)]}
    if kind == "BOOL":
        return {"BOOL": held is True or str(held).lower() == "true"}
    return {kind: held if kind == "NULL" else str(held)}


def _any(value: Any) -> Mapping[str, Any]:
    """A value within another: typed, or as JSON has it."""
    if isinstance(value, Mapping) and len(value) == 1:
        return _value(value)
    match value:
        case bool():
            return {"BOOL": value}
        case int() | float():
            return {"N": str(value)}
        case None:
            return {"NULL": True}
        case list():
            return {"L": [_any(each) for each in value]}
        case Mapping():
            return {"M": {name: _any(each) for name, each in value.items()}}
        case _:
            return {"S": str(value)}


def _listed(held: Any) -> Iterable[Any]:
    return held if isinstance(held, list) else [held]
