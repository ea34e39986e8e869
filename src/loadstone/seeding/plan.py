"""What is still to be done with a session's tables, and what that consumes. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loadstone.aws.tables import Wanted
from loadstone.capacity.spend import Estimate
from loadstone.seeding.estimate import as_documented, as_found, counting, writing
from loadstone.seeding.ledger import ledger_path
from loadstone.seeding.place import Place
from loadstone.seeding.presence import stored_in
from loadstone.seeding.seed import counts, open_ledger
from loadstone.seeding.session import Session
from loadstone.seeding.verify import SAMPLE


def writing_plan(
    session: Session, missing: Sequence[Wanted] = (), *, retry_rejected: bool = False
) -> Estimate:
    """Writing what the ledgers do not have yet, or what they say was rejected too; `missing` tables
    are still to be made."""
    left: dict[str, int] = {}
    for place in session.places:
        left |= _left(session, place, retry_rejected)
    for each in missing:
        for entity in stored_in(session.dataset, each.table):
            if session.only is None or entity.name in session.only:
                left[entity.name] = session.dataset.count(entity)
    tables = [*map(as_found, session.tables), *map(as_documented, missing)]
    return writing(session.dataset, tables, left)


def deleting_plan(session: Session, items: Mapping[str, int]) -> Estimate:
    """Deleting so many items of each entity."""
    entities = session.dataset.system.entities
    concerned = {entities[name].table for name in items}
    tables = [found for found in session.tables if found.place.table in concerned]
    return writing(session.dataset, list(map(as_found, tables)), items)


def counting_plan(session: Session) -> Estimate:
    """Counting the tables that hold the data set, and reading a sample back."""
    return counting(session.dataset, list(map(as_found, session.filled)), sample=SAMPLE)


def _left(session: Session, place: Place, retry_rejected: bool) -> dict[str, int]:
    dataset = session.dataset
    wanted = counts(dataset, place, session.only)
    if not ledger_path(session.ledgers, place, dataset.identity.as_dict()).exists():
        return wanted
    with open_ledger(dataset, place, session.ledgers) as ledger:
        standings = {entity: ledger.standing([entity]) for entity in wanted}
    return {
        entity: each.unwritten if retry_rejected else each.left
        for entity, each in standings.items()
    }
