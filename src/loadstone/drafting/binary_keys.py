"""Tables and indexes that cannot be drafted: content has no word for bytes, which a key is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from loadstone.drafting.given import Given
from loadstone.errors import BadValue


def without_binary_keys(givens: Sequence[Given]) -> tuple[list[Given], list[str]]:
    """The tables that can be drafted, without indexes that cannot; and which tables are left out,
    in words."""
    kept, left_out = [], []
    for given in givens:
        binary = _binary(given, given.table.key)
        if binary is None:
            kept.append(_without_indexes(given))
        else:
            left_out.append(f"{given.table.name}: its key {binary!r} is binary")
    if not kept:
        raise BadValue(
            f"{'; '.join(left_out)}, and content has no word for bytes: there is nothing else to "
            "draft"
        )
    return kept, left_out


def _without_indexes(given: Given) -> Given:
    table = given.table
    indexes = {index: _binary(given, index.key) for index in table.indexes}
    if not any(indexes.values()):
        return given
    kept = tuple(index for index, binary in indexes.items() if binary is None)
    names = {name for key in (table.key, *(index.key for index in kept)) for name in key}
    types = {name: kind for name, kind in table.key_types.items() if name in names}
    notes = [
        f"Its index {index.name} is left out: the key {binary!r} is binary."
        for index, binary in indexes.items()
        if binary is not None
    ]
    return replace(
        given,
        table=replace(table, indexes=kept, key_types=types),
        notes=[*given.notes, *notes],
    )


def _binary(given: Given, key: Sequence[str]) -> str | None:
    return next((name for name in key if given.table.key_type(name) == "B"), None)
