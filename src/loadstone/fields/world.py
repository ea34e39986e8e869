"""What expressions may ask of the data set that they are evaluated in."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from loadstone.entity import Entity
    from loadstone.fanout import FanOut
    from loadstone.fields.expr import Expr
    from loadstone.fields.pools import Pool


T = TypeVar("T")


class World(Protocol):
    """A data set, seen from inside an expression."""

    as_of_ms: int

    def key(self, entity: Entity) -> int:
        """What an entity's item numbers are mixed with."""
        ...

    def multiplier(self, draw: Expr) -> int:
        """The odd number of a draw."""
        ...

    def fan_out(self, entity: Entity) -> FanOut:
        """How an entity's items belong to their parents."""
        ...

    def count(self, entity: Entity | str) -> int: ...

    def children(self, parent: Entity, number: int, child: Entity) -> range:
        """The numbers of an item's descendants of an entity."""
        ...

    def setting(self, name: str) -> int | str: ...

    def pool(self, pool: Pool) -> Sequence[Any]:
        """The vocabulary of a pool."""
        ...

    def memo(self, of: Hashable, make: Callable[[], T]) -> T:
        """Something made once for an expression in this data set."""
        ...
