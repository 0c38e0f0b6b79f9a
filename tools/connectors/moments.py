"""Moments as platforms write them, and as versions that compare as text."""

from datetime import UTC, datetime


def read_moment(text: str) -> datetime:
    """An ISO 8601 moment as aware UTC. One without an offset is UTC: so Lightspeed's older API writes it.

    Raises:
        ValueError: The text is no moment.
    """
    moment = datetime.fromisoformat(text.strip())
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def version_of(moment: datetime) -> str:
    """A fixed-width text that sorts as the moment does."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def to_second(moment: datetime) -> str:
    """A moment as Shopify's queries and inputs take it: UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
