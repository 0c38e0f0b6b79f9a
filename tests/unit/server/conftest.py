"""What tests of the server's commands share."""

from tests.command_line import run

__all__ = ["run"]
