"""Replies, in lines and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner import words
from runner.errors import ExitCode
from runner.result.link import conversation_link
from runner.show.answer import finished, instant_of
from runner.show.console import Console

if TYPE_CHECKING:
    from runner.action.replies import Replies

_SHOWN = 300


def show_replies(
    console: Console, heard: Replies, shown: set[tuple[int, str]], *, watch: bool
) -> ExitCode:
    """Who has answered, the newest first; those in `shown` are not told once more."""
    new = [one for one in heard.answered if (one.row, one.person) not in shown]
    for one in new:
        shown.add((one.row, one.person))
        text = " ".join((one.text or "(the text is no longer kept)").split())
        cut = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        console.say(f"{words.clock(one.at, heard.zone)}  row {one.row}, {one.person}: {cut}")
        if link := conversation_link(one.conversation_urn):
            console.say(f"  {link}")
    if not heard.answered and not watch:
        console.say(f"Nobody has answered {heard.campaign} yet, as far as the inbox tells.")
    if heard.listened.trouble:
        console.tell(f"Not all replies could be read: {heard.listened.trouble}.")
    if heard.results is not None:
        console.say(f"Results: {heard.results.path}")
    if not watch:
        console.answer(finished(_answer(heard), heard.exit_code))
    return heard.exit_code


def _answer(heard: Replies) -> dict[str, object]:
    return {
        "campaign": heard.campaign,
        "replies": [
            {
                "row": one.row,
                "person": one.person,
                "account": one.account or None,
                "repliedAt": instant_of(one.at),
                "reply": one.text,
                "conversation": conversation_link(one.conversation_urn),
            }
            for one in heard.answered
        ],
        "new": heard.listened.new,
        "settled": heard.listened.settled,
        "trouble": heard.listened.trouble,
    }
