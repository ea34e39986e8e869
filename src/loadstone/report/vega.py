"""What draws the charts in a page: Vega, Vega-Lite and Vega-Embed, as vl-convert carries them.

Bundling takes a second or two and always gives the same, so a bundle is kept, by its versions. It
is packed: 0.4 MB in each page instead of 0.9.
"""

from __future__ import annotations

import base64
import gzip
import os
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from importlib.metadata import version
from pathlib import Path

_ENTRY = "window.vegaEmbed = vegaEmbed;"


def begin(folder: Path) -> None:
    """Bundle beside whatever comes before the page, such as reading its record."""
    if not _kept(folder).exists():
        _making()


def bundle(folder: Path | None = None) -> str:
    """In base64, compressed with gzip; kept in `folder` where that can be written."""
    if folder is None:
        return _making().result()
    kept = _kept(folder)
    try:
        return kept.read_text(encoding="ascii")
    except OSError:
        made = _making().result()
    _keep(kept, made)
    return made


def _keep(kept: Path, made: str) -> None:
    """Whole or not at all: another process may read it now."""
    unfinished = kept.with_suffix(f".{os.getpid()}")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(made, encoding="ascii")
        unfinished.replace(kept)
    except OSError:
        return


def _kept(folder: Path) -> Path:
    return folder / f"vega-{version('altair')}-{version('vl-convert-python')}.js.gz.b64"


@cache
def _making() -> Future[str]:
    """Once in a process, on a thread: none of it is Python's work."""
    return ThreadPoolExecutor(max_workers=1).submit(_made)


def _made() -> str:
    import altair as alt
    import vl_convert

    schema = ".".join(alt.SCHEMA_VERSION.split(".")[:2])
    text = vl_convert.javascript_bundle(_ENTRY, vl_version=schema)
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()
