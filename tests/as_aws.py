"""An engine that Loadstone takes for DynamoDB on AWS: billing is tried without a bill."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from loadstone.client.target import Target

#: Read by every Python that starts with its folder on the path: commands, and Locust under them.
SITECUSTOMIZE = """
from dataclasses import replace

import loadstone.aws.target as target
import loadstone.target

resolve = target.resolve_target


def as_aws(**options):
    found = resolve(**options)
    return None if found is None else replace(found, kind="aws")


target.resolve_target = as_aws
loadstone.target.account_aliases = lambda target: []
"""

#: A price at which small loads are dear: a unit is a cent.
DEAR = """
[[list]]
region = "{region}"
source = "made up for tests"
as_of = "2026-01"
[list.usd]
write_request_million = "10000"
read_request_million = "10000"
"""


def billed(target: Target) -> Target:
    """The same, as if AWS sent a bill for it."""
    return replace(target, kind="aws")


def environ_as_aws(folder: Path) -> dict[str, str]:
    """What makes every Python that is started take its endpoint for AWS."""
    (folder / "sitecustomize.py").write_text(SITECUSTOMIZE)
    return {"PYTHONPATH": str(folder), "AWS_REGION": "us-west-2"}


def dear_prices(folder: Path) -> Path:
    path = folder / "dear.toml"
    path.write_text("".join(DEAR.format(region=each) for each in ("us-east-1", "us-west-2")))
    return path
