"""Words that are nobody's data: what states, roles and kinds of things are called everywhere.

A member of an enumeration is written into a draft only when it is one of these.
"""

from __future__ import annotations

import re

_STATES = """
active inactive enabled disabled pending open opened closed new old draft published archived deleted
created updated started running stopped paused done finished complete completed incomplete failed
failure success succeeded successful error ok unknown none null canceled cancelled expired valid
invalid approved rejected accepted declined verified unverified confirmed unconfirmed processing
processed queued scheduled waiting blocked locked unlocked suspended banned trial free paid unpaid
passed moderate considerable severe extreme minimal
partial refunded authorized captured settled disputed overdue due shipped delivered returned in
out transit ready placed preparing packed received sent read unread seen unseen delivered bounced
opened clicked subscribed unsubscribed online offline available unavailable busy idle away visible
hidden public private internal external shared personal on off yes no true false
todo doing progress review reviewed resolved reopened assigned unassigned merged investigating
queued retry retrying retried skipped aborted timeout timed initial final current previous next
"""
_ROLES = """
admin administrator owner member user guest viewer editor author manager staff employee agent system
assistant customer client tenant vendor supplier partner driver rider student teacher parent child
moderator support operator service bot human anonymous root super default standard basic premium
pro plus team business enterprise gold silver bronze platinum individual company organization
"""
_KINDS = """
low medium normal high urgent critical info warning debug trace fatal minor major
text image video audio file document pdf csv json xml html markdown link message comment note
email mail sms push web mobile desktop app api phone chat call voice ios android windows mac linux
chrome safari firefox edge inbound outbound incoming outgoing internal primary secondary
credit debit card cash bank transfer invoice refund payment charge fee tax discount gift
visa mastercard amex paypal monthly yearly weekly daily hourly annual quarterly once recurring
home work billing shipping pickup delivery express economy ground air male female other
small large medium xs s m l xl xxl red green blue black white yellow grey
create update delete insert modify remove get put post patch login logout signup view click
int string number boolean date time datetime array object map list
positive negative neutral mixed up down left right start end
monday tuesday wednesday thursday friday saturday sunday am pm utc
january february march april may june july august september october november december
us-east-1 us-east-2 us-west-1 us-west-2 eu-west-1 eu-central-1 ap-southeast-1 ap-northeast-1
"""
_THINGS = """
user account profile customer client tenant org organization organisation company team member group
role permission session token device order item product sku cart basket payment invoice shipment
address inventory warehouse store shop category tag review rating comment post message thread
conversation channel room chat event log audit metric job task project issue ticket case document
file folder asset image video song album artist playlist game player match score level achievement
booking reservation flight hotel trip ride driver vehicle sensor reading alert notification
subscription plan usage receipt transaction transfer balance ledger card offer coupon promotion
campaign lead contact deal opportunity employee department location site building school class
course lesson student teacher grade exam patient doctor appointment prescription claim policy
meta metadata config settings setting info detail details data state status version history
counter stats summary email phone friend follow follower like feed acc acct cust prod inv sub rec
pk sk gsi id type entity entities
static confidential quota invite invitation membership download upload repo repository issue pr fork
star gist forum topic reply answer question bookmark bid auction deal brand equipment audit lift
guild quest inventory tweet friend friendship mailbox screening movie actor director episode season
show recipe ingredient pet visit day week month year latest current race racer lap workout exercise
portfolio stock trade quote order-item line lineitem connection watchlist wishlist favorite survey
response poll vote attendee speaker session talk conference volunteer donation fund warranty
container watch watcher pull request msg
"""
_CODES = """
usd eur gbp jpy chf cad aud nzd cny inr brl mxn sek nok dkk pln czk huf sgd hkd krw zar try
us gb uk de fr es it nl be at ch se no dk fi pl ie pt gr ca au nz jp cn in br mx sg hk kr za tr
en de fr es it nl pt ru zh ja ko ar hi pl sv da nb fi tr en-us en-gb de-de fr-fr es-es pt-br
"""
_PARTS = re.compile(r"[^a-z0-9]+")
_COMMON = frozenset(f"{_STATES}{_ROLES}{_KINDS}{_THINGS}{_CODES}".split())
_THING_WORDS = frozenset(_THINGS.split())
_MOST_PARTS, _LEAST_PART = 4, 4
_ENDS_IN_IE = frozenset({"movies", "cookies", "selfies", "calories", "zombies", "rookies"})
_HAVE_NO_SINGULAR = frozenset({"series", "species", "news", "metadata", "data"})
_VOWELS = "aeiou"


def is_common(word: str) -> bool:
    """Whether a word, or each part of IN_PROGRESS, is used everywhere."""
    lowered = word.lower()
    parts = [part for part in _PARTS.split(lowered) if part]
    if lowered in _COMMON:
        return True
    return 0 < len(parts) <= _MOST_PARTS and all(part in _COMMON for part in parts)


def is_thing(word: str) -> bool:
    """Whether a word is what a kind of thing is called."""
    parts = [part for part in _PARTS.split(word.lower()) if part]
    return bool(parts) and all(map(_is_thing, parts))


def _is_thing(word: str) -> bool:
    """One of them, or two written as one: CUSTOMEREMAIL."""
    if word in _THING_WORDS or singular(word) in _THING_WORDS:
        return True
    cuts = range(_LEAST_PART, len(word) - _LEAST_PART + 1)
    return any(word[:cut] in _THING_WORDS and word[cut:] in _THING_WORDS for cut in cuts)


def singular(word: str) -> str:
    """`orders` is order, `categories` category; what is no plural stays."""
    lowered = word.lower()
    if lowered in _HAVE_NO_SINGULAR:
        return word
    if lowered in _ENDS_IN_IE:
        return word[:-1]
    if lowered.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if lowered.endswith(("sses", "xes", "ches", "shes", "tuses", "nuses", "ruses")):
        return word[:-2]
    if lowered.endswith("s") and not lowered.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word


def plural(word: str) -> str:
    """`order` is orders, `category` categories; what is a plural already stays."""
    lowered = word.lower()
    if singular(word) != word or lowered in _HAVE_NO_SINGULAR:
        return word
    if lowered.endswith("y") and lowered[-2:-1] not in _VOWELS:
        return f"{word[:-1]}ies"
    return f"{word}es" if lowered.endswith(("s", "x", "z", "ch", "sh")) else f"{word}s"
