"""ListBackup, analytics: what was asked of the saved lists, by whom and when; in both designs."""

from fixtures.listbackup import (
    DOCUMENT,
    account,
    analytic,
    analytics,
    user,
    v2,
    v2_analytics,
)
from loadstone import (
    DAY_MS,
    Every,
    Pattern,
    PutItem,
    Query,
    Scan,
    Some,
    Written,
    at_least,
    begins_with,
    iso,
    now,
    text,
)

ACCESS = f"{DOCUMENT}: Current Access Patterns"
SINGLE_TABLE = f"{DOCUMENT}: Single Table Design Considerations"
PARALLEL = f"{DOCUMENT}: Read Optimization"

analytics_of_user = Pattern(
    "analytics-of-user",
    Query(
        analytics,
        index="userId-index",
        key={"userId": user["userId"]},
        newest_first=True,
        limit=20,
    ),
    of=user,
    expects=Every(analytic),
    source=ACCESS,
)
v2_analytics_of_user = Pattern(
    "v2-analytics-of-user",
    Query(
        v2,
        index="GSI1",
        key={
            "GSI1PK": text("USER#{id}", id=user["userId"]),
            "GSI1SK": begins_with("ANALYTICS#"),
        },
        newest_first=True,
        limit=20,
    ),
    of=user,
    expects=Every(v2_analytics),
    source=f"{DOCUMENT}: DynamoDB Optimization",
)

analytics_of_account = Pattern(
    "analytics-of-account",
    Query(
        analytics,
        key={"accountId": account["accountId"]},
        newest_first=True,
        limit=20,
    ),
    of=account,
    expects=Every(analytic),
    source=ACCESS,
)
v2_analytics_of_account = Pattern(
    "v2-analytics-of-account",
    Query(
        v2,
        key={
            "PK": text("ACCOUNT#{id}", id=account["accountId"]),
            "SK": begins_with("ANALYTICS#"),
        },
        newest_first=True,
        limit=20,
    ),
    of=account,
    expects=Every(v2_analytics),
    source=SINGLE_TABLE,
)

record_query = Pattern(
    "record-query",
    PutItem(analytic),
    of=account,
    expects=Written(),
    source=f"{DOCUMENT}: Core Tables",
)
v2_record_query = Pattern(
    "v2-record-query",
    PutItem(v2_analytics),
    of=account,
    expects=Written(),
    source=SINGLE_TABLE,
)

# The aggregation itself is the application's: it reads this much of every query of a span. In the
# single table everything else is read with them.
SPAN_MS = 90 * DAY_MS
MEASURES = ("accountId", "status", "durationMs", "rows", "createdAt")

analytics_over_time = Pattern(
    "analytics-over-time",
    Scan(
        analytics,
        filter={"createdAt": at_least(iso(now - SPAN_MS))},
        projection=MEASURES,
        segments=4,
        pages=None,
    ),
    of=analytic,
    expects=Some(),
    source=PARALLEL,
)
v2_analytics_over_time = Pattern(
    "v2-analytics-over-time",
    Scan(
        v2,
        filter={"type": "Analytics", "createdAt": at_least(iso(now - SPAN_MS))},
        projection=MEASURES,
        segments=4,
        pages=None,
    ),
    of=analytic,
    expects=Some(),
    source=PARALLEL,
)
