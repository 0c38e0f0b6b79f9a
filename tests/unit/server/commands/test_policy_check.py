"""`tillhand policy check` needs no database: it reads, names every owner, and says where a mistake is."""

import shutil
from pathlib import Path

import pytest

from server.cli import main
from tests.unit.policies.rules_in_parts import HOME, RULES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("rules", "packs"):
        shutil.copytree(HOME / name, tmp_path / name)
    for name in ("limits.toml", "rollout.toml"):
        shutil.copy(HOME / name, tmp_path / name)
    return tmp_path


def test_what_is_in_force_can_be_used_and_every_file_has_an_owner(capsys: pytest.CaptureFixture[str]):
    assert main(["policy", "check"]) == 0
    told = capsys.readouterr().out
    assert all(name in told for name in RULES)
    assert "All of it can be used." in told


@pytest.mark.parametrize("part", ["", "limits.toml", "rollout.toml", "rules/offers.cedar"])
def test_a_folder_or_any_file_of_it_can_be_checked_alone(folder: Path, part: str, capsys: pytest.CaptureFixture[str]):
    assert main(["policy", "check", str(folder / part)]) == 0
    assert "All of it can be used." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("part", "old", "new", "told"),
    [
        ("limits.toml", "percent_bp = 3000", "percent_bp = 3o00", "limits.toml, line 7"),
        ("limits.toml", "units_max = 500", "unit_max = 500", "limits.toml, line"),
        ("rules/offers.cedar", "// Owner: Marketing.", "// Whose?", "offers.cedar, line 1"),
        ("rules/offers.cedar", "context.late", "context.latte", "offers.cedar, line"),
        ("rules/offers.cedar", "when { context.late };", "when { context.late ;", "offers.cedar, line"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_line(  # noqa: PLR0913, PLR0917  # one case of a table
    folder: Path, part: str, old: str, new: str, told: str, capsys: pytest.CaptureFixture[str]
):
    file = folder / part
    file.write_text(file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    for path in (file, folder):
        assert main(["policy", "check", str(path)]) != 0
        said = capsys.readouterr()
        assert told in said.err
        assert "can be used" not in said.out


@pytest.mark.parametrize("name", ["nothing.toml", "nothing.cedar"])
def test_what_is_not_there_is_refused(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]):
    assert main(["policy", "check", str(tmp_path / name)]) != 0
    assert "cannot be read" in " ".join(capsys.readouterr().err.split())


def test_a_folder_without_rules_is_refused(tmp_path: Path):
    assert main(["policy", "check", str(tmp_path)]) != 0
