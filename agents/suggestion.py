"""What a message after a purchase may name: a thing they wish for, or that goes with it, in stock there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.word_check import NAMELESS, objection_to_naming, plain_title
from knowledge.offers.candidates import Wanted, Why, here_of, wanted
from knowledge.offers.companions import CompanionTable
from knowledge.offers.goods import goods_at
from knowledge.offers.history import Past
from knowledge.store.places import ONLINE, Place
from knowledge.store.session import Database
from tools.words_agree import promises_nothing

_NAMES: Mapping[Why, str] = {
    Why.WISHED: "{title} from your wishlist is in stock{here}.",
    Why.COMPANION: "{title} goes with it, and is in stock{here}.",
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One variant, and the sentence that names it; no price and nothing off."""

    wanted: Wanted
    sentence: str

    def facts(self) -> dict[str, str]:
        """As evidence."""
        return {"named": self.wanted.sku, "reason": self.wanted.why.value, "because": self.wanted.because}


async def suggest(
    database: Database, companions: CompanionTable, bought: Sequence[str], past: Past, place: Place
) -> Suggestion | None:
    """What to name; `None` when nothing fits, is in stock, or can be named in words that promise nothing.

    What is on their wishlist comes first, then what is likeliest bought with this; never what they bought lately.

    Args:
        database: The unified store.
        companions: What goes with what.
        bought: Skus of this purchase.
        past: Of the customer.
        place: Where it was bought: what is named is in stock there, where they can go and get it.
    """
    wants = [want for want in wanted(list(bought), past, companions) if want.why in _NAMES]
    wants.sort(key=lambda want: want.why is not Why.WISHED)  # stable: the likeliest first, within each
    goods = await goods_at(database.quick, [want.sku for want in wants], place.stock_location)
    for want, here in here_of(wants, goods, currency=None, unknown_costs=True):
        title = plain_title(here.title)
        sentence = _NAMES[want.why].format(title=title, here="" if place.kind == ONLINE else " here")
        if title != NAMELESS and promises_nothing(sentence) and not objection_to_naming(sentence, title):
            return Suggestion(want, sentence)
    return None
