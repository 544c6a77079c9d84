"""Who has answered, over all campaigns; and the inbox, read now."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from runner import words
from runner.action.replies import hear as hear_campaign
from runner.ledger.campaign import campaigns
from runner.ledger.reply import latest_replies
from runner.web.desk import now, record_of
from runner.web.view import draw, go, number_in

if TYPE_CHECKING:
    from runner.web.desk import Desk

_REPLIES: Final = 25


def show(desk: Desk, request: Request) -> Response:
    """A page of replies, the newest first; those to one campaign, where it is asked for."""
    asked = request.query_params
    which, skipped = number_in(asked, "campaign") or None, number_in(asked, "skip")
    with desk.ledger() as ledger, ledger.read() as connection:
        known = {record.id: record for record in campaigns(connection)}
        found = latest_replies(connection, which, skipped, _REPLIES + 1)
    names = [known[which].name] if which in known else []
    return draw(
        desk,
        request,
        "replies.html",
        answers=[(known[number], answered) for number, answered in found[:_REPLIES]],
        campaigns=known.values(),
        which=which,
        skipped=skipped,
        more=skipped + _REPLIES if len(found) > _REPLIES else None,
        commands=[words.command("replies", *map(words.argument, names))],
    )


def hear(desk: Desk, _request: Request, form: FormData) -> Response:
    """Read the inbox now, for one campaign."""
    with desk.ledger() as ledger:
        record = record_of(ledger, number_in(form, "campaign"))
        with asyncio.Runner() as loop:
            heard = hear_campaign(ledger, record.name, desk.vendor_of(record).lookup, loop, now)
    listened = heard.listened
    said = f"{words.count(listened.new, 'new reply').replace('replys', 'replies')}."
    if listened.settled:
        said += f" {words.count(listened.settled, 'uncertain message')} stood in the inbox."
    if listened.trouble:
        said += f" It could not be read whole: {listened.trouble}."
    return go(f"/replies?campaign={record.id}", desk.say(said))
