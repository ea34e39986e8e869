"""What the agents and the pages of KxGen write."""

from fixtures._kxgen_people import GUIDELINES, NEW, SCORE_FROM, SCORE_TO, STAGES
from fixtures.kxgen import DOCUMENT, contact, lead, message, persona, tenant
from loadstone import (
    GetItem,
    Maybe,
    Pattern,
    PutItem,
    UpdateItem,
    Written,
    answered,
    choose,
    count_of,
    iso,
    now,
    nth,
    several,
    text,
    ulid,
    whole,
    wrote,
)
from scenarios._kxgen_reading import one_lead, one_persona

NOW = iso(now, "milliseconds")
INTERACTIONS = "preferences.interactionHistory.totalInteractions"
LAST_INTERACTION = "preferences.interactionHistory.lastInteraction"

# Messages: a contact comes back and opens a conversation; what answers a message belongs to it.

message_in = Pattern(
    "message-in",
    PutItem(
        message,
        position=0,
        values={"conversation_id": text("conv_{id}", id=ulid(now))},
    ),
    of=contact,
    expects=Written(),
    source=f"{DOCUMENT}: Complete Message Item",
)

message_out = Pattern(
    "message-out",
    PutItem(
        message,
        position=1,
        values={
            "conversation_id": wrote(message_in, "conversation_id"),
            "meta.triggeredByMessage": wrote(message_in, "ts"),
        },
    ),
    of=contact,
    expects=Written(),
    source=f"{DOCUMENT}: Message Metadata Examples",
)

# Leads. An agent writes back the lead that it read: two messages more, a score of its own. What a
# page may have changed meanwhile is taken from what was read.

lead_upsert = Pattern(
    "lead-upsert",
    PutItem(
        lead,
        values={
            "qualification.score": whole(
                nth(SCORE_FROM, contact["stage"]), nth(SCORE_TO, contact["stage"])
            ),
            "qualification.status": answered(
                one_lead, "qualification.status", otherwise=nth(STAGES, contact["stage"])
            ),
            "GSI2PK": answered(one_lead, "GSI2PK", otherwise=lead["GSI2PK"]),
            INTERACTIONS: answered(one_lead, INTERACTIONS, otherwise=count_of(message)) + 2,
            LAST_INTERACTION: NOW,
            "updated_at": NOW,
        },
    ),
    of=lead,
    expects=Written(),
    source=f"{DOCUMENT}: Complete Lead Item",
)

# A contact that has been talked with and is no lead yet becomes one; the next time it is one.

newcomers_lead = Pattern(
    "newcomers-lead",
    GetItem(lead, key={"contact_pk": contact["contactPk"], "sk": "PROFILE"}),
    of=contact,
    only=~contact["hasLead"],
    expects=Maybe(),
    source=f"{DOCUMENT}: Leads Table",
)

created_at = answered(newcomers_lead, "created_at", otherwise=NOW)
lead_capture = Pattern(
    "lead-capture",
    PutItem(
        lead,
        values={
            "qualification.score": whole(SCORE_FROM[NEW], SCORE_TO[NEW]),
            "qualification.status": STAGES[NEW],
            "GSI2PK": text("{tenant}#{status}", tenant=tenant["tenantId"], status=STAGES[NEW]),
            "GSI2SK": created_at,
            INTERACTIONS: answered(newcomers_lead, INTERACTIONS, otherwise=count_of(message)) + 2,
            LAST_INTERACTION: NOW,
            "created_at": created_at,
            "updated_at": NOW,
        },
    ),
    of=contact,
    only=~contact["hasLead"],
    expects=Written(),
    source=f"{DOCUMENT}: Leads Table",
)

# A card moved on the board: to another partition of GSI2.
moved_to = choose(contacted=3, qualified=3, nurturing=2, customer=2, lost=1)
lead_status_change = Pattern(
    "lead-status-change",
    UpdateItem(
        lead,
        set={
            "qualification.status": moved_to,
            "GSI2PK": text("{tenant}#{status}", tenant=tenant["tenantId"], status=moved_to),
            "updated_at": NOW,
            "updated_by": "front_desk",
        },
    ),
    of=lead,
    expects=Written(),
    source=f"{DOCUMENT}: GSI2: Lead Status Queries",
)

# Personas. GSI1SK is made of the status and of updated_at, so every edit moves it.

kept_status = answered(one_persona, "status", otherwise=persona["status"])
persona_edit = Pattern(
    "persona-edit",
    UpdateItem(
        persona,
        set={
            "config.responseGuidelines": several(GUIDELINES, 4, len(GUIDELINES)),
            "status": kept_status,
            "GSI1SK": text("{status}#{at}", status=kept_status, at=NOW),
            "updated_at": NOW,
            "updated_by": choose(admin=6, owner=3),
        },
    ),
    of=persona,
    expects=Written(),
    source=f"{DOCUMENT}: GSI1: Active Personas per Tenant",
)

turned = choose(active=6, draft=1, archived=2)
persona_status_change = Pattern(
    "persona-status-change",
    UpdateItem(
        persona,
        set={
            "status": turned,
            "GSI1SK": text("{status}#{at}", status=turned, at=NOW),
            "updated_at": NOW,
            "updated_by": choose(admin=6, owner=3),
        },
    ),
    of=persona,
    only=~persona["isTemplate"],
    expects=Written(),
    source=f"{DOCUMENT}: GSI1: Active Personas per Tenant",
)
