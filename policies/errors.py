"""Errors named after who has to act, so that every door can answer them the same way."""

from typing import ClassVar


class TillhandError(Exception):
    """Something a person can act on.

    Attributes:
        code: A stable dotted name for programs, such as `sku.unknown`.
        hint: What to do next, in one sentence; empty when the message already says it.
        field: The argument at fault, when there is one.
        retry_after_ms: Milliseconds after which the same call may succeed; 0 when nobody knows.
    """

    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, code: str, hint: str = "", field: str = "", retry_after_ms: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint
        self.field = field
        self.retry_after_ms = retry_after_ms

    @property
    def message(self) -> str:
        """The sentence shown to a person; it carries no personal data."""
        return str(self.args[0])


class Refused(TillhandError):
    """The caller asked for something that is not allowed or not well formed."""


class NotFound(TillhandError):
    """The caller named something that does not exist, or that they may not see."""


class Unavailable(TillhandError):
    """Time will help: the same call may succeed later."""

    retryable = True


class Misconfigured(TillhandError):
    """The operator has to change a setting."""
