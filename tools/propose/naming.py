"""Names we give to what a write makes on a platform: the same for a retry, never guessable from outside."""

import base64
import hashlib

from policies.vocabulary.actor import Actor


def reference_for(actor: Actor, key: str) -> str:
    """Our name for a transfer or adjustment."""
    return f"tillhand-{_digest(actor, key)[:16].lower()}"


def code_for(actor: Actor, key: str) -> str:
    """What the register scans: letters and digits that are not mistaken for each other."""
    return f"TH-{_digest(actor, key)[:12]}"


def _digest(actor: Actor, key: str) -> str:
    # base32 has no 0, 1 or 8 to confuse with O, I and B
    return base64.b32encode(hashlib.sha256(f"{actor.id}\0{key}".encode()).digest()).decode()
