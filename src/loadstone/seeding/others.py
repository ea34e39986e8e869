"""Tables of the right name that somebody else has filled."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from loadstone.advice import advised
from loadstone.client.client import Client
from loadstone.client.target import Target
from loadstone.errors import Refused
from loadstone.seeding.ledger import LEDGERS
from loadstone.seeding.places import Found

_BESIDE = "copy-"


def refuse_filled_by_others(
    tables: Sequence[Found], target: Target, system: str, allowed: Sequence[str]
) -> None:
    """Refused when tables that Loadstone has neither made nor filled hold items, unless they are
    named: what is counted there would not be what was written."""
    strange = [
        each.place.name
        for each in tables
        if each.held is None and not each.is_ours(system) and each.place.name not in allowed
    ]
    if not strange:
        return
    with Client(target) as client:
        filled = [name for name in strange if _holds_items(client, name)]
    if filled:
        names = ", ".join(filled)
        flags = " ".join(f"--allow-untagged {name}" for name in filled)
        raise Refused(
            f"{names} at {target}: not empty, and nothing here tells whether Loadstone made it "
            f"(no tag, which some engines do not keep, and nothing in {LEDGERS}), so that a count "
            "may find more than was written; if you filled it from another folder, go on there, "
            f"or here with {flags}; if not, "
            f"`{advised('up', system, '--table-prefix', _BESIDE)}` makes tables beside it; "
            f"`{advised('seed', system)}` adds to what is there, and "
            f"`{advised('unseed', system)}` takes that away again; or, if nobody needs it, delete "
            f"it: `aws dynamodb delete-table --table-name {filled[0]} --endpoint-url {target.url}`"
        )


def _holds_items(client: Client, table: str) -> bool:
    """Whether the first look finds an item; where it may not be read, that is not known."""
    answer = client.send("Scan", orjson.dumps({"TableName": table, "Limit": 1}))
    return answer.ok and bool(answer.json.get("Count"))
