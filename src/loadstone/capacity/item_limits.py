"""How large an item may be: "Quotas and limits in Amazon DynamoDB", and what was captured."""

from __future__ import annotations

MAX_ITEM_BYTES = 400 * 1024
_PER_SET_BYTES, _PER_REMOVE_BYTES, _UPDATE_BYTES = 19, 2, 3


def put_fits(item_bytes: int, local_entries_bytes: int = 0) -> bool:
    """A put, a statement of PartiQL or an update in a transaction: the item that comes of it, and
    its entries in local indexes, which share the limit."""
    return item_bytes + local_entries_bytes <= MAX_ITEM_BYTES


def update_fits(item_bytes: int, key_bytes: int, *, sets: int = 0, removes: int = 0) -> bool:
    """An UpdateItem of its own, which counts its clauses too, and the key not: as captured, a
    little below the limit for short keys."""
    clauses = _UPDATE_BYTES + _PER_SET_BYTES * sets + _PER_REMOVE_BYTES * removes
    return max(item_bytes, item_bytes - key_bytes + clauses) <= MAX_ITEM_BYTES
