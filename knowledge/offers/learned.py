"""How each kind of buyer answers offers, learned from our own draws, and shrunk while little is known.

Purchases of a kind are a Poisson number around predicted purchases times a rate: one rate when nothing was said, and
when something was, a rate that grows in a straight line with the discount. Rates have Gamma priors around the chain's
(the chain's around the priors), worth so many imagined purchases; the slope has a few values it may take, weighed by
how well each explains what was bought. High predictions are high partly by luck, and discounts go with predictions,
so each band of predictions has a factor of its own, fitted together with the rates; without it a percentage that is
mostly given to the likeliest buyers looks worse than it is. Without data all this is the priors, digit for digit.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from knowledge.offers.forms import ASSUMED, FORMS
from knowledge.offers.uplift import BANDS, DEFAULT, PERCENTS, Assumptions, Response
from policies.actions.discount import Form

# Imagined purchases: how much the level above is believed beside what was seen. Chosen on seeds 0 to 9 of
# `python -m evals offers`, which reports on others.
OF_PRIOR: Final = 12.0
OF_CHAIN: Final = 6.0
SAID_NOTHING: Final = 0
AT_FULL_PRICE: Final = -1  # basis points of a cell: said, with nothing off
_SAID: Final = {AT_FULL_PRICE: 0, **{percent: percent for percent in PERCENTS}}  # what a cell's are as a discount
# What the slope may be, as `Assumptions.pull`, and how likely beforehand; the mean is its default.
PULLS: Final = {0.0: 15.0, 0.5: 15.0, 1.0: 20.0, 2.0: 20.0, 3.0: 20.0, 5.0: 15.0, 8.0: 10.0, 12.0: 5.0, 20.0: 1.0}
NO_FORMS: Final[Mapping[Form, "Learned"]] = MappingProxyType({})
_ROUNDS: Final = 3  # of fitting bands and rates in turn; more change no digit that matters
_WHOLE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Cell:
    """Occasions of one kind with one percentage.

    Attributes:
        expected: Purchases predicted before the offer: the sum of chances.
        bought: Purchases of what was, or would have been, offered.
    """

    occasions: int = 0
    expected: float = 0.0
    bought: int = 0

    def __add__(self, other: "Cell") -> "Cell":
        return Cell(self.occasions + other.occasions, self.expected + other.expected, self.bought + other.bought)

    def towards(self, level: float, imagined: float) -> float:
        """The rate of bought to expected, shrunk towards a level."""
        return (imagined * level + self.bought) / (imagined + self.expected)

    def doubt(self, level: float, imagined: float) -> float:
        """The deviation of that rate: what it may be off by."""
        return math.sqrt(imagined * level + self.bought) / (imagined + self.expected)


Cells = Mapping[tuple[str, int, int], Cell]
"""By kind of buyer, basis points off, and band of the prediction.

`SAID_NOTHING` basis points are of occasions of silence, `AT_FULL_PRICE` of goods told of with nothing off.
"""


@dataclass(frozen=True, slots=True)
class _Told:
    """The line a kind's answers to offers lie on: its height without a discount, and the rate at each percentage."""

    height: float
    rates: dict[int, float]
    doubt: float  # as a share of a rate


