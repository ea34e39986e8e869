"""Forms in the words of content: what a fixture says to make values of a form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from loadstone.drafting.figures import exponent_of, quantile
from loadstone.drafting.forms import (
    Amount,
    Choice,
    Digits,
    Form,
    Known,
    Prefixed,
    Prose,
    Time,
    Token,
)
from loadstone.drafting.palette import Palette, faker_method
from loadstone.drafting.people import are_people
from loadstone.drafting.pieces import Made, as_text, joined
from loadstone.drafting.shapes import Run, Shape

#: A draw covers so many numbers: `whole`.
_MOST_NUMBERS = 1 << 31
_LONGEST_TOKEN = 100
#: Of a hundred texts: up to the median, up to the ninetieth percentile, and longer.
_BANDS = (50, 40, 10)
_MOST_DIGITS, _MOST_HEX = 9, 7  # of one draw
#: Distinct values among those seen; at or below that share they name something that is shared.
_SHARED = 0.7
_LEAST_SEEN = 20
_LONGEST_ID = 60
#: Numbers that are taken from so few times as many as there are of them.
_FILLED = 3


@dataclass(frozen=True, kw_only=True)
class Context:
    """For whom a value is: `name` is the attribute, `entity` its entity, `instant` when its items
    are made. `share` gives a source a variable of the entity's, where there is one value of an
    item; in a list there are many, and it is None. `refer` says what names another entity."""

    name: str
    entity: str
    palette: Palette
    instant: str
    share: Callable[[str, str], str] | None = None
    refer: Callable[[str, Sequence[str], bool, bool], str | None] | None = None


def made_of(form: Form, context: Context) -> Made:
    """A value of a form, not the same for two items where the form allows."""
    match form:
        case Known():
            return _known(form, context)
        case Time():
            return written(form, context.instant)
        case Choice():
            return _choose(form, context)
        case Digits():
            return _digits(form)
        case Amount(low, high, places):
            return as_text("{n}", n=f"decimal({low}, {high}, {places})")
        case Token():
            return _token(form)
        case Prefixed(prefix, rest):
            made = joined([prefix, ("n", made_of(rest, context))])
            return noted(made, *unrecognized(form)[:1])
        case Shape():
            return _shaped(form, context)
        case Prose():
            return _written_out(form, context)


def shared(texts: Sequence[str], form: Form) -> Made | None:
    """Where many items name the same few things: one of so many, the first ones more often."""
    distinct = len(set(texts))
    if len(texts) < _LEAST_SEEN or distinct > _SHARED * len(texts):
        return None
    if isinstance(form, Choice | Time | Amount):
        return None
    if isinstance(form, Prose) and (form.spaced or form.longest > _LONGEST_ID):
        return None
    exponent = exponent_of(texts)
    if isinstance(form, Digits) and not exponent and _is_filled(form, distinct):
        return None  # a number of that range is as good
    drawn = f"shaped(Zipf({distinct}, {exponent}))" if exponent else f"whole(0, {distinct - 1})"
    note = f"names one of about {distinct} things that several items have in common"
    if distinct == 1:
        note = "the same wherever it was seen: write your own"
    return as_text(_numbered(form, texts), [note, *unrecognized(form)], n=drawn)


def _is_filled(form: Digits, distinct: int) -> bool:
    return form.high - form.low < _FILLED * distinct


def unique(form: Form, texts: Sequence[str], number: str) -> Made:
    """A value that no two items have: `number` is the item's own, or its place among siblings."""
    if isinstance(form, Known) and form.kind == "e-mail":
        return as_text("user{n:07}@example.com", n=number)
    if isinstance(form, Shape) and form.numbered is not None:
        return as_text(_numbered(form, texts), n=number)
    notes = unrecognized(form)
    if notes or isinstance(form, Choice | Shape | Prose):
        notes.append("here a number of that length, as each is another one")
    return as_text(_numbered(form, texts), notes, n=number)


def prefix_of(form: Form) -> str:
    """What all texts of a form begin with."""
    match form:
        case Prefixed(prefix, rest):
            return prefix + prefix_of(rest)
        case Shape() if form.numbered is not None:
            return form.numbered[0]
    return ""


