"""HdrHistogram's compressed V2 form, read quickly: an hour of a run has thousands of them.

The library allocates, fills and adds 23,552 counters for each; of a second, a few hundred are not
zero. The form is described beside the Java original: zigzag LEB128 words of 64 bits and 9 bytes at
most, of which a positive one is a count and a negative one so many counts of zero.
"""

from __future__ import annotations

import base64
import zlib
from typing import Any, NamedTuple

import numpy as np

Integers = np.ndarray[Any, np.dtype[np.int64]]

_COOKIE, _HEADER = 8, 40
_SETTINGS = slice(12, 32)  # digits, lowest and highest value


class Counters(NamedTuple):
    """The counters that are not zero: where they stand, and what they count."""

    at: Integers
    counts: Integers


def decoded(text: str, settings: bytes) -> Counters | None:
    """None for a histogram of other settings, or of counts beyond all reason."""
    payload = zlib.decompress(base64.b64decode(text)[_COOKIE:])
    if payload[_SETTINGS] != settings:
        return None
    words = _words(np.frombuffer(payload, np.uint8, offset=_HEADER))
    if words is None:
        return None
    steps = np.where(words < 0, -words, 1)
    at = np.cumsum(steps) - steps
    counting = words > 0
    return Counters(at[counting], words[counting])


def _words(octets: np.ndarray[Any, np.dtype[np.uint8]]) -> Integers | None:
    """Zigzag LEB128: seven bits an octet, the lowest first; the last has no eighth bit."""
    ends = np.flatnonzero(octets < 0x80)
    starts = np.concatenate(([0], ends[:-1] + 1)) if len(ends) else ends
    longer = ends - starts
    values = (octets[starts] & 0x7F).astype(np.int64)
    for place in range(1, int(longer.max(initial=0)) + 1):
        if place == 8:  # the ninth octet has eight bits: a count of 2^55
            return None
        here = np.flatnonzero(longer >= place)
        values[here] |= (octets[starts[here] + place] & 0x7F).astype(np.int64) << 7 * place
    signed: Integers = (values >> 1) ^ -(values & 1)
    return signed
