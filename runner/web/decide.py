"""Uncertain rows, one by one: what is known of each, and a person's word on it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from runner import words
from runner.action import evidence
from runner.action.settle import Which, recover_dead_run, this_person
from runner.action.settle import settle as record_word
from runner.action.standing import row_or_person
from runner.errors import UsageError
from runner.ledger.campaign import campaigns
from runner.ledger.doubt import Doubt, doubt, left_open, undecided
from runner.web.desk import now, record_of
from runner.web.view import draw, go, number_in

if TYPE_CHECKING:
    from runner.web.desk import Desk

_WORDS = {"sent": True, "not-sent": False, "undo": None}


def show(desk: Desk, request: Request) -> Response:
    """One uncertain row, of all campaigns; the others follow."""
    found, place, count = None, number_in(request.query_params, "at"), 0
    with desk.ledger() as ledger:
        with ledger.read() as connection:
            records = {record.id: record for record in campaigns(connection)}
            opened = left_open(connection)
        for number in opened:
            recover_dead_run(ledger, records[number], now())
        with ledger.read() as connection:
            every = undecided(connection)
            count = len(every)
            place = min(place, max(0, count - 1))
            if every and (one := doubt(connection, every[place][1])) is not None:
                found = records[every[place][0]], one
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
        which=name_of(found[1]) if found else "",
        hint=evidence.hint_of(found[1].count) if found else None,
        commands=commands,
    )


def name_of(one: Doubt) -> str:
    """The name by which a person settles it: the row, or who has left the list since."""
    return one.person if one.row is None else str(one.row)


def settle(desk: Desk, request: Request, form: FormData) -> Response:
    """Record a person's word on one row, or take it back."""
    word = str(form.get("word", ""))
    if word not in _WORDS:
        raise UsageError("Say what you found.", remedy="It arrived, or it did not arrive.")
    which, sent = request.path_params["row"], _WORDS[word]
    with desk.ledger() as ledger:
        record = record_of(ledger, request.path_params["number"])
        rows = [_which(which)]
        done = record_word(ledger, record, rows, sent=sent, by=this_person(), now=now)
    label = f"Row {which}" if which.isdecimal() else which
    when = "by the run that is active" if done.live else "with the next run"
    said = {
        True: f"{label}: it arrived.",
        False: f"{label}: it did not arrive, and is sent again {when}.",
        None: f"{label}: your word is taken back.",
    }[sent]
    if done.barred:
        said = f"{label}: it did not arrive. {done.barred[0]}"
    undo = f"/decide/{record.id}/{which}" if sent is not None else ""
    # The next one takes the place of this one.
    return go(f"/decide?at={number_in(form, 'at')}", desk.say(said, undo))


def look(desk: Desk, request: Request, form: FormData) -> Response:
    """Look for the message in the vendor's conversations; what is found there settles the row."""
    which = request.path_params["row"]
    if not which.isdecimal():
        raise UsageError("Who has left the list is looked up by: campaign settle --check")
    with desk.ledger() as ledger:
        record = record_of(ledger, request.path_params["number"])
        vendor = desk.vendor_of(record)
        with asyncio.Runner() as loop:
            looked = evidence.look(
                ledger, record, [int(which)], vendor.lookup, loop, by=this_person(), now=now
            )
    said = " ".join(found.said for found in looked.findings)
    return go(f"/decide?at={number_in(form, 'at')}", desk.say(said))


def _which(text: str) -> Which:
    return number_in({"row": text}, "row") if text.isdecimal() else row_or_person(text)
