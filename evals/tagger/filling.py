"""Texts with marked names and places, made from the templates in texts/: the same for the same seed."""

# ruff: noqa: PLR2004 - shares of what is drawn, each used once

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evals.tagger.pools import Invented, Names, Pools

TEXTS: Final = Path(__file__).parent / "texts"
LABELS: Final = ("", "PERSON", "ADDRESS", "LOCATION", "COMPANY")
_WORD = re.compile(r"[a-z]{3,}")
_SLOT = re.compile(r"\{(\w+)\}")
_PARTICLES: Final = ("van", "van der", "de", "de la", "von", "di", "da", "dos", "bin", "al", "el", "le", "du", "ter")
_KINDS: Final = (("shop", 40), ("world", 26), ("clean", 28), ("short", 5), ("languages", 6))
_SCRIPTS: Final = ("cyrillic", "arabic", "chinese", "greek", "hebrew", "hindi", "thai")
_QUOTED: Final = 0.12  # of texts of several lines
_JOINS: Final = (". ", " ", "\n", "\n\n", " - ", "; ", ", ", " / ", "! ")


@dataclass(frozen=True, slots=True)
class Example:
    """A text and its marked spans: start, end (excluded) and label."""

    text: str
    spans: tuple[tuple[int, int, str], ...]


def sections() -> dict[str, list[str]]:
    """Every section of every file, by name."""
    found: dict[str, list[str]] = {}
    for path in sorted(TEXTS.glob("*.txt")):
        held: list[str] = []
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("[") and line.endswith("]") and "{" not in line and " " not in line:
                held = found.setdefault(line[1:-1], [])
            elif line and not line.startswith("# "):
                held.append(line.replace("\\n", "\n"))
    return found


