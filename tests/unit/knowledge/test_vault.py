"""The vault's own parts: keys in a file of ours alone, records that open under their own key only."""

import json
import os
import stat
from pathlib import Path

import pytest

from knowledge.vault import key_file
from knowledge.vault.intake import Intake
from knowledge.vault.key_file import KeyFile
from knowledge.vault.person import Person
from knowledge.vault.sealing import seal, sealed_under, unseal
from policies.errors import Misconfigured
from tools.audit.names import commitment, without_refs

REF, OTHER = "c_0123456789abcdef0123", "c_ffffffffffffffffffff"


def test_the_key_file_is_made_readable_by_nobody_else_and_holds_what_the_next_process_reads(tmp_path: Path):
    file = tmp_path / "keys" / "vault.keys"
    made = KeyFile(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = KeyFile(file)
    assert (dict(again.chain()), dict(again.match()), again.erasure) == (
        made.chain(),
        made.match(),
        made.erasure,
    )
    other = KeyFile(tmp_path / "other" / "vault.keys")
    assert other.match() != made.match(), "a secret that can be made again is not destroyed by being forgotten"


def test_a_key_file_that_others_may_read_or_that_is_damaged_is_refused(tmp_path: Path):
    file = tmp_path / "vault.keys"
    KeyFile(file)
    file.chmod(0o644)
    with pytest.raises(Misconfigured, match="other accounts"):
        KeyFile(file)
    file.chmod(0o600)
    file.write_text("{}")
    with pytest.raises(Misconfigured) as refusal:
        KeyFile(file)
    assert refusal.value.code == "vault.key_file"


def test_a_new_key_is_first_the_old_one_is_read_until_it_is_destroyed_and_every_process_sees_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(key_file, "RELOAD_EVERY", 0.0)
    file = tmp_path / "vault.keys"
    here, there = KeyFile(file), KeyFile(file)
    (old,) = here.chain()

    new = here.begin("chain")

    assert here.begin("chain") == new, "a rotation that was stopped goes on"
    assert list(there.chain()) == [new, old]
    assert here.destroy_old("chain") == 1
    assert list(there.chain()) == [new]
    assert old not in file.read_text()
    assert [each.name for each in tmp_path.iterdir() if "keys" in each.name and each != file] == ["vault.keys.lock"]


def test_a_record_opens_under_its_own_key_and_name_and_unaltered_only():
    key = os.urandom(32)
    sealed = seal("k1", key, b"Ada", "c_1")
    assert sealed_under(sealed) == "k1"
    assert unseal(key, sealed, "c_1") == b"Ada"
    for wrong_key, body, about in (
        (os.urandom(32), sealed, "c_1"),
        (key, sealed, "c_2"),
        (key, sealed[:-1] + bytes([sealed[-1] ^ 1]), "c_1"),
        (key, b"", "c_1"),
    ):
        with pytest.raises(Misconfigured):
            unseal(wrong_key, body, about)


def test_a_person_is_what_was_told_last_first_and_nobody_when_no_identifier_is_left():
    older = Person.of([("name", "Ada  Byron"), ("email", "a@example.com"), ("email", None), ("phone", "")])
    newer = Person.of([("name", "Ada Lovelace"), ("email", "a@example.com")])
    both = older.with_news(newer)
    assert both.get("name") == ("Ada Lovelace", "Ada Byron")
    assert Person.read(bytes(both)) == both
    assert both.identifiers() == [("email", "a@example.com")]
    assert not both.without([("email", "a@example.com")])
    assert both.without([]) == both
    assert "Ada" not in repr(both)


def test_what_is_sealed_at_the_edge_shows_nothing_and_nobody_is_sealed_as_nothing(tmp_path: Path):
    intake = Intake(KeyFile(tmp_path / "vault.keys"), country="US")
    assert intake.seal([("name", ""), ("email", None)]) == b""
    first, second = (intake.seal([("email", "ada@example.com")]) for _ in range(2))
    assert b"ada" not in first
    assert first != second


def test_the_ledger_calls_a_customer_by_another_commitment_in_every_record():
    entry = json.dumps({"customer": REF, "also": f"offer for {REF}", "other": OTHER, "id": "misc_9123456789abcdef0123"})
    first, names = without_refs(entry)
    second, _ = without_refs(entry)

    assert REF not in first
    assert OTHER not in first
    assert first != second
    assert "misc_9123456789abcdef0123" in first
    assert [each.ref for each in names] == [REF, OTHER]
    assert all(each.name == commitment(each.salt, each.ref) for each in names)
    assert json.loads(first)["also"] == f"offer for {names[0].name}"
    assert without_refs('{"sentence":"nobody"}') == ('{"sentence":"nobody"}', [])
