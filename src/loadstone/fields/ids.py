"""Identifiers that look random: ULIDs, UUIDs and tokens, hashed from the item's number."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadstone.errors import BadContent
from loadstone.fields import draws
from loadstone.fields.draws import Ints
from loadstone.fields.expr import Expr, lift
from loadstone.fields.frame import Frame
from loadstone.fields.numbers import Draw, number
from loadstone.fields.pieces import Letters, Pieces
from loadstone.fields.scope import Scope

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
URL_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

#: Of a UUID's halves the bits that are kept, and those that are set: version 4, variant 1.
_VERSION = (0xFFFF_FFFF_FFFF_0FFF, 0x4000)
_VARIANT = ((1 << 62) - 1, 1 << 63)
_THIRTY = (1 << 30) - 1

Digits = NDArray[np.uint64]


class _Identifier(Expr):
    """Text made of 64-bit hashes of the item's number, one for each of `words`."""

    kind = "text"

    def __init__(self, words: int) -> None:
        self.draws = tuple(Draw() for _ in range(words))
        self.number: Expr = number

    def inputs(self) -> Sequence[Expr]:
        return self.draws

    def plain(self) -> bool:
        return self.number.plain()

    def words(self, scope: Scope) -> str:
        """A variable that holds the hashes of one item, side by side."""
        source = scope.of(self.number)
        if self.number is not number:
            source = f"({source} & {draws.MASK})"  # it may be negative
        keys = [scope.world.multiplier(draw) for draw in self.draws]
        name = scope.code.name()
        for step in draws.lanes_source(source, keys):
            scope.code.line(f"{name} = {step.format(z=name)}")
        return name

    def word_columns(self, frame: Frame) -> list[Digits]:
        world = frame.world
        keys = [world.memo(draw, partial(world.multiplier, draw)) for draw in self.draws]
        return [draws.mix_column(frame.numbers(self.number), key) for key in keys]


class Ulid(_Identifier):
    """26 characters that sort by time: 48 bits of milliseconds, 80 of chance."""

    borrowed = False  # whether its chances are those of another item

    def __init__(self, instant: Expr) -> None:
        super().__init__(2)
        if instant.kind != "whole":
            raise BadContent("a ULID is of an instant in milliseconds")
        self.instant = instant

    def one(self, scope: Scope) -> str:
        pairs, eras = map(scope.code.constant, (_pairs(CROCKFORD), _ERAS))
        at, words = scope.of(self.instant), self.words(scope)
        # 30 bits at a time: whole numbers of no more than that are quickest.
        sources = [
            f"{at} & {_THIRTY}",
            f"{words} >> {draws.LANE_BITS + 34}",
            f"{words} >> {draws.LANE_BITS + 4} & {_THIRTY}",
            f"{words} >> 34 & {_THIRTY}",
        ]
        tens = [
            ten
            for part in map(scope.code.let, sources)
            for ten in (f"{part} >> 20", f"{part} >> 10 & 1023", f"{part} & 1023")
        ][:-1]
        chosen = "".join(f"{{{pairs}[{ten}]}}" for ten in tens)
        return f'f"{{{eras}[{at} >> 30]}}{chosen}"'

    def pieces(self, frame: Frame) -> Pieces:
        at = frame.numbers(self.instant).astype(np.uint64)
        high, low = self.word_columns(frame)
        parts = [(at, (40, 30, 20, 10, 0)), (high, (54, 44, 34, 24, 14, 4)), (low, (54, 44))]
        tens = [_bits(word, shift, 1023) for word, shifts in parts for shift in shifts]
        matrix: NDArray[Any] = np.empty((frame.size, len(tens)), dtype=np.uint16)
        codes = _pair_codes(CROCKFORD)
        for place, ten in enumerate(tens):
            matrix[:, place] = codes.take(ten)
        return [Letters(matrix.view(np.uint8))]

    def plain(self) -> bool:
        return self.number.plain() and self.instant.plain()

    def inputs(self) -> Sequence[Expr]:
        own = () if self.borrowed else self.draws
        return (*own, self.number, self.instant)

    def of(self, number: Expr, instant: Expr) -> Ulid:
        """The same of another item."""
        other = Ulid(instant)
        other.draws, other.number, other.borrowed = self.draws, number, True
        return other


