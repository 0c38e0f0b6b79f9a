"""Names and addresses in one way, however they were written."""

from knowledge.identity.record import name_fields, place_fields, plain, record_of


def test_titles_accents_and_capitals_do_not_make_another_name():
    assert name_fields("Dr. José  GARCÍA Jr.") == {"given": "jose", "surname": "garcia"}
    assert name_fields("O\u2019Brien, Ada") == {"given": "obrien", "surname": "ada"}
    assert name_fields("Cher") == {"given": "cher"}
    assert name_fields(" . ") == {}


def test_an_address_is_read_the_same_from_either_platform():
    shopify = place_fields("12 Main St., Apt 4, New York, NY, 10001, US")
    lightspeed = place_fields("12 main street, apt 4, new york, ny, 10001, us")
    assert shopify == lightspeed
    assert shopify == {
        "number": "12",
        "street": "main street",
        "premises": "apt 4",
        "locality": "new york",
        "postcode": "10001",
    }


def test_an_address_without_premises_keeps_its_town():
    assert place_fields("5 High Street, Leeds, LS1 4AP, GB") == {
        "number": "5",
        "street": "high street",
        "locality": "leeds",
        "postcode": "ls14ap",
    }


def test_a_street_alone_is_a_street():
    assert place_fields("Elm Road") == {"street": "elm road"}
    assert place_fields(",") == {}


def test_the_same_name_twice_is_one():
    assert record_of("c_1", names=["Ada Byron", "ADA BYRON"]).names == ({"given": "ada", "surname": "byron"},)


def test_plain_text_has_no_signs():
    assert plain("St. Mary's  Lane_7") == "st marys lane 7"
