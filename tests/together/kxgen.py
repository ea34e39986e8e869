"""KxGen: what its messages, leads and personas say of each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from tests.together import Items, by, differ, grouped


def a_lead_sums_up_its_contacts_messages(items: Items) -> Iterator[object]:
    messages = grouped(items["Message"], "contact_pk")
    for lead in items["Lead"]:
        own = messages[lead["contact_pk"]]
        history = lead["preferences"]["interactionHistory"]
        sources = Counter(message["source"] for message in own)
        yield from differ(
            lead["lead_id"],
            total=(history["totalInteractions"], len(own)),
            last=(history["lastInteraction"], max(message["created_at"] for message in own)),
            channel=(sources[history["primaryChannel"]], max(sources.values())),
            named=({message["lead_id"] for message in own}, {lead["lead_id"]}),
        )
        if not lead["created_at"] <= min(message["created_at"] for message in own):
            yield lead["lead_id"], "made after it was named"


def nobody_is_texted_at_another_number(items: Items) -> Iterator[object]:
    leads = by(items["Lead"], "contact_pk")
    for message in items["Message"]:
        if message["source"] == "sms" and message["contact_pk"] in leads:
            phone = leads[message["contact_pk"]]["contactInfo"]["phone"]
            said = message["channel_context"]["sms"]["phoneNumber"]
            yield from differ(message["ts"], phone=(said, phone))


def an_answer_follows_what_it_answers(items: Items) -> Iterator[object]:
    messages = by(items["Message"], "ts")
    for answer in messages.values():
        if answer["direction"] == "outbound":
            asked = messages[answer["meta"]["triggeredByMessage"]]
            yield from differ(
                answer["ts"],
                direction=(asked["direction"], "inbound"),
                contact=(asked["contact_pk"], answer["contact_pk"]),
                channel=(asked["source"], answer["source"]),
                conversation=(asked.get("conversation_id"), answer.get("conversation_id")),
            )
            if not asked["created_at"] < answer["meta"]["processedAt"] <= answer["created_at"]:
                yield answer["ts"], asked["ts"]


def a_conversation_is_one_contacts(items: Items) -> Iterator[object]:
    messages = [message for message in items["Message"] if "conversation_id" in message]
    for conversation, own in grouped(messages, "conversation_id").items():
        if len({message["contact_pk"] for message in own}) > 1:
            yield conversation


def conversations_of_a_contact_do_not_mix(items: Items) -> Iterator[object]:
    for contact, own in grouped(items["Message"], "contact_pk").items():
        named = [each for each in sorted(own, key=itemgetter("ts")) if "conversation_id" in each]
        parts = [conversation for conversation, _ in groupby(named, itemgetter("conversation_id"))]
        if len(set(parts)) != len(parts):
            yield contact, parts


def a_tenant_is_one_company_with_an_active_persona(items: Items) -> Iterator[object]:
    personas = grouped(items["Persona"], "tenantId")
    for tenant, own in personas.items():
        if "active" not in {persona["status"] for persona in own}:
            yield tenant, "nobody answers"
        if len({persona["config"]["companyInfo"]["name"] for persona in own}) > 1:
            yield tenant, "two companies"
    for item in (*items["Message"], *items["Lead"]):
        if item["tenantId"] not in personas:
            yield item["contact_pk"]


def agents_are_personas_of_the_tenant(items: Items) -> Iterator[object]:
    personas = grouped(items["Persona"], "tenantId")
    for lead in items["Lead"]:
        agent = lead["updated_by"].removeprefix("agent_")
        names = {each["config"]["name"].split()[0].lower() for each in personas[lead["tenantId"]]}
        if agent not in names:
            yield lead["lead_id"], agent, names


def what_is_detected_has_a_word_that_the_tenant_listens_for(items: Items) -> Iterator[object]:
    heard: dict[tuple[str, str], set[str]] = {}
    for persona in items["Persona"]:
        listens = persona["config"]["intentCapturing"]
        if persona["status"] == "active" and listens["enabled"]:
            for intent in listens["intents"]:
                words = heard.setdefault((persona["tenantId"], intent["id"]), set())
                words.update(intent["triggers"])
    for message in items["Message"]:
        intent, said = message["meta"]["detectedIntent"], message["text"].lower()
        if intent["category"] != "engagement":  # thanks and reminders
            words = heard[message["tenantId"], intent["id"]]
            if message["direction"] == "inbound" and not any(word in said for word in words):
                yield said, words
