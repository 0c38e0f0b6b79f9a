"""Which places a caller may see figures of."""

from collections.abc import Sequence

from knowledge.store.places import Places
from policies.errors import NotFound
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import LocationId


def seen_by(actor: Actor, location_id: str = "") -> Sequence[LocationId] | None:
    """The locations an answer may cover: the one asked about, else the actor's own; `None` for everywhere."""
    if location_id:
        return (LocationId(location_id),)
    return None if actor.locations is None else sorted(actor.locations)


def known(places: Places, location_id: str, field: str = "location_id") -> LocationId:
    """The location of this id.

    Raises:
        NotFound: There is none; the error names the argument.
    """
    try:
        return places.get(location_id).id
    except NotFound as error:
        error.field = field
        raise
