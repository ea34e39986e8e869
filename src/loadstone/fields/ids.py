"""Identifiers that look random: ULIDs, UUIDs and tokens, hashed from the item's number."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadstone.errors import BadContent
from loadstone.fields import draws
from loadstone.fields.expr import Expr, Pieces, lift
from loadstone.fields.frame import Frame
from loadstone.fields.numbers import Draw
from loadstone.fields.scope import Scope

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
HEX = "0123456789abcdef"
URL_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

Digits = NDArray[np.uint64]


class _Identifier(Expr):
    """Text made of 64-bit hashes of the item's number, one for each of `words`."""

    kind = "text"

    def __init__(self, words: int) -> None:
        self.draws = tuple(Draw() for _ in range(words))

    def inputs(self) -> Sequence[Expr]:
        return self.draws

    def words(self, scope: Scope) -> list[str]:
        """Variables that hold the hashes of one item."""
        mix = scope.code.constant(draws.mix)
        keys = [scope.world.multiplier(draw) for draw in self.draws]
        return [scope.code.let(f"{mix}({scope.number}, {key})") for key in keys]

    def word_columns(self, frame: Frame) -> list[Digits]:
        keys = [frame.world.multiplier(draw) for draw in self.draws]
        return [draws.mix_column(frame.items, key) for key in keys]


class Ulid(_Identifier):
    """26 characters that sort by time: 48 bits of milliseconds, 80 of chance."""

    def __init__(self, instant: Expr) -> None:
        super().__init__(2)
        if instant.kind != "whole":
            raise BadContent("a ULID is of an instant in milliseconds")
        self.instant = instant

    def one(self, scope: Scope) -> str:
        pairs = scope.code.constant(_pairs(CROCKFORD))
        at = scope.of(self.instant)
        high, low = self.words(scope)
        time = [f"{{{pairs}[{at} >> {shift} & 1023]}}" for shift in (40, 30, 20, 10, 0)]
        chance = [f"{{{pairs}[{high} >> {shift} & 1023]}}" for shift in (54, 44, 34, 24, 14, 4)]
        chance += [f"{{{pairs}[{low} >> {shift} & 1023]}}" for shift in (54, 44)]
        return 'f"' + "".join(time + chance) + '"'

    def pieces(self, frame: Frame) -> Pieces:
        at = frame.numbers(self.instant).astype(np.uint64)
        high, low = self.word_columns(frame)
        fives = [at >> np.uint64(shift) for shift in range(45, -1, -5)]
        fives += [high >> np.uint64(shift) for shift in range(59, 3, -5)]
        fives += [low >> np.uint64(shift) for shift in range(59, 43, -5)]
        return [_texts([(five & np.uint64(31), CROCKFORD) for five in fives])]

    def inputs(self) -> Sequence[Expr]:
        return (*self.draws, self.instant)


class Uuid(_Identifier):
    """A UUID of version 4."""

    def __init__(self) -> None:
        super().__init__(2)

    def one(self, scope: Scope) -> str:
        high, low = self.words(scope)
        return (
            f'f"{{{high} >> 32:08x}}-{{{high} >> 16 & 65535:04x}}-4{{{high} & 4095:03x}}-'
            f'{{32768 | {low} >> 48 & 16383:04x}}-{{{low} & 281474976710655:012x}}"'
        )

    def pieces(self, frame: Frame) -> Pieces:
        high, low = self.word_columns(frame)
        low = low & np.uint64((1 << 62) - 1) | np.uint64(1 << 63)
        columns: list[tuple[Digits, str] | str] = []
        for place, shift in enumerate((*range(60, -1, -4), *range(60, -1, -4))):
            if place in (8, 12, 16, 20):
                columns.append("-")
            word = high if place < 16 else low
            nibble = (word >> np.uint64(shift) & np.uint64(15), HEX)
            columns.append("4" if place == 12 else nibble)
        return [_texts(columns)]


class Token(_Identifier):
    """URL-safe characters, each of 64 as likely."""

    def __init__(self, length: int) -> None:
        super().__init__(-(-length // 10))
        self.length = length

    def one(self, scope: Scope) -> str:
        pairs = scope.code.constant(_pairs(URL_SAFE))
        shifts = (52, 40, 28, 16, 4)
        parts = [
            f"{{{pairs}[{word} >> {shift} & 4095]}}"
            for word in self.words(scope)
            for shift in shifts
        ]
        text = 'f"' + "".join(parts[: -(-self.length // 2)]) + '"'
        return text if self.length % 2 == 0 else f"{text}[:{self.length}]"

    def pieces(self, frame: Frame) -> Pieces:
        columns = [
            (word >> np.uint64(shift) & np.uint64(63), URL_SAFE)
            for word in self.word_columns(frame)
            for shift in range(58, 3, -6)
        ]
        return [_texts(columns[: self.length])]


def ulid(instant: Expr | int) -> Expr:
    """A ULID whose time is the instant, to the millisecond."""
    return Ulid(lift(instant))


def uuid() -> Expr:
    """A UUID of version 4."""
    return Uuid()


def token(length: int) -> Expr:
    """A random-looking text of letters, digits, - and _, as secrets and tokens are."""
    if not 1 <= length <= 100:
        raise BadContent(f"a token has 1 to 100 characters, not {length}")
    return Token(length)


def _texts(columns: Sequence[tuple[Digits, str] | str]) -> list[str]:
    """Texts of one length: a character is a column of digits in an alphabet, or the same in all."""
    size = next(len(column[0]) for column in columns if isinstance(column, tuple))
    width = len(columns)
    matrix: NDArray[Any] = np.empty((size, width), dtype=np.uint8)
    for place, column in enumerate(columns):
        if isinstance(column, str):
            matrix[:, place] = ord(column)
        else:
            digits, alphabet = column
            matrix[:, place] = _codes(alphabet)[digits.astype(np.intp)]
    text = matrix.tobytes().decode("ascii")
    return [text[start : start + width] for start in range(0, len(text), width)]


@cache
def _codes(alphabet: str) -> NDArray[np.uint8]:
    return np.frombuffer(alphabet.encode(), dtype=np.uint8)


@cache
def _pairs(alphabet: str) -> tuple[str, ...]:
    """Every two characters of an alphabet."""
    return tuple(first + second for first in alphabet for second in alphabet)
