"""`locations.toml`: a second count of a shelf's goods is named, or there is none; one that cannot be is refused."""

from pathlib import Path

import pytest

from knowledge.store.places import Places, read_locations
from policies.errors import Misconfigured

SHELF = {"id": "SEA", "name": "Seattle", "platform": "lightspeed", "platform_id": "o-1", "kind": "shop"}
WEB = {
    "id": "WEB",
    "name": "Seattle online",
    "platform": "shopify",
    "platform_id": "1",
    "kind": "mirror",
    "mirrors": "SEA",
    "buffer": 1,
}
SHOP = {"id": "ONLINE", "name": "Online", "platform": "shopify", "platform_id": "1", "kind": "online"}


def written(folder: Path, *tables: dict[str, object]) -> Path:
    lines: list[str] = []
    for table in tables:
        lines += ["[[location]]", 'region = "WA"', 'timezone = "America/Los_Angeles"']
        lines += [f"{name} = {value!r}" for name, value in table.items()]
    file = folder / "locations.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def test_what_sells_from_a_mirror_sells_from_its_shelf(tmp_path: Path):
    online = {**SHOP, "stock_location": "WEB"}
    places = Places(read_locations(written(tmp_path, dict(SHELF), dict(WEB), dict(online))))
    assert [places.shelf(name).id for name in ("ONLINE", "WEB", "SEA")] == ["SEA", "SEA", "SEA"]
    mirror = places.mirror("SEA")
    assert mirror
    assert [(own.id, other.id) for own, other in places.shared()] == [("SEA", mirror.id)]
    assert places.mirror("WEB") is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"mirrors": "NOWHERE"},
        {"mirrors": "WEB"},
        {"platform": "lightspeed"},
        {"kind": "shop"},
        {"buffer": -1},
        {"buffers": -1},
    ],
)
def test_a_mirror_that_cannot_be_is_refused(tmp_path: Path, wrong: dict[str, object]):
    mirror: dict[str, object] = {**WEB, **wrong}
    if "buffers" in wrong:
        mirror = {name: value for name, value in WEB.items() if name != "mirrors"}
        mirror |= {"kind": "shop", "buffer": 2}
    with pytest.raises(Misconfigured) as error:
        read_locations(written(tmp_path, dict(SHELF), mirror))
    assert error.value.code == "locations.mirror"
