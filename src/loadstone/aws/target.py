"""The target of a command: which DynamoDB, with whose credentials, and whether it is one at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from loadstone.aws.endpoint import choose_address, choose_region
from loadstone.aws.faults import (
    code_of,
    is_denied,
    no_dynamodb,
    translated,
)
from loadstone.aws.session import (
    aws_url,
    chain_credentials,
    dummy_credentials,
    dynamodb,
    open_session,
    profile_region,
)
from loadstone.client.target import Credentials, Target
from loadstone.errors import TargetError


def resolve_target(
    *,
    endpoint: str | None = None,
    region: str | None = None,
    profile: str | None = None,
    documented_region: str | None = None,
    environ: Mapping[str, str] = os.environ,
    why: str = "",
) -> Target | None:
    """The target that flags and environment name; None when they name none.

    Nothing is sent. None means the project's own engine: see `embedded_target`. `why` tells who
    has no credentials what they are for, where no flag or variable has asked for AWS.
    """
    address = choose_address(endpoint, environ)
    if address is None:
        return None
    session = open_session(profile)
    chosen = choose_region(
        flag=region,
        environ=environ,
        profile_region=profile_region(session),
        documented=documented_region,
        address=address,
    )
    found = chain_credentials(session, near=address.is_loopback and profile is None)
    if address.is_aws:
        return Target(
            url=address.url or aws_url(session, chosen),
            region=chosen,
            kind="aws",
            credentials=_required(found, why or f"{address.origin} asks for it", chosen),
        )
    return Target(
        url=address.url, region=chosen, kind="endpoint", credentials=found or dummy_credentials
    )


def embedded_target(
    url: str,
    *,
    region: str | None = None,
    documented_region: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Target:
    """The embedded engine at its address; nobody's credentials are looked for."""
    chosen = choose_region(
        flag=region,
        environ=environ,
        profile_region=None,
        documented=documented_region,
        address=None,
    )
    return Target(url=url, region=chosen, kind="embedded", credentials=dummy_credentials)


def probe(target: Target) -> None:
    """One cheap call: TargetError unless a DynamoDB answers and accepts the credentials.

    Being denied the call is an answer too: it takes a DynamoDB that knows who asks.
    """
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

    doing = "listing a table"
    try:
        answer = dynamodb(target, patience="probe").list_tables(Limit=1)
    except ClientError as error:
        if is_denied(error):
            return
        # A web server's error has no code of DynamoDB's: botocore puts its status there.
        if code_of(error).isalpha() and code_of(error) != "Unknown":
            raise translated(error, target, doing) from error
        raise TargetError(no_dynamodb(target)) from error
    except (BotoCoreError, HTTPClientError, OSError, ValueError) as error:
        raise translated(error, target, doing) from error
    if not isinstance(answer.get("TableNames"), list):
        raise TargetError(no_dynamodb(target))


def _required(
    found: Callable[[], Credentials] | None, why: str, region: str
) -> Callable[[], Credentials]:
    if found is None:
        raise TargetError(
            f"no AWS credentials for DynamoDB in {region} ({why}): "
            "pass --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    return found
