"""Uncertain rows, one by one: what is known of each, and a person's word on it."""

from __future__ import annotations

import asyncio
from datetime import UTC
from typing import TYPE_CHECKING, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from runner import words
from runner.action import evidence
from runner.action.settle import Shown, recover_dead_run, this_person
from runner.action.settle import settle as record_word
from runner.action.standing import find_line
from runner.errors import UsageError
from runner.ledger.campaign import campaigns
from runner.ledger.doubt import Doubt, doubt, left_open, named, undecided
from runner.sending.pace import calendar_of
from runner.web.desk import now, record_of
from runner.web.fault import MissingPageError
from runner.web.view import draw, filled, go, number_in

if TYPE_CHECKING:
    from runner.ledger.ledger import Ledger
    from runner.ledger.record import CampaignRecord
    from runner.web.desk import Desk

_WORDS: Final = {"sent": True, "not-sent": False, "undo": None}


def show(desk: Desk, request: Request) -> Response:
    """One uncertain row, of all campaigns; the others follow."""
    found, place, count = None, number_in(request.query_params, "at"), 0
    with desk.ledger() as ledger:
        with ledger.read() as connection:
            records = {record.id: record for record in campaigns(connection)}
            opened = left_open(connection)
        for number in records.keys() & opened:
            recover_dead_run(ledger, records[number], now())
        with ledger.read() as connection:
            every = undecided(connection)
            count = len(every)
            place = min(place, max(0, count - 1))
            if every and (one := doubt(connection, every[place][1])) is not None:
                found = records[every[place][0]], one
        cells: list[tuple[str, str]] = []
        if found is not None and found[1].row is not None:
            cells = filled(found[0], find_line(ledger, found[0], found[1].row))
    commands = []
    if found is not None:
        record, one = found
        which = words.argument(name_of(one))
        commands = [
            words.command("settle", "--check", name=record.name),
            words.command("settle", which, "--sent", name=record.name),
            words.command("settle", which, "--not-sent", name=record.name),
        ]
    return draw(
        desk,
        request,
        "decide.html",
        count=count,
        place=place,
        found=found,
        cells=cells,
        zone=calendar_of(found[0].settings).zone if found else UTC,
        hint=evidence.hint_of(found[1].count) if found else None,
        commands=commands,
    )


def name_of(one: Doubt) -> str:
    """The name by which a command settles it: the row, or who has left the list since."""
    return one.person if one.row is None else str(one.row)


def settle(desk: Desk, request: Request, form: FormData) -> Response:
    """Record a person's word on one message, or take it back."""
    word = str(form.get("word", ""))
    if word not in _WORDS:
        raise UsageError("Say what you found.", remedy="It arrived, or it did not arrive.")
    delivery, sent = request.path_params["delivery"], _WORDS[word]
    with desk.ledger() as ledger:
        record = record_of(ledger, request.path_params["number"])
        row, label = _named(ledger, record, delivery)
        rows = [Shown(delivery, label)]
        done = record_word(ledger, record, rows, sent=sent, by=this_person(), now=now)
    when = "by the run that is active" if done.live else "with the next run"
    said = {
        True: f"{label}: it arrived.",
        False: f"{label}: it did not arrive, and is sent again {when}.",
        None: f"{label}: your word is taken back.",
    }[sent]
    if done.barred:
        said = f"{label}: it did not arrive. {done.barred[0]}"
    undo = f"/decide/{record.id}/{delivery}" if sent is not None else ""
    if form.get("back") == "row" and row is not None:
        return go(f"/campaigns/{record.id}/rows/{row}", desk.say(said, undo))
    # The next one takes the place of this one.
    return go(f"/decide?at={number_in(form, 'at')}", desk.say(said, undo))


def look(desk: Desk, request: Request, form: FormData) -> Response:
    """Look for the message in the vendor's conversations; what is found there settles it, and its
    row is shown then, not the next one."""
    delivery = request.path_params["delivery"]
    with desk.ledger() as ledger:
        record = record_of(ledger, request.path_params["number"])
        row, _ = _named(ledger, record, delivery)
        vendor = desk.vendor_of(record)
        with asyncio.Runner() as loop:
            found = evidence.look_at(
                ledger, record, delivery, vendor.lookup, loop, by=this_person(), now=now
            )
    said = desk.say(found.said)
    if found.sent_at is not None and row is not None:
        return go(f"/campaigns/{record.id}/rows/{row}", said)
    return go(f"/decide?at={number_in(form, 'at')}", said)


def _named(ledger: Ledger, record: CampaignRecord, delivery: int) -> tuple[int | None, str]:
    """The row of a delivery, and its name. Raises MissingPageError."""
    with ledger.read() as connection:
        found = named(connection, record.id, delivery)
    if found is None:
        raise MissingPageError
    return found
