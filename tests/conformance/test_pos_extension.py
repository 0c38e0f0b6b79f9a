"""The extension's sources are sound against Shopify's own types, and its background script speaks to the real doors."""

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from server.app import build_app
from server.pos.typescript import EXTENSION, PROTOCOL, protocol, server_module, write_extension
from tests.flows.filled_store import TEE, jeans
from tests.flows.offline_goods import sells
from tests.flows.pos_shop import STORE, PosShop, pos_shop
from tests.served import served

pytestmark = pytest.mark.anyio

CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tillhand-pos"
DRIVE: Final = Path(__file__).parent / "pos" / "drive.cjs"
SEEDED: Final = {  # a slip in each screen's use of Shopify's API, or of ours
    "Modal.tsx": [
        ("addCartCodeDiscount", "applyCartCodeDiscount"),
        ("showPinPad", "showPin"),
        ("told.approvers.map", "told.aprovers.map"),
        ('tone="critical"', 'tone="red"'),
    ],
    "background.ts": [("cart.current.subscribe", "cart.clearCart"), ("'decision', state", "'decisions', state")],
    "Tile.tsx": [("action.presentModal", "action.openModal")],
    "CustomerBlock.tsx": [("shopify.customer.id", "shopify.customer.email")],
    "ReceiptFooter.tsx": [("shopify.transaction", "shopify.sale")],
}


