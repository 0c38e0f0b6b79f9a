"""A specialist's words about a policy go out with their source when they are backed, and not otherwise."""

import pytest

from agents.playbook import reply
from knowledge.playbooks.shelf import Shelf
from policies.vocabulary.actor import Role

pytestmark = pytest.mark.anyio


async def test_backed_words_go_out_with_their_source():
    found = await Shelf().find(Role.OFFERS_SPECIALIST, "how long are pickup orders kept", 1)
    told = reply("Orders are kept for seven days.", found.passages)
    assert (told.text, told.objections) == ("Orders are kept for seven days.", ())
    assert told.sources[0].startswith("pickup.md, Not collected, lines ")


async def test_words_without_evidence_are_replaced_by_the_passage():
    found = await Shelf().find(Role.OFFERS_SPECIALIST, "how long are pickup orders kept", 1)
    told = reply("Orders are kept for nine days.", found.passages)
    assert told.objections
    assert "seven days" in told.text
    assert "nine" not in told.text


async def test_a_specialist_knows_no_playbook_that_is_not_for_it():
    assert (await Shelf().find(Role.OFFERS_SPECIALIST, "loss prevention refunds without receipt footage", 8)).passages
    found = await Shelf().find(Role.OFFERS_SPECIALIST, "loss prevention footage", 8)
    assert all(each.document != "loss" for each in found.passages)
