"""The environment of one test: whatever SDK it uses, it meets the engine and nobody's account."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import pytest

from loadstone.aws.endpoint import choose_region
from loadstone.testing.front import HOST

ACCESS_KEY = SECRET_KEY = "loadstone"
#: What would lead an SDK elsewhere, or to somebody's credentials.
FOREIGN = (
    "AWS_DEFAULT_PROFILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_PROFILE",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
)


def variables(endpoint: str, region: str, environ: Mapping[str, str]) -> dict[str, str]:
    """What the SDKs read, and DYNAMODB_ENDPOINT_URL, which some applications do."""
    found = {
        "AWS_ENDPOINT_URL_DYNAMODB": endpoint,
        "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": endpoint,
        "DYNAMODB_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name in ("NO_PROXY", "no_proxy"):
        found[name] = ",".join(filter(None, (environ.get(name), HOST)))
    return found


class DefaultSession:
    """What boto3 keeps for `boto3.client(...)`: a session, with the credentials that it has found
    once. Tests have one of their own, which takes long to make, and the application's comes back.

    The module is looked at where somebody else has imported it, and not imported.
    """

    def __init__(self) -> None:
        self._tests: object = None
        self._before: object = None

    def __enter__(self) -> Self:
        self._before = _swapped(self._tests)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tests = _swapped(self._before)


@contextmanager
def environment(endpoint: str) -> Iterator[pytest.MonkeyPatch]:
    """These variables, and no others that lead elsewhere, for as long as the block lasts."""
    region = choose_region(
        flag=None, environ=os.environ, profile_region=None, documented=None, address=None
    )
    with pytest.MonkeyPatch.context() as patch:
        for name in FOREIGN:
            patch.delenv(name, raising=False)
        for name, value in variables(endpoint, region, os.environ).items():
            patch.setenv(name, value)
        yield patch


def _swapped(session: object) -> object:
    """Put a session in the place of boto3's own, which is given back."""
    sdk = sys.modules.get("boto3")
    before: object = getattr(sdk, "DEFAULT_SESSION", None)
    if sdk is not None:
        sdk.DEFAULT_SESSION = session  # type: ignore[attr-defined]
    return before
