"""Whether generated data can reach anybody: every address and number is a reserved one."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any

from loadstone.contract.problem import Problem
from loadstone.contract.values import short, texts_in
from loadstone.entity import Entity

#: From where a name begins: tried from within it too, a long text takes minutes.
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
_PHONE = re.compile(r"\+1\d{10}\b")
_NOBODYS_PHONE = re.compile(r"\+1\d{3}55501\d\d")
_ADDRESS = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])")
_SECRET = re.compile(r"AKIA[0-9A-Z]{16}|sk_live_|ghp_|xox[bp]-|-----BEGIN")
_RESERVED = re.compile(r"(^|\.)example\.(com|net|org)$|\.(example|test|invalid)$")
_DOCUMENTATION = tuple(
    map(ipaddress.ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"))
)


def reach_problems(entity: Entity, items: Mapping[int, dict[str, Any]]) -> Iterator[Problem]:
    """What could reach somebody, once for each attribute."""
    seen: set[str] = set()
    for number, item in items.items():
        for path, text in texts_in(item):
            says = reaches(text)
            if says is not None and path not in seen:
                seen.add(path)
                yield Problem(about=entity.name, attribute=path, says=f"{says} (item {number:,})")


def reaches(text: str) -> str | None:
    """What in a text could reach somebody, or be taken for a secret."""
    for domain in _MAIL.findall(text):
        if not reserved_domain(domain):
            return f"{short(text)} could be somebody's address: example.com is nobody's"
    for phone in _PHONE.findall(text):
        if not _NOBODYS_PHONE.fullmatch(phone):
            return f"{phone} could be somebody's number: +1…55501xx is nobody's"
    for address in _ADDRESS.findall(text):
        if not documentation_address(address):
            return f"{address} could be somebody's machine: 192.0.2.x is nobody's"
    if _SECRET.search(text):
        return f"{short(text)} looks like a credential: scanners will find it"
    return None


def reserved_domain(domain: str) -> bool:
    """RFC 2606: example.com and its like, and the reserved top-level domains."""
    return bool(_RESERVED.search(domain.lower()))


def documentation_address(address: str) -> bool:
    """RFC 5737, or an address that is no public one; what is no address is a version number."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return True
    return any(parsed in network for network in _DOCUMENTATION) or parsed.is_private
