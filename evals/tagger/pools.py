"""Names, places and addresses to fill texts with: Faker's lists, our own, and names that never were.

One name in ten is kept back by its hash: no text of the training holds it, so that evals can ask about names never
seen.
"""

import hashlib
import importlib
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from knowledge.privacy.tokens import plain

HERE: Final = Path(__file__).parent
_KEPT_BACK: Final = 26  # of 256 hashes: one name in ten
_MINIMUM: Final = 8  # names in a list worth using
ORIGINS: Final[dict[str, tuple[str, ...]]] = {
    "english": ("en_US", "en_GB", "en_IE", "en_NZ"),
    "germanic": ("de_DE", "de_AT", "de_CH", "nl_NL", "nl_BE", "sv_SE", "da_DK", "no_NO", "is_IS", "de_LU"),
    "romance": ("fr_FR", "fr_BE", "fr_CA", "fr_CH", "it_IT", "pt_BR", "pt_PT", "ro_RO", "es_CA"),
    "hispanic": ("es_ES", "es_MX", "es_CO", "es_CL", "es_AR"),
    "slavic": ("pl_PL", "cs_CZ", "sk_SK", "hr_HR", "sl_SI"),
    "northeastern": ("fi_FI", "hu_HU", "et_EE", "lt_LT", "lv_LV"),
    "turkic": ("tr_TR", "az_AZ", "uz_UZ"),
    "african": ("yo_NG", "ig_NG", "ha_NG", "en_NG", "zu_ZA", "tw_GH", "sw", "en_KE"),
    "south_asian": ("en_IN", "en_PK"),
    "southeast_asian": ("id_ID", "en_TH"),
    "arabic_latin": ("fr_DZ",),
    "irish": ("ga_IE",),
}
OWN: Final = {
    "chinese": "east_asian",
    "korean": "east_asian",
    "japanese": "east_asian",
    "vietnamese": "southeast_asian",
    "arabic": "arabic_latin",
    "indian": "south_asian",
    "hebrew": "arabic_latin",
    "african": "african",
    "american": "english",
    "hispanic": "hispanic",
}
SCRIPTS: Final = {
    "cyrillic": ("ru_RU", "uk_UA", "bg_BG", "mk_MK"),
    "arabic": ("ar_AA", "ar_PS", "fa_IR"),
    "greek": ("el_GR",),
    "hebrew": ("he_IL",),
    "hindi": ("hi_IN", "ne_NP", "mr_IN"),
    "thai": ("th_TH",),
    "chinese": ("zh_CN", "zh_TW", "ja_JP"),
}
_ADDRESS_LOCALES: Final = (
    *("en_US",) * 10,
    *("en_GB",) * 4,
    *("en_CA", "en_AU", "en_NZ", "en_IE", "en_IN", "de_DE", "de_AT", "fr_FR", "es_ES", "es_MX", "it_IT", "nl_NL"),
    *("pt_BR", "sv_SE", "pl_PL", "da_DK", "fi_FI", "no_NO", "cs_CZ", "hu_HU", "hr_HR", "ro_RO", "en_PH", "fr_CH"),
)
_CITY_LOCALES: Final = (  # not it_IT, whose cities are a set: their order changes from run to run
    *("en_US", "en_GB", "en_CA", "en_AU", "de_DE", "fr_FR", "es_ES", "nl_NL", "pl_PL", "sv_SE", "da_DK"),
    *("fi_FI", "pt_PT", "cs_CZ", "hr_HR", "ro_RO", "hu_HU", "en_IN", "id_ID"),
)


@dataclass(slots=True)
class Names:
    """Given and family names of one origin."""

    first: list[str] = field(default_factory=list[str])
    last: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class Pools:
    """Everything to draw from; the same for the same Faker release.

    Attributes:
        names: By origin, the names to train on.
        kept_back: By origin, the names nobody trains on.
        scripts: By script, names not written in Latin letters.
        places: Cities, states and countries.
        addresses: Whole addresses, in lines.
        companies: Names of companies.
    """

    names: dict[str, Names]
    kept_back: dict[str, Names]
    scripts: dict[str, Names]
    places: list[str]
    addresses: list[str]
    companies: list[str]


