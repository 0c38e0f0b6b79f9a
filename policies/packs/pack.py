"""One jurisdiction's pack: its rules, the law behind them, and the sentence it makes a seller say."""

from dataclasses import dataclass
from pathlib import Path
from tomllib import TOMLDecodeError, loads
from typing import Final

from policies.errors import Misconfigured

HOME: Final = Path(__file__).parent
RULES: Final = "rules.cedar"
_ABOUT: Final = "pack.toml"
_NAMES: Final = ("jurisdiction", "law", "price_disclosure")


@dataclass(frozen=True, slots=True)
class Pack:
    """A jurisdiction.

    Attributes:
        name: Of its folder, as `limits.toml` switches it on.
        law: What it rests on, for whoever asks why.
        price_disclosure: What must stand beside a price that an algorithm made from personal data; "" when nothing.
    """

    name: str
    jurisdiction: str
    law: str
    price_disclosure: str


def read_packs(home: Path = HOME) -> dict[str, Pack]:
    """Every pack of a folder by name.

    Raises:
        Misconfigured: A pack does not say what it is.
    """
    packs: dict[str, Pack] = {}
    for file in sorted(home.glob(f"*/{_ABOUT}")):
        name = file.parent.name
        try:
            told = loads(file.read_text(encoding="utf-8"))
        except TOMLDecodeError as error:
            raise Misconfigured(f"packs/{name}/{_ABOUT} cannot be read: {error}.", code="packs.syntax") from error
        said = {key: value for key, value in told.items() if isinstance(value, str)}
        if said.keys() != set(_NAMES) or said != told or not (file.parent / RULES).exists():
            raise Misconfigured(
                f"packs/{name} has a {RULES}, and a {_ABOUT} that says {', '.join(_NAMES)} and nothing else.",
                code="packs.shape",
            )
        packs[name] = Pack(name, **said)
    return packs


PACKS: Final = read_packs()


def disclosures(packs: tuple[str, ...]) -> dict[str, str]:
    """The sentences these packs ask for beside a personalized price, by pack."""
    return {name: PACKS[name].price_disclosure for name in packs if PACKS[name].price_disclosure}


def carried(message: str, packs: tuple[str, ...]) -> tuple[str, ...]:
    """Which of these packs' sentences a message carries, word for word and in their own letters."""
    said = f" {' '.join(message.split())} "
    return tuple(
        name
        for name, sentence in disclosures(packs).items()
        if any(f" {sentence}{end}" in said for end in (" ", ". ", "! "))
    )


def disclosed(message: str, packs: tuple[str, ...]) -> str:
    """The message with every sentence these packs ask for beside a personalized price."""
    missing = [sentence for name, sentence in disclosures(packs).items() if name not in carried(message, packs)]
    return " ".join([message, *(f"{sentence}." for sentence in missing)])
