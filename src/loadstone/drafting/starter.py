"""The smallest system that shows every part: one table, its index, reads and a write."""

from __future__ import annotations

from loadstone.drafting.names import kebab
from loadstone.drafting.python import locustfile_text

_FIXTURES = '''"""{system}: what is in its tables.

A start: it runs as it is. Change the table to yours, then the items, attribute by attribute.
`loadstone preview {system}` shows what comes of it, `loadstone check {system}` what is wrong.
"""

from loadstone import (
    DAY_MS,
    Entity,
    Index,
    PerParent,
    Pool,
    Table,
    choose,
    decimal,
    epoch,
    iso,
    moment,
    number,
    pick,
    text,
    uuid,
)

# What this is modelled on: the title of your document, or of nothing yet.
DOCUMENT = "{system}: a start"

# A table, as it is created: keys, indexes, and the settings that you state.
entries = Table(
    "{table}",
    partition_key="ownerId",
    sort_key="createdAt",
    indexes=(Index("StatusIndex", partition_key="status", sort_key="createdAt"),),
    ttl="expiresAt",
)

# Whose items they are. An entity without a table is not stored, it is referred to.
owner = Entity(
    "Owner",
    facts={{
        "ownerId": text("owner_{{n:06}}", n=number),  # every item has a number, from 0
        "name": pick(Pool("name")),  # drawn once from Faker, then picked from
    }},
)

created = moment(days=90)  # within 90 days; the entries of one owner come in order

# What is stored. Every value is computed from the item's number: write nothing random here.
entry = Entity(
    "Entry",
    table=entries,
    parent=owner,
    per_parent=PerParent(8, spread=2.5),  # 8 each on average, some have many more
    created=created,
    item={{
        "ownerId": owner["ownerId"],
        "createdAt": iso(created, "milliseconds"),
        "entryId": uuid(),
        "status": choose("open", "done", "canceled", weights=(2, 12, 1)),
        "amount": decimal(1, 500),
        "ownerName": owner["name"],
        "expiresAt": epoch(created + 365 * DAY_MS),
    }},
)
'''

_SCENARIO = '''"""{system}: what is asked of its tables.

Each Pattern is one question: an operation, for whom it is asked (`of`, drawn anew each time, the
popular ones more often), and what a right answer is. Answers are checked while the load runs.
"""

from fixtures.{system} import DOCUMENT, entries, entry, owner
from loadstone import (
    Every,
    Exactly,
    GetItem,
    Journey,
    Mix,
    Pattern,
    PutItem,
    Query,
    Some,
    Think,
    Touched,
    Written,
)

# A run writes to a tenth of the owners; what the others have is checked to the last row.
touched = Touched(owner, share=0.1)

entries_of_an_owner = Pattern(
    "entries-of-an-owner",
    Query(entries, key={{"ownerId": owner["ownerId"]}}, newest_first=True),
    of=owner,
    expects=Every(entry),
    source=f"{{DOCUMENT}}: reading",
)

one_entry = Pattern(
    "one-entry",
    GetItem(entry),
    of=entry,
    expects=Exactly(),
    source=f"{{DOCUMENT}}: reading",
)

newest_of_a_status = Pattern(
    "newest-of-a-status",
    Query(
        entries,
        index="StatusIndex",
        key={{"status": entry["status"]}},
        newest_first=True,
        limit=25,
    ),
    of=entry,
    expects=Some(),
    source=f"{{DOCUMENT}}: reading",
)

add_entry = Pattern(
    "add-entry",
    PutItem(entry),
    of=owner,
    expects=Written(),
    source=f"{{DOCUMENT}}: writing",
)

# Patterns in the order that one user meets them, with pauses in seconds.
visit = Journey(
    "visit",
    of=owner,
    steps=(entries_of_an_owner, Think(1, 3), add_entry, entries_of_an_owner),
    source=f"{{DOCUMENT}}: reading",
)

# In what proportions. `loadstone run {system} --mix journeys` plays another one than balanced.
balanced = Mix(
    "balanced",
    {{entries_of_an_owner: 4, one_entry: 3, newest_of_a_status: 1, add_entry: 2}},
    think=Think(0.05, 0.15),
)

journeys = Mix("journeys", {{visit: 1}}, think=Think(1, 3))
'''

_SHORTEST_TABLE = 3


def starter(system: str) -> dict[str, str]:
    """The three files, by their paths in a project."""
    table = kebab(system)
    table = table if len(table) >= _SHORTEST_TABLE else f"{table}-entries"
    return {
        f"fixtures/{system}.py": _FIXTURES.format(system=system, table=table),
        f"scenarios/{system}.py": _SCENARIO.format(system=system),
        f"locustfiles/{system}.py": locustfile_text(system),
    }
