"""README is one screen, and every command in it exists and runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line.split("#")[0].strip()
    for block in re.findall(r"```(?:bash|sh)\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.split("#")[0].strip()
]
BIN = Path(sys.executable).parent
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_it_fits_one_screen():
    assert len(README.splitlines()) <= 70


def test_it_names_the_two_commands():
    assert {"make demo", "make test"} <= set(COMMANDS)


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("make ")])
def test_every_make_target_exists(command: str):
    assert command.split()[1] in TARGETS


@pytest.mark.parametrize("command", [command for command in COMMANDS if "tillhand " in command])
def test_every_tillhand_command_knows_its_own_words(command: str):
    words = command.split("tillhand ", 1)[1].split()
    verbs = [word for word in words if re.fullmatch(r"[a-z][a-z-]*", word)]
    shown = subprocess.run(
        [BIN / "tillhand", *verbs[:2], "--help"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    if shown.returncode != 0:  # the second word may be an argument, not a sub-command
        shown = subprocess.run(
            [BIN / "tillhand", verbs[0], "--help"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
        )
    assert shown.returncode == 0, shown.stderr
    for option in re.findall(r"--[a-z-]+", command):
        assert option in shown.stdout, f"{option} is not an option of {verbs[0]}"


def test_every_link_leads_to_a_file():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target
