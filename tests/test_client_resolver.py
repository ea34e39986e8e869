"""Names are looked up seldom, by one user at a time, and never in vain twice."""

from __future__ import annotations

import socket
from typing import Any

import gevent
import pytest

from loadstone.client import resolver as resolver_module
from loadstone.client.resolver import Resolver
from loadstone.client.transport import RESOLVE_FAILED, TransportError


class FakeLookup:
    """In place of the hub's resolver: hands out addresses, or fails."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.calls = 0

    def getaddrinfo(self, host: str, port: int, *_: Any) -> list[Any]:
        self.calls += 1
        gevent.sleep(0)
        if not self.addresses:
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET, 1, 6, "", (address, port)) for address in self.addresses]


@pytest.fixture
def lookup(monkeypatch: pytest.MonkeyPatch) -> FakeLookup:
    fake = FakeLookup("10.0.0.1", "10.0.0.2")
    monkeypatch.setattr(gevent.get_hub(), "resolver", fake)
    return fake


def test_one_lookup_for_all(lookup: FakeLookup) -> None:
    """Users who connect at the same moment share one look-up, and the next ones its result."""
    resolver = Resolver("db.example", 443)
    gevent.joinall([gevent.spawn(resolver.addresses) for _ in range(20)], raise_error=True)
    resolver.addresses()
    assert lookup.calls == 1


def test_connections_are_spread(lookup: FakeLookup) -> None:
    """Each connection starts with another address, and has all the others to fall back on."""
    resolver = Resolver("db.example", 443)
    first, second = resolver.addresses(), resolver.addresses()
    assert first[0] != second[0]
    assert set(first) == set(second)
    assert {address.sockaddr for address in first} == {("10.0.0.1", 443), ("10.0.0.2", 443)}


def test_old_addresses_are_better_than_none(
    lookup: FakeLookup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look-up that fails later on leaves the addresses that served so far."""
    monkeypatch.setattr(resolver_module, "TTL_S", 0.0)
    resolver = Resolver("db.example", 443)
    known = set(resolver.addresses())
    lookup.addresses = ()
    assert set(resolver.addresses()) == known
    assert lookup.calls == 2


def test_no_such_name(lookup: FakeLookup) -> None:
    """A name that nobody knows is a transport failure."""
    lookup.addresses = ()
    with pytest.raises(TransportError) as failed:
        Resolver("db.example", 443).addresses()
    assert failed.value.code == RESOLVE_FAILED
