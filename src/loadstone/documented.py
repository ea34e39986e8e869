"""What a document says of an entity's items, to hold them against: apart from how they are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

#: A type: str, int (whole), Decimal (any number), bool, None (NULL), a dict (a map with these
#: attributes), a list with one type in it, or a tuple of alternatives. A name that ends in "?" is
#: an attribute that may be absent.
Shape: TypeAlias = Any

#: Stands for the instant that the data set is seen at, among instants that are in order.
AS_OF = "as-of"


@dataclass(frozen=True, kw_only=True)
class Documented:
    """One entity's items. A fixtures module that has `DOCUMENTED = {"Order": Documented(...)}` is
    held against it by `loadstone check`."""

    #: Every attribute that there is; none is named where only the rest is said.
    attributes: Mapping[str, Shape] = field(default_factory=dict)
    #: The values that an attribute may have; "a.b" is an attribute within a map.
    enumerations: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: Attributes that name another item: (attribute, entity, its attribute).
    links: tuple[tuple[str, str, str], ...] = ()
    #: Instants that come one after the other, as-of among them: ("created_at", "updated_at").
    in_order: tuple[tuple[str, ...], ...] = ()
    #: A regular expression for an attribute's text.
    formats: Mapping[str, str] = field(default_factory=dict)
    #: What else is true of every item, by a sentence.
    rules: Mapping[str, Callable[[dict[str, Any]], bool]] = field(default_factory=dict)
    #: Where texts that people wrote stand: none of them twice, short ones apart.
    prose: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentedPrice:
    """What a document says something costs. A scenarios module that has `DOCUMENTED_PRICES =
    (DocumentedPrice(...), ...)` has them shown in its plan, beside those of today."""

    #: As `loadstone prices` has it in JSON: "write_request_million", "storage_gb_month".
    dimension: str
    usd: str
    #: Where it stands: the title of the section.
    source: str
    #: The day from which AWS has charged otherwise: "2024-11-01".
    until: str = ""
