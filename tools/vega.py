"""What draws the charts in a page: Vega, Vega-Lite and Vega-Embed, packed as vl-convert has them.

Bundling takes a second and a half and a package of 88 MB, and always gives the same: so it is done
when Loadstone is built or installed, and no report has to wait for it.
"""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TEMPLATES = Path(__file__).resolve().parent.parent / "reports" / "templates"
PACKED = TEMPLATES / "vega.js.gz"
LICENCE = TEMPLATES / "vega.LICENSE"
_ENTRY = "window.vegaEmbed = vegaEmbed;"


class Packing(BuildHookInterface[Any]):
    """Writes the packed scripts beside the templates before these go into a wheel, or are used from
    the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        unfinished = PACKED.with_suffix(f".{os.getpid()}")
        unfinished.write_bytes(gzip.compress(bundled().encode(), 9, mtime=0))
        unfinished.replace(PACKED)


def bundled() -> str:
    """The scripts in one, for the version of Vega-Lite that Altair writes, with their licence."""
    schema = ".".join(alt.SCHEMA_VERSION.split(".")[:2])
    script: str = vl_convert.javascript_bundle(_ENTRY, vl_version=schema)
    return f"/*!\n{LICENCE.read_text(encoding='utf-8')}*/\n{script}"
