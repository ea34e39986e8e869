"""How much tables hold, as DescribeTable says: it is some six hours old, and without overhead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from loadstone.aws.faults import translated
from loadstone.aws.live import describe
from loadstone.aws.session import dynamodb
from loadstone.client.target import Target

#: Items or entries, and their bytes, by index; None is the table itself.
Held = Mapping[str | None, tuple[int, int]]


def sizes(target: Target, names: Iterable[str], *, client: Any = None) -> dict[str, Held]:
    """Of the tables that there are; a name without a table is left out."""
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

    found: dict[str, Held] = {}
    try:
        client = client or dynamodb(target)
        for name in names:
            described = describe(client, name)
            if described is not None:
                found[name] = _held(described)
    except (BotoCoreError, ClientError, HTTPClientError) as error:
        raise translated(error, target, "reading tables") from error
    return found


def _held(described: Mapping[str, Any]) -> Held:
    held: dict[str | None, tuple[int, int]] = {
        None: (int(described.get("ItemCount", 0)), int(described.get("TableSizeBytes", 0)))
    }
    for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        for each in described.get(kind, ()):
            entry = int(each.get("ItemCount", 0)), int(each.get("IndexSizeBytes", 0))
            held[str(each["IndexName"])] = entry
    return held
