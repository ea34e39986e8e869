"""Prices out of the answers of AWS's Price List API, service code AmazonDynamoDB. Pure.

A usage type is a region's prefix, "EU-" or none at all, and what is used: it is compared whole, as
"IA-WriteRequestUnits" and "ReplWriteRequestUnits" end like "WriteRequestUnits". The first tier of
many costs nothing, as it is the free tier: a price is that of the first tier that is paid for.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from loadstone.capacity.prices import Price
from loadstone.errors import BadValue

_PREFIX = re.compile(r"^(?!IA-)[A-Z]{2,4}\d{0,2}-")
_MILLION, _STREAM_CALLS, _RESERVED_UNITS = 1_000_000, 100_000, 100


class Kind(NamedTuple):
    """A dimension, how many of what AWS prices it is of, and AWS's group where it has one."""

    dimension: str
    scale: int = 1
    group: str | None = None


KINDS: Mapping[str, Kind] = {
    "WriteRequestUnits": Kind("write_request_million", _MILLION, "DDB-WriteUnits"),
    "ReadRequestUnits": Kind("read_request_million", _MILLION, "DDB-ReadUnits"),
    "ReplWriteRequestUnits": Kind(
        "replicated_write_request_million", _MILLION, "DDB-ReplicatedWriteUnits"
    ),
    "WriteCapacityUnit-Hrs": Kind("write_capacity_hour", 1, "DDB-WriteUnits"),
    "ReadCapacityUnit-Hrs": Kind("read_capacity_hour", 1, "DDB-ReadUnits"),
    "ReplWriteCapacityUnit-Hrs": Kind(
        "replicated_write_capacity_hour", 1, "DDB-ReplicatedWriteUnits"
    ),
    "TimedStorage-ByteHrs": Kind("storage_gb_month"),
    "IA-WriteRequestUnits": Kind("ia_write_request_million", _MILLION, "DDB-WriteUnitsIA"),
    "IA-ReadRequestUnits": Kind("ia_read_request_million", _MILLION, "DDB-ReadUnitsIA"),
    "IA-ReplWriteRequestUnits": Kind(
        "ia_replicated_write_request_million", _MILLION, "DDB-ReplicatedWriteUnitsIA"
    ),
    "IA-WriteCapacityUnit-Hrs": Kind("ia_write_capacity_hour", 1, "DDB-WriteUnitsIA"),
    "IA-ReadCapacityUnit-Hrs": Kind("ia_read_capacity_hour", 1, "DDB-ReadUnitsIA"),
    "IA-ReplWriteCapacityUnit-Hrs": Kind(
        "ia_replicated_write_capacity_hour", 1, "DDB-ReplicatedWriteUnitsIA"
    ),
    "IA-TimedStorage-ByteHrs": Kind("ia_storage_gb_month"),
    "TimedPITRStorage-ByteHrs": Kind("pitr_gb_month"),
    "TimedBackupStorage-ByteHrs": Kind("backup_gb_month"),
    "RestoreDataSize-Bytes": Kind("restore_gb"),
    "ExportDataSize-Bytes": Kind("export_gb"),
    "IncrementalExportDataSize-Bytes": Kind("incremental_export_gb"),
    "ImportDataSize-Bytes": Kind("import_gb"),
    "Streams-Requests": Kind("stream_read_100k", _STREAM_CALLS, "DDB-StreamsReadRequests"),
    "ChangeDataCaptureUnits-Kinesis": Kind("kinesis_change_million", _MILLION, "DDB-Kinesis"),
    "VectorWriteRequest": Kind("vector_write_gb"),
    "VectorSearch": Kind("vector_search_gb"),
}
#: Reserved capacity hangs on a product of its own, or on that of the capacity it is for.
RESERVED = {
    "HeavyUsage:dynamodb.read": "read",
    "HeavyUsage:dynamodb.write": "write",
    "ReadCapacityUnit-Hrs": "read",
    "WriteCapacityUnit-Hrs": "write",
}
TERMS = {"1yr": "1y", "3yr": "3y"}


class Found(NamedTuple):
    """Prices, and what was not made one: a usage type, and why."""

    prices: tuple[Price, ...]
    left_out: Mapping[str, str]


class _Raw(NamedTuple):
    region: str
    dimension: str
    usd: Decimal
    as_of: str


