"""The HTTP parser: the same answer, however its bytes are cut."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone.client.http import MAX_HEAD_BYTES, AnswerParser, HttpAnswer, MalformedHttp

BODY = b'{"Item":{"pk":{"S":"a\\r\\n\\r\\nb"}}}'


def parse(*pieces: bytes) -> list[HttpAnswer]:
    parser = AnswerParser()
    answers = (parser.feed(piece) for piece in pieces)
    return [answer for answer in answers if answer is not None]


def chunked(body: bytes, sizes: list[int], extension: bytes = b"", trailer: bytes = b"") -> bytes:
    out = b""
    for size in sizes:
        part, body = body[:size], body[size:]
        if part:
            out += b"%X%b\r\n%b\r\n" % (len(part), extension, part)
    if body:
        out += b"%x\r\n%b\r\n" % (len(body), body)
    return out + b"0\r\n" + trailer + b"\r\n"


@st.composite
def answers(draw: st.DrawFn) -> tuple[bytes, HttpAnswer]:
    """An answer as bytes, in any of the framings, and as what must be read in it."""
    status = draw(st.sampled_from([200, 400, 500, 503]))
    body = draw(st.binary(max_size=60))
    crc32 = draw(st.none() | st.integers(0, 2**32 - 1))
    close = draw(st.booleans())
    headers = [b"Server: x", b"X-Content-Length: 7", b"x-amzn-RequestId: Content-Length: 9"]
    if crc32 is not None:
        headers.append(b"X-Amz-Crc32:%d" % crc32)
    if close:
        headers.append(b"Connection: foo,  Close")
    if draw(st.booleans()):
        headers.append(b"Content-Length:  %d " % len(body))
        payload = body
    else:
        headers.append(b"Transfer-Encoding: Chunked")
        sizes = draw(st.lists(st.integers(1, 20), max_size=5))
        payload = chunked(body, sizes, draw(st.sampled_from([b"", b";a=b"])), b"X-T: 1\r\n")
    cased = [draw(st.sampled_from([line, line.upper(), line.lower()])) for line in headers]
    interim = draw(st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n"]))
    head = b"HTTP/1.1 %d Any Reason\r\n" % status + b"\r\n".join(draw(st.permutations(cased)))
    wire = interim + head + b"\r\n\r\n" + payload
    return wire, HttpAnswer(status, body, crc32, not close)


@given(answers())
@settings(max_examples=150, deadline=None)
def test_every_cut_in_two(answer: tuple[bytes, HttpAnswer]) -> None:
    """An answer cut in two at any byte, or arriving whole, is the same answer."""
    wire, expected = answer
    assert parse(wire) == [expected]
    for at in range(len(wire) + 1):
        assert parse(wire[:at], wire[at:]) == [expected]


@given(answers(), answers(), st.integers(1, 7))
@settings(max_examples=100, deadline=None)
def test_bytes_in_a_trickle(
    first: tuple[bytes, HttpAnswer], second: tuple[bytes, HttpAnswer], step: int
) -> None:
    """Two answers, one after the other on a connection, come out of a trickle as they are."""
    pieces = [
        wire[at : at + step] for wire, _ in (first, second) for at in range(0, len(wire), step)
    ]
    assert parse(*pieces) == [first[1], second[1]]


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_garbage(data: bytes) -> None:
    """Whatever bytes come, the parser answers, waits, or says MalformedHttp: nothing else."""
    for piece in (data, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + data):
        with contextlib.suppress(MalformedHttp):
            parse(piece)


def test_bytes_beyond_the_answer() -> None:
    """An answer with bytes behind it is used, but its connection is not used again."""
    for wire in (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\nmore",
    ):
        assert parse(wire) == [HttpAnswer(200, b"{}", None, False)]


def test_body_until_the_stream_ends() -> None:
    """A body without a length ends with the stream, and only then."""
    parser = AnswerParser()
    assert parser.feed(b"HTTP/1.1 200 OK\r\n\r\n{") is None
    assert parser.feed(b"}") is None
    assert parser.end() == HttpAnswer(200, b"{}", None, False)


@pytest.mark.parametrize(
    "half",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
def test_half_an_answer(half: bytes) -> None:
    """A stream that ends in the middle of an answer has brought none."""
    parser = AnswerParser()
    assert parser.feed(half) is None
    assert parser.end() is None


@pytest.mark.parametrize(
    ("version", "connection", "kept"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"Connection: close\r\n", False),
        (b"1.1", b"CONNECTION: Keep-Alive\r\n", True),
        (b"1.0", b"", False),
        (b"1.0", b"connection: keep-alive\r\n", True),
    ],
)
def test_keep_alive(version: bytes, connection: bytes, kept: bool) -> None:
    """HTTP/1.1 keeps a connection unless told otherwise, HTTP/1.0 the other way round."""
    (answer,) = parse(b"HTTP/%b 200 OK\r\nContent-Length:0\r\n%b\r\n" % (version, connection))
    assert answer.keep_alive is kept


@pytest.mark.parametrize(
    "wire",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x15\x03\x01\x00\x02\x02F",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 10_000,
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * MAX_HEAD_BYTES,
    ],
)
def test_what_is_no_answer(wire: bytes) -> None:
    """Bytes that cannot become an answer are refused as soon as that is sure."""
    with pytest.raises(MalformedHttp):
        parse(wire)


def test_no_body_after_204() -> None:
    """A 204 has no body, whatever its headers say, and the next answer follows at once."""
    no_content = b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"
    (first, second) = parse(no_content, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    assert (first.body, second.body) == (b"", b"{}")


def test_large_body_in_many_pieces() -> None:
    """A page of a megabyte in small pieces is put together, plain or chunked."""
    body = b"x" * 1_000_000
    plain = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + body
    in_chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(body, [999_000])
    for wire in (plain, in_chunks):
        (answer,) = parse(*(wire[at : at + 1000] for at in range(0, len(wire), 1000)))
        assert answer.body == body