def unrecognized(form: Form) -> list[str]:
    """What is said where a form is not the whole truth."""
    match form:
        case Prefixed(prefix, rest, told):
            hidden = f"begins with a word that may be somebody's data: {prefix} stands for it"
            return ([] if told else [hidden]) + unrecognized(rest)
        case Token(length, "hex" | "HEX"):
            return [f"not recognized: {length} hexadecimal digits in the table"]
        case Token(length):
            return [f"not recognized: {length} letters, digits and signs in the table"]
        case Shape():
            return [f"not recognized: in the table it looks like {form}"]
        case Prose(low, high, _, spaced) if not spaced:
            long = f"{low} bytes" if low == high else f"{low} to {high} bytes"
            return [f"not recognized: {long} without spaces in the table"]
    return []


def noted(made: Made, *notes: str) -> Made:
    """What is made, with more to be said of it."""
    return Made(made.source, (*notes, *made.notes), made.template, made.values)


def is_unique(form: Form) -> bool:
    """Whether its values are different by themselves."""
    if isinstance(form, Prefixed):
        return is_unique(form.rest)
    return isinstance(form, Known) and form.kind in ("uuid", "ulid")


def written(form: Time, instant: str) -> Made:
    """An instant as the texts of a form have it."""
    notes = () if form.plain else ("not written as here: in UTC, with a T and a Z",)
    match form.precision:
        case "date" | "midnight":
            day = "{year}-{month:02}-{day:02}"
            return Made(f'calendar({instant}, "{day}{form.tail}")', notes)
        case "month":
            return Made(f'calendar({instant}, "{{year}}-{{month:02}}")', notes)
        case "month first":
            return Made(f'calendar({instant}, "{{month:02}}-{{year}}")', notes)
        case "seconds":
            return Made(f"iso({instant})", notes)
        case "milliseconds":
            return Made(f'iso({instant}, "milliseconds")', notes)


def _numbered(form: Form, texts: Sequence[str]) -> str:
    """A template with a number in it that is as long as the texts are."""
    prefix = ""
    while isinstance(form, Prefixed):
        prefix += form.prefix
        form = form.rest
    if isinstance(form, Known) and form.kind == "uuid":
        return prefix + "00000000-0000-4000-8000-{n:012}"
    if isinstance(form, Known) and form.kind == "e-mail":
        return prefix + "user{n:07}@example.com"
    if isinstance(form, Digits):
        return prefix + (f"{{n:0{form.width}}}" if form.width > 1 else "{n}")
    if isinstance(form, Shape) and form.numbered is not None:
        before, run, behind = form.numbered
        slot = f"{{n:0{run.high}}}" if run.low == run.high > 1 else "{n}"
        before, behind = (
            part.replace("{", "{{").replace("}", "}}") for part in (prefix + before, behind)
        )
        return before + slot + behind
    length = round(quantile([len(text) for text in texts], 0.5)) - len(prefix)
    return prefix + f"{{n:0{min(max(length, 6), 40)}}}"


def _known(form: Known, context: Context) -> Made:
    match form.kind:
        case "uuid":
            return Made("uuid()")
        case "ulid":
            return Made(f"ulid({context.instant})")
        case "e-mail":
            return as_text("user{n:07}@example.com", n="number")
        case "phone":
            return as_text("+1{area}55501{n:02}", area="whole(201, 989)", n="whole(0, 99)")
        case "url":
            return as_text("https://example.com/{path}", path="token(16)")
        case "ip":
            return as_text("192.0.2.{n}", n="whole(1, 254)")


def words_of(form: Choice, context: Context) -> tuple[list[str], list[str]]:
    """The words of a choice among a few, with stand-ins for those that no draft has; and what is to
    be said of these."""
    words: list[str] = []
    hidden: dict[str, str] = {}
    for word, seen in zip(form.words, form.seen, strict=True):
        if word is None:
            hidden[seen] = _placeholder(context.name, len(hidden) + 1, len(seen))
        words.append(word or hidden[seen])
    if not hidden:
        return words, []
    context.palette.hide(f"{context.entity}.{context.name}", hidden)
    return words, [_stand_ins(list(hidden.values()), len(words))]


def _choose(form: Choice, context: Context) -> Made:
    method = faker_method(context.name, context.entity, people=are_people(form.seen))
    if method is not None and not any(form.words):
        return Made(context.palette.named(method))
    words, notes = words_of(form, context)
    if len(words) == 1:
        return as_text(words[0].replace("{", "{{").replace("}", "}}"), notes)
    listed = ", ".join(f'"{word}"' for word in words)
    weights = ", ".join(map(str, form.weights))
    return Made(f"choose({listed}, weights=({weights}))", tuple(notes))


