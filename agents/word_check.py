"""Whether words say what was decided and nothing else: a 10 % code never reads "15 % off".

It objects to what it does not know: beside the lists here, to whatever `tools.claims` finds no evidence for. A refused
text costs nothing: the template stands in for it.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from policies.vocabulary.percent import Percent
from tools.claims.check import unbacked
from tools.claims.evidence import Evidence

PLACE: Final = "{percent}"  # braces are markup, so no line that was checked holds them by itself
LONGEST = 160  # characters; two lines on a register's screen, one text message
_LONGEST_TITLE = 80
NAMELESS: Final = "this"  # what goods are called whose title may not be said

_LINKS = re.compile(r"://|www\.|@|\b[\w-]+\.(?:[a-z]{2,})\b(?=[/\w]|$)", re.IGNORECASE)
_MARKUP = re.compile(r"[<>\[\]{}*_#`|~\\^=$€£¥]")
# Figures in words, and words that change what a percentage means.
_FIGURES = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    r"|eighteen|nineteen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundred|thousand|half|third|quarter|double|triple"
    r"|twice|dozen|zero|percent|per\s+cent|dollars?|cents?|euros?|pounds?|bucks?)\b",
    re.IGNORECASE,
)
# Promises the decision does not make.
_CLAIMS = re.compile(
    r"\b(?:free|gratis|gift|guarante\w*|warrant\w*|refund\w*|return\w*|best|cheap\w*|lowest|lower|better|perfect|finest"
    r"|unbeatable|bogo|always|forever|never|must|only|last|final|hurry|limited|exclusive\w*|expire\w*|ends?|tomorrow"
    r"|midnight|today|tonight|weekend|everything|anything|storewide|sitewide|all|every|entire|whole|any|healthy?|cure\w*|heal\w*|safe\w*|certified|approved"
    r"|customers?|shoppers?|people|popular\w*|favou?rites?|rated|reviews?|trending|organic|sustainable|natural|risk\w*|win\w*|prize\w*|cash|credit|points|bonus|extra|additional|plus|another)\b",
    re.IGNORECASE,
)
_SHOUTED = re.compile(r"\b[A-Z]{3,}\b")
_PERCENT_AFTER = r"(?<![\d.,%-])(?<!\d\s){percent}\s?%(?!\s?\d)"


@dataclass(frozen=True, slots=True)
class Said:
    """What the decision says: all that a text about it may state.

    Attributes:
        title: Of the product, as `plain_title` gives it.
        percent: 0 at full price; the text then states none.
        code: The discount code; the words may repeat it.
        others: Titles of products the text must not name.
        partner: Title of what it has to be bought with, of a bundle; the text names it too.
        within_days: By when it arrives, of what is sent home; the text says so. 0 of all others.
        promoted: It is in one of the retailer's promotions, of which the house's own words tell.
    """

    title: str
    percent: Percent
    code: str
    others: Collection[str] = ()
    partner: str = ""
    within_days: int = 0
    promoted: bool = False


def objection(text: str, said: Said) -> str:
    """Why this text may not be shown, as a reason code; "" when it may."""
    if fault := _unfit(text):
        return fault
    fault, rest = _goods(text, said)
    return fault or _stated(re.sub(rf"(?<!\w){re.escape(said.code)}(?!\w)", " ", rest), said)


def objection_to_naming(text: str, title: str) -> str:
    """Why a text that names goods and takes nothing off may not be sent, as a reason code; "" when it may."""
    if fault := _unfit(text):
        return fault
    rest = _without(text, title)
    return "words.product_missing" if rest is None else _beside(rest, Evidence((title,)))


def _unfit(text: str) -> str:
    if not 0 < len(text) <= LONGEST or text != text.strip():
        return "words.length"
    if text != unicodedata.normalize("NFKC", text) or not all(_plain(sign) for sign in text):
        return "words.characters"
    return ""


def _goods(text: str, said: Said) -> tuple[str, str]:
    """What is wrong with the goods a text names and how they come; "" with the text without all that."""
    rest = _without(text, said.title)
    if rest is None:
        return "words.product_missing", ""
    if said.partner:
        rest = _without(rest, said.partner)
        if rest is None:
            return "words.partner_missing", ""
    if any(_without(rest, other) is not None for other in said.others):
        return "words.other_product", ""
    if said.within_days:
        rest, stated = re.subn(rf"\bwithin {said.within_days} days\b", " ", rest, flags=re.IGNORECASE)
        if not stated:
            return "words.delivery_missing", ""
    return "", rest


def _stated(rest: str, said: Said) -> str:
    """What is wrong with everything else a text says; "" when nothing is."""
    percent = str(said.percent).removesuffix("%")
    if said.percent.basis_points:  # at full price there is none to state
        rest, stated = re.subn(_PERCENT_AFTER.format(percent=re.escape(percent)), " ", rest)
        if not stated:
            return "words.percent_missing"
    return _beside(rest, _evidence(said))


def _beside(rest: str, evidence: Evidence) -> str:
    """What is wrong with the words beside goods and figures; "" when nothing is."""
    if any(sign.isnumeric() for sign in rest) or _FIGURES.search(rest) or "%" in rest:
        return "words.figure"
    if _LINKS.search(rest) or _MARKUP.search(rest):
        return "words.markup"
    if _SHOUTED.search(rest):
        return "words.shouted"
    if _CLAIMS.search(rest) or unbacked(rest, evidence, wording=True):
        return "words.claim"
    return ""


def open_line(text: str, said: Said) -> str:
    """A line that may be shown, with `PLACE` where it says the percentage: good for others, once filled and checked."""
    if not said.percent.basis_points:
        return text
    percent = str(said.percent).removesuffix("%")
    return re.sub(_PERCENT_AFTER.format(percent=re.escape(percent)), PLACE, text)


def filled(line: str, percent: Percent) -> str:
    """An open line with a percentage in its place; to be checked like any other."""
    return line.replace(PLACE, str(percent))


def _evidence(said: Said) -> Evidence:
    """What a line about this offer may state, beside inviting words."""
    percents = (str(said.percent),) if said.percent.basis_points else ()
    stated = tuple(text for text in (said.title, said.code, said.partner) if text)
    return Evidence(stated, percents, said.others)


def plain_title(title: str, category: str = "") -> str:
    """A catalog title fit to stand beside a percentage; else the category, else "this".

    Fit is what is short, on one line, and free of links, markup and percentages: anyone who can edit a product can put
    anything in its title.
    """
    for name in (title, category):
        short = " ".join(unicodedata.normalize("NFKC", name).split())
        if _fit(short):
            return short
    return NAMELESS


def _fit(title: str) -> bool:
    return (
        len(title) <= _LONGEST_TITLE
        and any(sign.isalpha() for sign in title)
        and all(_plain(sign) for sign in title)
        and not _LINKS.search(title)
        and not _MARKUP.search(title)
        and "%" not in title
    )


def _without(text: str, title: str) -> str | None:
    """The text with every mention of a title taken out; `None` when it has none."""
    left, count = re.subn(rf"(?<!\w){re.escape(title)}(?!\w)", " ", text, flags=re.IGNORECASE)
    return left if count else None


def _plain(sign: str) -> bool:
    """Letters of Latin scripts, marks and digits of ASCII, and common punctuation; nothing that hides or turns."""
    if sign.isascii():
        return sign.isprintable()
    return sign in "–—‘’“”…" or (sign.isalpha() and "LATIN" in unicodedata.name(sign, ""))  # noqa: RUF001
