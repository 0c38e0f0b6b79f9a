"""The shop floor on a phone, in a real browser: tapped through with a thumb, nothing wider than the screen."""

from pathlib import Path

import pytest

from policies.vocabulary.actor import Role
from server.app import build_app
from tests.flows.floor_shop import BO, STORE, floor_shop
from tests.phone import phone
from tests.served import served

pytestmark = pytest.mark.anyio

# 44 pixels are what a fingertip needs: https://www.w3.org/WAI/WCAG22/Understanding/target-size-enhanced
SMALL = """
    return [...document.querySelectorAll('button, summary, .thumb a, a.card, main input:not([type=hidden])')]
        .filter(each => each.getBoundingClientRect().height < 44).map(each => each.textContent || each.name)
"""
A_MINUTE_LATER = "document.querySelector('.stale').style.animationDelay = '0s'"
BOTTOM = "return document.querySelector('.thumb').getBoundingClientRect().bottom <= window.innerHeight + 1"


async def test_an_associate_serves_who_came_in_with_one_thumb(database_url: str, tmp_path: Path):
    async with floor_shop(database_url, tmp_path) as shop, served(build_app(shop.opened.house)) as port:
        async with phone(f"http://127.0.0.1:{port}") as held:
            await shop.come()
            await held.open("/console/")
            await held.type("#key", await shop.opened.key(Role.ASSOCIATE, STORE, name=BO))
            await held.tap("form button")
            await held.tap('a[href="/console/floor"]')
            floor = await held.reads("checked in")
            await held.photograph(tmp_path / "floor.png")
            sizes = [(await held.too_wide(), await held.run(SMALL), await held.run(BOTTOM))]

            await held.run(A_MINUTE_LATER)
            stale = await held.reads("over a minute old")
            await held.tap("a.card")
            one = await held.reads("Told them")
            await held.photograph(tmp_path / "customer.png")
            sizes.append((await held.too_wide(), await held.run(SMALL), await held.run(BOTTOM)))
            await held.tap("summary")
            await held.photograph(tmp_path / "code.png")
            drawn = await held.run("return document.querySelector('.qr svg').getBoundingClientRect().width")
            await held.tap("button[value=shown]")
            told = await held.reads("Kept: you told them.")
            await held.tap("button[value=applied]")
            took = await held.reads("Kept: they took it.")
            await held.photograph(tmp_path / "took.png")

            await held.tap(".goods a")
            counted = await held.reads("(here)")
            await held.photograph(tmp_path / "stock.png")
            sizes.append((await held.too_wide(), await held.run(SMALL), await held.run(BOTTOM)))
            await held.tap(".thumb nav a:nth-child(2)")
            await held.reads("Loyalty card")
            await held.photograph(tmp_path / "find.png")
            await held.type("#loyalty_id", "CUST_456")
            await held.tap(".find button")
            found = await held.reads("Looked up here.")

        assert "checked in with the WiFi, just now" in floor
        assert "over a minute old" not in floor
        assert "without a line, ask at the till" in stale
        assert ("Told them" in one, "They took it" in one, "Not wanted" in one) == (True, True, True)
        assert sizes == [(0, [], True)] * 3
        assert drawn >= 200
        assert "Told them" not in told
        assert "Not wanted" not in took
        assert "Larimer" in counted
        assert "They took it." in found
        kinds = "SELECT count(*) FROM outcome WHERE kind IN ('shown', 'applied')"
        assert await shop.opened.count(kinds) == 2
