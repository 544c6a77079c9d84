"""Links that a person can open: a profile, a conversation."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from runner.intake.recipient import URN_PREFIX

_THREAD: Final = re.compile(r",(2-[\w=+/-]{1,200})\)$")


def conversation_link(conversation_urn: str | None) -> str | None:
    """Return the link under which a person opens a conversation, where its URN tells it."""
    thread = _THREAD.search(conversation_urn or "")
    return f"https://www.linkedin.com/messaging/thread/{quote(thread[1])}/" if thread else None


def profile_link(person: str | None) -> str | None:
    """Return the address of the profile of a person, given by any spelling."""
    token = (person or "").removeprefix(URN_PREFIX)
    return f"https://www.linkedin.com/in/{quote(token)}/" if token else None
