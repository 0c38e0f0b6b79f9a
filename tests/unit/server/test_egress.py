"""Where this process may connect to: what nobody listed is refused before a packet leaves."""

import asyncio
import os
import platform
import socket
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
import uvloop

from server import egress
from server.egress import AllowList, NotListedError, enforce, guarded, listed
from server.settings import Settings

ROOT = Path(__file__).parents[3]
ELSEWHERE = "203.0.113.7"  # TEST-NET-3: given to nobody

KILLED = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in {"x86_64", "aarch64"}, reason="needs seccomp"
)


@pytest.fixture
def only_here() -> Generator[None]:
    """Nothing but this machine, and afterwards what counted before."""
    before = list(egress._enforced)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # nobody else takes it back
    enforce(AllowList(frozenset()))
    yield
    egress._enforced[:] = before  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


@pytest.mark.usefixtures("only_here")
def test_a_host_nobody_listed_is_refused_before_anything_is_sent():
    with pytest.raises(NotListedError, match=ELSEWHERE):
        socket.create_connection((ELSEWHERE, 443), timeout=1)
    with pytest.raises(NotListedError, match=r"publicsuffix\.org"):
        socket.getaddrinfo("publicsuffix.org", 443)
    with pytest.raises(NotListedError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", (ELSEWHERE, 53))


@pytest.mark.usefixtures("only_here")
@pytest.mark.parametrize("factory", [asyncio.new_event_loop, guarded(uvloop.new_event_loop)])
def test_no_event_loop_connects_past_the_list(factory: object):
    async def connect(host: str) -> None:
        await asyncio.wait_for(asyncio.open_connection(host, 443), 1)

    with asyncio.Runner(loop_factory=factory) as runner:  # pyright: ignore[reportArgumentType]
        for host in (ELSEWHERE, "example.com"):
            with pytest.raises(NotListedError):
                runner.run(connect(host))


@pytest.mark.usefixtures("only_here")
def test_this_machine_is_always_listed():
    with socket.create_server(("127.0.0.1", 0)) as server:
        for host in ("127.0.0.1", "localhost"):
            socket.create_connection((host, server.getsockname()[1]), timeout=1).close()


@pytest.mark.usefixtures("only_here")
def test_a_listed_name_may_be_connected_to_by_the_addresses_it_has():
    allow = AllowList(frozenset({"shop.example"}))
    allow.check("SHOP.example.")
    with pytest.raises(NotListedError):
        allow.check(ELSEWHERE)
    allow.met.add(ELSEWHERE)
    allow.check(ELSEWHERE)


def test_the_list_is_what_the_settings_name():
    settings = Settings.read(
        {
            "DATABASE_URL": "postgresql://tillhand@db.shop.example:5432/tillhand",
            "TILLHAND_SHOPIFY_URL": "https://shop.myshopify.com",
            "TILLHAND_SHOPIFY_CLIENT_SECRET": "secret",
            "TILLHAND_MODEL_URL": "https://10.0.0.9:11434",
            "TILLHAND_EGRESS_HOSTS": "proxy.shop.example",
        }
    )
    assert listed(settings).hosts == {
        "db.shop.example",
        "shop.myshopify.com",
        "10.0.0.9",
        "127.0.0.1",
        "proxy.shop.example",
    }


_WORK = """
import asyncio, sys, tempfile
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.no_network import forbid_network
forbid_network()
from knowledge.memory.cohorts import CohortMemory
from knowledge.memory.embed import Embedder
from knowledge.privacy.presidio import scrub_document
from knowledge.privacy.scrub import Profile, Scrubber
text = "Call Ada Lovelace at +1 212 555 0142 or ada@corp.internal, 12 Elm Street"
for profile in Profile:
    assert "555" not in str(Scrubber(profile).scrub(text))
assert "555" not in str(scrub_document(text))
async def main():
    with tempfile.TemporaryDirectory() as folder:
        memory = CohortMemory(Path(folder), Embedder())
        await memory.write("cohorts_1_x", {{"a": "weekend jeans", "b": "weekday hats"}})
        assert (await memory.search("cohorts_1_x", "denim", 1)) == ["a"]
asyncio.run(main())
print("done")
"""


@KILLED
def test_scrubber_embedding_and_vector_store_work_where_the_kernel_kills_whoever_connects():
    done = subprocess.run(
        [sys.executable, "-c", _WORK.format(root=str(ROOT))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
        # the name of an account is asked of another process of this machine, unless it is told
        env={**os.environ, "LOGNAME": "tillhand"},
    )
    assert done.stdout.strip() == "done", done.stderr[-2_000:]


@KILLED
def test_what_connects_or_sends_there_is_ended():
    for does in ("connect(('203.0.113.7', 443))", "sendto(b'x', ('203.0.113.7', 53))"):
        program = (
            f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tests.no_network import forbid_network;"
            f"forbid_network(); import socket; one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);"
            f"print('open', flush=True); one.{does}; print('sent')"
        )
        done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=False, timeout=60)
        assert (done.returncode < 0, done.stdout) == (True, b"open\n")
