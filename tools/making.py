"""What is made when Loadstone is built or installed, and kept nowhere.

What draws the charts in a page: Vega, Vega-Lite and Vega-Embed, packed as vl-convert has them.
Bundling takes a second and a half and a package of 88 MB, and always gives the same: so no report
has to wait for it.

What runs for every call, as machine code (tools/native.py): a wheel has it for the Python that
builds it, and is for any Python where it cannot be compiled.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from runpy import run_path
from typing import Any

import altair as alt
import vl_convert
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TEMPLATES = Path(__file__).resolve().parent.parent / "reports" / "templates"
PACKED = TEMPLATES / "vega.js.gz"
NATIVE = Path(__file__).with_name("native.py")
LICENCE = TEMPLATES / "vega.LICENSE"
_ENTRY = "window.vegaEmbed = vegaEmbed;"


class Making(BuildHookInterface[Any]):
    """Writes the packed scripts beside the templates, and machine code into the package, before
    these go into a wheel or are used from the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        unfinished = PACKED.with_suffix(f".{os.getpid()}")
        unfinished.write_bytes(gzip.compress(bundled().encode(), 9, mtime=0))
        unfinished.replace(PACKED)
        done = subprocess.run(
            [sys.executable, NATIVE], stderr=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            *_, why = done.stderr.splitlines() or ["no reason given"]
            self.app.display_warning(f"{why}: Loadstone will run interpreted")
        elif version != "editable":
            # Of this Python and these sources alone; a checkout may have been compiled for others.
            native = run_path(str(NATIVE))["loading"]()
            compiled = native.COMPILED.relative_to(Path(self.root).resolve())
            manifest = json.loads((native.COMPILED / native.MANIFEST).read_bytes())
            files = [native.MANIFEST, *(file for file, _ in manifest["modules"].values())]
            build_data["artifacts"] += [f"{compiled}/{file}" for file in files]
            build_data["pure_python"] = False
            build_data["infer_tag"] = True


def bundled() -> str:
    """The scripts in one, for the version of Vega-Lite that Altair writes, with their licence."""
    schema = ".".join(alt.SCHEMA_VERSION.split(".")[:2])
    script: str = vl_convert.javascript_bundle(_ENTRY, vl_version=schema)
    return f"/*!\n{LICENCE.read_text(encoding='utf-8')}*/\n{script}"
