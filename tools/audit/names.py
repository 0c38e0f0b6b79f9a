"""What the ledger calls a customer: a salted commitment, another one in every record.

The record holds the commitment and is never changed; what opens it stands beside the ledger. An erasure destroys the
salts, and from then on nobody can say who was meant, nor that two records speak of the same person, while the chain
verifies as before.
"""

import hashlib
import re
import secrets
from typing import Final, NamedTuple

_REF: Final = re.compile(
    r"(?<![0-9A-Za-z_])c_[0-9a-f]{20}(?![0-9A-Za-z_])"
)  # as `knowledge.identity.resolve` makes them
_SALT: Final = 16  # bytes


class Name(NamedTuple):
    """A commitment and what opens it."""

    name: str
    salt: str
    ref: str


def commitment(salt: str, ref: str) -> str:
    """What stands in the record for a customer.

    Args:
        salt: 32 hexadecimal digits, drawn for this record alone.
        ref: The customer.
    """
    return f"n_{hashlib.sha256(bytes.fromhex(salt) + ref.encode()).hexdigest()[:32]}"


def without_refs(record: str) -> tuple[str, list[Name]]:
    """A record's text with every customer under a commitment; one customer has one in it."""
    if "c_" not in record:
        return record, []
    names: dict[str, Name] = {}

    def named(found: re.Match[str]) -> str:
        ref = found[0]
        if ref not in names:
            salt = secrets.token_hex(_SALT)
            names[ref] = Name(commitment(salt, ref), salt, ref)
        return names[ref].name

    return _REF.sub(named, record), list(names.values())
