"""What the documents say of each system's items, written down apart from the fixtures.

The contract test (tests/test_content.py) holds the fixtures against this.
"""

from __future__ import annotations

from loadstone.documented import AS_OF, Documented, Shape

__all__ = ["AS_OF", "ISO", "ULID", "UUID", "Documented", "Shape"]

ISO = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z"
ULID = r"[0-7][0-9A-HJKMNP-TV-Z]{25}"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
