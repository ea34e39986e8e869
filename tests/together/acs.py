"""ACS: what its thirteen tables say of each other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from operator import itemgetter

from tests.together import AS_OF, Item, Items, by, differ, grouped, instant


def _mails(items: Items) -> Iterator[tuple[Item, list[Item]]]:
    """Each thread with its messages, the first one first."""
    messages = grouped(items["Conversation"], "conversation_id")
    for thread in items["Thread"]:
        yield thread, sorted(messages[thread["conversation_id"]], key=itemgetter("timestamp"))


def a_thread_says_what_its_messages_say(items: Items) -> Iterator[object]:
    for thread, mails in _mails(items):
        yield from differ(
            thread["conversation_id"],
            count=(thread["message_count"], len(mails)),
            first=(thread["created_at"], mails[0]["timestamp"]),
            last=(thread["last_message_at"], mails[-1]["timestamp"]),
            subject=(thread["subject"], mails[0]["subject"]),
            account=({thread["associated_account"]}, {m["associated_account"] for m in mails}),
            thread=({thread["thread_id"]}, {mail["thread_id"] for mail in mails}),
            people=(
                set(thread["participants"]),
                {mail[each] for mail in mails for each in ("sender_email", "recipient_email")},
            ),
        )


def the_first_mail_alone_is_the_first(items: Items) -> Iterator[object]:
    for thread, mails in _mails(items):
        firsts = [mail["is_first_email"] for mail in mails]
        if firsts != ["true", *["false"] * (len(mails) - 1)]:
            yield thread["conversation_id"], firsts


def what_is_scheduled_is_still_to_come(items: Items) -> Iterator[object]:
    assert any(mail["status"] == "scheduled" for mail in items["Conversation"])
    for thread, mails in _mails(items):
        settings = thread["ai_settings"]
        for mail in mails:
            delay = settings["response_delay_hours"]
            due = instant(mail["timestamp"]) + timedelta(hours=delay)
            if mail["status"] == "scheduled" and not (
                due > AS_OF and settings["auto_response_enabled"]
            ):
                yield mail["timestamp"], settings


def the_latest_mail_is_scored_and_the_latest_answer_kept(items: Items) -> Iterator[object]:
    mails = {thread["conversation_id"]: mails for thread, mails in _mails(items)}
    for row in items["EVDataCollection"]:
        newest = mails[row["conversation_id"]][-1]
        yield from differ(row["conversation_id"], score=(row["ev_score"], newest["ev_score"]))
        if row["calculation_date"] < newest["timestamp"]:
            yield row["conversation_id"], "scored before it came"
    for row in items["LLMDataCollection"]:
        latest = [mail for mail in mails[row["conversation_id"]] if mail["ai_response"]][-1]
        yield from differ(row["conversation_id"], answer=(row["response"], latest["ai_response"]))
        if latest["body"] not in row["prompt"] or row["generated_at"] < latest["timestamp"]:
            yield row["conversation_id"], "not the mail that was answered"


def a_report_sums_up_the_rows_of_its_month(items: Items) -> Iterator[object]:
    account = {each["conversation_id"]: each["associated_account"] for each in items["Thread"]}
    rows: dict[tuple[str, str], list[Item]] = {}
    for row in items["LLMDataCollection"]:
        month = (account[row["conversation_id"]], row["generated_at"][:7])
        rows.setdefault(month, []).append(row)
    for month, report in by(items["LLMReportData"], "account_id", "report_period").items():
        made = rows.pop(month, [])
        usage = report["model_usage"].values()
        cost = sum(row["metadata"]["cost_usd"] for row in made)
        yield from differ(
            month,
            requests=(report["total_requests"], len(made)),
            tokens=(report["total_tokens"], sum(row["total_tokens"] for row in made)),
            cost=(report["total_cost_usd"], cost),
            by_model=(sum(model["tokens"] for model in usage), report["total_tokens"]),
            by_function=(sum(report["function_breakdown"].values()), len(made)),
        )
        for said, of in (
            (report["average_response_time_ms"], [row["response_time_ms"] for row in made]),
            (report["average_quality_score"] * 100, [row["quality_score"] * 100 for row in made]),
        ):
            if made and abs(Decimal(sum(of)) / len(of) - said) > Decimal("0.51"):
                yield month, said, of
        if any(row["generated_at"] > report["generated_at"] for row in made):
            yield month, "reported before it was over"
    yield from rows


def an_organization_used_what_its_people_had_mailed(items: Items) -> Iterator[object]:
    users = by(items["User"], "id")
    home = [users[mail["associated_account"]]["organization_id"] for mail in items["Conversation"]]
    for organization in items["Organization"]:
        used = organization["billing"]["usage"]["emails_processed"]
        yield from differ(
            organization["name"], mails=(used, home.count(organization["organization_id"]))
        )


def a_user_belongs_where_it_joined_first(items: Items) -> Iterator[object]:
    memberships = grouped(items["OrganizationMember"], "user_id")
    for user in items["User"]:
        first = min(memberships[user["id"]], key=itemgetter("joined_at"))
        yield from differ(user["id"], home=(user["organization_id"], first["organization_id"]))


def members_were_invited_by_members(items: Items) -> Iterator[object]:
    members = by(items["OrganizationMember"], "organization_id", "user_id")
    for (organization, user), member in members.items():
        host = members[organization, member["invited_by"]]
        if not host["permissions"]["manage_users"] or host["joined_at"] > member["joined_at"]:
            yield organization, user
    by_email = by(items["User"], "email")
    for invite in items["OrganizationInvite"]:
        if invite["status"] == "accepted":
            user = by_email[invite["email"]]["id"]
            joined = members[invite["organization_id"], user]["joined_at"]
            yield from differ(invite["invite_id"], joined=(joined, invite["accepted_at"]))


def nobody_is_active_where_the_organization_is_not(items: Items) -> Iterator[object]:
    status = {each["organization_id"]: each["status"] for each in items["Organization"]}
    assert set(status.values()) == {"active", "inactive", "suspended"}
    open_yet = [each for each in items["OrganizationInvite"] if instant(each["expires_at"]) > AS_OF]
    seen = {(each["status"], status[each["organization_id"]] == "active") for each in open_yet}
    assert seen >= {("pending", True), ("cancelled", False)}
    users = by(items["User"], "id")
    for user in users.values():
        if user["status"] == "active" != status[user["organization_id"]]:
            yield user["id"], "user"
    for member in items["OrganizationMember"]:
        of = {status[member["organization_id"]], users[member["user_id"]]["status"]}
        if member["status"] == "active" and of != {"active"}:
            yield member["user_id"], "member", of
    for session in items["Session"]:
        if session["is_active"] and users[session["user_id"]]["status"] != "active":
            yield session["session_id"], "session"
    for invite in items["OrganizationInvite"]:
        if invite["status"] == "pending" and status[invite["organization_id"]] != "active":
            yield invite["invite_id"], "invitation"


def nothing_happens_before_there_is_a_user(items: Items) -> Iterator[object]:
    users = by(items["User"], "id")
    for entity, account, at in (
        ("Conversation", "associated_account", "timestamp"),
        ("OrganizationMember", "user_id", "joined_at"),
        ("Session", "user_id", "created_at"),
        ("RL_AI", "associated_account", "window_start"),
        ("RL_AWS", "associated_account", "window_start"),
        ("LLMReportData", "account_id", "generated_at"),
        ("Invocation", "associated_account", "invoked_at"),
    ):
        for item in items[entity]:
            if instant(item[at]) < instant(users[item[account]]["created_at"]):
                yield entity, item[account], item[at]