class Learned:
    """Answers by kind of buyer; with no cells, the priors.

    Args:
        cells: Of offers from the shelf, or of one form alone.
        assumed: The priors.
        counted_at: When the cells were counted.
        forms: What was learned of other forms of offers.
    """

    def __init__(
        self,
        cells: Cells,
        assumed: Assumptions = DEFAULT,
        counted_at: datetime | None = None,
        forms: Mapping[Form, "Learned"] = NO_FORMS,
    ) -> None:
        self.counted_at = counted_at
        self._forms = forms
        self._level = assumed.told
        self._prior = assumed.response()
        self._empty = not cells
        self._bands = self._prior.bands
        self._known: dict[str, Response] = {}
        self._hoped: dict[str, Response] = {}
        self._count(cells)
        for _ in range(_ROUNDS if cells else 0):
            self._bands = self._fitted(cells)
            self._count(cells)

    def of(self, form: Form) -> "Learned":
        """How buyers answer offers of another form; the priors of that form until any were counted."""
        return self if form == "single" else self._forms.get(form) or _prior_of(form)

    def response(self, kind: str) -> Response:
        """How this kind of buyer answers."""
        if self._empty:
            return self._prior
        known = self._known.get(kind)
        if known is None:
            unaided = self._cell(kind, SAID_NOTHING).towards(self._unaided, OF_CHAIN)
            known = self._known[kind] = Response(unaided, self._told(kind).rates, self._bands)
        return known

    def hopeful(self, kind: str) -> Response:
        """How this kind may answer, if what was counted so far was bad luck by one deviation."""
        hoped = self._hoped.get(kind)
        if hoped is None:
            usual, told = self.response(kind), self._told(kind)
            unaided = max(0.0, usual.unaided - self._cell(kind, SAID_NOTHING).doubt(self._unaided, OF_CHAIN))
            rates = {each: rate * (1 + told.doubt) for each, rate in usual.told.items()}
            hoped = self._hoped[kind] = Response(unaided, rates, self._bands)
        return hoped

    def _told(self, kind: str) -> _Told:
        return _line({off: self._cell(kind, said) for said, off in _SAID.items()}, self._height, OF_CHAIN)

    def _count(self, cells: Cells) -> None:
        """Sum the cells over bands, predictions corrected by each band's factor, and take the chain's rates."""
        self._cells: dict[tuple[str, int], Cell] = {}
        for (kind, percent, band), cell in cells.items():
            corrected = Cell(cell.occasions, cell.expected * self._bands[band], cell.bought)
            self._cells[kind, percent] = self._cell(kind, percent) + corrected
        chain = {
            off: _sum(cell for (_, place), cell in self._cells.items() if place == said) for said, off in _SAID.items()
        }
        nothing = _sum(cell for (_, off), cell in self._cells.items() if off == SAID_NOTHING)
        self._unaided = nothing.towards(self._prior.unaided, OF_PRIOR)
        self._height = _line(chain, self._level, OF_PRIOR).height
        self._known.clear()
        self._hoped.clear()

    def _fitted(self, cells: Cells) -> tuple[float, ...]:
        """Each band's purchases beside what the rates of today lead to expect in it."""
        bands = [Cell()] * len(BANDS)
        for (kind, percent, band), cell in cells.items():
            response = self.response(kind)
            rate = response.told[_SAID[percent]] if percent != SAID_NOTHING else response.unaided
            bands[band] += Cell(cell.occasions, cell.expected * rate, cell.bought)
        return tuple(each.towards(1.0, OF_PRIOR) for each in bands)

    def _cell(self, kind: str, percent: int) -> Cell:
        return self._cells.get((kind, percent), Cell())


def _line(cells: Mapping[int, Cell], level: float, imagined: float) -> _Told:
    """The line through one kind's answers, averaged over slopes by how likely each is; the height is integrated out."""
    bought = sum(cell.bought for cell in cells.values())
    weights: list[tuple[float, float, float]] = []
    for pull, prior in PULLS.items():
        steps = {percent: 1 + pull * percent / _WHOLE for percent in cells}
        exposed = imagined + sum(cell.expected * steps[percent] for percent, cell in cells.items())
        likely = math.log(prior) + sum(cell.bought * math.log(steps[percent]) for percent, cell in cells.items())
        likely -= (imagined * level + bought) * math.log(exposed)
        weights.append((likely, pull, (imagined * level + bought) / exposed))
    most = max(likely for likely, _, _ in weights)
    scaled = [(math.exp(likely - most), pull, height) for likely, pull, height in weights]
    whole = sum(weight for weight, _, _ in scaled)
    rates = {
        percent: sum(weight * height * (1 + pull * percent / _WHOLE) for weight, pull, height in scaled) / whole
        for percent in cells
    }
    height = sum(weight * height for weight, _, height in scaled) / whole
    return _Told(height, rates, 1 / math.sqrt(imagined * level + bought))


def _sum(cells: Iterable[Cell]) -> Cell:
    return sum(cells, Cell())


def learned_of(counted: Mapping[Form, Cells], counted_at: datetime) -> Learned:
    """What cells by form teach; a pair's goods are on the shelf, so what silence does to them is known from both."""
    unsaid: dict[tuple[str, int, int], Cell] = {}
    for form in ("single", "bundle"):
        for place, cell in counted.get(form, {}).items():
            if place[1] == SAID_NOTHING:
                unsaid[place] = unsaid.get(place, Cell()) + cell
    cells = {form: dict(counted.get(form, {})) for form in FORMS}
    forms: dict[Form, Learned] = {
        form: Learned({**cells[form], **unsaid} if form == "bundle" else cells[form], ASSUMED[form], counted_at)
        for form in FORMS
        if form != "single" and cells[form]
    }
    return Learned({**cells["single"], **unsaid}, ASSUMED["single"], counted_at, forms)


PRIORS: Final = Learned({})


@lru_cache(maxsize=len(FORMS))
def _prior_of(form: Form) -> Learned:
    return Learned({}, ASSUMED[form])
