"""What draws the charts in a page: Vega, Vega-Lite and Vega-Embed, packed at the installation.

They stay packed in a page, which opens them: 0.4 MB instead of 0.9.
"""

from __future__ import annotations

import base64

from loadstone.errors import BadInstallation
from loadstone.report.templates import FOLDER


def packed() -> str:
    """In base64, compressed with gzip."""
    kept = FOLDER / "vega.js.gz"
    try:
        return base64.b64encode(kept.read_bytes()).decode()
    except FileNotFoundError as error:
        raise BadInstallation(
            f"what draws the charts is not in {kept}: install Loadstone anew, in a checkout with "
            "`pip install -e .`; `--format md` has no charts"
        ) from error
