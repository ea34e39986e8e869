"""What ACS asks about organizations: their members, and how one becomes a member."""

from fixtures._acs_tables import organization_invites, organization_members
from fixtures.acs import DOCUMENT, invite, member, organization, pair, user
from loadstone import (
    Every,
    Exactly,
    GetItem,
    Pattern,
    PutItem,
    Query,
    Some,
    UpdateItem,
    Written,
    above,
    iso,
    missing,
    now,
    number,
    text,
    wrote,
)

ORGANIZATIONS = f"{DOCUMENT}: 4. Organizations Table"
MEMBERS = f"{DOCUMENT}: 5. OrganizationMembers Table"
INVITES = f"{DOCUMENT}: 6. OrganizationInvites Table"
USERS = f"{DOCUMENT}: 1. Users Table"

organization_by_id = Pattern(
    "organization-by-id",
    GetItem(organization),
    of=organization,
    expects=Exactly(),
    source=ORGANIZATIONS,
)

# Members.

# Some of them are users of the organization's partner.
members_of_organization = Pattern(
    "members-of-organization",
    Query(
        organization_members,
        key={"organization_id": organization["organization_id"]},
        pages=None,
    ),
    of=organization,
    expects=Every(member, within=pair),
    source=MEMBERS,
)

one_member = Pattern("one-member", GetItem(member), of=member, expects=Exactly(), source=MEMBERS)

organizations_of_user = Pattern(
    "organizations-of-user",
    Query(organization_members, index="user_id-index", key={"user_id": user["id"]}),
    of=user,
    expects=Every(member),
    source=MEMBERS,
)

# Invitations.

one_invite = Pattern("one-invite", GetItem(invite), of=invite, expects=Exactly(), source=INVITES)

# Somebody may be invited twice, always by the same organization.
invites_by_email = Pattern(
    "invites-by-email",
    Query(organization_invites, index="email-index", key={"email": invite["email"]}),
    of=invite,
    expects=Every(invite, within=organization),
    source=INVITES,
)

invite_by_token = Pattern(
    "invite-by-token",
    Query(
        organization_invites,
        index="invite_token-index",
        key={"invite_token": invite["invite_token"]},
    ),
    of=invite,
    expects=Exactly(),
    source=INVITES,
)

invites_of_organization = Pattern(
    "invites-of-organization",
    Query(
        organization_invites,
        index="organization_id-index",
        key={"organization_id": organization["organization_id"]},
        pages=None,
    ),
    of=organization,
    expects=Every(invite),
    source=INVITES,
)

# Somebody new is invited, follows the link with the token, and becomes a user and a member. All
# of it is about one new user; a short number keeps the address apart from those of others.

mailbox = text("{local}{n}", local=user["person"]["local"], n=number % 1_000_000)

create_invite = Pattern(
    "create-invite",
    PutItem(
        invite,
        values={
            "email": text("{who}@{where}", who=mailbox, where=organization["domain"]),
            "role": "member",
            "status": "pending",
        },
        without=("accepted_at",),
    ),
    of=organization,
    expects=Written(),
    source=INVITES,
)

check_token = Pattern(
    "check-token",
    Query(
        organization_invites,
        index="invite_token-index",
        key={"invite_token": wrote(create_invite, "invite_token")},
        limit=1,
    ),
    of=organization,
    expects=Some(),
    source=INVITES,
)

accept_invite = Pattern(
    "accept-invite",
    UpdateItem(
        invite,
        key={
            "invite_id": wrote(create_invite, "invite_id"),
            "timestamp": wrote(create_invite, "timestamp"),
        },
        set={"status": "accepted", "accepted_at": iso(now)},
        condition={"status": "pending", "expires_at": above(iso(now))},
    ),
    of=organization,
    expects=Written(),
    source=INVITES,
)

add_user = Pattern(
    "add-user",
    PutItem(
        user,
        position=1,
        values={
            "email": wrote(create_invite, "email"),
            "updated_at": iso(now),
            "status": "active",
            "role": wrote(create_invite, "role"),
            "responseEmail": text("{who}@reply.{where}", who=mailbox, where=organization["domain"]),
        },
        condition={"id": missing()},
    ),
    of=organization,
    expects=Written(),
    source=USERS,
)

add_member = Pattern(
    "add-member",
    PutItem(
        member,
        values={
            "user_id": wrote(add_user, "id"),
            "role": wrote(create_invite, "role"),
            "status": "active",
            "permissions": {
                "manage_users": False,
                "view_conversations": True,
                "edit_settings": False,
            },
            "invited_by": wrote(create_invite, "invited_by"),
            "last_active": iso(now),
        },
        condition={"user_id": missing()},
    ),
    of=organization,
    expects=Written(),
    source=MEMBERS,
)
