"""Text of many items, cut into pieces: how a column is held until it is joined.

A piece is the same text for all of them, a list of one each, a choice among texts (`Picked`), or
letters of one width (`Letters`). The last two cost numpy a few nanoseconds an item to repeat, to
narrow and to put beside each other, where a list of texts costs Python ten times that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Rows: TypeAlias = NDArray[np.int64]

#: Where two texts part that are cut out of one: JSON has no such character.
_BETWEEN = "\0"
#: Lasting texts are put together with what stands around them when they are no more than this.
_FEW = 4096
#: Other texts, when each is used so many times.
_OFTEN = 4


class Words:
    """Texts to pick from, each of them one object however often it is picked.

    `lasting` ones outlive the column that picks them, as a vocabulary does.
    """

    __slots__ = ("_fused", "column", "lasting")

    def __init__(self, texts: Iterable[str], *, lasting: bool = False) -> None:
        listed = texts if isinstance(texts, list) else list(texts)
        self.column: NDArray[Any] = np.fromiter(listed, dtype=object, count=len(listed))
        self.lasting = lasting
        self._fused: dict[tuple[str | Words, ...], Words] = {}

    def __len__(self) -> int:
        return len(self.column)

    def fused(self, parts: tuple[str | Words, ...]) -> Words:
        """The texts of several, one of them this, side by side."""
        found = self._fused.get(parts)
        if found is None:
            columns = [part.column.tolist() if isinstance(part, Words) else part for part in parts]
            lasting = all(part.lasting for part in parts if isinstance(part, Words))
            found = Words(_side_by_side(columns, len(self)), lasting=lasting)
            if lasting:
                self._fused[parts] = found
        return found


class Picked:
    """For each item one of some texts."""

    __slots__ = ("index", "words")

    def __init__(self, words: Words, index: NDArray[Any]) -> None:
        self.words, self.index = words, index

    def texts(self) -> list[str]:
        texts: list[str] = self.words.column.take(self.index).tolist()
        return texts

    def of(self, rows: Rows) -> Picked:
        return Picked(self.words, self.index[rows])


class Letters:
    """Text that is as long for every item, as a matrix of ASCII characters."""

    __slots__ = ("matrix",)

    def __init__(self, matrix: NDArray[np.uint8]) -> None:
        self.matrix = matrix

    def of(self, rows: Rows) -> Letters:
        return Letters(self.matrix.take(rows, axis=0))


Pieces: TypeAlias = list[str | list[str] | Picked | Letters]


def joined(pieces: Pieces, size: int) -> list[str]:
    """Pieces put together: one text for each item."""
    return _side_by_side(settled(pieces, size), size)


def texts_column(pieces: Pieces, size: int) -> NDArray[Any]:
    """The same for numpy."""
    if len(pieces) == 1 and isinstance(only := pieces[0], Picked):
        return only.words.column.take(only.index)
    column = np.empty(size, dtype=object)
    column[:] = joined(pieces, size)
    return column


def placed(texts: list[str], rows: Rows, size: int) -> NDArray[Any]:
    """A column that has texts in some rows, and nothing in the others."""
    column = np.empty(size, dtype=object)
    column.fill("")
    column[rows] = texts
    return column


def spread(pieces: Pieces, rows: Rows) -> Pieces:
    """Pieces of some items, repeated for the items that refer to them."""
    return [_spread(piece, rows) for piece in pieces]


def _spread(piece: str | list[str] | Picked | Letters, rows: Rows) -> str | Picked | Letters:
    match piece:
        case str():
            return piece
        case list():
            return Picked(Words(piece), rows)
    return piece.of(rows)


def settled(pieces: Pieces, size: int) -> list[str | list[str]]:
    """The same text in as few pieces as may be, each the same for all or a list of one each."""
    found: list[str | list[str]] = []
    run: list[str | Picked | Letters] = []  # of one kind, and what is the same for all around it
    last: Picked | Letters | None = None  # of that kind
    for piece in pieces:
        if isinstance(piece, list):
            found += [*_settle(run, size), piece]
            run, last = [], None
        elif isinstance(piece, str):
            if run and isinstance(text := run[-1], str):
                run[-1] = text + piece
            elif piece:
                run.append(piece)
        else:
            if not _goes_with(last, piece, size):
                before = run.pop() if _takes(run, last, piece, size) else ""
                found += _settle(run, size)
                run = [before] if before else []
            run.append(piece)
            last = piece
    return found + _settle(run, size)


def cells_of(parts: Sequence[str | list[str]], start: int, stop: int) -> list[str]:
    """The cells of items from start up to stop, item after item; one has a cell for each part."""
    width, size = len(parts), stop - start
    cells = [""] * (width * size)
    for column, part in enumerate(parts):
        cells[column::width] = [part] * size if isinstance(part, str) else part[start:stop]
    return cells


def _goes_with(last: Picked | Letters | None, piece: Picked | Letters, size: int) -> bool:
    """Whether a piece continues a run."""
    if isinstance(piece, Letters):
        return last is None or isinstance(last, Letters)
    if last is None:
        return _fuses(piece, size)
    return (
        isinstance(last, Picked)
        and last.index is piece.index
        and len(last.words) == len(piece.words)
        and _fuses(last, size)
        and _fuses(piece, size)
    )


def _takes(
    run: Sequence[str | Picked | Letters],
    last: Picked | Letters | None,
    piece: Picked | Letters,
    size: int,
) -> bool:
    """Whether the text before a piece is put together with it, and not with the run before it."""
    if not run or not isinstance(run[-1], str):
        return False
    if isinstance(last, Picked) and _fuses(last, size):
        return False
    return isinstance(piece, Letters) or _fuses(piece, size)


def _fuses(piece: Picked, size: int) -> bool:
    words = piece.words
    return len(words) <= _FEW if words.lasting else len(words) * _OFTEN <= size


def _settle(run: Sequence[str | Picked | Letters], size: int) -> list[str | list[str]]:
    picked = [piece for piece in run if isinstance(piece, Picked)]
    if picked:
        if len(run) == 1 or not _fuses(picked[0], size):
            return [piece.texts() if isinstance(piece, Picked) else _text(piece) for piece in run]
        parts = tuple(piece.words if isinstance(piece, Picked) else _text(piece) for piece in run)
        return [Picked(picked[0].words.fused(parts), picked[0].index).texts()]
    if any(isinstance(piece, Letters) for piece in run):
        return [_cut(run, size)]
    return [_text(piece) for piece in run]


def _text(piece: str | Picked | Letters) -> str:
    assert isinstance(piece, str)
    return piece


def _cut(run: Sequence[str | Picked | Letters], size: int) -> list[str]:
    """Letters and the texts around them, which have one width for all items as well."""
    blocks = [
        piece.matrix
        if isinstance(piece, Letters)
        else np.frombuffer(_text(piece).encode("latin-1"), dtype=np.uint8).reshape(1, -1)
        for piece in [*run, _BETWEEN]
    ]
    matrix = np.empty((size, sum(block.shape[1] for block in blocks)), dtype=np.uint8)
    start = 0
    for block in blocks:
        width = block.shape[1]
        # A row of a block at a time, and not a letter: that takes half as long.
        whole = f"V{width}"
        matrix[:, start : start + width].view(whole)[:] = block.view(whole)
        start += width
    return matrix.tobytes().decode("latin-1").split(_BETWEEN)[:-1]


def _side_by_side(parts: Sequence[str | list[str]], size: int) -> list[str]:
    if len(parts) == 1 and isinstance(only := parts[0], list):
        return only
    columns = [repeat(part, size) if isinstance(part, str) else part for part in parts]
    return list(map("".join, zip(*columns, strict=True))) if columns else [""] * size