def read() -> Pools:
    """Collect the pools; takes some ten seconds."""
    names: defaultdict[str, Names] = defaultdict(Names)
    kept_back: defaultdict[str, Names] = defaultdict(Names)
    for origin, first, last in _origins():
        for words, attribute in ((first, "first"), (last, "last")):
            for word in words:
                held = getattr((kept_back if _is_kept_back(word) else names)[origin], attribute)
                held.append(word)
    scripts = {
        script: Names(
            sorted({name for locale in locales for name in _listed(locale, "first_names")}),
            sorted({name for locale in locales for name in _listed(locale, "last_names")}),
        )
        for script, locales in SCRIPTS.items()
    }
    return Pools(dict(names), dict(kept_back), scripts, _places(), _addresses(), _companies())


class Invented:
    """Words that sound like a list's: letters follow three letters as they do in it."""

    def __init__(self, words: list[str]) -> None:
        self._next: defaultdict[str, list[str]] = defaultdict(list)
        for word in words:
            letters = f"^^^{word.lower()}$"
            for place in range(3, len(letters)):
                self._next[letters[place - 3 : place]].append(letters[place])

    def word(self, chance: random.Random) -> str:
        """One that is 3 to 12 letters long."""
        while True:
            made, state = "", "^^^"
            while (letter := chance.choice(self._next[state])) != "$" and len(made) < 13:  # noqa: PLR2004
                made, state = made + letter, state[1:] + letter
            if 3 <= len(made) <= 12:  # noqa: PLR2004
                return made.title()


def _origins() -> list[tuple[str, list[str], list[str]]]:
    found: list[tuple[str, list[str], list[str]]] = []
    for origin, locales in ORIGINS.items():
        first = sorted({name for locale in locales for name in _listed(locale, "first_names")})
        last = sorted({name for locale in locales for name in _listed(locale, "last_names")})
        found.append((origin, first, last))
    for line in (HERE / "own_names.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        group, words = line.split(":", 1)
        family, given = words.split("|")
        found.append((OWN[group], given.split(), family.split()))
    return found


def _is_kept_back(name: str) -> bool:
    return hashlib.sha256(plain(name).encode()).digest()[0] < _KEPT_BACK


def _listed(locale: str, kind: str) -> list[str]:
    """A locale's own names, without the locales it falls back to."""
    module: Any = importlib.import_module(f"faker.providers.person.{locale}")
    found: dict[str, None] = {}
    for attribute in dir(module.Provider):
        if attribute in {kind, f"{kind}_male", f"{kind}_female", kind.replace("_names", "_romanized_names")}:
            value: Any = getattr(module.Provider, attribute)
            if isinstance(value, Sequence | Mapping):
                found |= dict.fromkeys(str(name).strip() for name in cast("Iterable[str]", value))
    names = [name for name in found if 1 < len(name) < 25 and "/" not in name]  # noqa: PLR2004
    return names if len(names) >= _MINIMUM else []


def _faker(locale: str, seed: int) -> Any:
    library: Any = importlib.import_module("faker")
    faker = library.Faker(locale)
    faker.seed_instance(seed)
    return faker


def _places() -> list[str]:
    found: dict[str, None] = {}
    for number, locale in enumerate(_CITY_LOCALES):
        faker = _faker(locale, number)
        for _ in range(160):
            found[str(faker.city()).strip()] = None
    faker = _faker("en_US", 99)
    for _ in range(400):
        found[str(faker.country())] = None
        found[str(faker.state())] = None
    return sorted(place for place in found if 2 < len(place) < 30)  # noqa: PLR2004


def _addresses() -> list[str]:
    found: dict[str, None] = {}
    for number, locale in enumerate(_ADDRESS_LOCALES):
        faker = _faker(locale, number)
        for _ in range(220):
            found[str(faker.address()).strip()] = None
    return sorted(found)


def _companies() -> list[str]:
    found: dict[str, None] = {}
    for number, locale in enumerate(("en_US", "en_GB", "de_DE", "fr_FR", "it_IT", "es_ES", "nl_NL", "en_IN")):
        faker = _faker(locale, number)
        for _ in range(200):
            found[str(faker.company())] = None
    return sorted(found)