def _stand_ins(hidden: Sequence[str], words: int) -> str:
    between = " and " if len(hidden) == 2 else " to "
    named = between.join(dict.fromkeys((hidden[0], hidden[-1])))
    told = "a stand-in" if words == 1 else f"stand-ins, {len(hidden)} of {words}, {named}"
    return (
        f"{told}: what was seen there may be somebody's data; write your own, or draft anew with "
        "--words"
    )


def _placeholder(name: str, count: int, length: int) -> str:
    """A word of the attribute's name, with a number to tell it from the others."""
    base = "".join(letter for letter in name.lower() if letter.isalpha()) or "word"
    tail = f"-{count}"
    return base[: max(1, length - len(tail))] + tail


def _digits(form: Digits) -> Made:
    if form.high - form.low >= _MOST_NUMBERS:
        width = max(form.width, len(str(form.high)))
        return as_text(
            "{a}{b:09}",
            a=f"whole({10 ** max(0, width - 10)}, {10 ** max(1, width - 9) - 1})",
            b="whole(0, 999999999)",
        )
    slot = f"{{n:0{form.width}}}" if form.width else "{n}"
    high = min(form.high, 10**form.width - 1) if form.width else form.high
    return as_text(slot, n=f"whole({form.low}, {high})")


def _shaped(form: Shape, context: Context) -> Made:
    """Run by run: signs as they are, letters, and digits in draws that are not too large."""
    parts: list[str | tuple[str, Made]] = []
    for run in form.runs:
        if run.literal:
            parts.append(run.literal)
        elif run.kind != "digits":
            parts.append(("letters", Made(context.palette.letters(run))))
        else:
            parts += [("n", each) for each in _runs_of_digits(run)]
    return noted(joined(parts), *unrecognized(form))


def _runs_of_digits(run: Run) -> Iterator[Made]:
    left = run.high
    while left:
        digits = min(left, _MOST_DIGITS)
        slot = f"{{n:0{digits}}}" if run.low == run.high and digits > 1 else "{n}"
        yield as_text(slot, n=f"whole(0, {10**digits - 1})")
        left -= digits


def _written_out(form: Prose, context: Context) -> Made:
    """Words, or a name; letters that follow no rule are said to be so."""
    method = faker_method(context.name, context.entity, people=form.people)
    if form.middle is not None and method is None:
        return _in_bands(form, form.middle, context)
    source = context.palette.prose(form, context.name, context.entity)
    return Made(source, tuple(unrecognized(form) if source.startswith("pick(WORDS_") else ()))


def _in_bands(form: Prose, middle: int, context: Context) -> Made:
    """Half of the texts up to the median, and the long ones as seldom as they are."""
    high = max(form.high, middle)
    bands = [(min(form.low, middle), middle), (middle, high), (high, form.longest)]
    kept = {band: weight for band, weight in zip(bands, _BANDS, strict=True) if band[0] < band[1]}
    options = [
        context.palette.prose(replace(form, low=low, high=top), context.name, context.entity)
        for low, top in kept
    ]
    if len(options) == 1:
        return Made(options[0])
    weights = ", ".join(map(str, kept.values()))
    made = f"case(shaped(Weights(({weights}))), {', '.join(options)})"
    return Made(made, tuple(unrecognized(form)))


def _token(form: Token) -> Made:
    notes = unrecognized(form)
    if form.alphabet != "letters":
        return noted(_hexadecimal(form.length, "x" if form.alphabet == "hex" else "X"), *notes)
    if form.length <= _LONGEST_TOKEN:
        return Made(f"token({form.length})", tuple(notes))
    full, rest = divmod(form.length, _LONGEST_TOKEN)
    parts = [_LONGEST_TOKEN] * min(full, 9) + ([rest] if rest else [])
    names = [f"t{place}" for place in range(len(parts))]
    values = {name: f"token({size})" for name, size in zip(names, parts, strict=True)}
    return as_text("".join(f"{{{name}}}" for name in names), notes, **values)


def _hexadecimal(length: int, sign: str) -> Made:
    """So many digits, in draws of at most seven."""
    full, rest = divmod(length, _MOST_HEX)
    return joined(
        [
            ("h", as_text(f"{{h:0{digits}{sign}}}", h=f"whole(0, {16**digits - 1})"))
            for digits in [_MOST_HEX] * full + [rest] * (rest > 0)
        ]
    )