@pytest.fixture(scope="module")
def packages() -> Path:
    """What the extension is built with, fetched once into the cache."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node and npm, which the extension is checked with, cannot be found")
    wanted = (EXTENSION / "package.json").read_text(encoding="utf-8")
    mark = CACHE / "installed"
    if not (mark.exists() and mark.read_text(encoding="utf-8") == wanted):
        CACHE.mkdir(parents=True, exist_ok=True)
        (CACHE / "package.json").write_text(wanted, encoding="utf-8")
        command = [npm, "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(CACHE)]
        try:
            subprocess.run(command, check=True, timeout=600, capture_output=True)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            pytest.skip("npm could not fetch what the extension is built with")
        mark.write_text(wanted, encoding="utf-8")
    return CACHE / "node_modules"


@pytest.fixture
def sources(packages: Path, tmp_path: Path) -> Path:
    """The sources as `tillhand pos extension` writes them."""
    folder = tmp_path / "extension"
    write_extension(folder, "https://till.example.com")
    (folder / "node_modules").symlink_to(packages)
    return folder


def compiled(folder: Path, *more: str) -> str:
    """What the compiler objects to; "" when nothing."""
    node, compiler = shutil.which("node") or "node", folder / "node_modules" / "typescript" / "bin" / "tsc"
    done = subprocess.run([node, compiler, *more], cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    return done.stdout


def test_the_protocol_in_typescript_is_what_the_doors_read_and_write():
    told = PROTOCOL.read_text(encoding="utf-8")
    assert told == protocol(), "run `python -m server.pos.typescript`, and read what changed"


def test_the_sources_say_where_to_ask_in_one_place(tmp_path: Path):
    count = write_extension(tmp_path / "extension", "https://till.example.com")
    written = [each for each in (tmp_path / "extension").rglob("*") if each.is_file()]
    assert len(written) == count
    assert [each.name for each in written if "till.example.com" in each.read_text(encoding="utf-8")] == ["server.ts"]
    here = (EXTENSION / "src" / "server.ts").read_text(encoding="utf-8")
    assert here == server_module("https://tillhand.example.com")
    targets = (EXTENSION / "shopify.extension.toml").read_text(encoding="utf-8")
    assert {line.split('"')[1] for line in targets.splitlines() if line.startswith("module")} == {
        f"./src/{name}" for name in SEEDED
    }


def test_the_sources_are_sound_against_shopifys_types(sources: Path):
    assert compiled(sources) == ""


def test_a_slip_on_any_screen_is_caught(sources: Path):
    for name, slips in SEEDED.items():
        file = sources / "src" / name
        sound = file.read_text(encoding="utf-8")
        broken = sound
        for right, wrong in slips:
            assert right in broken, (name, right)
            broken = broken.replace(right, wrong)
        file.write_text(broken, encoding="utf-8")
    said = compiled(sources)
    for name, slips in SEEDED.items():
        lines = {line.split("(")[1].split(",")[0] for line in said.splitlines() if line.startswith(f"src/{name}(")}
        assert len(lines) >= len(slips), (name, said)


def cart(shop: PosShop, *lines: tuple[str, int]) -> str:
    """A cart as the register shows it: money as floats and text, discounts and properties beside."""
    variants = shop.opened.retailer.world.variants
    items: list[dict[str, Any]] = [
        {
            "uuid": sku,
            "variantId": variants[sku].shopify_variant_id,
            "sku": sku,
            "quantity": units,
            "price": variants[sku].price / 100,
            "properties": {},
            "discounts": [],
        }
        for sku, units in lines
    ]
    whole, cents = divmod(sum(variants[sku].price * units for sku, units in lines), 100)
    told: dict[str, Any] = {
        "lineItems": items,
        "subtotal": f"{whole}.{cents:02d}",
        "properties": {},
        "cartDiscounts": [],
    }
    return json.dumps(told)


async def test_the_background_script_asks_for_each_basket_and_tells_after_its_line_is_back(
    packages: Path, database_url: str, tmp_path: Path
):
    async with pos_shop(database_url, tmp_path / "home") as shop, served(build_app(shop.opened.house)) as port:
        folder = tmp_path / "extension"
        write_extension(folder, f"http://127.0.0.1:{port}")
        (folder / "node_modules").symlink_to(packages)
        plain = ("--module", "commonjs", "--moduleResolution", "node10", "--target", "ES2022", "--lib", "ES2022,DOM")
        said = await asyncio.to_thread(
            compiled, folder, "--outDir", "out", *plain, "--skipLibCheck", "src/background.ts"
        )
        script = folder / "out" / "background.js"
        assert script.exists(), said
        (script.parent / "package.json").write_text('{"type": "commonjs"}', encoding="utf-8")
        world = shop.opened.retailer.world
        await sells(shop.opened)
        process = await asyncio.create_subprocess_exec(
            "node",
            *(str(DRIVE), str(script), shop.till.token()),
            *(cart(shop, (TEE, 1)), cart(shop, (TEE, 1), (jeans(world), 1))),
            env={**os.environ, "LOCATION": str(world.places[STORE].shopify_id)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, problems = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0, problems.decode()[-2_000:]
        told: dict[str, Any] = json.loads(out)

        assert (told["answer"]["status"], told["answer"]["revision"]) == ("offered", 1)
        assert (told["again"]["decision"], told["again"]["offer"]["in_basket"]) == (told["answer"]["decision"], True)
        assert [each["door"] for each in told["asked"]] == ["beforehand", "decision", "decision", "outcome"]
        made = told["offline"].pop("made")
        assert told["offline"] == {"kept": 2, "questions": 0, "decision": "", "again": False}
        # nobody known is offered what was approved beforehand, what came off stays the sale's one offer, and a register
        # asks once an hour, or when all it has is over
        assert told["later"] == {"known": False, "decided": 0, "held": True, "stocked": [0, 0, 1, 1]}
        rows = await shop.opened.database.quick.rows(
            "SELECT order_id, outcome.kind, outcome.action_id, facts ->> 'code' AS code FROM outcome"
            " JOIN action ON action.id = action_id ORDER BY order_id"
        )
        assert [(row["order_id"], row["kind"]) for row in rows] == [
            ("shopify:order:7001", "redeemed"),
            ("shopify:order:7002", "redeemed"),
        ]
        assert (rows[0]["action_id"], rows[1]["code"]) == (told["answer"]["decision"], made)
