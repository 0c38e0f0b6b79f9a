"""Names and addresses nobody listed are found by the shipped tagger, and without its weights nothing passes."""

from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from knowledge.privacy import tagger
from knowledge.privacy.scrub import Profile, Scrubber
from knowledge.privacy.tagger import WEIGHTS

_MOST_BYTES = 10_000_000


@pytest.fixture
def weights(monkeypatch: pytest.MonkeyPatch) -> Generator[Callable[[Path], None]]:
    """Lets a test say where the weights lie, and forgets it afterwards."""

    def lie(path: Path) -> None:
        monkeypatch.setattr(tagger, "WEIGHTS", path)
        tagger.shipped.cache_clear()

    yield lie
    tagger.shipped.cache_clear()


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("please call Ngozi Adeyemi back", "Ngozi Adeyemi"),
        ("spoke with Tobias Lindgren about the return", "Lindgren"),
        ("hi, this is Xiomara Quintanilla", "Quintanilla"),
        ("SIGNED BY HELENA KOWALCZYK", "KOWALCZYK"),
        ("wrap it for priya raghunathan please", "raghunathan"),
        ("ship to 14 Birchwood Close, Tamworth", "Birchwood"),
        ("клиент Сергей Волков хочет возврат", "Волков"),
    ],
)
@pytest.mark.parametrize("profile", Profile)
def test_a_stranger_s_name_or_address_is_hidden(profile: Profile, text: str, secret: str):
    assert secret not in Scrubber(profile).scrub(text).text


def test_a_name_found_once_is_hidden_wherever_it_stands():
    text = "Customer: Ottoline Farquharson. The box says Farquharson; give it to Ottoline."
    scrubbed = Scrubber(Profile.BALANCED).scrub(text).text
    assert "Farquharson" not in scrubbed
    assert "Ottoline" not in scrubbed


def test_without_its_weights_free_text_is_withheld(weights: Callable[[Path], None], tmp_path: Path):
    weights(tmp_path / "absent.npz")
    assert Scrubber().scrub("two parkas").text == "<WITHHELD>"


def test_with_damaged_weights_free_text_is_withheld(weights: Callable[[Path], None], tmp_path: Path):
    damaged = tmp_path / "damaged.npz"
    damaged.write_bytes(WEIGHTS.read_bytes()[:100_000])
    weights(damaged)
    assert Scrubber().scrub("two parkas").text == "<WITHHELD>"


def test_the_weights_are_small_enough_to_ship():
    assert WEIGHTS.stat().st_size < _MOST_BYTES
