"""Tables and indexes, and what throttled them, in a reader's words."""

from __future__ import annotations

import re
from typing import NamedTuple

_REASON = re.compile(
    r"(?P<kind>Table|Index)(?P<direction>Read|Write)"
    r"(?P<cause>ProvisionedThroughput|KeyRangeThroughput|MaxOnDemandThroughput|AccountLimit)Exceeded"
)
_ARN = re.compile(r"arn:[^:]*:dynamodb:[^:]*:[^:]*:table/(?P<table>[^/]+)(?:/index/(?P<index>.+))?")

_CAUSES = {
    "ProvisionedThroughput": "the provisioned {direction} capacity of {place}",
    "KeyRangeThroughput": "the {direction} throughput of one partition of {place}",
    "MaxOnDemandThroughput": "the maximum {direction} throughput set on {place}",
    "AccountLimit": "the account's {direction} quota, at {place}",
}


class Place(NamedTuple):
    """A table, or one of its indexes."""

    table: str
    index: str | None = None  # type: ignore[assignment]  # hides tuple.index, which nobody needs

    def __str__(self) -> str:
        return f"{self.table} / {self.index}" if self.index else self.table

    @property
    def said(self) -> str:
        """Within a sentence."""
        return f"index {self.index} of {self.table}" if self.index else f"table {self.table}"


class Cause(NamedTuple):
    """Why something was throttled. `what` is "" where DynamoDB gave a reason that is not known."""

    place: Place
    direction: str  # read or write; "" where it is not known
    what: str

    @property
    def is_partition(self) -> bool:
        return self.what == "KeyRangeThroughput"

    @property
    def said(self) -> str:
        """Within a sentence: what there was too little of."""
        return _CAUSES[self.what].format(direction=self.direction, place=self.place.said)


def place_of(resource: str) -> Place:
    """What a resource of a ThrottlingReason is: an ARN, or a name."""
    found = _ARN.fullmatch(resource)
    return Place(found["table"], found["index"]) if found else Place(resource)


def cause_of(reason: str, resource: str) -> Cause:
    found = _REASON.fullmatch(reason)
    place = place_of(resource)
    if found is None:
        return Cause(place, "", "")
    return Cause(place, found["direction"].lower(), found["cause"])


def said_cause(reason: str, resource: str) -> str:
    """In words where the reason is known, else as it came."""
    cause = cause_of(reason, resource)
    return cause.said if cause.what else f"{reason} on {cause.place}"
