"""What a report is made of, whatever its format: sections of words, tables and charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Mark = Literal["good", "bad", "unsure", ""]
Kind = Literal["number", "text", "long"]


@dataclass(frozen=True, slots=True)
class Text:
    """Paragraphs, as one sentence or more each."""

    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Points:
    """Sentences, one under the other."""

    sentences: Sequence[str]


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer in one sentence, and what it is as a signal."""

    text: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Caution:
    """What a reader has to know before believing the rest."""

    text: str
    points: Sequence[str]


@dataclass(frozen=True, slots=True)
class Tile:
    """One number that stands for the run."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tiles:
    tiles: Sequence[Tile]


@dataclass(frozen=True, slots=True)
class Terms:
    """What is called what, in two columns."""

    name: str
    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Column:
    """`group` is a heading over neighbours that have the same one."""

    name: str
    kind: Kind = "number"
    group: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text. The first column names a row; `marks` are signals of rows by their numbers.

    `folded`: a page shows it when it is asked for. `totals` are so many rows at the end. `sorts`: a
    page lets a reader sort the rows by a column.
    """

    name: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    marks: dict[int, Mark] = field(default_factory=dict)
    folded: bool = False
    totals: int = 0
    sorts: bool = False

    @property
    def body(self) -> Sequence[Sequence[str]]:
        """The rows without those of totals."""
        return self.rows[: len(self.rows) - self.totals]

    @property
    def foot(self) -> Sequence[Sequence[str]]:
        return self.rows[len(self.rows) - self.totals :]

    @property
    def groups(self) -> list[tuple[str, int]]:
        """The headings over the columns, each with how many it spans."""
        found: list[tuple[str, int]] = []
        for column in self.columns:
            if found and column.group and found[-1][0] == column.group:
                found[-1] = (column.group, found[-1][1] + 1)
            else:
                found.append((column.group, 1))
        return found

    def begins_group(self, number: int) -> bool:
        """Whether a heading begins over this column."""
        group = self.columns[number].group
        return bool(group) and (number == 0 or self.columns[number - 1].group != group)


@dataclass(frozen=True, slots=True)
class Chart:
    """A place for a chart. `caption` says what it shows, `about` what that comes to in numbers."""

    name: str
    caption: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a table, attribute by attribute."""

    caption: str
    attributes: Sequence[tuple[str, str]]


Block: TypeAlias = (
    Text | Points | Heading | Verdict | Caution | Tiles | Terms | Table | Chart | Item
)


@dataclass(frozen=True, slots=True)
class Section:
    """`key` is its anchor in a page."""

    key: str
    title: str
    blocks: tuple[Block, ...]
