"""Numbers written as words, digit by digit, so that a phone number told aloud is still one."""

import re
from typing import Final

_DIGITS: Final[dict[str, str]] = {
    word: str(digit)
    for digit, words in enumerate(
        (
            "zero oh o null nul zéro cero nula nought naught",
            "one uno un une eins ein um",
            "two dos deux zwei due dois",
            "three tres trois drei tre três",
            "four cuatro quatre vier quattro quatro for",
            "five cinco cinq fünf funf cinque",
            "six seis sechs sei",
            "seven siete sept sieben sette sete",
            "eight ocho huit acht otto oito",
            "nine nueve neuf neun nove niner",
        )
    )
    for word in words.split()
}
_LARGER: Final = {
    "ten": "10",
    "eleven": "11",
    "twelve": "12",
    "thirteen": "13",
    "fourteen": "14",
    "fifteen": "15",
    "sixteen": "16",
    "seventeen": "17",
    "eighteen": "18",
    "nineteen": "19",
    "hundred": "00",
}
_TENS: Final = {
    "twenty": "2",
    "thirty": "3",
    "forty": "4",
    "fifty": "5",
    "sixty": "6",
    "seventy": "7",
    "eighty": "8",
    "ninety": "9",
}
_REPEATED: Final = {"double": 2, "triple": 3}
_PIECE: Final = re.compile(r"[^\W\d_]+|\d+")
_BETWEEN: Final = re.compile(r"[\s,.\-–()/]{0,3}")
_LEAST_DIGITS: Final = 6
_LEAST_WORDS: Final = 2


def spelled_numbers(text: str) -> list[tuple[int, int, str]]:
    """Stretches that read as at least six digits when spoken, and those digits: `five55 one23` is `55123`."""
    pieces = [(match.start(), match.end(), match.group().lower()) for match in _PIECE.finditer(text)]
    if sum(piece in _DIGITS or piece in _TENS or piece in _LARGER for *_, piece in pieces) < _LEAST_WORDS:
        return []
    changes: list[tuple[int, int, str]] = []
    at = 0
    while at < len(pieces):
        digits, words, end = _run(text, pieces, at)
        if words >= _LEAST_WORDS and len(digits) >= _LEAST_DIGITS:
            changes.append((pieces[at][0], pieces[end - 1][1], digits))
            at = end
        else:
            at += 1
    return changes


def _run(text: str, pieces: list[tuple[int, int, str]], at: int) -> tuple[str, int, int]:
    """The digits a run of pieces spells, how many words it has, and the piece after it."""
    digits, words, times, place = "", 0, 1, at
    while place < len(pieces):
        start, _, piece = pieces[place]
        if place > at and not _BETWEEN.fullmatch(text, pieces[place - 1][1], start):
            break
        if piece.isdecimal():
            digits += piece * times
        elif piece in _DIGITS:
            digits, words = digits + _DIGITS[piece] * times, words + 1
        elif piece in _LARGER:
            digits, words = digits + _LARGER[piece], words + 1
        elif piece in _TENS:
            following = pieces[place + 1][2] if place + 1 < len(pieces) else ""
            digits, words = digits + _TENS[piece] + ("" if _DIGITS.get(following, "0") != "0" else "0"), words + 1
        elif piece not in _REPEATED:
            break
        times = _REPEATED.get(piece, 1)
        place += 1
    while place > at and pieces[place - 1][2] in _REPEATED:
        place -= 1
    return digits, words, place
