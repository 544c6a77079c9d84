"""What mending a ledger would change, in sentences: said before a person agrees to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner import words
from runner.errors import StorageError
from runner.ledger import schema
from runner.ledger.chain import digest_at, head
from runner.ledger.door import open_ledger
from runner.ledger.health import is_whole
from runner.ledger.holes import holes
from runner.ledger.knowledge import Knowledge
from runner.ledger.ledger import Ledger
from runner.ledger.lost import missing
from runner.ledger.merge import Merged
from runner.ledger.noted import What
from runner.ledger.second import SecondRecord, records_of, second_record
from runner.ledger.version import identity_of


def is_as_it_is(path: Path, draft: Ledger) -> bool:
    """Tell whether a draft knows what the ledger that is there knows, event by event, and the
    second record too."""
    if not is_whole(path):
        return False
    with closing(open_ledger(path, create=False, noted=False)) as ledger, ledger.read() as there:
        last, identity = head(there), identity_of(there)
        same_lists = _lists(there)
        noted = second_record(identity).last()
        if noted is not None and noted.n and digest_at(there, noted.n) != noted.head:
            return False  # an earlier mending ended before it had noted that
    with draft.read() as connection:
        is_same = head(connection) == last and _lists(connection) == same_lists
    latest = second_record(identity).latest()
    others = [record for record in records_of(path) if record.identity != identity]
    return is_same and not others and latest is not None and latest.head == last.head


def _lists(connection: Connection) -> tuple[int, int]:
    counted = [
        sa.select(sa.func.count()).select_from(table)
        for table in (schema.do_not_contact, schema.contact)
    ]
    first, second = (connection.scalar(count) or 0 for count in counted)
    return first, second


def said_holes(record: SecondRecord, known: int, path: Path, *, has_more: bool) -> list[str]:
    """Say how much of a second record, behind the `known` events, is damaged or gone.

    Raises StorageError when nothing else is named that could know of it.
    """
    count = holes(record, known)
    if not count:
        return []
    what = f"{words.count(count, 'event')} of the second record cannot be read"
    if not has_more:
        look = words.command("ledger restore", "--look", ledger=path)
        raise StorageError(
            f"{what[0].upper()}{what[1:]}: messages among them would be missing.",
            where=str(record.path),
            remedy=(
                "Name the results sheets that you have: campaign ledger restore RESULTS. Or look "
                f"for the messages in the conversations: {look}."
            ),
        )
    return [f"{what}; messages among them count only where the others know of them."]


def said_lost(draft: Ledger, path: Path) -> Iterator[str]:
    """Say what is known here and would not count any more with a draft."""
    with draft.read() as connection:
        knowledge = Knowledge(connection)
    messages, listed = 0, set[str]()
    for record in records_of(path):
        told = missing(record, {})
        messages += sum(not knowledge.has(line.keys, None) for line in told if line.keys)
        for line in record.lines():
            if line.what is What.LIST and line.name and line.verdict == "listed":
                listed.add(line.name)
            elif line.what is What.LIST and line.verdict == "unlisted":
                listed.discard(line.name or "")
    people = sum(not knowledge.has([person], None) for person in listed)
    if messages or people:
        restore = words.command("ledger restore", ledger=path)
        yield (
            f"Known here, and not counting any more: {words.count(messages, 'message')} and "
            f"{words.people(people)} on the do-not-contact list. To keep them: {restore}."
        )


def said_base(base: Path | None, path: Path) -> str:
    if base is None:
        return "There is no copy of the ledger; a new one takes what is known elsewhere."
    if base == path:
        return "The ledger that is there is whole; what it lacks is added to it."
    return f"The newest copy that is whole: {base.name}."


def said_merged(merged: Merged, other: Path) -> Iterator[str]:
    yield (
        f"{other.name} adds {words.count(merged.messages, 'message')}, "
        f"{words.people(merged.listed)} on the do-not-contact list and "
        f"{words.count(merged.contacts, 'message')} of other tools."
    )
    if merged.campaigns:
        yield f"New campaigns: {', '.join(merged.campaigns)}."
