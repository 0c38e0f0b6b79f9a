"""Customers, as the X-Series API shows and changes them."""

from evals.retailer.actions import update_customer
from evals.retailer.lightspeed.account import Account
from evals.retailer.lightspeed.answers import Answer, Asked, Json, Problem, listed, ok
from evals.retailer.lightspeed.customer_code import code_of
from evals.retailer.lightspeed.json_values import a_text
from evals.retailer.lightspeed.wire import amount, derived_id, timestamp
from evals.retailer.world import Person

EVERYONE = derived_id("customer group", "All Customers")
_FIELDS = {
    "first_name": "first_name",
    "last_name": "last_name",
    "email": "email",
    "physical_city": "city",
    "physical_state": "region",
}
_TEXTS = (*_FIELDS, "phone", "mobile", "customer_code")


def customer_row(person: Person) -> Json:
    """`Customer`. The phone is the world's; X-Series has a field more for it than people have phones."""
    return {
        "balance": 0,
        "company_name": None,
        "created_at": timestamp(person.created_at),
        "customer_code": code_of(person),
        "customer_group_id": EVERYONE,
        "deleted_at": None,
        "do_not_email": not person.consent_email,
        "email": person.email or None,
        "enable_loyalty": bool(person.loyalty_id),
        "first_name": person.first_name or None,
        "id": person.lightspeed_id,
        "last_name": person.last_name or None,
        "loyalty_balance": amount(person.spent // 20),  # the retailer gives back five percent
        "mobile": None,
        "name": f"{person.first_name} {person.last_name}".strip(),
        "note": None,
        "phone": person.phone or None,
        "physical_city": person.city or None,
        "physical_country_id": "US",
        "physical_state": person.region or None,
        "updated_at": timestamp(person.updated_at),
        "version": person.version,
        "year_to_date": amount(person.spent),
    }


def list_customers(account: Account, asked: Asked) -> Answer:
    """`GET /customers`."""
    people = account.index.people
    below = asked.whole("before", 0) or None
    marks = people.feed.after(asked.whole("after", 0), asked.page_size(), below=below)
    return listed([customer_row(people.by_id[key]) for _, key in marks], [version for version, _ in marks], empty=0)


def get_customer(account: Account, asked: Asked) -> Answer:
    """`GET /customers/{customer_id}`."""
    return ok(customer_row(_find(account, asked)))


def put_customer(account: Account, asked: Asked) -> Answer:
    """`PUT /customers/{customer_id}`: what is left out stays as it is."""
    person = _find(account, asked)
    given = asked.object()
    texts = {name: a_text(given, name) for name in _TEXTS if name in given}
    made_up = not person.loyalty_id and texts.get("customer_code") == code_of(person)
    for name, field in _FIELDS.items():
        if name in texts:
            setattr(person, field, texts[name])
    if "customer_code" in texts and not made_up:
        person.loyalty_id = texts[
            "customer_code"
        ]  # a code X-Series made up is no loyalty id, also when it is sent back
    phones = [texts[name] for name in ("phone", "mobile") if name in texts]
    if phones:
        person.phone = next(filter(None, phones), "")
    if "do_not_email" in given:
        person.consent_email = given["do_not_email"] is not True
    return ok(customer_row(update_customer(account.world, person)))


def _find(account: Account, asked: Asked) -> Person:
    found = account.index.people.by_id.get(asked.path["customer_id"])
    if found is None:
        raise Problem(404, "Customer not found.")
    return found
