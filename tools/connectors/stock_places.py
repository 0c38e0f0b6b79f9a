"""Which of a platform's locations holds the stock of one of ours."""

from knowledge.store.places import Place, Places
from policies.errors import Refused
from policies.vocabulary.ids import LocationId


def stock_place(places: Places, location: LocationId, platform: str) -> Place:
    """The location whose shelves are meant: for the online shop, those it sells from.

    Raises:
        NotFound: There is no such location.
        Refused: Another platform keeps it.
    """
    place = places.get(places.get(location).stock_location)
    if place.platform != platform:
        raise Refused(
            f"{place.name} is kept by {place.platform.title()}, not by {platform.title()}.",
            code="location.other_platform",
            field="location",
        )
    return place