class Uuid(_Identifier):
    """A UUID of version 4."""

    def __init__(self) -> None:
        super().__init__(2)

    def one(self, scope: Scope) -> str:
        words, lane = self.words(scope), draws.LANE_BITS
        kept, set_to = (_VERSION[0] << lane) | _VARIANT[0], (_VERSION[1] << lane) | _VARIANT[1]
        text = scope.code.let(f"'%048x' % ({words} & {kept} | {set_to})")
        cuts = ((0, 8), (8, 12), (12, 16), (32, 36), (36, 48))
        return 'f"' + "-".join(f"{{{text}[{start}:{end}]}}" for start, end in cuts) + '"'

    def pieces(self, frame: Frame) -> Pieces:
        high, low = self.word_columns(frame)
        high = high & np.uint64(_VERSION[0]) | np.uint64(_VERSION[1])
        low = low & np.uint64(_VARIANT[0]) | np.uint64(_VARIANT[1])
        parts = np.stack((high, low), axis=1).astype(">u8").view(">u2")
        digits = _hex_codes().take(parts.astype(np.uint16))
        matrix: NDArray[Any] = np.full((frame.size, 36), ord("-"), dtype=np.uint8)
        for place, start in enumerate((0, 4, 9, 14, 19, 24, 28, 32)):
            matrix[:, start : start + 4].view(np.uint32)[:, 0] = digits[:, place]
        return [Letters(matrix)]


class Token(_Identifier):
    """URL-safe characters, each of 64 as likely; in groups, where it says how long a group is."""

    def __init__(self, length: int, every: int | None) -> None:
        super().__init__(-(-length // 10))
        self.length = length
        starts = range(0, length, every or length)
        self.groups = [(start, min(start + (every or length), length)) for start in starts]

    def one(self, scope: Scope) -> str:
        pairs = scope.code.constant(_pairs(URL_SAFE))
        words, count = self.words(scope), len(self.draws)
        parts = [
            f"{{{pairs}[{words} >> {draws.LANE_BITS * word + shift} & 4095]}}"
            for word in range(count - 1, -1, -1)
            for shift in (52, 40, 28, 16, 4)
        ]
        text = 'f"' + "".join(parts[: -(-self.length // 2)]) + '"'
        if len(self.groups) == 1:
            return text if self.length % 2 == 0 else f"{text}[:{self.length}]"
        drawn = scope.code.let(text)
        return " + '~' + ".join(f"{drawn}[{start}:{end}]" for start, end in self.groups)

    def pieces(self, frame: Frame) -> Pieces:
        words = self.word_columns(frame)
        drawn: NDArray[Any] = np.empty((frame.size, 5 * len(words)), dtype=np.uint16)
        codes = _pair_codes(URL_SAFE)
        for place, word in enumerate(words):
            for pair, shift in enumerate((52, 40, 28, 16, 4), 5 * place):
                drawn[:, pair] = codes.take(_bits(word, shift, 4095))
        letters = drawn.view(np.uint8)
        width = self.length + len(self.groups) - 1
        matrix: NDArray[Any] = np.full((frame.size, width), ord("~"), dtype=np.uint8)
        for gaps, (start, end) in enumerate(self.groups):
            matrix[:, start + gaps : end + gaps] = letters[:, start:end]
        return [Letters(matrix)]


def _bits(words: Digits, shift: int, mask: int) -> Ints:
    """Some bits of each word, as an index."""
    bits = words >> np.uint64(shift)
    bits &= np.uint64(mask)
    return bits.view(np.int64)


def ulid(instant: Expr | int) -> Expr:
    """A ULID whose time is the instant, to the millisecond."""
    return Ulid(lift(instant))


def ulid_of(own: Expr, number: Expr, instant: Expr) -> Expr:
    """The ULID of another item, by its entity's ulid(), its number and the instant in it."""
    if not isinstance(own, Ulid):
        raise BadContent("ulid_of() takes an ulid() first")
    return own.of(number, instant)


def uuid() -> Expr:
    """A UUID of version 4."""
    return Uuid()


def token(length: int, *, every: int | None = None) -> Expr:
    """A random-looking text of letters, digits, - and _, as secrets and tokens are.

    `every` so many characters a ~ stands between two: no scanner takes that for a credential.
    """
    if not 1 <= length <= 100 or (every is not None and every < 1):
        raise BadContent(f"a token has 1 to 100 characters, not {length}, in groups of 1 or more")
    return Token(length, every)


class _Eras(dict[int, str]):
    """What instants of some twelve days have in common, as a ULID begins."""

    def __missing__(self, era: int) -> str:
        pairs = _pairs(CROCKFORD)
        text = self[era] = f"{pairs[era >> 10 & 1023]}{pairs[era & 1023]}"
        return text


_ERAS = _Eras()


@cache
def _pair_codes(alphabet: str) -> NDArray[np.uint16]:
    """Every two characters of an alphabet in one number, laid out in memory as text is."""
    return np.frombuffer("".join(_pairs(alphabet)).encode(), dtype=np.uint16)


@cache
def _hex_codes() -> NDArray[np.uint32]:
    """The same for four hexadecimal digits."""
    return np.frombuffer(
        "".join(f"{part:04x}" for part in range(1 << 16)).encode(), dtype=np.uint32
    )


@cache
def _pairs(alphabet: str) -> tuple[str, ...]:
    """Every two characters of an alphabet."""
    return tuple(first + second for first in alphabet for second in alphabet)
