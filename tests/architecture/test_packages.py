"""The house's shape: its packages are its own, its imports point one way, its rooms are not crowded."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("agents", "evals", "knowledge", "policies", "server", "tools")


def test_no_other_distribution_ships_a_package_of_our_name():
    others = {
        name: owners
        for name, owners in importlib.metadata.packages_distributions().items()
        if name in OURS and set(owners) - {"tillhand"}
    }
    assert others == {}


def test_imports_point_one_way_and_nothing_reaches_a_platform_but_through_the_guard():
    checked = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_no_file_is_longer_than_its_room():
    long = {
        str(file.relative_to(ROOT)): length
        for package in (*OURS, "tests")
        for file in (ROOT / package).rglob("*.py")
        if (length := len(file.read_text(encoding="utf-8").splitlines())) > 500
    }
    assert long == {}


def test_no_file_is_named_after_nothing():
    nameless = {"utils.py", "helpers.py", "common.py", "base.py", "manager.py", "misc.py"}
    assert [str(file) for package in OURS for file in (ROOT / package).rglob("*.py") if file.name in nameless] == []


def test_a_package_marker_holds_one_docstring_and_nothing_else():
    for package in OURS:
        for marker in (ROOT / package).rglob("__init__.py"):
            lines = marker.read_text(encoding="utf-8").strip().splitlines()
            assert len(lines) == 1, marker
            assert lines[0].startswith('"""'), marker
