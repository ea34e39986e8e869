"""What the documents say of each system's items, written down apart from the fixtures.

The contract test (tests/test_content.py) holds the fixtures against this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

#: A type: str, int (whole), Decimal (any number), bool, None (NULL), a dict (a map with these
#: attributes), a list with one type in it, or a tuple of alternatives. A name that ends in "?" is
#: an attribute that may be absent.
Shape = Any


@dataclass(frozen=True, kw_only=True)
class Documented:
    """One entity's items."""

    attributes: Mapping[str, Shape]
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
    #: Where texts that people wrote stand, for the tests that read them.
    prose: tuple[str, ...] = ()


AS_OF = "as-of"
ISO = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z"
ULID = r"[0-7][0-9A-HJKMNP-TV-Z]{25}"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
