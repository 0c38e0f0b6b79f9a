"""The part of the guard that tools may reach: they ask, it decides."""

from collections.abc import Sequence
from typing import Protocol

from policies.vocabulary.actor import Actor
from tools.proposal import Decision, Proposal
from tools.undo.settling import Guarding


class Deciding(Guarding, Protocol):
    """Implemented by `tools.guard.Guard`; tools know only this much of it, so that no tool can go around it."""

    async def propose(self, actor: Actor, proposal: Proposal, *, wait: bool = True) -> Decision:
        """Decide, record and, when allowed, carry out."""
        ...

    async def preview(self, actor: Actor, proposal: Proposal) -> Decision:
        """What `propose` would decide right now; nothing is recorded or promised. Its `action_id` is empty."""
        ...

    async def answer(self, actor: Actor, approval_id: str, approve: bool, note: str = "") -> Decision:
        """A person's yes or no to a waiting action."""
        ...


class LinkingMany(Deciding, Protocol):
    """The same, for whoever has many links decided and made at once."""

    async def link_all(self, actor: Actor, proposals: Sequence[Proposal]) -> list[Decision]:
        """Decide a burst of links, and carry out together what is allowed of it."""
        ...
