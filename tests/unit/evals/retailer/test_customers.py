"""Invented customers promise: unique identifiers, no address that reaches anybody, and honest second records."""

from collections import Counter

from evals.retailer.world import Person, World


def _humans(chain: World) -> list[Person]:
    return [person for person in chain.people.values() if person.same_as is None]


def test_no_two_humans_share_an_email_a_phone_or_a_loyalty_id(chain: World):
    humans = _humans(chain)
    for values in (
        [person.email for person in humans if person.email],
        [person.phone for person in humans if person.phone],
        [person.loyalty_id for person in humans if person.loyalty_id],
    ):
        assert len(set(values)) == len(values)


def test_everybody_can_be_named_by_an_email_or_a_phone(chain: World):
    assert all(person.email or person.phone for person in chain.people.values())


def test_no_email_or_phone_can_reach_a_real_person(chain: World):
    emails = [person.email for person in chain.people.values() if person.email]
    assert all(email.rsplit("@", 1)[1].lower() in {"example.com", "example.net", "example.org"} for email in emails)
    phones = [person.phone for person in chain.people.values() if person.phone]
    assert all(phone[5:8] == "555" or phone.startswith("+1555") for phone in phones)


def test_some_humans_are_on_both_platforms_in_one_record_and_some_in_two(chain: World):
    both = [person for person in _humans(chain) if person.shopify_id and person.lightspeed_id]
    doubles = [person for person in chain.people.values() if person.same_as is not None]
    assert len(both) > 500
    assert len(doubles) > 500


def test_a_second_record_is_on_the_other_platform_shares_one_identifier_and_spells_the_name_otherwise(chain: World):
    spelled_otherwise: Counter[bool] = Counter()
    for double in chain.people.values():
        if double.same_as is not None:
            person = chain.people[double.same_as]
            assert bool(double.shopify_id) != bool(person.shopify_id)
            assert bool(double.lightspeed_id) != bool(person.lightspeed_id)
            same_email = double.email.lower() == person.email.lower() != ""
            same_phone = double.phone == person.phone != ""
            assert same_email != same_phone
            names = (double.first_name, double.last_name), (person.first_name, person.last_name)
            spelled_otherwise[names[0] != names[1]] += 1
    assert spelled_otherwise[True] > 20 * spelled_otherwise[False]
