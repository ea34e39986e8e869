"""What a column of texts looks like: a format that is recognised, or how long they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from loadstone.drafting.figures import above, below, between, quantile, weights_of
from loadstone.drafting.people import are_people
from loadstone.drafting.shapes import Shape, shape_of
from loadstone.drafting.vocabulary import NOTHING, Vocabulary

Precision: TypeAlias = Literal[
    "seconds", "milliseconds", "date", "midnight", "month", "month first"
]
#: What a text is recognised as, where its values need no more to be said.
Kind: TypeAlias = Literal["uuid", "ulid", "e-mail", "phone", "url", "ip"]

MOST_WORDS, MOST_WORD_LENGTH, OFTEN = 12, 40, 4
_LONGEST_PREFIX = 24
#: Lengths have a long tail when it goes beyond so many medians, and there are enough to tell.
_LONG_TAIL, _MANY = 3, 20
_LONGEST_PERSON = 60

_KINDS: dict[Kind, str] = {
    "uuid": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
    "ulid": r"[0-7][0-9A-HJKMNP-TV-Z]{25}",
    "e-mail": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "ip": r"(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}",
    # E.164, an area code after a leading 0, or one in parentheses.
    "phone": r"\+[1-9][\d ()./-]*\d|0\d{2,4}[ /]\d{3}[\d ]*\d|\(\d{2,5}\) ?\d{3}[\d -]*\d",
    "url": r"[a-z][a-z0-9+]*://\S+",
}
_DATE = r"(19|20)\d\d-(0[1-9]|1[0-2])-([0-2]\d|3[01])"
_CLOCK = r"[T :]\d\d:\d\d(:\d\d)?"
_MIDNIGHT = r"[T ]00:00(:00(\.0{1,9})?)?"
_ZONE = r"(Z|[+-]\d\d:?\d\d)?"
_TIMES: dict[Precision, str] = {
    "month": r"(19|20)\d\d-(0[1-9]|1[0-2])",
    "month first": r"(0[1-9]|1[0-2])-(19|20)\d\d",
    "date": _DATE,
    "midnight": _DATE + _MIDNIGHT + _ZONE,
    "seconds": _DATE + _CLOCK + _ZONE,
    "milliseconds": _DATE + _CLOCK + r"\.\d{1,9}" + _ZONE,
}
#: Of what is no finer than a day: how many days it spans, at the most.
DAYS_OF: dict[Precision, int] = {"date": 1, "midnight": 1, "month": 31, "month first": 31}
_MONTH_LENGTH, _A_DAY = len("2026-05"), "2026-05-01"
_DIGITS = re.compile(r"\d+")
_HEX = re.compile(r"[0-9a-f]{8,}|[0-9A-F]{8,}")
_TOKEN = re.compile(r"[A-Za-z0-9_.~+/=-]{8,}")
_AMOUNT = re.compile(r"-?\d+\.\d+")


@dataclass(frozen=True, slots=True)
class Known:
    """A format that Loadstone has a word for."""

    kind: Kind


@dataclass(frozen=True, slots=True)
class Time:
    """An instant written as text; `plain` when it is as we write it: in UTC, with a Z. `tail` is
    what is behind a day where that has no more to say: T00:00:00."""

    precision: Precision
    plain: bool
    instants: tuple[float, ...]  # seconds since 1970, of the sample: to be compared, not written
    tail: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few values; None stands for one that is not for us to write down. `seen` are all of
    them as they are: for who asks for the draft, and for no file."""

    words: tuple[str | None, ...]
    weights: tuple[int, ...]
    seen: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Digits:
    """A number written as text, padded with zeros when `width` is not 0."""

    low: int
    high: int
    width: int


@dataclass(frozen=True, slots=True)
class Amount:
    """A decimal number written as text."""

    low: int
    high: int
    places: int


@dataclass(frozen=True, slots=True)
class Token:
    """Characters that say nothing, always or nearly as many."""

    length: int
    alphabet: Literal["hex", "HEX", "letters"]


@dataclass(frozen=True, slots=True)
class Prefixed:
    """The same letters before each: student_000001. `told`: they may be written; otherwise they are
    so many X."""

    prefix: str
    rest: Form
    told: bool = True


@dataclass(frozen=True, slots=True)
class Prose:
    """Any other text: how many bytes, from the tenth percentile to the ninetieth, and at most.
    `middle` is the median, where the long ones are much longer than that; `people`: these are
    names."""

    low: int
    high: int
    longest: int
    spaced: bool
    middle: int | None = None
    people: bool = False


Form: TypeAlias = Known | Time | Choice | Digits | Amount | Token | Prefixed | Shape | Prose


def form_of(texts: Sequence[str], vocabulary: Vocabulary = NOTHING) -> Form:
    """The form that all of some texts have. The vocabulary says which words may be written down."""
    found = time_of(texts) or _known(texts)
    if found is not None:
        return found
    choice = _choice(texts, vocabulary)
    if choice is not None and any(choice.words):
        return choice
    numbered = _numeric(texts) or _prefixed(texts, vocabulary)
    return (
        numbered or choice or shape_of(texts, vocabulary.writes) or _token(texts) or _prose(texts)
    )


