"""KxGen: what agents that answer messages ask, and what the pages of those they work for ask."""

from fixtures.kxgen import DOCUMENT, contact, persona, tenant
from loadstone import Journey, Mix, Think, Touched
from scenarios._kxgen_reading import (
    active_personas,
    conversation_history,
    lead_messages,
    leads_by_status,
    leads_of_status_since,
    one_lead,
    one_message,
    one_persona,
    phone_to_email,
    recent_messages,
    recent_messages_paged,
    templates_by_popularity,
)
from scenarios._kxgen_writing import (
    lead_capture,
    lead_status_change,
    lead_upsert,
    message_in,
    message_out,
    newcomers_lead,
    persona_edit,
    persona_status_change,
)

# A run writes to a tenth of the tenants; the others' answers are checked to the last row.
touched = Touched(tenant, share=0.1)

# Who does what, one after the other.

inbound_sms = Journey(
    "inbound-sms",
    of=contact,
    steps=(
        phone_to_email,
        one_lead,
        conversation_history,
        active_personas,
        message_in,
        Think(0.4, 1.5),
        message_out,
        lead_upsert,
    ),
    source=f"{DOCUMENT}: GSI1: Phone Number Lookup",
)

dashboard = Journey(
    "dashboard",
    of=tenant,
    steps=(
        recent_messages_paged,
        Think(2, 8),
        leads_by_status,
        leads_by_status,
        leads_by_status,
        Think(2, 8),
        conversation_history,
    ),
    source=f"{DOCUMENT}: GSI1: Recent Messages per Tenant",
)

pipeline = Journey(
    "pipeline",
    of=contact,
    steps=(
        leads_by_status,
        Think(2, 6),
        one_lead,
        lead_messages,
        Think(3, 12),
        lead_status_change,
        leads_by_status,
    ),
    source=f"{DOCUMENT}: GSI2: Lead Status Queries",
)

persona_admin = Journey(
    "persona-admin",
    of=persona,
    steps=(
        active_personas,
        Think(2, 6),
        one_persona,
        Think(4, 12),
        persona_edit,
        Think(1, 4),
        persona_status_change,
        active_personas,
    ),
    source=f"{DOCUMENT}: GSI1: Active Personas per Tenant",
)

template_marketplace = Journey(
    "template-marketplace",
    of=persona,
    steps=(templates_by_popularity, Think(3, 15), one_persona),
    source=f"{DOCUMENT}: GSI2: Persona Templates",
)

# What is written together. The pause is there so that an answer is never as old as its question.

exchange = Journey(
    "exchange",
    of=contact,
    steps=(message_in, Think(0.02, 0.1), message_out, one_lead, lead_upsert),
    source=f"{DOCUMENT}: Data Examples",
)

first_exchange = Journey(
    "first-exchange",
    of=contact,
    steps=(message_in, Think(0.02, 0.1), message_out, newcomers_lead, lead_capture),
    source=f"{DOCUMENT}: Data Examples",
)

# In what proportions. The document gives none, so these are our judgement: an agent reads history,
# lead and personas for every message that comes in, people look at their pages now and then, and
# personas are hardly ever changed.

THINK = Think(0.05, 0.15)

# About ten reads to a write.
read_heavy = Mix(
    "read-heavy",
    {
        conversation_history: 20,
        one_lead: 10,
        active_personas: 8,
        recent_messages: 8,
        phone_to_email: 6,
        lead_messages: 6,
        leads_by_status: 5,
        one_message: 4,
        one_persona: 3,
        recent_messages_paged: 2,
        leads_of_status_since: 2,
        templates_by_popularity: 2,
        exchange: 2,
        lead_status_change: 1,
    },
    think=THINK,
)

# About as many reads as writes.
balanced = Mix(
    "balanced",
    {
        conversation_history: 6,
        one_lead: 3,
        active_personas: 3,
        recent_messages: 2,
        phone_to_email: 2,
        lead_messages: 2,
        leads_by_status: 2,
        one_message: 1,
        one_persona: 1,
        recent_messages_paged: 1,
        leads_of_status_since: 1,
        templates_by_popularity: 1,
        exchange: 7,
        first_exchange: 1,
        lead_status_change: 2,
        persona_edit: 1,
        persona_status_change: 1,
    },
    think=THINK,
)

# About three writes to a read.
write_heavy = Mix(
    "write-heavy",
    {
        conversation_history: 2,
        active_personas: 1,
        exchange: 8,
        first_exchange: 2,
        lead_status_change: 4,
        persona_edit: 1,
        persona_status_change: 1,
    },
    think=THINK,
)

# Contacts write far more often than anybody looks at a page.
visitors = Mix(
    "journeys",
    {
        inbound_sms: 12,
        dashboard: 4,
        pipeline: 2,
        persona_admin: 1,
        template_marketplace: 1,
    },
    think=Think(1, 5),
)
