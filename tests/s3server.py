"""A bucket in memory, spoken to as S3 is: what an export needs of it, and no more."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

BUCKET = "exports"


def etag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


@dataclass
class S3Server:
    """`objects` by key; `uploads` that are not complete, by id: a key and its parts."""

    objects: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, tuple[str, dict[int, bytes]]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    most_parts: int = 1000  # of an upload; later ones are refused
    refusal: tuple[int, str] | None = None  # the status and code of every answer

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
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

    @property
    def environ(self) -> dict[str, str]:
        """What makes boto3 come here."""
        return {
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def answer(
        self, method: str, key: str, query: dict[str, str], body: bytes
    ) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers; one request at a time."""
        if self.refusal is not None:
            status, code = self.refusal
            return status, failure(code), {"x-amz-bucket-region": "eu-north-1"}
        with self._lock:
            self.requests.append((method, key))
            match method:
                case "GET" if "uploads" in query:
                    return 200, self._listed_uploads(query.get("prefix", "")), {}
                case "GET" if not key:
                    return 200, self._listed(query.get("prefix", "")), {}
                case "GET" | "HEAD":
                    return self._got(key)
                case "POST" if "uploads" in query:
                    return self._begun(key)
                case "POST":
                    return self._completed(query["uploadId"])
                case "PUT" if "uploadId" in query:
                    return self._part(query["uploadId"], int(query["partNumber"]), body)
                case "PUT":
                    self.objects[key] = body
                    return 200, b"", {"ETag": etag(body)}
                case _:
                    del self.uploads[query["uploadId"]]
                    return 204, b"", {}

    def _got(self, key: str) -> tuple[int, bytes, dict[str, str]]:
        if key not in self.objects:
            return 404, failure("NoSuchKey"), {}
        return 200, self.objects[key], {"ETag": etag(self.objects[key])}

    def _begun(self, key: str) -> tuple[int, bytes, dict[str, str]]:
        name = f"upload-{len(self.requests)}"
        self.uploads[name] = (key, {})
        wrapped = f"<UploadId>{name}</UploadId><Key>{key}</Key>"
        return 200, xml("InitiateMultipartUploadResult", wrapped), {}

    def _part(self, upload: str, number: int, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        if number > self.most_parts:
            return 403, failure("AccessDenied"), {}
        self.uploads[upload][1][number] = body
        return 200, b"", {"ETag": etag(body)}

    def _completed(self, upload: str) -> tuple[int, bytes, dict[str, str]]:
        key, parts = self.uploads.pop(upload)
        self.objects[key] = b"".join(parts[number] for number in sorted(parts))
        wrapped = f"<Key>{key}</Key><ETag>{etag(self.objects[key])}</ETag>"
        return 200, xml("CompleteMultipartUploadResult", wrapped), {}

    def _listed(self, prefix: str) -> bytes:
        keys = sorted(key for key in self.objects if key.startswith(prefix))
        found = "".join(
            f"<Contents><Key>{key}</Key><Size>{len(self.objects[key])}</Size></Contents>"
            for key in keys
        )
        return xml("ListBucketResult", f"<IsTruncated>false</IsTruncated>{found}")

    def _listed_uploads(self, prefix: str) -> bytes:
        found = "".join(
            f"<Upload><Key>{key}</Key><UploadId>{name}</UploadId></Upload>"
            for name, (key, _) in self.uploads.items()
            if key.startswith(prefix)
        )
        return xml("ListMultipartUploadsResult", f"<IsTruncated>false</IsTruncated>{found}")

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                parts = urlsplit(self.path)
                bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
                query = {
                    name: values[0]
                    for name, values in parse_qs(parts.query, keep_blank_values=True).items()
                }
                if self.headers.get("Expect"):
                    self.send_response_only(100)
                    self.end_headers()
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if bucket == BUCKET:
                    status, content, headers = server.answer(self.command, key, query, body)
                else:
                    status, content, headers = 404, failure("NoSuchBucket"), {}
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            def log_message(self, *args: Any) -> None:
                pass

        for method in ("GET", "PUT", "POST", "DELETE", "HEAD"):
            setattr(Handler, f"do_{method}", Handler.handle_any)
        return Handler


def xml(name: str, wrapped: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{name}>{wrapped}</{name}>'.encode()


def failure(code: str) -> bytes:
    return xml("Error", f"<Code>{code}</Code><Message>{code} it is</Message>")
