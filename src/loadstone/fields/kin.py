"""Whose attributes an item knows without naming whose: its own and its ancestors'."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadstone.errors import BadContent

if TYPE_CHECKING:
    from loadstone.entity import Entity


def check_kin(of: Entity, name: str, entity: Entity, where: str) -> None:
    """BadContent where an attribute is that of neither an entity nor one of its ancestors; `where`
    is what asks for it."""
    if of is not entity and of not in entity.ancestors:
        orphan = entity.parent is None and where.startswith(f"{entity.name}.")
        raise BadContent(
            f"{where}: {of.name} is no ancestor of {entity.name}, which has none of its own: "
            f"any_of(…)[{name!r}] is that of any {of.name}"
            + ("; parent=… and per_parent=PerParent(…) have each belong to one" if orphan else "")
        )
