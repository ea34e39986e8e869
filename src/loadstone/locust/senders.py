"""Which client a load sends with: our own, or the SDK."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any, Literal, cast, get_args

from loadstone.client.client import Client
from loadstone.client.gate import Gate
from loadstone.client.sender import Sender
from loadstone.client.target import Target
from loadstone.errors import BadValue

Flavour = Literal["loadstone", "boto3", "boto3-tuned"]
OWN: Flavour = "loadstone"
FLAVOURS: tuple[Flavour, ...] = get_args(Flavour)
DEFAULT_RETRIES = 3


def client_of(options: Any) -> Flavour:
    """What `--client` says, refused where it does not go with the others."""
    flavour = options.client
    if flavour not in FLAVOURS:
        raise BadValue(f"--client {flavour}: there are {', '.join(FLAVOURS)}")
    if flavour == "boto3" and options.retries != DEFAULT_RETRIES:
        raise BadValue(
            f"--retries {options.retries} with --client boto3, whose retries are those of your own "
            "configuration (AWS_RETRY_MODE, AWS_MAX_ATTEMPTS): leave out --retries, or take "
            "--client boto3-tuned"
        )
    return cast(Flavour, flavour)


def open_client(target: Target, options: Any, gate: Gate | None) -> Sender:
    """The client that the options ask for."""
    flavour = client_of(options)
    attempts = options.retries + 1
    if flavour == "loadstone":
        return Client(target, attempts=attempts, gate=gate)
    from loadstone.aws.sdk_client import SdkClient

    client = SdkClient(target, flavour, attempts=attempts, gate=gate)
    _say_once(f"client: {described(options, client)}")
    return client


def described(options: Any, client: Sender) -> str:
    """What answers are compared under, for the record."""
    settings = getattr(client, "settings", "")
    return f"{options.client} ({settings})" if settings else str(options.client)


@cache
def _say_once(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201
