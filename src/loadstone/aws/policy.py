"""An IAM policy: what is allowed, of which resource, as few statements as say it. Pure."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

VERSION = "2012-10-17"
#: A managed policy has as many characters at most, white space apart: "IAM and STS quotas".
MOST_CHARACTERS = 6_144

Condition = tuple[str, str, str]


class Allowed(NamedTuple):
    """One action on one resource; `condition` is an operator, a key and its value."""

    action: str
    resource: str
    condition: Condition | None = None


def document(allowed: Iterable[Allowed]) -> dict[str, Any]:
    """The policy that allows just that: resources with the same actions share a statement."""
    actions: defaultdict[tuple[str, Condition | None], set[str]] = defaultdict(set)
    for each in allowed:
        actions[each.resource, each.condition].add(each.action)
    shared: defaultdict[tuple[tuple[str, ...], Condition | None], list[str]] = defaultdict(list)
    for (resource, condition), of_it in actions.items():
        shared[tuple(sorted(of_it)), condition].append(resource)
    return {
        "Version": VERSION,
        "Statement": [
            _statement(of_them, resources, condition)
            for (of_them, condition), resources in shared.items()
        ],
    }


def length_of(policy: Mapping[str, Any]) -> int:
    """Its characters, as IAM counts them."""
    return len(json.dumps(policy, separators=(",", ":")))


def _statement(
    actions: tuple[str, ...], resources: list[str], condition: Condition | None
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": sorted(resources),
    }
    if condition is not None:
        operator, key, value = condition
        found["Condition"] = {operator: {key: value}}
    return found
