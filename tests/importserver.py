"""An engine that knows ImportTable too: composed after the published shape of its answers.

Everything else goes on to a real engine; an import makes the table there and puts into it what the
bucket holds under the prefix, read with nothing of Loadstone's.
"""

from __future__ import annotations

import gzip
import json
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import zstandard

from tests.s3server import S3Server

ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/"
#: DescribeImport says so often that an import is under way.
PATIENCE = 2


@dataclass
class ImportServer:
    """`fail` makes an import end as a failed one does; `lose` items are lost on the way."""

    engine: str
    bucket: S3Server
    fail: bool = False
    lose: int = 0
    imports: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def called(self, operation: str) -> list[dict[str, Any]]:
        """The requests of an operation."""
        return [request for name, request in self.requests if name == operation]

    def play(self, operation: str, request: dict[str, Any]) -> dict[str, Any] | None:
        """The answer to what the engine does not know; None for what it does."""
        self.requests.append((operation, request))
        match operation:
            case "ImportTable":
                return {"ImportTableDescription": self._import(request)}
            case "DescribeImport":
                found = self.imports[request["ImportArn"]]
                found["asked"] += 1
                if found["asked"] >= PATIENCE:
                    found |= found["end"]
                return {"ImportTableDescription": public(found)}
            case "ListImports":
                wanted = request.get("TableArn")
                listed = [
                    public(each)
                    for each in self.imports.values()
                    if wanted is None or each["TableArn"].endswith(wanted.rpartition("/")[2])
                ]
                return {"ImportSummaryList": listed}
        return None

    def send(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """To the engine."""
        status, body = self.forward(operation, json.dumps(request).encode())
        assert status == 200, body
        answer: dict[str, Any] = json.loads(body or b"{}")
        return answer

    def forward(self, operation: str, body: bytes) -> tuple[int, bytes]:
        headers = {
            "X-Amz-Target": f"DynamoDB_20120810.{operation}",
            "Content-Type": "application/x-amz-json-1.0",
            "Authorization": "AWS4-HMAC-SHA256 Credential=loadstone/20260101/us-east-1/dynamodb/"
            "aws4_request, SignedHeaders=host, Signature=0",
            "X-Amz-Date": "20260101T000000Z",
        }
        posted = urllib.request.Request(self.engine, body, headers)
        try:
            with urllib.request.urlopen(posted) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def _import(self, request: dict[str, Any]) -> dict[str, Any]:
        creation, source = request["TableCreationParameters"], request["S3BucketSource"]
        self.send("CreateTable", creation)
        items = list(self._items(source["S3KeyPrefix"], request["InputCompressionType"]))
        imported = items[self.lose :]
        for start in range(0, len(imported), 25):
            puts = [{"PutRequest": {"Item": item}} for item in imported[start : start + 25]]
            self.send("BatchWriteItem", {"RequestItems": {creation["TableName"]: puts}})
        arn = f"{ARN}{creation['TableName']}/import/{len(self.imports)}"
        failed = {"FailureCode": "ItemValidationError", "FailureMessage": "see the log"}
        self.imports[arn] = {
            "ImportArn": arn,
            "ImportStatus": "IN_PROGRESS",
            "TableArn": ARN + creation["TableName"],
            "S3BucketSource": source,
            "TableCreationParameters": creation,
            "asked": 0,
            "end": {
                "ImportStatus": "FAILED" if self.fail else "COMPLETED",
                "ProcessedItemCount": len(items),
                "ImportedItemCount": len(imported),
                "ErrorCount": len(items) - len(imported),
                "ProcessedSizeBytes": sum(len(json.dumps(item)) for item in items),
                **(failed if self.fail else {}),
            },
        }
        return public(self.imports[arn])

    def _items(self, prefix: str, packed: str) -> Any:
        unpack = {"ZSTD": from_zstd, "GZIP": gzip.decompress, "NONE": bytes}[packed]
        for key, content in sorted(self.bucket.objects.items()):
            if key.startswith(prefix):
                for line in unpack(content).splitlines():
                    yield json.loads(line)["Item"]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                operation = self.headers["X-Amz-Target"].rpartition(".")[2]
                body = self.rfile.read(int(self.headers["Content-Length"]))
                played = server.play(operation, json.loads(body))
                if played is not None:
                    status, content = 200, json.dumps(played).encode()
                else:
                    status, content = server.forward(operation, body)
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: Any) -> None:
                pass

        return Handler


def from_zstd(content: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(content)


def public(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in {"asked", "end"}}
