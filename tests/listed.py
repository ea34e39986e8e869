"""Every table of an engine: a page of ListTables has a hundred, and other tests have theirs."""

from __future__ import annotations

from typing import Any


def tables_in(client: Any) -> list[str]:
    pages = client.get_paginator("list_tables").paginate()
    return [name for page in pages for name in page["TableNames"]]
