"""A command line to try: over a database and a home of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from server.cli import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs one command; answers its exit code, what it said, and what it complained about."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("TILLHAND_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "240")

    def command(*arguments: str, key: str = "") -> tuple[int, str, str]:
        with monkeypatch.context() as environment:
            if key:
                environment.setenv("TILLHAND_KEY", key)
            code = main(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return command
