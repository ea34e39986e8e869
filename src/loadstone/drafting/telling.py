"""What tells the items of an entity apart: their keys differ, whatever they look like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadstone.drafting.alike import is_padded
from loadstone.drafting.chosen import choose
from loadstone.drafting.draft import Line
from loadstone.drafting.expressions import is_unique, shared, unique
from loadstone.drafting.forms import Choice, Digits, telling_form_of
from loadstone.drafting.pieces import joined
from loadstone.drafting.templates import Part, parts_in
from loadstone.drafting.times import in_steps, is_apart, shown
from loadstone.drafting.turns import take_turns

if TYPE_CHECKING:
    from loadstone.drafting.entities import Sheet


def numbered_by(sheet: Sheet, key: str | None, *, alone: bool) -> str:
    """What numbers the items that a key tells apart: `alone` in their partitions, they are numbered
    among all, unless the key names their parent too."""
    named = any(sheet.found(part) for part in parts_in(sheet.templates.get(key or "", ())))
    if alone and not (sheet.entity.parent is not None and named):
        return "number"
    return "position"


def make_unique(sheet: Sheet, key: str | None, number: str, apart: str) -> None:
    """See to it that a key is another one for each item: by its `number`, or by its place among the
    children of its parent. `apart` goes before that, where items of another kind are numbered
    beside them."""
    parts = parts_in(sheet.templates.get(key or "", ()))
    own = [part for part in parts if sheet.found(part) is None]
    times = [part for part in parts if part.texts in sheet.clocks]
    if times and not own and not any(is_apart(sheet.clocks[part.texts]) for part in times):
        _tell_in_steps(sheet, times[0], number)
    if number != "position":
        times = []
    if key is None or not own:
        return
    forms = {part: telling_form_of(part.present, sheet.desk.vocabulary) for part in own}
    if any(is_unique(form) and not shared(part.present, form) for part, form in forms.items()):
        return
    if any(is_apart(sheet.clocks[part.texts]) for part in times):
        return
    last = max(own, key=lambda part: (len(set(part.present)), own.index(part)))
    notes = choose(sheet, last) if number == "position" else ()
    if notes is None:
        return
    if not last.numeric and len(set(last.present)) == len(last.present) > 1:
        number = "number"  # no two of any partition are alike
    if last.numeric:
        sheet.known[last] = f"{number} + 1"
        return
    form = forms[last]
    tells = own == [last] and not apart and number == "position"
    if isinstance(form, Choice) and len(form.seen) > 1 and tells:
        take_turns(sheet, last, form)
        return
    if isinstance(form, Digits):
        _tell_as_number(sheet, last, number)
    made = unique(form, last.present, number)
    sheet.said[last] = (*notes, *made.notes)
    made = joined([apart, ("n", made)]) if apart else made
    sheet.known[last] = made.source
    sheet.texts[made.source] = made


def _tell_as_number(sheet: Sheet, part: Part, number: str) -> None:
    """An attribute may have as a number what a key has as digits: 7 of ISSUE#0000007."""
    sheet.known |= {each: number for each in sheet.parts if is_padded(part, each)}


def _tell_in_steps(sheet: Sheet, part: Part, number: str) -> None:
    """Days that tell the items of a partition apart follow one another."""
    clock = sheet.clocks[part.texts]
    source = in_steps(clock, number)
    before = sheet.entity.before
    names = [line.name for line in before]
    if sheet.instant not in names or sheet.found(part) != shown(clock, sheet.instant).source:
        sheet.known[part] = shown(clock, source).source
        return
    before[names.index(sheet.instant)] = Line(sheet.instant, source)
