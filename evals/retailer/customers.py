"""The customers, with personal data invented from templates: on one platform, on both, or on both in two spellings."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from evals.retailer.catalog import CATEGORIES
from evals.retailer.identifiers import lightspeed_uuid, shopify_number
from evals.retailer.people_names import AREA_CODES, FIRST_NAMES, LAST_NAMES, MAIL_DOMAINS, SHORT_FORMS, TOWNS
from evals.retailer.places import ONLINE
from evals.retailer.world import Person, Place

_HOMES = {
    "STORE_123": 14,
    "STORE_NYC": 20,
    "STORE_BOS": 13,
    "STORE_CHI": 15,
    ONLINE: 15,
    "STORE_SEA": 13,
    "STORE_PDX": 10,
}
# Shares of customers:
IN_LOYALTY = 0.72  # with a loyalty id
NO_EMAIL = 0.06
NO_PHONE = 0.10  # of those with an email; nobody has neither
EMAIL_CONSENT, SMS_CONSENT = 0.60, 0.35
KEPT_EMAIL = 0.5  # of second records: the email is what stayed the same, rather than the phone
_ON_BOTH = {"shopify": (0.05, 0.03), "lightspeed": (0.30, 0.25)}  # by home: share in one record; share in two records
_DAYS_BACK = 1_100


def build_customers(seed: int, start: datetime, count: int, places: dict[str, Place]) -> dict[int, Person]:
    """`count` humans by key, and behind them the second records of those whom the platforms do not know as one.

    A second record says whose it is in `same_as`, which no platform shows. The first human is `CUST_456`, whom the
    till's sample names.
    """
    chance = Random(f"customers/{seed}")
    people: dict[int, Person] = {1: _sample(start)}
    used: set[str] = set()  # emails and phones
    homes = chance.choices(list(_HOMES), list(_HOMES.values()), k=count)
    doubles: list[Person] = []
    for key in range(2, count + 1):
        home = places[homes[key - 1]]
        person = _person(key, home, start, chance, used)
        in_one, in_two = _ON_BOTH[home.platform]
        draw = chance.random()
        if home.platform == "shopify" or draw < in_one:
            person.shopify_id = shopify_number("customer", key)
        if home.platform == "lightspeed" or draw < in_one:
            person.lightspeed_id = lightspeed_uuid(seed, "customer", key)
        if in_one <= draw < in_one + in_two:
            doubles.append(person)
        people[key] = person
    for key, person in enumerate(doubles, start=count + 1):
        people[key] = _double(key, person, seed, chance)
    versions = (person for person in people.values() if person.lightspeed_id)
    for version, person in enumerate(versions, start=1):
        person.version = version
    return people


def _sample(start: datetime) -> Person:
    return Person(
        key=1,
        first_name="Jamie",
        last_name="Rivera",
        email="jamie.rivera@example.com",
        phone="+15551234567",
        loyalty_id="CUST_456",
        city="Denver",
        region="CO",
        home_place="STORE_123",
        created_at=start - timedelta(days=400),
        updated_at=start - timedelta(days=30),
        shopify_id=shopify_number("customer", 1),
        consent_email=True,
        consent_sms=True,
        taste=("tees", "jeans"),
    )


def _person(key: int, home: Place, start: datetime, chance: Random, used: set[str]) -> Person:
    first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
    region = home.region if home.code != ONLINE else chance.choice(list(TOWNS))
    created = start - timedelta(seconds=chance.randrange(86_400, _DAYS_BACK * 86_400))
    email = _email(first, last, chance, used) if chance.random() >= NO_EMAIL else ""
    phone = _phone(region, chance, used) if not email or chance.random() >= NO_PHONE else ""
    return Person(
        key=key,
        first_name=first,
        last_name=last,
        email=email,
        phone=phone,
        loyalty_id=f"CUST_{100_000 + key}" if chance.random() < IN_LOYALTY else "",
        city=chance.choice(TOWNS[region]),
        region=region,
        home_place=home.code,
        created_at=created,
        updated_at=created + (start - created) * chance.random(),
        consent_email=bool(email) and chance.random() < EMAIL_CONSENT,
        consent_sms=bool(phone) and chance.random() < SMS_CONSENT,
        taste=tuple(chance.sample(CATEGORIES, chance.choice((1, 2, 2, 3)))),
    )


def _email(first: str, last: str, chance: Random, used: set[str]) -> str:
    local = chance.choice((f"{first}.{last}", f"{first[0]}{last}", f"{first}{last[0]}", f"{first}_{last}")).lower()
    domain = chance.choice(MAIL_DOMAINS)
    found = f"{local}@{domain}"
    while found in used:
        found = f"{local}{chance.randrange(1, 100_000)}@{domain}"
    used.add(found)
    return found


def _phone(region: str, chance: Random, used: set[str]) -> str:
    while True:  # the exchange 555 is given to nobody
        found = f"+1{chance.choice(AREA_CODES[region])}555{chance.randrange(10_000):04d}"
        if found not in used:
            used.add(found)
            return found


def _double(key: int, person: Person, seed: int, chance: Random) -> Person:
    """The same human on the other platform: one identifier the same, the name spelled as another associate heard it."""
    first = SHORT_FORMS.get(person.first_name, person.first_name)
    last = person.last_name
    if first == person.first_name:
        place = chance.randrange(1, len(last) - 1)  # two letters change places, or one is doubled
        swapped = last[:place] + last[place + 1] + last[place] + last[place + 2 :]
        last = chance.choice((swapped, last[:place] + last[place] + last[place:]))
    keep_email = not person.phone or (bool(person.email) and chance.random() < KEPT_EMAIL)
    email = person.email.capitalize() if keep_email else ""
    phone = "" if keep_email else person.phone
    return replace(
        person,
        key=key,
        first_name=first,
        last_name=last,
        email=email,
        phone=phone,
        loyalty_id="",
        shopify_id=0 if person.shopify_id else shopify_number("customer", key),
        lightspeed_id=lightspeed_uuid(seed, "customer", key) if person.shopify_id else "",
        consent_email=False,
        consent_sms=False,
        same_as=person.key,
    )