def prices_in(products: Iterable[str], today: str) -> Found:
    """`products` are the strings of JSON of a PriceList; one without a date is of `today`."""
    found: defaultdict[tuple[str, str], set[_Raw]] = defaultdict(set)
    left_out: dict[str, str] = {}
    for text in products:
        product = _product(text)
        usage = _usage(product)
        raws = list(_prices_of(product, usage, today))
        if not raws:
            left_out[usage] = _why(usage)
        for raw in raws:
            found[raw.region, raw.dimension].add(raw)
    prices = []
    for (region, dimension), raws_of_one in sorted(found.items()):
        if len({raw.usd for raw in raws_of_one}) > 1:
            amounts = ", ".join(str(raw.usd) for raw in sorted(raws_of_one))
            left_out[f"{dimension} in {region}"] = f"the answer has several prices: {amounts}"
            continue
        prices.append(max(raws_of_one, key=lambda raw: raw.as_of))
    return Found(tuple(_priced(_per_hundred(prices))), left_out)


def _product(text: str) -> Mapping[str, Any]:
    try:
        product = json.loads(text)
        product["product"]["attributes"]
    except (ValueError, TypeError, KeyError) as error:
        raise BadValue(f"the Price List answered with no product: {text[:80]!r}") from error
    return dict(product)


def _usage(product: Mapping[str, Any]) -> str:
    """What is used, without the region's prefix."""
    return _PREFIX.sub("", str(product["product"]["attributes"].get("usagetype", "")))


def _why(usage: str) -> str:
    return "it has no price above zero" if usage in KINDS else "Loadstone has no use for it"


def _prices_of(product: Mapping[str, Any], usage: str, today: str) -> Iterator[_Raw]:
    attributes = product["product"]["attributes"]
    region = attributes.get("regionCode")
    if not region:
        return
    as_of = str(product.get("publicationDate") or today)[: len("2026-01-01")]
    terms = product.get("terms") or {}
    kind = KINDS.get(usage)
    if kind is not None and attributes.get("group", kind.group) == kind.group:
        paid = list(_paid_tiers(terms.get("OnDemand")))
        if paid:
            _, usd = min(paid)
            yield _Raw(region, kind.dimension, usd * kind.scale, as_of)
    if usage in RESERVED:
        for dimension, usd in _reserved(terms.get("Reserved"), RESERVED[usage]):
            yield _Raw(region, dimension, usd, as_of)


def _paid_tiers(offers: Mapping[str, Any] | None) -> Iterator[tuple[Decimal, Decimal]]:
    """Where each tier begins that costs something, and what it costs."""
    for offer in (offers or {}).values():
        for tier in offer.get("priceDimensions", {}).values():
            usd = _usd(tier)
            if usd:
                yield Decimal(tier.get("beginRange") or 0), usd


def _usd(tier: Mapping[str, Any]) -> Decimal | None:
    """None for a price in another currency."""
    try:
        return Decimal(tier["pricePerUnit"]["USD"])
    except (KeyError, TypeError, InvalidOperation):
        return None


def _reserved(offers: Mapping[str, Any] | None, kind: str) -> Iterator[tuple[str, Decimal]]:
    for offer in (offers or {}).values():
        term = TERMS.get(offer.get("termAttributes", {}).get("LeaseContractLength", ""))
        for each in offer.get("priceDimensions", {}).values():
            usd = _usd(each)
            if term and usd:
                paid = "upfront" if each.get("unit") == "Quantity" else "hour"
                yield f"reserved_{term}_{kind}_{paid}", usd


def _per_hundred(prices: list[_Raw]) -> Iterator[_Raw]:
    """A reserved price is told for one unit or for a hundred, and which the answer does not say.
    For one, an hour costs less than without a reservation; for a hundred, far more."""
    hourly = {(raw.region, raw.dimension): raw.usd for raw in prices}
    for raw in prices:
        term = re.fullmatch(r"(reserved_\dy_(read|write))_(upfront|hour)", raw.dimension)
        if term is None:
            yield raw
            continue
        reserved = hourly.get((raw.region, f"{term[1]}_hour"))
        plain = hourly.get((raw.region, f"{term[2]}_capacity_hour"))
        if reserved is not None and plain is not None:
            yield raw if reserved > plain else raw._replace(usd=raw.usd * _RESERVED_UNITS)


def _priced(raws: Iterable[_Raw]) -> Iterator[Price]:
    for raw in raws:
        yield Price(
            region=raw.region,
            dimension=raw.dimension,
            usd=raw.usd.normalize(),
            source=f"AWS Price List API, AmazonDynamoDB, {raw.region}",
            as_of=raw.as_of,
        )
