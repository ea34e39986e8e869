"""Products of the AWS Price List, composed after their published shape, and an API with them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Tier = tuple[str, str]  # where it begins, and USD


def product(
    usage: str,
    *tiers: Tier,
    region: str = "eu-west-1",
    group: str | None = None,
    unit: str = "units",
    currency: str = "USD",
    reserved: Mapping[str, Sequence[tuple[str, str]]] | None = None,
    published: str = "2026-10-01T00:00:00Z",
) -> str:
    """One product; `reserved` has a unit and a price of each part, by the length of its term."""
    attributes = {
        "servicecode": "AmazonDynamoDB",
        "regionCode": region,
        "usagetype": usage,
        **({"group": group} if group else {}),
    }
    terms: dict[str, Any] = {}
    if tiers:
        ends = [*(begin for begin, _ in tiers[1:]), "Inf"]
        terms["OnDemand"] = {
            f"{usage}.JRTCKXETXF": {
                "effectiveDate": published,
                "termAttributes": {},
                "priceDimensions": {
                    f"{usage}.{begin}": {
                        "unit": unit,
                        "beginRange": begin,
                        "endRange": end,
                        "pricePerUnit": {currency: usd},
                    }
                    for (begin, usd), end in zip(tiers, ends, strict=True)
                },
            }
        }
    if reserved:
        terms["Reserved"] = {
            f"{usage}.{length}": {
                "termAttributes": {
                    "LeaseContractLength": length,
                    "PurchaseOption": "Heavy Utilization",
                },
                "priceDimensions": {
                    f"{usage}.{length}.{part}": {"unit": part, "pricePerUnit": {"USD": usd}}
                    for part, usd in parts
                },
            }
            for length, parts in reserved.items()
        }
    return json.dumps(
        {
            "product": {"sku": usage, "attributes": attributes},
            "serviceCode": "AmazonDynamoDB",
            "terms": terms,
            "version": "20261001000000",
            "publicationDate": published,
        }
    )


#: eu-west-1, with all that a price must not be mistaken for.
IRELAND = [
    product("EU-WriteRequestUnits", ("0", "0.000000705"), group="DDB-WriteUnits"),
    product("EU-ReadRequestUnits", ("0", "0.0000001415"), group="DDB-ReadUnits"),
    product("EU-IA-WriteRequestUnits", ("0", "0.000000885"), group="DDB-WriteUnitsIA"),
    product("EU-IA-ReadRequestUnits", ("0", "0.000000177"), group="DDB-ReadUnitsIA"),
    product("EU-ReplWriteRequestUnits", ("0", "0.0000007051"), group="DDB-ReplicatedWriteUnits"),
    product(
        "EU-WriteCapacityUnit-Hrs",
        ("0", "0.0000000000"),
        ("18600", "0.000735"),
        group="DDB-WriteUnits",
    ),
    product("EU-ReadCapacityUnit-Hrs", ("18600", "0.000147"), ("0", "0"), group="DDB-ReadUnits"),
    product("EU-ReplWriteCapacityUnit-Hrs", ("0", "0.000736"), group="DDB-ReplicatedWriteUnits"),
    product("EU-TimedStorage-ByteHrs", ("0", "0"), ("25", "0.283"), unit="GB-Mo"),
    product("EU-IA-TimedStorage-ByteHrs", ("0", "0.1132"), unit="GB-Mo"),
    product("EU-TimedPITRStorage-ByteHrs", ("0", "0.22"), unit="GB-Mo"),
    product(
        "EU-Streams-Requests",
        ("0", "0"),
        ("2500000", "0.00000022"),
        group="DDB-StreamsReadRequests",
    ),
    product("EU-VectorSearch", ("0", "0.0023")),  # of no group
    product(
        "EU-HeavyUsage:dynamodb.read",
        reserved={"1yr": [("Quantity", "33.9"), ("ReadCapacityUnit-Hrs", "0.0029")]},
    ),
    product(
        "EU-HeavyUsage:dynamodb.write",
        reserved={"1yr": [("Quantity", "1.695"), ("WriteCapacityUnit-Hrs", "0.000145")]},
    ),
    product("EU-DataTransfer-Out-Bytes", ("0", "0.09")),
    product("EU-ExportDataSize-Bytes", ("0", "0")),
]
VIRGINIA = [
    product("WriteRequestUnits", ("0", "0.000000625"), region="us-east-1", group="DDB-WriteUnits"),
    product(
        "IA-WriteRequestUnits", ("0", "0.00000078"), region="us-east-1", group="DDB-WriteUnitsIA"
    ),
    product("USE1-TimedPITRStorage-ByteHrs", ("0", "0.20"), region="us-east-1"),
]


@contextmanager
def price_list_api(products: Sequence[str], *, page: int = 4, code: str = "") -> Iterator[str]:
    """The address of an API that answers page by page, or with an error."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.headers["X-Amz-Target"] == "AWSPriceListService.GetProducts"
            assert asked["ServiceCode"] == "AmazonDynamoDB"
            wanted = {each["Value"] for each in asked.get("Filters", ())}
            found = [
                text
                for text in products
                if not wanted or json.loads(text)["product"]["attributes"]["regionCode"] in wanted
            ]
            start = int(asked.get("NextToken") or 0)
            answer: dict[str, Any] = {
                "FormatVersion": "aws_v1",
                "PriceList": found[start : start + page],
            }
            if start + page < len(found):
                answer["NextToken"] = str(start + page)
            if code:
                answer = {"__type": code, "message": "because"}
            body = json.dumps(answer).encode()
            self.send_response(400 if code else 200)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
