"""What draws the charts in a page: Vega, Vega-Lite and Vega-Embed, packed as vl-convert has them.

    python -m tools.vega       after Altair or vl-convert got a new version

Bundling takes a second and a half and a package of 88 MB, and always gives the same: so it is done
here once, and no report has to wait for it.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import altair as alt
import vl_convert

TEMPLATES = Path(__file__).resolve().parent.parent / "reports" / "templates"
PACKED = TEMPLATES / "vega.js.gz"
LICENCE = TEMPLATES / "vega.LICENSE"
_ENTRY = "window.vegaEmbed = vegaEmbed;"


def bundled() -> str:
    """The scripts in one, for the version of Vega-Lite that Altair writes, with their licence."""
    schema = ".".join(alt.SCHEMA_VERSION.split(".")[:2])
    script: str = vl_convert.javascript_bundle(_ENTRY, vl_version=schema)
    return f"/*!\n{LICENCE.read_text(encoding='utf-8')}*/\n{script}"


if __name__ == "__main__":
    PACKED.write_bytes(gzip.compress(bundled().encode(), 9, mtime=0))
