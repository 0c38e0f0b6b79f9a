"""One secret per installation, and the keys derived from it, each for one purpose only."""

import base64
import os
from pathlib import Path

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from policies.errors import Misconfigured

_BYTES = 32


class Secret:
    """The root secret. Losing it loses what is sealed under it, and every code's and plan's origin."""

    def __init__(self, root: bytes) -> None:
        self._root = root

    @classmethod
    def read(cls, file: Path) -> "Secret":
        """From its file, made with mode 0600 when there is none.

        Raises:
            Misconfigured: The file is not ours to read, is readable by others, or does not hold a secret.
        """
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _make(file)
            if file.stat().st_mode & 0o077:
                raise Misconfigured(
                    f"{file} can be read by other accounts.", code="secret.exposed", hint=f"Run: chmod 600 {file}"
                )
            root = bytes.fromhex(file.read_text(encoding="ascii").strip())
        except (OSError, ValueError) as error:
            raise Misconfigured(
                f"{file} cannot be read as the installation's secret.",
                code="secret.unreadable",
                hint="It holds 64 hexadecimal digits; restore it from a backup, for what is sealed depends on it.",
            ) from error
        if len(root) != _BYTES:
            raise Misconfigured(f"{file} must hold {_BYTES} bytes in hexadecimal.", code="secret.length")
        return cls(root)

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose; knowing them tells nothing about the others."""
        return HKDF(algorithm=SHA256(), length=_BYTES, salt=None, info=f"tillhand {purpose}".encode()).derive(
            self._root
        )

    def seal_key(self) -> bytes:
        """The Fernet key that seals what is kept readable for us alone."""
        return base64.urlsafe_b64encode(self.derive("sealing"))

    def sealer(self) -> Fernet:
        """Encrypts what is kept for a person to look at, such as parked deliveries."""
        return Fernet(self.seal_key())


def _make(file: Path) -> None:
    if file.exists():
        return
    # written whole under another name first: a second process starting at once must never read half a secret
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as handle:
        handle.write(os.urandom(_BYTES).hex() + "\n")
    try:
        os.link(draft, file)  # fails, and rightly, when the other process was first
    except FileExistsError:
        pass
    finally:
        draft.unlink()
