"""How a distributed seed is going, as a tab of Locust's page."""

from __future__ import annotations

from typing import Any

KEY = "seed"
COLUMNS = {
    "table": "Table",
    "items": "Items",
    "asked": "Asked",
    "done": "Done",
    "items_per_s": "Items/s",
    "units": "WCU",
    "units_per_s": "WCU/s",
    "throttles": "Throttles",
    "errors": "Errors",
    "usd": "USD",
    "left": "Time left",
}


class SeedPage:
    """Locust's page asks for its statistics every two seconds; `rows` go with them."""

    def __init__(self, web_ui: Any) -> None:
        self.rows: list[dict[str, Any]] = []
        structure = [{"key": key, "title": title} for key, title in COLUMNS.items()]
        web_ui.template_args |= {
            "extended_tabs": [{"title": "Seed", "key": KEY}],
            "extended_tables": [{"key": KEY, "structure": structure}],
        }
        web_ui.app.after_request(self._extend)

    def _extend(self, response: Any) -> Any:
        from flask import json, request

        if request.path.endswith("/stats/requests") and response.is_json:
            tab = {"key": KEY, "data": self.rows}
            response.set_data(json.dumps({**response.json, "extended_stats": [tab]}))
        return response
