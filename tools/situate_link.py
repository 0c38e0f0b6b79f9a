"""The facts of a link: what evidence and people said of the pair, and whether others would meet by it who must not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from knowledge.identity.graph import pair_of
from knowledge.store.connection import Asked, Connection, Result
from policies.actions.profile_link import ProfileLink
from policies.situation import LinkFacts

# Everybody who is one person with either side meets by a link; a pair's newest telling is what holds of it.
_HELD: Final = text(
    """
    WITH wanted AS (SELECT * FROM unnest(CAST(:ones AS text[]), CAST(:others AS text[])) AS row(one, other)),
    side AS (
        SELECT DISTINCT wanted.one, wanted.other, asked.ref AS side, coalesce(member.ref, asked.ref) AS ref
        FROM wanted CROSS JOIN LATERAL (VALUES (wanted.one), (wanted.other)) AS asked(ref)
        LEFT JOIN customer_identity AS own ON own.ref = asked.ref
        LEFT JOIN customer_identity AS member ON member.identity = own.identity
    ),
    held AS (
        SELECT DISTINCT ON (one, other) one, other, says, basis FROM customer_link
        WHERE one IN (SELECT ref FROM side) AND other IN (SELECT ref FROM side) ORDER BY one, other, id DESC
    )
    SELECT wanted.one, wanted.other, coalesce(own.says, '') AS says, coalesce(own.basis, '') AS basis,
           EXISTS (
               SELECT 1 FROM held JOIN side AS left_side ON left_side.ref = held.one
               JOIN side AS right_side ON right_side.ref = held.other
               WHERE held.says = 'apart' AND (held.one, held.other) <> (wanted.one, wanted.other)
                 AND (left_side.one, left_side.other) = (wanted.one, wanted.other)
                 AND (right_side.one, right_side.other) = (wanted.one, wanted.other)
                 AND left_side.side <> right_side.side) AS detour
    FROM wanted LEFT JOIN held AS own ON own.one = wanted.one AND own.other = wanted.other
    """
)


@dataclass(frozen=True, slots=True)
class Held:
    """What holds of a pair.

    Attributes:
        says: The newest telling; "" when nothing was ever said.
        basis: What that rests on.
        detour: Whether two who were taken apart would meet by linking it.
    """

    says: str = ""
    basis: str = ""
    detour: bool = False


LinkNews = dict[tuple[str, str], Held]
"""What the store knows around links, by pair in its one order."""


def ask_links(connection: Connection, links: Sequence[ProfileLink]) -> Asked[LinkNews] | None:
    """Ask for what these links look at; `None` when there are none."""
    pairs = sorted({pair_of(each.one, each.other) for each in links})
    if not pairs:
        return None
    asked = {"ones": [one for one, _ in pairs], "others": [other for _, other in pairs]}
    return connection.ask(_HELD, asked).into(_news)


def link_facts(link: ProfileLink, news: LinkNews, *, undo: bool) -> LinkFacts:
    """The facts of one link."""
    held = news.get(pair_of(link.one, link.other), Held())
    return LinkFacts(
        apart=link.says == "apart",
        certain=held.says in {"link", "certain"},
        taken_apart=held.says == "apart" and held.basis == "person",
        detour=held.detour,
        undo=undo,
    )


def _news(rows: Result) -> LinkNews:
    return {(row.one, row.other): Held(row.says, row.basis, row.detour) for row in rows}
