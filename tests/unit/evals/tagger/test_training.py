"""The tagger's weights can be made again: the same texts, the same arrays, and the vocabulary they were made with."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("faker", reason="the tagger's names are drawn from Faker, a tool for development")

from evals.tagger import pools, train
from evals.tagger.filling import LABELS, Filling, sections
from knowledge.privacy import tagger
from knowledge.privacy.features import EXTRA


@pytest.fixture(scope="module")
def drawn() -> pools.Pools:
    return pools.read()


@pytest.mark.nightly
def test_a_short_training_gives_the_same_bytes_each_time(drawn: pools.Pools, tmp_path: Path):
    made = [train.write(train.train(2, 16, 2, found=drawn), tmp_path / f"{number}.npz") for number in range(2)]
    assert made[0] == made[1]


def test_what_was_trained_reads_as_a_tagger_does(drawn: pools.Pools, tmp_path: Path):
    path = tmp_path / "small.npz"
    train.write(train.train(1, 16, 2, found=drawn), path)
    assert tagger.read(path).find("a text", 1.1) == []


def test_the_shipped_tagger_was_made_with_these_words_and_lists(drawn: pools.Pools):
    with tagger.WEIGHTS.open("rb") as file, np.load(file) as held:
        assert held["labels"].shape[1] == len(LABELS)
        assert held["rows"].shape[0] == len(held["pieces"].tobytes().decode().split("\n")) + EXTRA
        for number, marks in enumerate(train.word_lists(drawn)):
            assert np.array_equal(held[f"list{number}"], marks)


_DIGEST = """
import hashlib
from evals.tagger import pools
from evals.tagger.filling import Filling
filling = Filling(pools.read(), 7)
print(hashlib.sha256(repr([filling.example() for _ in range(300)]).encode()).hexdigest())
"""


@pytest.mark.nightly
def test_the_same_seed_draws_the_same_texts_in_any_process():
    drawn = [
        subprocess.run(
            [sys.executable, "-c", _DIGEST],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[4])},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert drawn[0] == drawn[1] != ""


def test_every_mark_lies_on_words_of_its_text(drawn: pools.Pools):
    filling = Filling(drawn, 8)
    for _ in range(500):
        example = filling.example()
        for start, end, label in example.spans:
            assert 0 <= start < end <= len(example.text)
            assert label in LABELS
            assert any(letter.isalnum() for letter in example.text[start:end])


def test_names_kept_back_are_in_no_list(drawn: pools.Pools):
    for origin, kept in drawn.kept_back.items():
        assert not {*kept.first} & {*drawn.names[origin].first}
        assert not {*kept.last} & {*drawn.names[origin].last}
        assert len(kept.first) > 5


def test_no_template_asks_for_what_nothing_fills(drawn: pools.Pools):
    filling = Filling(drawn, 9)
    for name in sections():
        if name not in {"word_name", "nick"}:
            assert "{" not in filling.filled(name).replace('{"', "")
