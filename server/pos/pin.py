"""A manager's PIN as it is kept: a salted slow hash, under a key that is in no database.

A few digits are guessed in seconds by whoever has a quick hash of them. So they are keyed with the installation's
secret, and hashed slowly: a copy of the database tells nothing without the secret file, and with both every guess costs
a tenth of a second.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from policies.errors import Refused

SHORTEST: Final = 6  # digits; ten wrong ones a quarter of an hour are then a chance of one in a thousand a day
LONGEST: Final = 10  # as many as a register's PIN pad takes
_SALT: Final = 16  # bytes
# 32 MiB and about a tenth of a second: RFC 7914's parameters for interactive use, doubled
_COST: Final = 2**15
_BLOCK: Final = 8
_MEMORY: Final = 64 * 1024 * 1024  # bytes that may be used


@dataclass(frozen=True, slots=True)
class KeptPin:
    """What is kept of a PIN."""

    salt: bytes
    digest: bytes


NOBODYS: Final = KeptPin(bytes(_SALT), bytes(32))
"""Of whoever has none: checking it takes as long, and no PIN is right."""


def keep_pin(pin: str, key: bytes) -> KeptPin:
    """A new PIN, hashed. Takes a tenth of a second.

    Args:
        pin: Six to ten digits.
        key: The installation's, for this purpose alone.

    Raises:
        Refused: `pin.weak`: it has too few or too many digits, or the first guess would find it.
    """
    if not (pin.isascii() and pin.isdigit() and SHORTEST <= len(pin) <= LONGEST):
        raise _weak(f"A PIN has {SHORTEST} to {LONGEST} digits.")
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    if len(steps) == 1:  # 111111, 123456, 987654
        raise _weak("This PIN is one of the first that anybody would try.")
    salt = secrets.token_bytes(_SALT)
    return KeptPin(salt, _hash(pin, salt, key))


def is_right(pin: str, kept: KeptPin, key: bytes) -> bool:
    """Whether it is the PIN that was kept. Takes a tenth of a second, whatever the answer."""
    return hmac.compare_digest(_hash(pin, kept.salt, key), kept.digest)


def _hash(pin: str, salt: bytes, key: bytes) -> bytes:
    keyed = hmac.digest(key, pin.encode(), "sha256")
    return hashlib.scrypt(keyed, salt=salt, n=_COST, r=_BLOCK, p=1, maxmem=_MEMORY, dklen=32)


def _weak(why: str) -> Refused:
    return Refused(why, code="pin.weak", hint="Choose another one.", field="pin")
