"""Words that names of attributes are made of everywhere: of nobody's data, whatever table has them.

A key of a map, or an attribute that only some items have, is written into a draft only when it is
made of these, of the words of `words.py`, or of names that the table's description has.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from loadstone.drafting.words import is_common, singular

_ATTRIBUTES = """
abbr able about above absolute accent accepted access accessed accessory accountid achievement acl
action actions activated activity actor actual ad additional adult after age agg aggregate agreed
agreement airline airport alarm album algorithm alias alignment allergy allow allowed alpha alt
alternate alternative altitude amenities amount amps amt anchor angle annotation anonymized answer
any api app appearance application applied approval approver archive area arg argument armor arn
array arrival article artifact artist asin aspect assigned assignee assignment assist assists
attachment attempt attempts attendance attendee attr attribute aud audience auth author
authorization authorized auto avail avatar average avg awards aws axis background backlog backoff
backup badge badges bank barcode base basis batch bath battery bed before begin behavior beta bic
bid big bin bio birth birthday bit blob block blocker blood bmi board body bond bonus bool border
bot bottom bought bounce bound box branch brand break breakdown browser bucket budget buffer bug
build bulk bundle button buy buyer by byte bytes cache calc calculated calendar callback calories
camera campus cancel cancellation candidate cap capacity caption capture carbs care carrier carry
catalog causation cause cdn cell celsius center cents certificate chain chance change changed
channel chapter char character chart check checked checkin checkout checkpoint checksum chef child
children choice city class classification clause clean clear click clock closed cloud cluster co2
code coin col collection color colour column combined command comment comments commission commit
common complete completed completion component compression concurrency condition conf confidence
config confirmation conn connection consent constraint consumed consumer container content context
contract control conversion converted cookie coord coordinate coordinates copy core corrected
correlation cost count counted counter country county course court cover coverage cpu crc created
createdat createdby creation creator credential credits criteria cron crop crypto csv cuisine cum
current cursor custom customerid cutoff cycle daily dashboard data database dataset day days db dead
deadline debug dec decimal decision decline default defined definition degree delay deleted
deletedat demand density department departure dependency deploy deployment deposit depth desc
description desired destination detail detected dev deviation device deviceid diagnosis diff
difference dimension dimensions dir direction directory disabled discount dish disk dislike display
displayname distance distribution district dividend division dlq dns dob doc doctor domain done door
dosage dose double download downtime draft draws driver drop due duplicate duration duty dwell
dynamic dynamo dynamodb each ean earned east edge edit edited edition effect effective efficiency
ein element elevation eligible email embed embedding employer empty enabled encoded encoding
encrypted encryption end ended ending endpoint energy engagement engine enrollment entered entry env
envelope environment epic epoch equipment error estimate estimated eta etag evaluation event exact
exam exchange excluded execution exit exp expected expense experience expiration expire expires
expiry export expression ext extended extension external extra face facet fact factor fahrenheit
failed failure fall family fat favorite fax feature featured fee feed feet fencing field figure fill
filter final find finding fingerprint finish firmware first firstname fix flag flags flat floor flow
folder followers following font foot footer for force forecast form format formatted formula forward
found fraction frame free frequency fresh friend from front fuel fulfilled fulfillment full fullname
function fund future gain gap gas gate gateway gb gender general generated generation genre geo
geohash given global goal goals gps gpu grade grams grand granted grid gross group groups growth
gsi1 gsi2 gtin guest guid guild half handle handler hash hashkey hashtag hashtags head header
heading health heartbeat heat height help hidden hierarchy high highlight hint history hit hold home
host hostname hotel hour hours house hp html http human humidity iat iban icon id idempotency
identifier identity idle ids image images img import importance in inches incident included income
increment index industry info ingested ingredients initial initials input insight install instance
institution instruction insurance integer integration intent interest internal interval intro
inventory invitation invited invoice ip is isactive isbn iso iss issue issued issuer item itemid
iteration job join joined journal json jti judge jurisdiction kb keep kept key keys keyword
kilograms kilometers kind kpi kwh label lag landlord lang language large last lastname lat latency
latest latitude launch lawyer layer layout ldap lead leader leaf league lease leave left legal
length lesson letter level library license life lifetime like likelihood likes limit line lineage
lines link linked list listing liters lng load loan loc local locale location lock logged logic
logical login logo lon long longitude loss losses lot low lower loyalty lsi lsi1 luggage lyrics mac
machine made mail main maintenance make maker mana management manifest map mapping margin marked
market marketing markup mask master match material max maximum mb md5 meal mean measure measured
measurement media median medication medium member memo memory mention mentions menu merchant merge
meta metadata meter meters method metric mfa middle middlename migration mileage miles milestone
mime min minimum minor minute misc missing mobile mode model modification modified modifier module
moment money monitor month monthly mood more mortgage most motion mount moved movie mrn multi
multiplier name names namespace nanos narrative nationality native nbf needs negative net network
next nickname night node noise nominal nonce normal normalized north note notes notice notified npi
num number numeric nurse oauth object objective observation observed occupation occurrence off
offered office offset oidc on oncall open opening operating operation operator opinion opt option
optional options or order ordered orderid ordering org orientation origin original os otp out
outcome output over overall override overview own owned page pager pages paid pair panel param
parameter params parent part partial participant partition partitionkey party pass passed passenger
password past patch path patient pattern pay payee payer payload payout pdf peak pending per percent
percentage percentile percentiles performance period permission person ph phase photo photos
physical pick picked picture pin pipeline pixel pk1 place placed placement plain plate platform play
played player plays playtime pluggable plugin pm pod point points policy poll pool popularity
population port portfolio position post postal postalcode postcode posted potential pounds power ppm
precipitation precision predicted prediction preference preferences preferred prefix premium
presence present press pressure preview previous price prices pricing primary principal print prior
priority privacy private probability problem process processed processing processor produced
producer product productid production profession progress project promo prompt proof properties
property proposal protected protein protocol provided provider province provisioned public published
publisher pull pulse purchase purchased purpose qty quality quantity quarter query quest question
queue quick quiz quorum quota quote race radius rain ram random range rangekey rank ranking rate
rated rating ratio raw rbac reach reaction read reader reading real reason rebate received recent
recipe recipient recommended record recorded recovery redirect ref reference referral referrer
refresh refund region registered registration registry related relation relations relationship
relative release released remaining remark reminder remote removed rent rental repeat replacement
replica reply repo report reported reporter repository reposts request requested required
requirement requirements res reserve reserved reset resolution resolved resource resources response
rest restaurant result results resume retail retention retry return returned rev revenue reverse
revision reward right risk role roles room root rotation round route row rssi rule run runbook
runtime runway safe safety saga salary sale sales salt saml sample saved scale scan schedule schema
scheme school scim scope score screen script scroll sdk search season seat seats second seconds
secret section sector secure security segment select selected selection self sell seller semester
send sender sense sensitive sent sentiment seo sequence serial series served server service session
sessionid set setting settings settlement severity sex sha1 sha256 shape shard share shared sheet
shelf shift ship shipped shop short show side sign signal signature signed simple since single site
size sk1 skill skills skip skipped sku sla sleep slo slot slug small sms snapshot snippet snr social
socket soft software sold solution song sort sorted sortkey source south space spec special
specialty species specification speed spend spent split sponsor spot sprint ssn stable stack staff
stage stamp stand standard star stars start started starting startup stat state statement station
stats status step steps stock stop storage store story str strategy stream street strength strict
string structure student style sub subject submission submitted subtitle subtotal subtype success
suffix suggested suite sum summary sunrise sunset supplier supply support supported surcharge
surface surname survey swift switch syllabus symbol symptom sync synced system tab table tag tags
target task tax tb teacher team tel telephone temp temperature template tempo tenant tenantid tenure
term terminal terms territory test text theme thing third thread threshold throughput thumbnail tier
time timeline timeout timer times timestamp timezone tin tip title to token top topic total totals
totp touch town trace track tracking traffic training transcript transition translation transport
travel treatment tree trend trigger trip trophy trust ttl turn type types tz uid unique unit units
until up upc updated updatedat updatedby updater upload uploaded upper uptime uri url urls usage use
used user useragent userid username utc utm uuid vaccine val valid validated validation validity
value values variance variant vat vector vehicle vendor venue verified verifier version versions
vertical via video view viewed viewer views vin virtual visibility visible visit visited visitor
visits voice void voltage volts volume vote voted votes voucher vpc wage wait wallet warning
warranty watch watched water watermark watts wave way weapon weather web webhook website week
weekday weekly weight west wheel when where width wind window winner wins with withdrawn word words
work worker workflow workspace write written hire hired snow summer winter autumn spring bill grant
case major rider riders avalanche danger lap laps auditor author sender recipient x xp y year
yearly yield z zip zipcode zone zoom
"""
_WORDS = frozenset(_ATTRIBUTES.split())
_DIGITS = 2
_TAIL = re.compile(r"\d{1,2}\Z")


def names_attributes(words: Sequence[str]) -> bool:
    """Whether the words of a name are such: zipCode2 is zip and code."""
    return bool(words) and all(map(_is_such, words))


def _is_such(word: str) -> bool:
    bare = _TAIL.sub("", word)
    return (
        bare in _WORDS
        or singular(bare) in _WORDS
        or is_common(bare)
        or (word.isdigit() and len(word) < 3)
    )
