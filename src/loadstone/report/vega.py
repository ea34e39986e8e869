"""What draws the charts in a page: Vega, Vega-Lite and Vega-Embed, as `tools/vega.py` packs them.

They stay packed in a page, which opens them: 0.4 MB instead of 0.9.
"""

from __future__ import annotations

import base64

from loadstone.report.templates import FOLDER


def packed() -> str:
    """In base64, compressed with gzip."""
    return base64.b64encode((FOLDER / "vega.js.gz").read_bytes()).decode()
