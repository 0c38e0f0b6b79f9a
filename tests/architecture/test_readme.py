"""README is one screen, and every command in it exists and runs."""

import re
from pathlib import Path

import pytest

from server.cli import main
from server.commands.line import parser

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line.split("#")[0].strip()
    for block in re.findall(r"```(?:bash|sh)\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.split("#")[0].strip()
]
ADDED = ("demo", "replay")
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_it_fits_one_screen():
    assert len(README.splitlines()) <= 70


def test_it_names_the_two_commands():
    assert {"make demo", "make test"} <= set(COMMANDS)


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("make ")])
def test_every_make_target_exists(command: str):
    assert command.split()[1] in TARGETS


@pytest.mark.parametrize("command", [command for command in COMMANDS if "tillhand " in command])
def test_every_tillhand_command_knows_its_own_words(command: str, capsys: pytest.CaptureFixture[str]):
    words = command.split("tillhand ", 1)[1].split()
    verbs = [word for word in words if re.fullmatch(r"[a-z][a-z-]*", word)]
    code, shown = _help(verbs[:2], capsys)
    if code != 0:  # the second word may be an argument, not a sub-command
        code, shown = _help(verbs[:1], capsys)
    assert code == 0, shown
    for option in re.findall(r"--[a-z-]+", command):
        assert option in shown, f"{option} is not an option of {verbs[0]}"


@pytest.mark.parametrize("command", [command for command in COMMANDS if "bin/tillhand " in command])
def test_every_tillhand_command_is_understood_as_it_is_typed(command: str):
    words = command.split("tillhand ", 1)[1].split()
    if words[0] not in ADDED:  # those are understood by whoever added them
        assert callable(parser(ADDED).parse_args(words).run)


def _help(verbs: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """What `tillhand VERBS --help` ends with and says."""
    with pytest.raises(SystemExit) as ended:
        main([*verbs, "--help"])
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out + said.err


def test_every_link_leads_to_a_file():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target