def telling_form_of(texts: Sequence[str], vocabulary: Vocabulary) -> Form:
    """The form of what tells items apart, which are no few words: v1_Audit has a number in it."""
    found = form_of(texts, vocabulary)
    if isinstance(found, Choice):
        shape = shape_of(texts, vocabulary.writes)
        if shape is not None and shape.numbered is not None:
            return shape
        return _prefixed(texts, vocabulary) or found
    return found


def time_of(texts: Sequence[str]) -> Time | None:
    for precision, pattern in _TIMES.items():
        if all(re.fullmatch(pattern, text) for text in texts):
            instants = tuple(map(_instant, texts))
            plain = precision in DAYS_OF or all(text[-1] == "Z" and "T" in text for text in texts)
            tails = {text[len(_A_DAY) :] for text in texts} if precision == "midnight" else set()
            return Time(precision, plain, instants, min(tails, default=""))
    return None


def _instant(text: str) -> float:
    """Seconds since 1970; a day that no month has is the month's last."""
    if len(text) == _MONTH_LENGTH:
        text = f"{text}-01" if text[4] == "-" else f"{text[3:]}-{text[:2]}-01"
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = datetime.fromisoformat(text[:8] + "28")
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _known(texts: Sequence[str]) -> Known | None:
    for kind, pattern in _KINDS.items():
        if all(re.fullmatch(pattern, text) for text in texts):
            if kind == "phone" and not all(map(_is_dialled, texts)):
                continue
            return Known(kind)
    return None


def _is_dialled(text: str) -> bool:
    """E.164 has from 8 to 15 digits with the country's, a national number from 8 to 12."""
    digits = sum(letter.isdigit() for letter in text)
    return 8 <= digits <= (15 if text[0] == "+" else 12)


def _choice(texts: Sequence[str], vocabulary: Vocabulary) -> Choice | None:
    counts = Counter(texts).most_common()
    if len(counts) > MOST_WORDS or len(counts) * OFTEN > len(texts):
        return None
    if max(len(word) for word, _ in counts) > MOST_WORD_LENGTH:
        return None
    return Choice(
        words=tuple(word if vocabulary.keeps(word) else None for word, _ in counts),
        weights=tuple(weights_of([count for _, count in counts])),
        seen=tuple(word for word, _ in counts),
    )


def _numeric(texts: Sequence[str]) -> Form | None:
    if all(_DIGITS.fullmatch(text) for text in texts) and max(map(len, texts)) <= 18:
        numbers = [int(text) for text in texts]
        widths = {len(text) for text in texts}
        padded = len(widths) == 1 and (min(numbers) < 10 ** (min(widths) - 1) or min(widths) > 2)
        low, high = between(numbers)
        if low == high >= 10:
            low, high = below(low / 2), above(high * 2)
        return Digits(low, high, min(widths) if padded else 0)
    if all(_AMOUNT.fullmatch(text) for text in texts):
        places = max(len(text.partition(".")[2]) for text in texts)
        values = [float(text) for text in texts]
        if places <= 6 and max(map(abs, values)) < 1e9:
            return Amount(below(min(values)), above(max(values)), places)
    return None


def _prefixed(texts: Sequence[str], vocabulary: Vocabulary) -> Prefixed | None:
    """Only where what follows the prefix is an identifier: `Mr. ` before names is no prefix."""
    if len(set(texts)) < 2:
        return None
    found = re.match(r"[A-Za-z]+[_\-:./#|]", texts[0])
    prefix = found.group() if found else ""
    if not prefix or len(prefix) > _LONGEST_PREFIX:
        return None
    if not all(text.startswith(prefix) and len(text) > len(prefix) for text in texts):
        return None
    rest = form_of([text[len(prefix) :] for text in texts])
    if not isinstance(rest, Known | Digits | Token | Time):
        return None
    if vocabulary.writes(prefix[:-1]):
        return Prefixed(prefix, rest)
    if len(set(texts)) < 3:
        return None
    return Prefixed("X" * (len(prefix) - 1) + prefix[-1], rest, told=False)


def _token(texts: Sequence[str]) -> Token | None:
    lengths = sorted(map(len, texts))
    if len(set(texts)) < 3 or lengths[0] < 8 or lengths[-1] > 1.2 * lengths[0]:
        return None
    if all(_HEX.fullmatch(text) for text in texts) and len(set(lengths)) == 1:
        capitals = any(text.upper() == text != text.lower() for text in texts)
        return Token(lengths[-1], "HEX" if capitals else "hex")
    mixed = all(_TOKEN.fullmatch(text) and re.search(r"\d", text) for text in texts)
    return Token(lengths[-1], "letters") if mixed else None


def _prose(texts: Sequence[str]) -> Prose:
    sizes = [len(text.encode()) for text in texts]
    low, high = below(quantile(sizes, 0.1)), above(quantile(sizes, 0.9))
    spaced = sum(" " in text for text in texts) * 2 > len(texts)
    middle = above(quantile(sizes, 0.5))
    is_long = (
        len(texts) >= _MANY and max(high, above(max(sizes)) / _LONG_TAIL) > _LONG_TAIL * middle
    )
    people = spaced and max(sizes) <= _LONGEST_PERSON and are_people(texts)
    return Prose(low, high, above(max(sizes)), spaced, middle if is_long else None, people)
