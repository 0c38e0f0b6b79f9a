"""The gate lets through what is no worse than what is kept, and says which figure fell."""

import json
from pathlib import Path

import pytest

from evals.gate import kept
from evals.gate.kept import beside_kept, keep
from evals.measuring import Measurements


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "kept.json"
    file.write_text('{"earned": 600.0, "refused": 10.0}', encoding="utf-8")
    monkeypatch.setattr(kept, "FILE", file)
    return file


@pytest.mark.parametrize(("value", "holds"), [(700, True), (560, True), (559.9, False)])
@pytest.mark.usefixtures("file")
def test_a_figure_may_fall_by_its_slack_and_no_further(value: float, holds: bool):
    row = beside_kept("earned", value, "per mille", 40)
    assert (row.holds, row.baseline, row.goal) == (holds, 600.0, ">= 560")


@pytest.mark.parametrize(("value", "holds"), [(0, True), (12, True), (12.1, False)])
@pytest.mark.usefixtures("file")
def test_where_less_is_better_it_may_rise_by_its_slack(value: float, holds: bool):
    assert beside_kept("refused", value, "", 2, up=False).holds is holds


@pytest.mark.usefixtures("file")
def test_a_figure_nobody_kept_is_no_success():
    assert beside_kept("new", 1, "", 0).holds is False


def test_what_was_measured_is_kept_by_name_where_it_is_held_to_anything(file: Path, tmp_path: Path):
    measured = tmp_path / "gate.json"
    rows = [{"name": "earned", "value": 650.0, "baseline": 600.0}, {"name": "caps", "value": 0.0, "baseline": None}]
    measured.write_text(json.dumps(rows), encoding="utf-8")
    keep(measured)
    assert json.loads(file.read_text(encoding="utf-8")) == {"earned": 650.0}


def test_a_figure_that_fell_ends_the_command_with_one(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    gate = Measurements("x", "x", {"one": "tests.unit.evals.gate.fallen"}, Path("build/gate.json"))
    assert gate.run([], "") == 1
    file.write_text('{"earned": 100.0}', encoding="utf-8")
    assert gate.run([], "") == 0


def test_every_figure_of_the_gate_is_kept():
    assert set(kept.read()) == {
        "gate_offers_of_what_could_be_earned",
        "gate_offers_over_weekly_promotion",
        "gate_offers_over_best_single_offer",
        "gate_offers_share_of_visits",
    }
