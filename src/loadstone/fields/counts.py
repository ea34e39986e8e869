"""How many: words in a text, and short messages that it is sent in."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from loadstone.fields.expr import Expr, Numbers, unescape
from loadstone.fields.frame import Frame
from loadstone.fields.scope import Scope

_GSM_7_BIT = re.compile(r"[\n\f\r -_a-~¡£¤¥§¿ÄÅÆÇÉÑÖØÜßàäåæèéìñòöøùüΓΔΘΛΞΠΣΦΨΩ€]*").fullmatch
_GSM_UNCOMMON = re.compile(r"[^\n\r -Z_a-z]").search
_GSM_ESCAPED = re.compile(r"[\f^{}\\\[~\]|€]").findall
_SPACE = ord(" ")
#: How many characters one message takes, and how many each of several.
_SEVEN_BIT, _SIXTEEN_BIT = (160, 153), (70, 67)
#: So many marks are counted at once, as the bits of a number of 2**_WORD_LOG.
_WORD_LOG, _WORD_BYTES = 6, 8


class WordCount(Expr):
    """How many words a text has. Spaces are the same in a text and in its JSON."""

    kind = "whole"

    def __init__(self, of: Expr) -> None:
        self.text = of

    def one(self, scope: Scope) -> str:
        return f"({scope.of(self.text)}.count(' ') + 1)"

    def numbers(self, frame: Frame) -> Numbers:
        letters, starts = _end_to_end(frame.text(self.text))
        return _counted(letters == _SPACE, starts)

    def inputs(self) -> Sequence[Expr]:
        return (self.text,)


class Segments(Expr):
    """How many short messages (SMS) a text is sent in."""

    kind = "whole"

    def __init__(self, of: Expr) -> None:
        self.text = of

    def one(self, scope: Scope) -> str:
        return f"{scope.code.constant(segments_in)}({scope.of(self.text)})"

    def numbers(self, frame: Frame) -> Numbers:
        texts = frame.text(self.text)
        if frame.raw:
            return np.fromiter(map(segments_in, texts), dtype=np.int64, count=frame.size)
        letters, starts = _end_to_end(texts)
        sizes = np.diff(starts, append=letters.size) - 1
        # What stands in a piece as it is sent, as most does, is counted without looking closer.
        alone, each = _SEVEN_BIT
        found = np.where(sizes <= alone, 1, -(-sizes // each))
        for row in np.flatnonzero(_counted(_uncommon(letters), starts)).tolist():
            found[row] = segments_in(unescape(texts[row]))
        return found

    def inputs(self) -> Sequence[Expr]:
        return (self.text,)


def word_count(of: Expr) -> Expr:
    """How many words a text has."""
    return WordCount(of)


def segments(of: Expr) -> Expr:
    """How many short messages (SMS) a text is sent in."""
    return Segments(of)


def segments_in(text: str) -> int:
    """3GPP TS 23.038: 160 seven-bit characters in one or 153 in each, otherwise 70 or 67 of 16."""
    if not _GSM_UNCOMMON(text):
        return _parts(len(text), *_SEVEN_BIT)
    if _GSM_7_BIT(text):
        return _parts(len(text) + len(_GSM_ESCAPED(text)), *_SEVEN_BIT)
    return _parts(len(text.encode("utf-16-le")) // 2, *_SIXTEEN_BIT)


def _parts(size: int, alone: int, each: int) -> int:
    return 1 if size <= alone else -(-size // each)


def _end_to_end(texts: list[str]) -> tuple[NDArray[np.uint8], Numbers]:
    """The letters of some texts, a space after each text, and where each one begins.

    Numpy looks through all of them in the time in which Python looks through a few. A character
    that is wider than a byte, which is in no piece, stands there as a question mark.
    """
    letters = " ".join([*texts, ""]).encode("latin-1", "replace")
    sizes = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) + 1
    return np.frombuffer(letters, dtype=np.uint8), sizes.cumsum() - sizes


def _counted(marks: NDArray[np.bool_], starts: Numbers) -> Numbers:
    """How many marks there are from each start up to the next one.

    64 at a time, as bits: `np.add.reduceat` makes a whole number of each and takes four times as
    long.
    """
    packed = np.packbits(marks, bitorder="little")
    # One word more than there is, as the last start may be the end of the words.
    packed.resize((packed.size // _WORD_BYTES + 1) * _WORD_BYTES, refcheck=False)
    words = packed.view("<u8")
    in_words = np.bitwise_count(words)
    before = in_words.cumsum(dtype=np.int64) - in_words
    edges = np.append(starts, marks.size)
    at, bit = edges >> _WORD_LOG, (edges & ((1 << _WORD_LOG) - 1)).astype(np.uint64)
    lower = words.take(at) & ((np.uint64(1) << bit) - np.uint64(1))
    found: Numbers = np.diff(before.take(at) + np.bitwise_count(lower))
    return found


def _uncommon(letters: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which letters of pieces are not among " -Z_a-z": those, and what is escaped.

    A letter before the first of a range is far above it, as bytes have no sign.
    """
    upper, lower = letters - np.uint8(ord(" ")), letters - np.uint8(ord("a"))
    others = (upper > ord("Z") - ord(" ")) & (lower > ord("z") - ord("a"))
    found: NDArray[np.bool_] = others & (letters != ord("_"))
    return found
