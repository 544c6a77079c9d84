"""The answers of each command, and their JSON Schema.

A field can be added to an answer; one that is taken away or changes its meaning makes a new
`VERSION`.
"""

from __future__ import annotations

import json
from typing import Any, Final, Union

from runner import words
from runner.errors import ExitCode, UsageError
from runner.intake.column import nearest
from runner.show.console import Console
from runner.show.schema.base import Failure
from runner.show.schema.campaign import (
    Campaign,
    Campaigns,
    Digest,
    Held,
    Report,
    Results,
    Run,
    RunStopped,
    Status,
    Tested,
    Withdrawn,
)
from runner.show.schema.keeping import (
    Accepted,
    Copied,
    Doctor,
    Entries,
    Mended,
    Moved,
    Planned,
    Removed,
    Verified,
    Written,
)
from runner.show.schema.people import (
    Added,
    Connected,
    DoNotContact,
    Forgotten,
    Found,
    Imported,
    TakenOff,
    Undone,
    WouldUndo,
)
from runner.show.schema.row import Checked, Looked, Previewed, Replies, Retried, Settled, Why
from runner.show.schema.team import Submitted, Team

VERSION: Final = 1
# The answers of each command, by the words that call it; any may fail.
ANSWERS: Final[dict[str, tuple[type, ...]]] = {
    "run": (Run, Campaign, Tested),
    "submit": (Submitted,),
    "plan": (Campaign,),
    "check": (Checked,),
    "preview": (Previewed,),
    "rehearse": (Run,),
    "new": (Written,),
    "status": (Status, Team),
    "digest": (Digest,),
    "list": (Campaigns,),
    "find": (Found,),
    "why": (Why,),
    "doctor": (Doctor,),
    "results": (Results,),
    "report": (Report,),
    "replies": (Replies,),
    "settle": (Settled, Looked),
    "retry": (Retried,),
    "pause": (Held,),
    "resume": (Held,),
    "stop": (RunStopped,),
    "withdraw": (Withdrawn,),
    "import-history": (Imported, WouldUndo, Undone),
    "forget": (Forgotten,),
    "suppress add": (Added,),
    "suppress remove": (TakenOff,),
    "suppress list": (DoNotContact,),
    "suppress import": (Added,),
    "connections import": (Connected,),
    "schedule install": (Planned,),
    "schedule show": (Entries,),
    "schedule remove": (Removed,),
    "ledger verify": (Verified,),
    "ledger backup": (Copied,),
    "ledger restore": (Mended,),
    "ledger rebuild": (Mended,),
    "ledger merge": (Mended,),
    "ledger move": (Moved,),
    "ledger accept": (Accepted,),
}


def schema_of(command: str) -> dict[str, Any]:
    """Return the JSON Schema of a command's answer. Raises UsageError for a command without one."""
    from pydantic import TypeAdapter

    if command not in ANSWERS:
        guess = nearest(command, ANSWERS)
        raise UsageError(
            f"There is no answer of a command {command!r}.",
            remedy=f"Did you mean {guess!r}?" if guess else f"There are: {', '.join(ANSWERS)}.",
        )
    answers = (*ANSWERS[command], Failure)
    kind: Any = Union[answers]  # noqa: UP007 - the types are known only now
    schema = TypeAdapter(kind).json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"campaign-runner/{command.replace(' ', '/')}/{VERSION}",
        "title": f"campaign {command} --json",
        **schema,
    }


def show_schema(console: Console, command: str) -> ExitCode:
    """The schema of one command, or the commands that have one."""
    if command:
        console.say(json.dumps(schema_of(command), indent=2))
    else:
        for name in ANSWERS:
            console.say(words.command("schema", name))
    return ExitCode.DONE
