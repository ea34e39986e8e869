"""Loadstone's tabs on Locust's web page, and their downloads, in Locust's way of extending it."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from flask import Blueprint, Response, g, jsonify, request
from flask.json import dumps
from locust.argument_parser import default_args_dict
from locust.runners import STATE_RUNNING, STATE_SPAWNING
from werkzeug.datastructures import MultiDict

from loadstone.capacity.prices import Prices
from loadstone.run.live import Live
from loadstone.run.live_tables import TABLES, Row, Table, as_csv

#: The answer that Locust's page asks for every two seconds, and takes our rows from.
STATS = "locust.request_stats"
#: The answer that says whether a test starts.
START = "locust.swarm"


def refuse_start(
    web_ui: Any,
    absent: Callable[[], str],
    wrong: Callable[[MultiDict[str, str]], str],
    say: Callable[[str], None],
) -> None:
    """A test that nobody would play, or that is asked wrongly, does not start: the page shows why.
    `absent` is "" else, and so is what is `wrong` with a form.

    Of one that goes on Locust changes the users. The rest of that form is what a page was loaded
    with, and no worker that joins late is to play it."""
    options = web_ui.environment.parsed_options
    ours = vars(options).keys() - default_args_dict().keys()

    def look() -> Response | None:
        if web_ui.environment.runner.state in (STATE_SPAWNING, STATE_RUNNING):
            g.played = {name: getattr(options, name) for name in ours}
            return None
        why = wrong(request.form)
        if not why:
            return None
        say(f"loadstone: no test can start: {why}")
        return jsonify({"success": False, "message": why, "host": web_ui.environment.host})

    looked = web_ui.auth_required_if_enabled(look)
    web_ui.app.before_request(lambda: looked() if request.endpoint == START else None)

    def refuse(response: Response) -> Response:
        vars(options).update(g.pop("played", {}))
        started = request.endpoint == START and response.is_json and response.get_json()["success"]
        if started and (why := absent()):
            say(f"loadstone: no test can start: {why}")
            response.set_data(dumps({**response.get_json(), "success": False, "message": why}))
        return response

    web_ui.app.after_request(refuse)


def add_tabs(
    web_ui: Any,
    live: Callable[[], Live],
    prices: Callable[[], Prices],
    absent: Callable[[], str],
) -> None:
    """Tabs with tables, fed by Locust's own polling."""

    def rows(table: Table) -> list[Row]:
        return list(table.rows(live(), prices(), perf_counter()))

    web_ui.template_args |= {
        "extended_tabs": [{"title": table.title, "key": table.key} for table in TABLES],
        "extended_tables": [
            {
                "key": table.key,
                "structure": [
                    {"key": column.key, "title": column.title} for column in table.columns
                ],
            }
            for table in TABLES
        ],
        "extended_csv_files": [
            {
                "href": f"./loadstone/{table.key}.csv",
                "title": f"Download {table.title.lower()} CSV",
            }
            for table in TABLES
        ],
    }

    def extend(response: Response) -> Response:
        # Without a login the answer is another, and not JSON.
        if request.endpoint == STATS and response.status_code == 200 and response.is_json:
            found = [(each, rows(each)) for each in TABLES]
            # Once calls were counted, a table that is empty has a reason of its own.
            why = "" if any(data for _, data in found) else absent()
            shown = [{"key": each.key, "data": each.shown(data, why)} for each, data in found]
            response.set_data(dumps({**response.get_json(), "extended_stats": shown}))
        return response

    web_ui.app.after_request(extend)
    web_ui.app.register_blueprint(_downloads(web_ui, rows))


def _downloads(web_ui: Any, rows: Callable[[Table], list[Row]]) -> Blueprint:
    base = web_ui.app.blueprints["locust"].url_prefix or ""
    blueprint = Blueprint("loadstone", __name__, url_prefix=f"{base}/loadstone")
    by_key = {table.key: table for table in TABLES}

    def download(key: str) -> Response:
        table = by_key.get(key)
        if table is None:
            return Response(f"no table {key!r}; there are {', '.join(by_key)}\n", status=404)
        return Response(
            as_csv(table, rows(table)),
            mimetype="text/csv",
            headers={"Content-Disposition": f"attachment;filename=loadstone_{key}.csv"},
        )

    blueprint.add_url_rule(
        "/<key>.csv", "download", web_ui.auth_required_if_enabled(download), methods=["GET"]
    )
    return blueprint
