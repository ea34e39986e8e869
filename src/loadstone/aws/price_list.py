"""The products of DynamoDB in AWS's Price List API, as it answers them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from loadstone.aws.faults import translated
from loadstone.aws.session import open_session
from loadstone.client.target import Credentials, Target

#: Where the API is, whatever region the prices are of: "AWS Price List Query API endpoints".
REGION = "us-east-1"
SERVICE = "AmazonDynamoDB"


def products(regions: Sequence[str] = (), profile: str | None = None) -> Iterator[str]:
    """Each as a string of JSON; of every region where none is named."""
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

    client = _client(profile)
    try:
        for filters in [_of_region(region) for region in regions] or [[]]:
            pages = client.get_paginator("get_products").paginate(
                ServiceCode=SERVICE, FormatVersion="aws_v1", Filters=filters
            )
            for page in pages:
                yield from page["PriceList"]
    except (BotoCoreError, ClientError, HTTPClientError) as error:
        place = _PriceList(
            url=client.meta.endpoint_url, region=REGION, kind="aws", credentials=_nobody
        )
        raise translated(error, place, "reading prices (pricing:GetProducts)") from error


def _client(profile: str | None) -> Any:
    from botocore.config import Config

    retries: Any = {"mode": "standard", "total_max_attempts": 4}
    return open_session(profile).create_client(
        "pricing", region_name=REGION, config=Config(retries=retries)
    )


def _of_region(region: str) -> list[dict[str, str]]:
    return [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}]


class _PriceList(Target):
    """The API, as messages call it."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"the AWS Price List at {self.url}"


def _nobody() -> Credentials:
    return Credentials("", "")
