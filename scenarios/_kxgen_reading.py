"""What the agents and the pages of KxGen read."""

from fixtures._kxgen_channels import SMS
from fixtures._kxgen_people import STAGES
from fixtures.kxgen import (
    DOCUMENT,
    contact,
    lead,
    leads,
    message,
    messages,
    persona,
    personas,
    tenant,
)
from loadstone import (
    Every,
    Exactly,
    GetItem,
    Pattern,
    Query,
    Some,
    at_least,
    begins_with,
    choose,
    text,
)

PAGE = 50  # rows of a list on a screen, where the document gives no number

# Messages.

conversation_history = Pattern(
    "conversation-history",
    Query(messages, key={"contact_pk": contact["contactPk"]}, newest_first=True, limit=50),
    of=contact,
    expects=Every(message),
    source=f"{DOCUMENT}: 1. Get Conversation History",
)

recent_messages = Pattern(
    "recent-messages",
    Query(
        messages,
        index="GSI1",
        key={"GSI1PK": tenant["tenantId"]},
        newest_first=True,
        limit=100,
    ),
    of=tenant,
    expects=Every(message),
    source=f"{DOCUMENT}: 4. Recent Messages Across All Contacts",
)

# Whoever scrolls down a feed seldom goes further than this.
recent_messages_paged = Pattern(
    "recent-messages-paged",
    Query(
        messages,
        index="GSI1",
        key={"GSI1PK": tenant["tenantId"]},
        newest_first=True,
        limit=100,
        pages=3,
    ),
    of=tenant,
    expects=Every(message),
    source=f"{DOCUMENT}: 2. Query Optimization",
)

lead_messages = Pattern(
    "lead-messages",
    Query(messages, index="GSI2", key={"GSI2PK": contact["leadId"]}, pages=None),
    of=contact,
    only=contact["hasLead"],
    expects=Every(message),
    source=f"{DOCUMENT}: GSI2: Messages by Lead",
)

one_message = Pattern(
    "one-message",
    GetItem(message),
    of=message,
    expects=Exactly(),
    source=f"{DOCUMENT}: Messages Table",
)

# Leads. Whose phone is looked up has sent an SMS: that is what the index is for.

phone_to_email = Pattern(
    "phone-to-email",
    Query(leads, index="GSI1", key={"GSI1PK": lead["GSI1PK"], "GSI1SK": "PHONE_LOOKUP"}),
    of=lead,
    only=contact["channel"].equals(SMS),
    expects=Exactly(),
    source=f"{DOCUMENT}: 2. Resolve Phone to Email",
)

# A column of the pipeline, whichever.
leads_by_status = Pattern(
    "leads-by-status",
    Query(
        leads,
        index="GSI2",
        key={
            "GSI2PK": text("{tenant}#{status}", tenant=tenant["tenantId"], status=choose(*STAGES))
        },
        pages=None,
    ),
    of=tenant,
    expects=Every(lead),
    source=f"{DOCUMENT}: GSI2: Lead Status Queries",
)

leads_of_status_since = Pattern(
    "leads-of-status-since",
    Query(
        leads,
        index="GSI2",
        key={"GSI2PK": lead["GSI2PK"], "GSI2SK": at_least(lead["GSI2SK"])},
        limit=PAGE,
    ),
    of=lead,
    expects=Some(),
    source=f"{DOCUMENT}: GSI2: Lead Status Queries",
)

one_lead = Pattern(
    "one-lead",
    GetItem(lead),
    of=lead,
    expects=Exactly(),
    source=f"{DOCUMENT}: Leads Table",
)

# Personas.

active_personas = Pattern(
    "active-personas",
    Query(
        personas,
        index="GSI1",
        key={"GSI1PK": tenant["tenantId"], "GSI1SK": begins_with("active#")},
    ),
    of=tenant,
    expects=Every(persona),
    source=f"{DOCUMENT}: 3. Get Active Personas",
)

templates_by_popularity = Pattern(
    "templates-by-popularity",
    Query(personas, index="GSI2", key={"GSI2PK": persona["GSI2PK"]}, newest_first=True, limit=PAGE),
    of=persona,
    expects=Some(),
    source=f"{DOCUMENT}: GSI2: Persona Templates",
)

one_persona = Pattern(
    "one-persona",
    GetItem(persona),
    of=persona,
    expects=Exactly(),
    source=f"{DOCUMENT}: Personas Table",
)
