"""A scannable offer says what it says, to us alone, and its picture holds exactly its text."""

import importlib
import struct
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from policies.errors import Refused
from policies.vocabulary.percent import Percent
from tools.scannable.image import as_png, as_svg
from tools.scannable.token import ScannableOffer, read_scanned

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


def test_an_independent_reader_reads_the_picture(tmp_path: Any):
    try:
        cv2: Any = importlib.import_module("cv2")
    except ImportError:
        pytest.skip("no other reader of QR codes is installed")
    file = tmp_path / "code.png"
    file.write_bytes(as_png(OFFER.text(SECRET)))
    text, _, _ = cv2.QRCodeDetector().detectAndDecode(cv2.imread(str(file)))
    assert text == OFFER.text(SECRET)
