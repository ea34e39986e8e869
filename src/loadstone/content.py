"""Where the built-in content is: the checkout when installed editable, else inside the package."""

from __future__ import annotations

from pathlib import Path


def content_root() -> Path:
    """The directory that holds `fixtures/`, `scenarios/`, `locustfiles/`, `reports/`."""
    package = Path(__file__).resolve().parent
    checkout = package.parents[1]
    if package.parent.name == "src" and (checkout / "reports" / "templates").is_dir():
        return checkout
    return package / "_content"
