"""After an erasure no file holds a byte of the customer's text: the database's own files and its log included.

PostgreSQL keeps deleted rows until it needs their room, and every change a second time in its log. What the vault keeps
there was never readable, and its key is gone with the erasure and the next rotation.
"""

import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from sqlalchemy import text

from evals.retailer.shopify import privacy_payloads
from knowledge.leaks.needles import Raw
from knowledge.leaks.scanner import Leak, Scanner
from knowledge.store.embedded import start_embedded
from knowledge.store.migrate import migrate
from tests.flows.open_house import open_house
from tests.flows.test_privacy_requests import ADA, OPERATOR, STREET, erased, met

pytestmark = pytest.mark.anyio


@pytest.fixture
def own_server() -> Generator[tuple[str, Path]]:
    """A database server whose files nobody else writes to, and where those are."""
    with tempfile.TemporaryDirectory(prefix="tillhand-", ignore_cleanup_errors=True) as folder:
        url = start_embedded(Path(folder) / "pg")
        migrate(url)
        yield url, Path(folder)


def on_disk(folder: Path, values: list[Raw]) -> list[Leak]:
    """Where any of these stands in any file of the folder, in the usual disguises too."""
    scanner = Scanner(values)
    found: list[Leak] = []
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            found += scanner.scan(str(file.relative_to(folder)), file.read_bytes())
    return found


@pytest.mark.timeout(180)
async def test_an_erased_customer_stands_in_no_file(own_server: tuple[str, Path], tmp_path: Path):
    url, server = own_server
    whose = [
        Raw("Ada", "name", f"{ADA.first_name} {ADA.last_name}"),
        Raw("Ada", "email", ADA.email),
        Raw("Ada", "phone", ADA.phone),
        Raw("Ada", "loyalty", ADA.loyalty_id),
        Raw("Ada", "street", STREET),
    ]
    async with open_house(url, tmp_path) as opened:
        await met(opened)
        await erased(opened, privacy_payloads.redact(ADA, opened.retailer.shopify))
        await opened.house.privacy.rotate(OPERATOR, retire=True)
        async with opened.database.transaction() as connection:
            waiting = await connection.execute(text("SELECT count(*) FROM privacy_request WHERE shredded_at IS NULL"))
            assert waiting.scalar_one() == 0
    assert on_disk(tmp_path, whose) == []
    # the same look does find what the same order brought into the same files
    left = on_disk(server, [*whose, Raw("nobody", "order", "shopify:order:5001")])
    assert {leak.whose for leak in left} == {"nobody"}
