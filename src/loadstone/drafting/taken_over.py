"""What items have of their parents beside the key: found by looking at both together."""

from __future__ import annotations

from collections.abc import Sequence

from loadstone.drafting.entities import Sheet
from loadstone.drafting.templates import Part, together
from loadstone.drafting.times import clock_of

_LEAST_PAIRS, _LEAST_VALUES = 5, 3


def taken_over(
    sheet: Sheet, parent: Sheet | None, parts: Sequence[tuple[Part, Part]]
) -> dict[Part, str]:
    """What of a kind is its parent's in every item whose parent was seen, with the source of it.
    `parts` are what names the parent, each with the parent's own."""
    if parent is None or not parts:
        return {}
    rows = {text: row for row, text in enumerate(together([theirs for _, theirs in parts]))}
    named = together([ours for ours, _ in parts])
    whose = [None if text is None else rows.get(text) for text in named]
    table = sheet.entity.table
    key = table.table.sort_key if table else None
    known = [
        part
        for part in parent.parts
        if part.name in parent.columns and parent.columns[part.name].always and not clock_of(part)
    ]
    found: dict[Part, str] = {}
    for part in sheet.parts:
        if part in sheet.templates.get(key or "", ()) or sheet.found(part) is not None:
            continue
        other = next((each for each in known if _is_of(part, each, whose)), None)
        if other is not None:
            found[part] = f'{parent.entity.variable}["{other.name}"]'
    return found


def _is_of(part: Part, other: Part, whose: Sequence[int | None]) -> bool:
    """Whether it is the parent's, too often for chance."""
    if part.numeric != other.numeric:
        return False
    pairs = [
        (text, other.texts[row])
        for text, row in zip(part.texts, whose, strict=True)
        if text is not None and row is not None
    ]
    if any(text != theirs for text, theirs in pairs):
        return False
    return len(pairs) >= _LEAST_PAIRS and len({text for text, _ in pairs}) >= _LEAST_VALUES
