"""What is looked at before each message, in the words that the ledger keeps."""

from __future__ import annotations

from typing import NamedTuple


class Looks(NamedTuple):
    """How long talk that is under way keeps a campaign from writing, and whether people who are no
    connections are written to, and by InMail."""

    quiet_days: int
    sends_to_strangers: bool
    uses_inmail: bool


def words_of_looks(looks: Looks) -> str:
    """Word it for the ledger."""
    strangers = "send" if looks.sends_to_strangers else "skip"
    return f"{looks.quiet_days} {strangers} {'inmail' if looks.uses_inmail else 'no inmail'}"


def looks_of(words: str) -> Looks | None:
    """Read it again; None where nothing is looked at."""
    if not words:
        return None
    quiet_days, strangers, inmail = words.split(" ", 2)
    return Looks(int(quiet_days), strangers == "send", inmail == "inmail")
