"""The report as it is kept, and the teams' signatures under exactly these words."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from knowledge.store.connection import Connection
from policies.errors import NotFound, Refused
from policies.rule_text import TEAMS
from policies.vocabulary.actor import Actor
from tools.action_row import actor_facts
from tools.audit.entry import Entry, canonical, digest
from tools.audit.ledger import append

_KEEP = text(
    """
    INSERT INTO review (week, report, digest, made_at) VALUES (:week, :report, :digest, :at)
    ON CONFLICT (week) DO UPDATE SET report = :report, digest = :digest, made_at = :at
    """
)
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('review ' || :week, 7203411))")
_FIND = text("SELECT week, report, digest, made_at FROM review WHERE week = :week")
_SIGNATURES = text(
    "SELECT team, digest, signed_by, signed_at, note FROM review_signature WHERE week = :week ORDER BY team"
)
_SIGN = text(
    """
    INSERT INTO review_signature (week, team, digest, signed_by, signed_at, note)
    VALUES (:week, :team, :digest, :by, :at, :note)
    ON CONFLICT (week, team) DO UPDATE SET digest = :digest, signed_by = :by, signed_at = :at, note = :note
    """
)
_WEEKS = text(
    """
    SELECT review.week, review.made_at, review.digest,
           array_agg(signature.team ORDER BY signature.team) FILTER (WHERE signature.digest = review.digest) AS teams
    FROM review LEFT JOIN review_signature AS signature ON signature.week = review.week
    GROUP BY review.week ORDER BY review.week DESC LIMIT :limit
    """
)
_NOTE = 300  # characters


@dataclass(frozen=True, slots=True)
class Signature:
    """One team's name; `valid` while the report is still the one that was signed."""

    team: str
    by: str
    at: datetime
    note: str
    valid: bool


@dataclass(frozen=True, slots=True)
class Review:
    """A kept report; `report` is what `digest` is the SHA-256 of, in canonical JSON."""

    week: str
    report: dict[str, Any]
    digest: str
    made_at: datetime
    signatures: tuple[Signature, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """Teams whose signature is still wanted."""
        signed = {each.team for each in self.signatures if each.valid}
        return tuple(team for team in TEAMS if team not in signed)


@dataclass(frozen=True, slots=True)
class Listed:
    """A week with a report, and the teams that signed it as it is now."""

    week: str
    made_at: datetime
    teams: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """Teams whose signature is still wanted."""
        return tuple(team for team in TEAMS if team not in self.teams)


async def keep(connection: Connection, report: dict[str, Any], by: dict[str, Any], at: datetime) -> bool:
    """Keep a report; false when it says nothing new. Signatures under other words than these no longer count."""
    week, name = report["week"], digest(report)
    await connection.execute(_LOCK, {"week": week})
    before = await find_review(connection, week)
    if before is not None and before.digest == name:
        return False
    await connection.execute(_KEEP, {"week": week, "report": canonical(report), "digest": name, "at": at})
    void = [each.team for each in before.signatures if each.valid] if before else []
    body = {"step": "made", "week": week, "digest": name, "by": by, "void": void}
    await append(connection, [Entry("review", at, body, correlation=f"review:{week}")])
    return True


async def find_review(connection: Connection, week: str) -> Review | None:
    """A week's report as it is kept."""
    row = (await connection.execute(_FIND, {"week": week})).one_or_none()
    if row is None:
        return None
    signatures = await connection.execute(_SIGNATURES, {"week": week})
    return Review(
        row.week,
        json.loads(row.report),
        row.digest,
        row.made_at,
        tuple(
            Signature(each.team, each.signed_by, each.signed_at, each.note, each.digest == row.digest)
            for each in signatures
        ),
    )


async def read_review(connection: Connection, week: str) -> Review:
    """A week's report as it is kept.

    Raises:
        NotFound: None was made.
    """
    found = await find_review(connection, week)
    if found is None:
        raise NotFound(
            "No review of this week was made.",
            code="review.unknown",
            hint="Make it once the week is over: tillhand review make WEEK.",
            field="week",
        )
    return found


async def list_reviews(connection: Connection, limit: int = 20) -> list[Listed]:
    """Weeks with a report, newest first."""
    rows = await connection.execute(_WEEKS, {"limit": limit})
    return [Listed(row.week, row.made_at, tuple(row.teams or ())) for row in rows]


async def sign(  # noqa: PLR0913  # who signs what, for whom, and when
    connection: Connection, week: str, team: str, seen: str, *, actor: Actor, note: str, at: datetime
) -> Review:
    """Put a team's name under a report; signing twice is signing once.

    Args:
        connection: The transaction in which it becomes true.
        week: Of the report.
        team: One of `TEAMS`; that the actor may sign for it is the caller's to see.
        seen: The digest of the report that was looked at.
        actor: Who signs.
        note: Without personal data.
        at: Now.

    Raises:
        NotFound: No report of this week was made.
        Refused: The report is another one by now.
    """
    await connection.execute(_LOCK, {"week": week})
    review = await read_review(connection, week)
    if review.digest != seen:
        raise Refused(
            "The report was made again since you looked at it.",
            code="review.changed",
            hint="Read it once more, then sign.",
            field="digest",
        )
    if any(each.valid and each.team == team for each in review.signatures):
        return review
    told = {"week": week, "team": team, "digest": seen, "by": actor.id, "at": at, "note": note[:_NOTE]}
    await connection.execute(_SIGN, told)
    body = {
        "step": "signed",
        "week": week,
        "team": team,
        "digest": seen,
        "by": actor_facts(actor),
        "note": note[:_NOTE],
    }
    await append(connection, [Entry("review", at, body, correlation=f"review:{week}")])
    return await read_review(connection, week)
