"""Who asks, and what IAM says that they may do. Asked of AWS alone, and nothing is changed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from loadstone.aws.live import Unread
from loadstone.aws.policy import Allowed
from loadstone.aws.session import dynamodb, neighbour
from loadstone.client.target import Target

_ASSUMED = re.compile(r"arn:([\w-]+):sts::(\d+):assumed-role/(.+)/[^/]+")


class Caller(NamedTuple):
    account: str
    arn: str

    @property
    def policy_source(self) -> str:
        """Whose policies count: a session's are those of its role."""
        found = _ASSUMED.fullmatch(self.arn)
        return f"arn:{found[1]}:iam::{found[2]}:role/{found[3]}" if found else self.arn


def caller(target: Target) -> Caller | Unread:
    """Whose credentials these are; nobody needs a permission to ask that."""
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

    try:
        answer = neighbour(target, "sts").get_caller_identity()
    except (BotoCoreError, ClientError, HTTPClientError):
        return Unread.DENIED
    return Caller(str(answer["Account"]), str(answer["Arn"]))


def refused(target: Target, who: Caller, asked: Iterable[Allowed]) -> list[Allowed] | Unread:
    """What IAM's own simulation does not allow of this; none of it is tried.

    "SimulatePrincipalPolicy" in the IAM API reference. It knows the policies of the account, and
    not those of an organization.
    """
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

    wanted = list(asked)
    found: set[tuple[str, str]] = set()
    try:
        iam = neighbour(target, "iam")
        for actions, resources in _alike(wanted):
            pages = iam.get_paginator("simulate_principal_policy").paginate(
                PolicySourceArn=who.policy_source, ActionNames=actions, ResourceArns=resources
            )
            for page in pages:
                for result in page["EvaluationResults"]:
                    found |= set(_refused_in(result, resources))
    except (BotoCoreError, ClientError, HTTPClientError):
        return Unread.DENIED
    return [each for each in wanted if (each.action, each.resource) in found]


def _alike(asked: Iterable[Allowed]) -> list[tuple[list[str], list[str]]]:
    """Actions and the resources that all of them are asked of: a call for each."""
    of: defaultdict[str, set[str]] = defaultdict(set)
    for each in asked:
        of[each.resource].add(each.action)
    alike: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for resource, actions in of.items():
        alike[tuple(sorted(actions))].append(resource)
    return [(list(actions), resources) for actions, resources in alike.items()]


def _refused_in(result: Mapping[str, Any], resources: Sequence[str]) -> Iterator[tuple[str, str]]:
    """An action with each resource that it is refused on. They are told one by one; where a name is
    none of those that were asked about, all are meant."""
    action = str(result["EvalActionName"])
    told = result.get("ResourceSpecificResults") or [
        {**result, "EvalResourceDecision": result["EvalDecision"]}
    ]
    for each in told:
        if each["EvalResourceDecision"] != "allowed":
            named = each.get("EvalResourceName")
            yield from ((action, arn) for arn in ([named] if named in resources else resources))


def clock_of(target: Target) -> datetime | None:
    """What time it is at a target, to the second; None where it does not say."""
    from botocore.exceptions import ClientError

    answer: Any
    try:
        answer = dynamodb(target, patience="probe").list_tables(Limit=1)
    except ClientError as error:
        answer = error.response
    said = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return parsedate_to_datetime(said) if said else None
