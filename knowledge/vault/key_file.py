"""The vault's keys: one file beside the installation's secret, mode 0600, the same for every process.

It holds the chain's keys, under which each customer's own key is wrapped, the secrets of match keys, and the erasure
key. What is taken out of it is gone: nothing sealed or hashed under it, in this database or in any backup, can be read
or made again. A running process sees a change within a second.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Final, Literal

from knowledge.identity.match_key import FIRST
from knowledge.vault.sealing import KEY_BYTES
from policies.errors import Misconfigured

RELOAD_EVERY: Final = 1.0  # seconds in which a process may not notice that another one rotated
_GROUPS: Final = ("chain", "match")

Group = Literal["chain", "match"]


class KeyFile:
    """Reads and changes the file.

    Args:
        file: Where it is; made at first use.

    Raises:
        Misconfigured: The file cannot be read, or others can read it.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._looked = 0.0
        self._stamp: tuple[int, int] = (0, 0)
        self._keys: dict[str, dict[str, bytes]] = {}
        self._erasure = b""
        self._make()
        self._load()

    def chain(self) -> Mapping[str, bytes]:
        """Chain keys by id, the present one first."""
        return self._fresh()["chain"]

    def match(self) -> Mapping[str, bytes]:
        """Secrets of match keys by id, the present one first."""
        return self._fresh()["match"]

    @property
    def erasure(self) -> bytes:
        """What tombstones are made under; it never changes, for a tombstone cannot be made again."""
        return self._erasure

    def begin(self, group: Group) -> str:
        """Make a new key the present one, unless a rotation is under way already; returns the present one's id."""
        with self._alone():
            self._load()
            keys = self._keys[group]
            if len(keys) == 1:
                self._keys[group] = {secrets.token_hex(3): secrets.token_bytes(KEY_BYTES), **keys}
                self._write()
            return next(iter(self._keys[group]))

    def destroy_old(self, group: Group) -> int:
        """Forget every key but the present one, for good; returns how many."""
        with self._alone():
            self._load()
            keys = self._keys[group]
            present = next(iter(keys))
            gone = len(keys) - 1
            if gone:
                self._keys[group] = {present: keys[present]}
                self._write()
            return gone

    def _fresh(self) -> dict[str, dict[str, bytes]]:
        now = monotonic()
        if now - self._looked >= RELOAD_EVERY:
            self._looked = now
            if _stamp(self._file) != self._stamp:
                self._load()
        return self._keys

    def _load(self) -> None:
        try:
            if self._file.stat().st_mode & 0o077:
                raise Misconfigured(
                    f"{self._file} can be read by other accounts.",
                    code="vault.exposed",
                    hint=f"Run: chmod 600 {self._file}",
                )
            self._stamp = _stamp(self._file)
            told: dict[str, Any] = json.loads(self._file.read_text(encoding="ascii"))
            keys = {group: {name: bytes.fromhex(key) for name, key in told[group]} for group in _GROUPS}
            erasure = bytes.fromhex(told["erasure"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Misconfigured(
                f"{self._file} cannot be read as the vault's keys.",
                code="vault.key_file",
                hint="Restore it from where you keep keys: never from, or with, a backup of the database.",
            ) from error
        self._keys, self._erasure = keys, erasure

    def _make(self) -> None:
        if self._file.exists():
            return
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._alone():
            if not self._file.exists():
                self._keys = {
                    "chain": {secrets.token_hex(3): secrets.token_bytes(KEY_BYTES)},
                    # drawn, and not derived from the installation's secret: what is destroyed must not come back
                    "match": {FIRST: secrets.token_bytes(KEY_BYTES)},
                }
                self._erasure = secrets.token_bytes(KEY_BYTES)
                self._write()

    def _write(self) -> None:
        """Whole or not at all: written under another name, then put in place."""
        told = {
            **{group: [[name, key.hex()] for name, key in self._keys[group].items()] for group in _GROUPS},
            "erasure": self._erasure.hex(),
        }
        draft = self._file.with_name(f"{self._file.name}.new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as handle:
            json.dump(told, handle)
            handle.flush()
            os.fsync(handle.fileno())
        draft.replace(self._file)
        self._stamp = _stamp(self._file)

    @contextmanager
    def _alone(self) -> Generator[None]:
        lock = self._file.with_name(f"{self._file.name}.lock")
        with os.fdopen(os.open(lock, os.O_CREAT | os.O_RDWR, 0o600), "w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def _stamp(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_ino)
