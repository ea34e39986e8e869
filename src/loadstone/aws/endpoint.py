"""Which DynamoDB is meant, from flags and environment alone: pure, no network, no credentials."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from loadstone.errors import BadValue, TargetError

AWS = "aws"
#: The first that is set wins.
ENDPOINT_VARIABLES = ("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL", "DYNAMODB_ENDPOINT_URL")
REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
DEFAULT_REGION = "us-east-1"
REGION = re.compile(r"[a-z][a-z0-9-]{1,31}")
AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where an endpoint is; `origin` says who asked for it. An address of AWS is AWS."""

    url: str  # "" for AWS by region
    origin: str

    @property
    def is_aws(self) -> bool:
        return not self.url or _host(self.url).endswith(AWS_DOMAINS)

    @property
    def is_loopback(self) -> bool:
        host = _host(self.url) if self.url else ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")


def is_local(url: str) -> bool:
    """Whether a URL is this machine, its network, or a neighbour by its bare name, as containers
    have: nobody sends a bill for that."""
    host = _host(url)
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal"))


def choose_address(endpoint: str | None, environ: Mapping[str, str]) -> Address | None:
    """The endpoint asked for; None when nobody asks for one."""
    if endpoint is not None:
        if endpoint.lower() == AWS:
            return Address(url="", origin="--endpoint")
        return Address(url=checked_url(endpoint, "--endpoint"), origin="--endpoint")
    for variable in ENDPOINT_VARIABLES:
        if value := environ.get(variable):
            return Address(url=checked_url(value, variable), origin=variable)
    return None


def checked_url(text: str, origin: str) -> str:
    """`scheme://host[:port]`, nothing after it."""
    problem = _problem(text)
    if problem:
        raise TargetError(
            f"{origin} {text!r} {problem}: it is http://HOST:PORT, https://HOST, "
            "or `aws` for DynamoDB itself"
        )
    parts = urlsplit(text.strip())
    return f"{parts.scheme}://{parts.netloc}"


def choose_region(
    *,
    flag: str | None,
    environ: Mapping[str, str],
    profile_region: str | None,
    documented: str | None,
    address: Address | None,
) -> str:
    """Flag, the region that an AWS address names, environment, AWS profile, the documented one."""
    named = [environ.get(variable) for variable in REGION_VARIABLES]
    in_address = _region_in(address.url) if address and address.url else None
    candidates = (flag, in_address, *named, profile_region, documented, DEFAULT_REGION)
    region = next(candidate for candidate in candidates if candidate)
    if not REGION.fullmatch(region):
        raise BadValue(f"{region!r} is no region: it looks like {DEFAULT_REGION}")
    return region


def _problem(text: str) -> str | None:
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        return "is malformed"
    if parts.scheme not in {"http", "https"}:
        return "does not start with http:// or https://"
    if not parts.hostname or re.search(r"\s", parts.netloc):
        return "names no host"
    if port == 0:
        return "has a port that nobody listens on"
    if parts.username is not None or parts.path.strip("/") or parts.query or parts.fragment:
        return "has more than a host and a port"
    return None


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _region_in(url: str) -> str | None:
    found = re.search(r"(?:^|\.)(?:dynamodb|ddb)(?:-fips)?\.([a-z0-9-]+)\.", _host(url))
    return found.group(1) if found and _host(url).endswith(AWS_DOMAINS) else None
