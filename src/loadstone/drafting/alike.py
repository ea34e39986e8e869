"""Attributes that are one thing written differently: 7 and 0000007, Open and OPEN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from loadstone.drafting.draft import Line
from loadstone.drafting.expressions import words_of
from loadstone.drafting.forms import Choice, form_of
from loadstone.drafting.numeric import number_of
from loadstone.drafting.pieces import Made, as_text, quoted
from loadstone.drafting.templates import Part, same

if TYPE_CHECKING:
    from loadstone.drafting.entities import Sheet


def draw_once(sheet: Sheet, parts: Sequence[Part]) -> None:
    """Have one draw for parts that are one thing, where nothing stands for any of them yet."""
    free = [part for part in parts if sheet.found(part) is None]
    for number in free:
        padded = [part for part in free if is_padded(part, number)]
        if padded and sheet.found(number) is None:
            _draw_number(sheet, number, padded)
    for place, part in enumerate(free):
        if sheet.found(part) is None:
            spelled = [each for each in free[place + 1 :] if _says(each, part)]
            _draw_word(sheet, part, spelled)


def is_padded(part: Part, number: Part) -> bool:
    """Whether a part has as digits what another has as a number: 7 of ISSUE#0000007."""
    if part is number or part.numeric or not all(map(str.isdecimal, part.present)):
        return False
    digits = tuple(None if text is None else text.lstrip("0") or "0" for text in part.texts)
    return digits != part.texts and same(Part(part.name, digits), number)


def _draw_number(sheet: Sheet, number: Part, padded: Sequence[Part]) -> None:
    variable = sheet.variable(number.name)
    drawn = number_of(number.present)
    sheet.entity.before.append(Line(variable, drawn.source, drawn.notes))
    made = {number: Made(variable) if number.numeric else as_text("{n}", n=variable)}
    for part in padded:
        widths = {len(text) for text in part.present}
        slot = f"{{n:0{max(widths)}}}" if len(widths) == 1 else "{n}"
        made[part] = as_text(slot, n=variable)
    _stand_for(sheet, made)


def _says(part: Part, other: Part) -> bool:
    """Whether texts are the same words, but for capitals and what is between them."""
    if part.numeric or other.numeric or part.texts == other.texts:
        return False
    plain = [
        Part(each.name, tuple(None if text is None else _plain(text) for text in each.texts))
        for each in (part, other)
    ]
    pairs = set(zip(part.texts, other.texts, strict=True))
    one_each = len(pairs) == len(set(part.texts)) == len(set(other.texts))
    return one_each and plain[0].texts == plain[1].texts and len(set(part.texts)) > 1


def _plain(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _draw_word(sheet: Sheet, part: Part, spelled: Sequence[Part]) -> None:
    """Which of a few words it is, and how each of the parts writes it."""
    forms = {each: form_of(each.present, sheet.desk.vocabulary) for each in (part, *spelled)}
    choices = {each: form for each, form in forms.items() if isinstance(form, Choice)}
    if len(choices) < 2 or part not in choices:
        return
    variable = sheet.variable(f"{min((each.name for each in choices), key=len)}Place")
    made = {}
    for each, form in choices.items():
        words, notes = words_of(form, sheet.context(each.name))
        shown = dict(zip(form.seen, words, strict=True))
        spelling = dict(zip(part.texts, each.texts, strict=True))
        listed = ", ".join(quoted(shown[str(spelling[word])]) for word in choices[part].seen)
        made[each] = Made(f"nth(({listed}), {variable})", tuple(notes))
    weights = ", ".join(map(str, choices[part].weights))
    sheet.entity.before.append(Line(variable, f"shaped(Weights(({weights})))"))
    _stand_for(sheet, made)


def _stand_for(sheet: Sheet, made: Mapping[Part, Made]) -> None:
    for part, each in made.items():
        sheet.known[part], sheet.said[part] = each.source, each.notes
        if each.is_text:
            sheet.texts[each.source] = each
