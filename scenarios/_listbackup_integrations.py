"""ListBackup, integrations: which tokens expire soon, and new ones for old; in both designs."""

from typing import Any

from fixtures.listbackup import DOCUMENT, integration, integrations, v2, v2_integration
from loadstone import (
    HOUR_MS,
    Exactly,
    GetItem,
    Journey,
    Maybe,
    Pattern,
    Query,
    UpdateItem,
    Written,
    answered,
    between,
    equal,
    iso,
    now,
    text,
    token,
)

ACCESS = f"{DOCUMENT}: Current Access Patterns"
ALTERNATE = f"{DOCUMENT}: DynamoDB Optimization"
CONDITIONAL = f"{DOCUMENT}: Write Optimization"

SOON = between(iso(now), iso(now + 6 * HOUR_MS))
GOOD_UNTIL = iso(now + HOUR_MS)
BATCH = 25

expiring_integrations = Pattern(
    "expiring-integrations",
    Query(
        integrations,
        index="expiresAt-index",
        key={"platform": integration["platform"], "tokenExpiresAt": SOON},
        limit=BATCH,
        filter={"state": "connected"},
    ),
    of=integration,
    expects=Maybe(),
    source=ALTERNATE,
)
v2_expiring_integrations = Pattern(
    "v2-expiring-integrations",
    Query(
        v2,
        index="GSI1",
        key={
            "GSI1PK": text("EXPIRES#{platform}", platform=integration["platform"]),
            "GSI1SK": SOON,
        },
        limit=BATCH,
        filter={"state": "connected"},
    ),
    of=integration,
    expects=Maybe(),
    source=ALTERNATE,
)

# Consistent: what is replaced must be the token that is there now.
integration_by_id = Pattern(
    "integration-by-id",
    GetItem(integration, consistent=True),
    of=integration,
    expects=Exactly(),
    source=ACCESS,
)
v2_integration_by_id = Pattern(
    "v2-integration-by-id",
    GetItem(v2_integration, consistent=True),
    of=integration,
    expects=Exactly(),
    source=ACCESS,
)

FRESH: dict[str, Any] = {
    "tokenExpiresAt": GOOD_UNTIL,
    "state": "connected",
    "updatedAt": iso(now),
}

refresh_token = Pattern(
    "refresh-token",
    UpdateItem(
        integration,
        set={
            "accessToken": token(36, every=9),
            "refreshToken": token(27, every=9),
            **FRESH,
        },
        condition={
            "accessToken": answered(
                integration_by_id, "accessToken", otherwise=integration["accessToken"]
            )
        },
    ),
    of=integration,
    only=equal(integration["state"], "connected"),
    expects=Written(unless="refreshed already"),
    source=CONDITIONAL,
)
v2_refresh_token = Pattern(
    "v2-refresh-token",
    UpdateItem(
        v2_integration,
        set={
            "accessToken": token(36, every=9),
            "refreshToken": token(27, every=9),
            **FRESH,
            "GSI1SK": GOOD_UNTIL,
        },
        condition={
            "accessToken": answered(
                v2_integration_by_id, "accessToken", otherwise=integration["accessToken"]
            )
        },
    ),
    of=integration,
    only=equal(integration["state"], "connected"),
    expects=Written(unless="refreshed already"),
    source=CONDITIONAL,
)

token_refresh = Journey(
    "token-refresh",
    of=integration,
    steps=(expiring_integrations, integration_by_id, refresh_token),
    source=ACCESS,
)
v2_token_refresh = Journey(
    "v2-token-refresh",
    of=integration,
    steps=(v2_expiring_integrations, v2_integration_by_id, v2_refresh_token),
    source=ACCESS,
)
