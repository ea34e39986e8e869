"""Few words that tell the items of a partition apart: each item has the next one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from loadstone.drafting.expressions import words_of
from loadstone.drafting.forms import Choice
from loadstone.drafting.pieces import quoted
from loadstone.drafting.templates import Part

if TYPE_CHECKING:
    from loadstone.drafting.entities import Sheet

_UNEVEN = re.compile(r", (?:spread|giants|giant_share)=[\d.]+")


def take_turns(sheet: Sheet, part: Part, form: Choice) -> None:
    """Give each item the word at its turn: siblings are numbered one after the other, so that no
    two of so many have the same."""
    words, notes = words_of(form, sheet.context(part.name))
    listed = ", ".join(map(quoted, words))
    told = f"no two of one parent have the same: each has the next of these {len(words)}"
    sheet.known[part] = f"nth(({listed}), number % {len(words)})"
    sheet.said[part] = (told, *notes)
    entity = sheet.entity
    even = _UNEVEN.sub("", entity.per_parent)
    if even != entity.per_parent:
        entity.notes.append(
            f"As no parent has more than {len(words)}, how unevenly they are spread is left out."
        )
    entity.per_parent = even
