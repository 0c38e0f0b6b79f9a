"""A scannable offer says what it says, to us alone, and its picture holds exactly its text."""

import json
import os
import re
import shutil
import struct
import subprocess
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from policies.errors import Refused
from policies.vocabulary.percent import Percent
from tools.scannable.image import as_png, as_svg
from tools.scannable.token import ScannableOffer, decision_of, number_of, read_scanned

CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tillhand-qr"
READER: Final = "jsqr@1.4.0"
UNTIL = datetime(2026, 12, 24, 18, 0, tzinfo=UTC)
SECRET = b"s" * 32
OFFER = ScannableOffer("n-1", "JEANS-M", Percent(1_250), UNTIL, "STORE_1", "SPRING")


def rows_of(png: bytes) -> list[list[int]]:
    """The dots of a picture of ours, 1 for black; from the PNG's own bytes."""
    width, height, depth = struct.unpack(">IIB", png[16:25])
    data, at = b"", 8
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    assert depth == 1
    raw, stride = zlib.decompress(data), (width + 7) // 8 + 1
    above, rows = 0, list[list[int]]()
    for start in range(0, height * stride, stride):
        kind, row = raw[start], int.from_bytes(raw[start + 1 : start + stride])
        if kind == 2:  # the difference to the row above, byte by byte
            pairs = zip(raw[start + 1 : start + stride], above.to_bytes(stride - 1), strict=True)
            row = int.from_bytes(bytes((one + other) % 256 for one, other in pairs))
        assert kind in {0, 2}
        above = row
        rows.append([1 - int(bit) for bit in f"{row:0{(stride - 1) * 8}b}"[:width]])
    return rows


@given(
    st.text(min_size=1, max_size=20),
    st.text(min_size=1, max_size=40),
    st.integers(0, 10_000),
    st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001  # made aware below
    st.text(max_size=20),
    st.text(max_size=20),
)
def test_what_was_written_is_read(  # noqa: PLR0913, PLR0917  # its fields
    number: str, sku: str, percent: int, until: datetime, location: str, campaign: str
):
    whole = until.replace(microsecond=0, tzinfo=UTC)
    offer = ScannableOffer(number, sku, Percent(percent), whole, location, campaign)
    assert read_scanned(offer.text(SECRET), SECRET) == offer


@given(st.data())
def test_whatever_is_changed_is_refused(data: Any):
    text = OFFER.text(SECRET)
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from("ABCxyz019-_.").filter(lambda each: each != text[place]))
    changed = text[:place] + letter + text[place + 1 :]
    try:
        found = read_scanned(changed, SECRET)
    except Refused:
        return
    assert found == OFFER, "the last letter's spare bits say nothing"


@pytest.mark.parametrize("text", ["", "TH1", "TH1..", "TH2.a.b", "TH1.é.é", "https://example.com", "x" * 5_000])
def test_what_is_not_ours_is_refused(text: str):
    with pytest.raises(Refused) as refusal:
        read_scanned(text, SECRET)
    assert refusal.value.code == "scan.unknown"


def test_another_installations_secret_opens_nothing():
    with pytest.raises(Refused):
        read_scanned(OFFER.text(b"t" * 32), SECRET)


def test_numbers_are_never_drawn_twice():
    drawn = {ScannableOffer.drawn("JEANS-M", Percent(500), UNTIL).number for _ in range(1_000)}
    assert len(drawn) == 1_000


def test_the_picture_holds_the_codes_dots_and_a_margin_of_four():
    text = OFFER.text(SECRET)
    rows = rows_of(as_png(text))
    dots = [[row[x] for x in range(4, len(row), 8)] for row in rows[4::8]]
    matrix = [list(row) for row in segno.make_qr(text, error="m", boost_error=False).matrix]
    inner = [row[4:-4] for row in dots[4:-4]]
    assert inner == matrix
    edge = [*dots[:4], *dots[-4:], *(row[:4] for row in dots), *(row[-4:] for row in dots)]
    assert not any(dot for row in edge for dot in row)


def test_the_scalable_picture_draws_and_runs_nothing():
    svg = as_svg(OFFER.text(SECRET)).decode()
    assert svg.startswith("<svg")
    assert "viewBox" in svg
    assert "script" not in svg
    assert "href" not in svg


@pytest.fixture(scope="module")
def reader() -> Path:
    """A folder with a reader of QR codes that is not ours, fetched once into the cache."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node and npm, which the other reader of QR codes needs, cannot be found")
    mark = CACHE / "installed"
    if not (mark.exists() and mark.read_text(encoding="utf-8") == READER):
        CACHE.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--no-audit", "--no-fund", "--silent", "--ignore-scripts", "--prefix", str(CACHE)]
        try:
            subprocess.run([*command, READER], check=True, timeout=120, capture_output=True)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            pytest.skip("npm could not fetch the other reader of QR codes")
        mark.write_text(READER, encoding="utf-8")
    shutil.copy(Path(__file__).with_name("read_qr.mjs"), CACHE)  # where Node looks for what it imports
    return CACHE


def drawn(svg: str, scale: int = 4) -> list[list[int]]:
    """The dots of a scalable picture of ours: its one black path is made of strokes, each a dot high."""
    size = int(re.findall(r'viewBox="0 0 (\d+)', svg)[0])
    dots, x, y = [[0] * size for _ in range(size)], 0.0, 0.0
    (path,) = re.findall(r'stroke="#000" d="([^"]+)"', svg)
    for kind, numbers in re.findall(r"([Mmh])([-\d. ]+)", path):
        told = [float(number) for number in numbers.split()]
        if kind == "M":
            x, y = told
        elif kind == "m":
            x, y = x + told[0], y + told[1]
        else:
            for place in range(int(x), int(x + told[0])):
                dots[int(y)][place] = 1
            x += told[0]
    return [[dot for dot in row for _ in range(scale)] for row in dots for _ in range(scale)]


@pytest.mark.parametrize("offer", [OFFER, replace(OFFER, campaign="", sku="X"), replace(OFFER, sku="LONG-" * 12)])
@pytest.mark.parametrize("picture", ["png", "svg"])
def test_an_independent_reader_reads_the_picture(reader: Path, offer: ScannableOffer, picture: str):
    text = offer.text(SECRET)
    rows = rows_of(as_png(text)) if picture == "png" else drawn(as_svg(text).decode())
    command = ["node", str(reader / "read_qr.mjs")]
    told = subprocess.run(command, input=json.dumps(rows), check=True, timeout=60, capture_output=True, text=True)
    assert told.stdout == text
    assert read_scanned(told.stdout, SECRET) == offer


@given(decision=st.uuids())
def test_a_repetitions_number_leads_back_to_its_decision_and_a_drawn_one_to_none(decision: UUID):
    action = f"act_{decision.hex}"
    begins = decision_of(number_of(action))
    assert action.startswith(begins)
    assert len(begins) == len("act_") + 20
    assert decision_of(ScannableOffer.drawn("JEANS-M", Percent(1_250), UNTIL).number) == ""