class Filling:
    """Draws examples."""

    def __init__(self, pools: Pools, seed: int) -> None:
        self._pools = pools
        self.chance = random.Random(seed)
        self._sections = sections()
        self._origins = sorted(pools.names)
        everyone = [names for _, names in sorted(pools.names.items())]
        self._given = Invented([name for names in everyone for name in names.first if name.isalpha()])
        self._family = Invented([name for names in everyone for name in names.last if name.isalpha()])
        self._town = Invented([place for place in pools.places if place.isalpha()])
        self._entities: dict[str, tuple[str, Callable[[], str]]] = {
            "person": ("PERSON", self._person),
            "first": ("PERSON", self._first),
            "last": ("PERSON", self._last),
            "nick": ("PERSON", lambda: self.chance.choice(self._sections["nick"])),
            "initial": ("PERSON", lambda: self.chance.choice("ABCDEFGHJKLMNPRSTVW")),
            "address": ("ADDRESS", self._address),
            "street": ("ADDRESS", self._street),
            "corner": ("ADDRESS", self._corner),
            "postcode": ("ADDRESS", self._postcode),
            "place": ("LOCATION", self._place),
            "company": ("COMPANY", self._company),
        }
        self._values: dict[str, Callable[[], str]] = {
            "number": lambda: str(self.chance.choice((2, 3, 12, 40, 150, self.chance.randrange(1, 9000)))),
            "amount": self._amount,
            "order": self._order,
            "sku": self._sku,
            "loyalty": lambda: f"{self.chance.choice(('LOY-', 'CUST_', 'M', 'VIP '))}{self._digits(7)}",
            "email": self._email,
            "phone": self._phone,
            "date": self._date,
            "year": lambda: str(self.chance.randrange(1925, 2027)),
        }

    def example(self) -> Example:
        """One to five sentences of any kind, sometimes in capitals or without any."""
        if self.chance.random() < 0.07:
            return self._fill(self.chance.choice(self._sections[self.chance.choice(_SCRIPTS)]))
        parts = [self._sentence() for _ in range(self.chance.choice((1, 1, 1, 2, 2, 3, 5)))]
        text, spans = "", list[tuple[int, int, str]]()
        joined = self.chance.choice(_JOINS)
        for part in parts:
            if text:
                text += joined if text[-1] not in ".!?" else " " if "\n" not in joined else joined
            spans += [(start + len(text), end + len(text), label) for start, end, label in part.spans]
            text += part.text
        example = _cased(Example(text, tuple(spans)), self.chance)
        return self._quoted(example) if "\n" in text and self.chance.random() < _QUOTED else example

    def _quoted(self, example: Example) -> Example:
        """With a sign before every line, as mail and chat quote."""
        sign = self.chance.choice(("> ", ">> ", "| ", "* ", "- ", "? ", "# ", "\t", "    ", ".. ", "// "))

        def moved(place: int) -> int:
            return place + len(sign) * (1 + example.text.count("\n", 0, place))

        spans = tuple((moved(start), moved(end - 1) + 1, label) for start, end, label in example.spans)
        return Example(sign + example.text.replace("\n", f"\n{sign}"), spans)

    def _as_typed(self, value: str) -> str:
        """Now and then one name in capitals, or without any, among others."""
        draw = self.chance.random()
        if draw < 0.03:
            changed = value.upper()
        elif draw < 0.06:
            changed = value.lower()
        else:
            return value
        return changed if len(changed) == len(value) else value

    def filled(self, section: str) -> str:
        """One line of a section with its slots filled."""
        return self._fill(self.chance.choice(self._sections[section])).text

    def _sentence(self) -> Example:
        kind = self.chance.choices([name for name, _ in _KINDS], [weight for _, weight in _KINDS])[0]
        return self._fill(self.chance.choice(self._sections[kind]))

    def _fill(self, template: str) -> Example:
        text, spans, at = "", list[tuple[int, int, str]](), 0
        for slot in _SLOT.finditer(template):
            text += template[at : slot.start()]
            at = slot.end()
            name = slot.group(1)
            if name in self._entities:
                label, draw = self._entities[name]
                value = self._as_typed(draw())
                spans.append((len(text), len(text) + len(value), label))
                text += value
            elif name in self._values:
                text += self._values[name]()
            elif name.endswith("_person"):
                value = self._foreign(name.removesuffix("_person"))
                spans.append((len(text), len(text) + len(value), "PERSON"))
                text += value
            else:
                inner = self._fill(self.chance.choice(self._sections[name]))
                spans += [(start + len(text), end + len(text), label) for start, end, label in inner.spans]
                text += inner.text
        return Example(text + template[at:], tuple(spans))

    def _names(self) -> Names:
        draw = self.chance.random()
        return self._pools.names["english" if draw < 0.3 else self.chance.choice(self._origins)]

    def _first(self, names: Names | None = None) -> str:
        draw = self.chance.random()
        if draw < 0.16:
            return self._given.word(self.chance)
        if draw < 0.22:
            return self.chance.choice(self._sections["word_name"])
        return self.chance.choice((names or self._names()).first)

    def _last(self, names: Names | None = None) -> str:
        draw = self.chance.random()
        if draw < 0.16:
            word = self._family.word(self.chance)
        elif draw < 0.22:
            word = self.chance.choice(self._sections["word_name"])
        else:
            word = self.chance.choice((names or self._names()).last)
        draw = self.chance.random()
        if draw < 0.03:
            return f"{word}-{self.chance.choice((names or self._names()).last)}"
        if draw < 0.05:
            return f"{self.chance.choice(_PARTICLES)} {word}"
        if draw < 0.06:
            return self.chance.choice(("O'", "Mc", "Mac", "D'")) + word
        return word

    def _person(self) -> str:  # noqa: PLR0911 - one for each way to write a name
        names = self._names() if self.chance.random() < 0.9 else None
        first, last = self._first(names), self._last(names)
        draw = self.chance.random()
        if draw < 0.68:
            return f"{first} {last}"
        if draw < 0.74:
            return f"{first} {self.chance.choice('ABCDEGHJKLMPRST')}. {last}"
        if draw < 0.79:
            return f"{first} {self._first(names)} {last}"
        if draw < 0.82:
            return f"{first} {last} {self._last(names)}"
        if draw < 0.85:
            return f"{first[0]}. {last}"
        if draw < 0.87:
            return f"{last} {first}"
        return first

    def _foreign(self, script: str) -> str:
        names = self._pools.scripts[script]
        first, last = self.chance.choice(names.first), self.chance.choice(names.last)
        if script == "chinese":
            return last + first if not first.isascii() else f"{last}"
        return self.chance.choice((first, f"{first} {last}", f"{first} {last}", last))

    def _place(self) -> str:
        draw = self.chance.random()
        if draw < 0.35:
            return self.chance.choice(self._sections["place_word"])
        if draw < 0.45:
            return self._town.word(self.chance)
        return self.chance.choice(self._pools.places)

    def _company(self) -> str:
        draw = self.chance.random()
        end = self.chance.choice(self._sections["company_end"])
        if draw < 0.35:
            return self.chance.choice(self._pools.companies)
        if draw < 0.6:
            return f"{self._last()} {end}"
        if draw < 0.9:
            return f"{self.chance.choice(self._sections['company_word'])} {end}"
        return self._family.word(self.chance).upper()[:6]

    def _address(self) -> str:
        draw = self.chance.random()
        if draw < 0.55:
            found = self.chance.choice(self._pools.addresses)
            return found.replace("\n", self.chance.choice((", ", ", ", " ", "\n"))) if draw < 0.4 else found
        if draw < 0.67:
            return self._block()
        street = self._street()
        if self.chance.random() < 0.3:
            street += self.chance.choice((", ", " ", "\n")) + self.chance.choice(self._sections["unit"])
        if draw < 0.73:
            return street
        join = self.chance.choice((", ", ", ", " ", "\n"))
        town, code = self._place(), self._postcode()
        if draw < 0.9:
            line = self.chance.choice(
                (f"{town}, {code}", f"{town} {code}", f"{code} {town}", town, f"{town}{join}{code}")
            )
        else:
            line = (
                f"{town}, {self.chance.choice(('NY', 'CA', 'TX', 'IL', 'WA', 'NSW', 'ON', 'QLD', 'FL', 'MA'))} {code}"
            )
        whole = street + join + line
        return whole + join + self._place() if self.chance.random() < 0.12 else whole

    def _block(self) -> str:
        """Parts in lines, in the orders the world writes them."""
        number = self._digits(self.chance.choice((1, 2, 3, 4, 5)))
        street, unit = self._street(), self.chance.choice(self._sections["unit"])
        code, town, land = self._postcode(), self._place(), self.chance.choice(self._pools.places)
        lines = self.chance.choice(
            (
                (street, unit, town, f"{land} {code}"),
                (f"{number} {street}", unit, town, f"{land} {code}"),
                (unit, street, f"{code} {town}", land),
                (f"{street} {unit}", town, f"{land} {code}"),
                (f"{number} {street} {unit}", town, f"{land} {code}"),
                (f"{unit}, {street}", town, code),
                (street, unit, f"{town} {code}"),
                (street, town, land, code),
                (f"{street} {unit}", f"{town}, {land} {code}"),
                (street, f"{town}, {land}"),
            )
        )
        return self.chance.choice(("\n", "\n", ", ", " ", "\n ")).join(lines)

    def _corner(self) -> str:
        streets = [
            f"{self._last()} {self.chance.choice(self._sections['street_end'])}"
            if self.chance.random() < 0.7
            else self._street()
            for _ in range(2)
        ]
        opening = self.chance.choice(("the corner of ", "corner of ", "the corner ", "the junction of ", ""))
        return opening + self.chance.choice((" and ", " & ")).join(streets)

    def _street(self) -> str:
        number = f"{self.chance.randrange(1, 999)}{self.chance.choice(('', '', '', 'A', 'b'))}"
        draw = self.chance.random()
        if draw < 0.25:
            foreign = self._fill(self.chance.choice(self._sections["foreign_street"])).text
            return self.chance.choice((f"{foreign} {number}", f"{number} {foreign}", f"{number}, {foreign}"))
        if draw < 0.3:
            return f"PO Box {self.chance.randrange(1, 9999)}"
        name = self._last() if draw < 0.6 else self.chance.choice(self._sections["street_word"])
        end = self.chance.choice(self._sections["street_end"])
        if draw > 0.97:
            return f"{name} {end} {number}"
        return f"{number} {name} {end}"

    def _postcode(self) -> str:
        letters = "ABCDEHKLMNPRSTVWXY"
        pick = self.chance.choice
        return pick(
            (
                self._digits(5),
                self._digits(5),
                self._digits(4),
                f"{self._digits(5)}-{self._digits(4)}",
                f"{pick(letters)}{pick(letters)}{self._digits(1)} {self._digits(1)}{pick(letters)}{pick(letters)}",
                f"{pick(letters)}{self._digits(1)}{pick(letters)} {self._digits(1)}{pick(letters)}{self._digits(1)}",
                f"{self._digits(4)} {pick(letters)}{pick(letters)}",
                f"{self._digits(3)} {self._digits(2)}",
            )
        )

    def _digits(self, count: int) -> str:
        return "".join(self.chance.choice("0123456789") for _ in range(count))

    def _amount(self) -> str:
        whole = self.chance.choice((self.chance.randrange(3, 300), self.chance.randrange(300, 4000)))
        return self.chance.choice(
            (f"${whole}", f"${whole}.{self._digits(2)}", f"{whole} EUR", f"£{whole}", f"{whole}.00")
        )

    def _order(self) -> str:
        return f"{self.chance.choice(('#', 'ORD-', 'order ', 'W', 'SO'))}{self._digits(self.chance.choice((4, 5, 8)))}"

    def _sku(self) -> str:
        return f"{self.chance.choice(('PROD_', 'TEE-', 'SKU-', 'BT'))}{self._digits(self.chance.choice((3, 5)))}"

    def _email(self) -> str:
        domain = self.chance.choice(("mail.example", "gmail.com", "shop.example", "outlook.com", "company.org"))
        return f"{self._first()}.{self._last()}@{domain}".replace(" ", "").lower()

    def _phone(self) -> str:
        shape = self.chance.choice(("(ddd) ddd-dddd", "+dd ddd ddd dddd", "ddd-ddd-dddd", "0dddd dddddd", "ddddddddd"))
        return "".join(self._digits(1) if letter == "d" else letter for letter in shape)

    def _date(self) -> str:
        day, month = self.chance.randrange(1, 29), self.chance.choice(self._sections["month"][:12])
        return self.chance.choice(
            (f"{day} {month}", f"{month} {day}", f"2026-0{self.chance.randrange(1, 9)}-{day:02}", f"{day}/4")
        )


def _cased(example: Example, chance: random.Random) -> Example:
    """As some people type: without capitals, in nothing else, or with some where none belong."""
    draw = chance.random()
    text = example.text
    if draw > 0.95:
        text = _WORD.sub(lambda word: word.group().title() if chance.random() < 0.3 else word.group(), text)
    if draw < 0.2:
        text = text.lower()
    elif draw < 0.26:
        text = text.upper()
    elif draw < 0.3:
        text = text.title()
    return Example(text, example.spans) if len(text) == len(example.text) else example
