"""A phone with a real browser on it: Chromium at a phone's width, driven over the W3C's WebDriver protocol.

https://www.w3.org/TR/webdriver2/
"""

import base64
import shutil
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL
from typing import Any, Final

import anyio
import httpx
import pytest

WIDE, HIGH = 390, 844  # CSS pixels
_ELEMENT: Final = "element-6066-11e4-a52e-4f735466cecf"  # what WebDriver calls a reference to one
_SEEN: Final = "return document.body.innerText"
_OVER: Final = "return document.documentElement.scrollWidth - window.innerWidth"


@dataclass(frozen=True, slots=True)
class Phone:
    """One browser on the pages of one house."""

    driver: httpx.AsyncClient
    session: str
    house: str

    async def open(self, path: str) -> None:
        """Go there."""
        await self._ask("url", {"url": f"{self.house}{path}"})

    async def type(self, where: str, text: str) -> None:
        """Type into the first field a CSS selector finds."""
        await self._ask(f"element/{await self._find(where)}/value", {"text": text})

    async def tap(self, where: str) -> None:
        """Tap the first thing a CSS selector finds, where a finger would: what covers it gets in the way."""
        await self._ask(f"element/{await self._find(where)}/click", {})

    async def reads(self, until: str = "") -> str:
        """What can be read on the page, hidden things left out, once these words are among it."""
        with anyio.fail_after(20):
            while until not in (seen := str(await self.run(_SEEN))):
                await anyio.lowlevel.checkpoint()
        return seen

    async def too_wide(self) -> int:
        """By how many pixels the page is wider than the phone."""
        return int(await self.run(_OVER))

    async def run(self, script: str) -> Any:
        """What a script of the test's own answers."""
        return await self._ask("execute/sync", {"script": script, "args": []})

    async def photograph(self, file: Path) -> None:
        """Keep what is on the screen, as PNG."""
        answer = await self.driver.get(f"/session/{self.session}/screenshot")
        await anyio.Path(file).write_bytes(base64.b64decode(answer.json()["value"]))

    async def _find(self, where: str) -> str:
        found = await self._ask("element", {"using": "css selector", "value": where})
        return str(found[_ELEMENT])

    async def _ask(self, what: str, body: dict[str, Any]) -> Any:
        answer = await self.driver.post(f"/session/{self.session}/{what}", json=body)
        value = answer.json()["value"]
        assert answer.status_code == 200, value
        return value


@asynccontextmanager
async def phone(house: str) -> AsyncGenerator[Phone]:
    """A phone for the pages at this address, such as http://127.0.0.1:8787; the test skips where no browser is."""
    driver = shutil.which("chromedriver")
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if driver is None or browser is None:
        pytest.skip("Chromium and its chromedriver, which show the pages, cannot be found")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with await anyio.open_process([driver, f"--port={port}"], stdout=DEVNULL, stderr=DEVNULL) as process:
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:
                await _awake(client)
                held = await _opened(client, browser, house)
                await client.post(
                    f"/session/{held.session}/timeouts", json={"implicit": 10_000}
                )  # of looking for things
                try:
                    yield held
                finally:
                    await client.delete(f"/session/{held.session}")  # and its browser with it
        finally:
            process.terminate()


async def _awake(client: httpx.AsyncClient) -> None:
    with anyio.fail_after(20):
        while True:
            try:
                if (await client.get("/status")).json()["value"]["ready"]:
                    return
            except httpx.TransportError:
                await anyio.lowlevel.checkpoint()


async def _opened(client: httpx.AsyncClient, browser: str, house: str) -> Phone:
    options = {
        "binary": browser,
        "args": ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        "mobileEmulation": {"deviceMetrics": {"width": WIDE, "height": HIGH, "pixelRatio": 2, "touch": True}},
    }
    asked = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
    answer = await client.post("/session", json=asked)
    assert answer.status_code == 200, answer.text
    return Phone(client, answer.json()["value"]["sessionId"], house)
