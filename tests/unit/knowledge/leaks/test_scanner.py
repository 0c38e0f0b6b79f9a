"""The tap's ear: a value is heard in every disguise, in every kind of file, and nothing else is."""

import base64
import gzip
import hashlib
import html
import io
import json
import time
import zipfile
import zlib
from collections.abc import Callable
from random import Random
from urllib.parse import quote

import pytest

from evals.tap.canaries import canary, values
from knowledge.leaks.scanner import Scanner

ONE = canary(4)
SCANNER = Scanner(values([ONE]))

FORMS: dict[str, Callable[[str], bytes]] = {
    "raw": lambda value: value.encode(),
    "lower case": lambda value: value.lower().encode(),
    "upper case": lambda value: value.upper().encode(),
    "utf-16": lambda value: value.encode("utf-16-le"),
    "utf-16 big end first": lambda value: value.encode("utf-16-be"),
    "url": lambda value: quote(value, safe="").encode(),
    "url, every byte": lambda value: "".join(f"%{byte:02X}" for byte in value.encode()).encode(),
    "html": lambda value: html.escape(value).encode(),
    "html, every letter": lambda value: "".join(f"&#x{ord(letter):x};" for letter in value).encode(),
    "json escapes": lambda value: "".join(f"\\u{ord(letter):04x}" for letter in value).encode(),
    "hex": lambda value: value.encode().hex().encode(),
    "hex of a column": lambda value: f"\\x{value.encode().hex()}".encode(),
    "reversed": lambda value: value[::-1].encode(),
    "md5": lambda value: hashlib.md5(value.encode()).hexdigest().encode(),  # noqa: S324  # what others may use
    "sha1": lambda value: hashlib.sha1(value.encode()).hexdigest().encode(),  # noqa: S324  # the same
    "sha256": lambda value: hashlib.sha256(value.encode()).hexdigest().encode(),
    "sha256 bytes": lambda value: hashlib.sha256(value.encode()).digest(),
    "sha256 base64": lambda value: base64.b64encode(hashlib.sha256(value.encode()).digest()),
    "base64 at the start": lambda value: base64.b64encode(value.encode() + b"!?"),
    "base64 in the middle": lambda value: base64.b64encode(b"a" + value.encode() + b"!?"),
    "base64 at the end": lambda value: base64.b64encode(b"ab" + value.encode()),
    "base64 for addresses": lambda value: base64.urlsafe_b64encode(b"?" + value.encode() + b"?"),
    "compact": lambda value: "".join(filter(str.isalnum, value)).encode(),
    "gzip": lambda value: gzip.compress(b"something before " + value.encode()),
    "deflate": lambda value: zlib.compress(b"something before " + value.encode()),
    "gzip in base64": lambda value: base64.b64encode(gzip.compress(b"something " + value.encode())),
    "zero widths": lambda value: "\u200b".join(value).encode(),
    "full width": lambda value: "".join(
        chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in value
    ).encode(),
    "soft hyphens in escapes": lambda value: json.dumps("\u00ad".join(value)).encode(),
}
SINKS: dict[str, Callable[[bytes], bytes]] = {
    "a model's request": lambda leak: b'{"model":"gemma4:e4b","messages":[{"role":"user","content":"' + leak + b'"}]}',
    "a log": lambda leak: b"2026-11-23 10:00:00 ERROR something broke with " + leak + b"\n",
    "a vector file": lambda leak: Random(1).randbytes(5_000) + leak + Random(2).randbytes(5_000),
    "a column": lambda leak: b'{"id": "evt_1", "facts": {"note": "' + leak + b'"}}',
    "a span": lambda leak: b"{'name': 'tools/call', 'attributes': \"" + leak + b'"}',
    "a result": lambda leak: b'{"jsonrpc":"2.0","result":{"content":[{"type":"text","text":"' + leak + b'"}]}}',
    "an error": lambda leak: b"ValidationError: 1 validation error\n  input_value='" + leak + b"'",
    "a job": lambda leak: b'{"lane": "STORE_1", "args": "' + leak + b'"}',
}


@pytest.mark.parametrize("sink", SINKS)
@pytest.mark.parametrize("form", FORMS)
def test_a_leak_of_any_form_in_any_sink_is_heard(form: str, sink: str):
    leaked = b"".join(SINKS[sink](FORMS[form](raw.value)) for raw in values([ONE]))

    assert {leak.field for leak in SCANNER.scan(sink, leaked)} == {"name", "email", "phone", "address", "loyalty"}


@pytest.mark.parametrize(
    "written",
    [ONE.phone[2:], ONE.phone[1:], f"({ONE.phone[2:5]}) {ONE.phone[5:8]}-{ONE.phone[8:]}"],
)
def test_a_phone_number_is_heard_by_its_digits(written: str):
    digits = "".join(filter(str.isdigit, written))
    assert SCANNER.scan("log", f"call {digits} now".encode())
    assert SCANNER.scan("log", base64.b64encode(f"x{digits}".encode()))
    assert SCANNER.scan("log", hashlib.sha256(digits.encode()).hexdigest().encode())


def test_what_is_nobodys_is_not_heard():
    other = json.dumps([one.value for one in values([canary(number) for number in range(10, 40)])])
    assert SCANNER.scan("log", other.encode()) == []
    assert SCANNER.scan("log", Random(3).randbytes(2_000_000)) == []
    assert SCANNER.scan("log", b"") == []


def test_a_value_is_heard_across_the_pieces_a_long_text_is_looked_through_in():
    long = bytearray(b"." * (4 * 1024 * 1024 + 64))
    at = 4 * 1024 * 1024 - 7
    long[at : at + len(ONE.email)] = ONE.email.encode()
    assert {leak.field for leak in SCANNER.scan("file", bytes(long))} >= {"email"}


def test_ten_megabytes_of_rows_and_all_canaries_take_seconds():
    scanner = Scanner(values([canary(number) for number in range(70)]))
    row = b'{"id": "evt_%06d", "facts": {"sku": "PROD_001", "digest": "3f2a9c4477e1b0d2", "total": 12999}}\n'
    data = b"".join(row % number for number in range(110_000))
    began = time.process_time()
    assert scanner.scan("postgresql:event", data) == []
    assert time.process_time() - began < 6 * len(data) / 10_000_000


def test_an_archive_inside_a_file_is_opened_as_far_as_it_is_packed_the_usual_way():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("notes.txt", f"call {ONE.email}")
    assert SCANNER.scan("file", packed.getvalue())
