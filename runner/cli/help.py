"""The commands of the command line, in groups by what a person is about to do. Each is imported and
built when it is asked for: most starts need one of them."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup

# Each command, and the module that has it.
GROUPS: Final = {
    "Prepare": {
        "start": "start",
        "console": "console",
        "new": "sending",
        "check": "sending",
        "preview": "sending",
        "rehearse": "sending",
        "plan": "sending",
        "doctor": "doctor",
    },
    "Send": {
        "run": "sending",
        "submit": "team",
        "worker": "team",
        "pause": "running",
        "resume": "running",
        "stop": "running",
        "withdraw": "running",
        "schedule": "schedule",
    },
    "Look": {
        "status": "standing",
        "list": "standing",
        "digest": "digest",
        "why": "standing",
        "find": "standing",
        "replies": "running",
        "results": "standing",
        "report": "standing",
    },
    "Decide": {"settle": "standing", "retry": "standing"},
    "People": {
        "suppress": "people",
        "connections": "people",
        "import-history": "people",
        "forget": "people",
    },
    "Keep": {"ledger": "keeping", "schema": "keeping", "completion": "completion"},
}
_MODULES: Final = {name: module for group in GROUPS.values() for name, module in group.items()}


class Grouped(TyperGroup):
    """Knows its commands by name, builds those that are asked for, and lists them in their
    groups."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer's signature
        """Return the names of all commands."""
        return list(_MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - typer's signature
        """Return a command; None for a name that none has, to which the nearest is sought."""
        for name in [cmd_name] if cmd_name in _MODULES else _MODULES:
            if name not in self.commands:
                self.commands[name] = _built(name)
        return self.commands.get(cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write each group with its commands, and what each does in a line."""
        widest = max(map(len, _MODULES))
        for title, names in GROUPS.items():
            commands = [(name, self.get_command(ctx, name)) for name in names]
            limit = formatter.width - 6 - widest
            rows = [
                (name.ljust(widest), command.get_short_help_str(limit))
                for name, command in commands
            ]
            with formatter.section(title):
                formatter.write_dl(rows)


def _built(name: str) -> Any:
    """Build a command, or a group of them, from its function or its own application."""
    module = import_module(f"runner.cli.{_MODULES[name]}")
    if group := getattr(module, f"{name}_app", None):
        built: Any = typer.main.get_group(group)
    else:
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(name)(getattr(module, _FUNCTIONS.get(name, name.replace("-", "_"))))
        built = typer.main.get_command(alone)
    built.name = name
    return built


_FUNCTIONS: Final = {"list": "list_all"}
