"""The installation's secret and the keys derived from it."""

import stat
from pathlib import Path

import pytest

from policies.errors import Misconfigured
from server.secret import Secret


def test_the_secret_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path):
    file = tmp_path / "home" / "secret.key"

    first, second = Secret.read(file), Secret.read(file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert first.derive("match-key") == second.derive("match-key")
    assert list(file.parent.iterdir()) == [file]


def test_each_purpose_has_a_key_of_its_own(tmp_path: Path):
    secret = Secret.read(tmp_path / "secret.key")

    keys = {secret.derive(purpose) for purpose in ("match-key", "sealing", "console")}

    assert len(keys) == 3
    assert all(len(key) == 32 for key in keys)


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path):
    file = tmp_path / "secret.key"
    Secret.read(file)
    file.chmod(0o640)

    with pytest.raises(Misconfigured) as refused:
        Secret.read(file)

    assert refused.value.code == "secret.exposed"


@pytest.mark.parametrize("content", ["", "zz" * 32, "ab" * 31, "ab" * 33])
def test_anything_but_32_bytes_in_hexadecimal_is_refused(tmp_path: Path, content: str):
    file = tmp_path / "secret.key"
    file.write_text(content)
    file.chmod(0o600)

    with pytest.raises(Misconfigured):
        Secret.read(file)


def test_what_is_sealed_opens_again_and_does_not_show(tmp_path: Path):
    sealer = Secret.read(tmp_path / "secret.key").sealer()

    sealed = sealer.encrypt(b"a phone number")

    assert b"phone" not in sealed
    assert sealer.decrypt(sealed) == b"a phone number"
