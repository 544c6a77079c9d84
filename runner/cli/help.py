"""The help of the command line: its commands, in groups by what a person is about to do."""

from __future__ import annotations

from typing import Any, Final

from typer.core import TyperGroup

GROUPS: Final = {
    "Prepare": ("start", "console", "new", "check", "preview", "rehearse", "plan", "doctor"),
    "Send": ("run", "submit", "worker", "pause", "resume", "stop", "withdraw", "schedule"),
    "Look": ("status", "list", "digest", "why", "find", "replies", "results", "report"),
    "Decide": ("settle", "retry"),
    "People": ("suppress", "connections", "import-history", "forget"),
    "Keep": ("ledger", "schema", "completion"),
}


class Grouped(TyperGroup):
    """Lists its commands in their groups."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write each group with its commands, and what each does in a line."""
        widest = max(len(name) for names in GROUPS.values() for name in names)
        for title, names in GROUPS.items():
            commands = [(name, self.get_command(ctx, name)) for name in names]
            limit = formatter.width - 6 - widest
            rows = [
                (name.ljust(widest), command.get_short_help_str(limit))
                for name, command in commands
                if command is not None
            ]
            with formatter.section(title):
                formatter.write_dl(rows)
