"""What a worker on another machine sees to before it writes: that it means the same tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

from loadstone.aws.control import Control
from loadstone.aws.faults import is_denied
from loadstone.aws.target import embedded_target, resolve_target
from loadstone.client.target import Target
from loadstone.errors import Refused, TargetError
from loadstone.seeding.job import Job
from loadstone.seeding.place import Place

#: In the environment of the worker's process: `Own`, as JSON.
OWN = "LOADSTONE_SEED_WORKER"


class Own(TypedDict):
    """What the worker's own command line says; None is whatever the master says."""

    system: str
    scale: int | None
    seed: int | None
    as_of_s: int | None
    locales: list[str] | None
    project: str | None
    endpoint: str | None
    region: str | None
    profile: str | None
    in_flight: int | None


def check_asked(job: Job, own: Own) -> None:
    """Refused where the worker's own flags say something else than its master."""
    for flag, ours, theirs in (
        ("SYSTEM", own["system"], job.system),
        ("--scale", own["scale"], job.scale),
        ("--seed", own["seed"], job.seed),
        ("--as-of", own["as_of_s"], job.as_of_s),
        ("--locale", own["locales"], list(job.locales)),
    ):
        if ours is not None and ours != theirs:
            raise Refused(f"{flag} is {ours} here, and {theirs} at the master: leave it out here")


def own_target(own: Own, masters: Mapping[str, str]) -> Target:
    """The worker's own target where it has one, else the master's; credentials are its own."""
    region = own["region"] or masters["region"]

    def resolved(endpoint: str | None) -> Target | None:
        return resolve_target(endpoint=endpoint, region=region, profile=own["profile"])

    found = resolved(own["endpoint"])
    if found is not None:
        return found
    if masters["kind"] == "embedded":
        return embedded_target(masters["url"], region=region, environ={})
    found = resolved("aws" if masters["kind"] == "aws" else masters["url"])
    assert found is not None
    return found


def check_tables(target: Target, places: Sequence[Place]) -> None:
    """Refused where the tables are not those of the master, or cannot be reached."""
    control = Control(target, say=lambda _: None)
    for place in places:
        try:
            live = control.read(place.name)
        except TargetError as error:
            if isinstance(error.__cause__, Exception) and is_denied(error.__cause__):
                return  # a policy that lets write and not describe
            raise Refused(
                f"{error}; the tables of this seed are at {target}: pass --endpoint with the "
                "address that this machine has for it"
            ) from error
        if live is None or (place.table_id and live.table_id != place.table_id):
            there = "has no" if live is None else "has another"
            raise Refused(
                f"{target} {there} table {place.name} than the master writes to: pass the "
                "--endpoint and --region of the same tables"
            )
