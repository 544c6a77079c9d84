"""What a list has to do with the rest of a ledger: found by its people, or by walking past all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from runner.intake.recipient import Recipient
from runner.ledger import person, schema
from runner.ledger.campaign import put_campaign
from runner.ledger.contact import messaged_since
from runner.ledger.door import open_ledger
from runner.ledger.ledger import Ledger
from runner.ledger.overlap import overlaps
from runner.ledger.person import Spellings
from runner.ledger.record import Status
from runner.ledger.setting import Stored

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
URN = "urn:li:fsd_profile:ACoAAB00000"
STORED = Stored(sheet="", results="", min_days=30)
names = st.sampled_from([*(f"p{n}" for n in range(6)), *(f"{URN}{n}" for n in range(6))])


def filled(
    path: Path, sent: list[tuple[str, str, str, str]], pairs: list[tuple[str, str]]
) -> Ledger:
    """A ledger of two campaigns with deliveries (campaign, slug, answered, status), and pairs of
    spellings."""
    ledger = open_ledger(path)
    with ledger.write() as connection:
        for name in ("a", "b"):
            put_campaign(
                connection, name, source=name, template_hash="", headers=("profile",),
                delimiter=",", settings=STORED, now=NOW - timedelta(days=9),
            )  # fmt: skip
        rows = [
            {
                "campaign_id": 1 + (campaign == "b"),
                "identity": f"{slug} {number}",
                "step": 1,
                "slug": None if slug.startswith("urn:") else slug,
                "urn": slug if slug.startswith("urn:") else None,
                "position": number,
                "row": number + 2,
                "account": "",
                "message": "Hi",
                "message_type": "normal",
                "status": status,
                "sent_at": NOW - timedelta(days=2, minutes=number),
                "sent_to_urn": answered,
            }
            for number, (campaign, slug, answered, status) in enumerate(sent)
        ]
        if rows:
            connection.execute(sa.insert(schema.delivery), rows)
        known = [{"identity": one, "other": other, "learned_at": NOW} for one, other in set(pairs)]
        if known:
            connection.execute(sa.insert(schema.alias), known)
    return ledger


def found(ledger: Ledger, people: list[str]) -> tuple[Any, ...]:
    """All that is asked of a ledger about the people of a list."""
    listed = [
        Recipient(urn=one) if one.startswith("urn:") else Recipient(slug=one) for one in people
    ]
    with ledger.read() as connection:
        spellings = Spellings(connection, people)
        since = NOW - timedelta(days=30)
        lately = messaged_since(connection, 1, STORED, since, spellings, people)
        wanted = {spelling for one in people for spelling in spellings.of([one])}
        return (
            overlaps(connection, listed),
            {one: sorted(spellings.of([one])) for one in people},
            {one: lately.get(one) for one in wanted},
        )


statuses = st.sampled_from([str(Status.SENT), str(Status.WAITING), str(Status.UNCERTAIN)])


@settings(max_examples=60, deadline=None)
@given(
    sent=st.lists(st.tuples(st.sampled_from("ab"), names, names, statuses), max_size=12),
    pairs=st.lists(st.tuples(names, names), max_size=8),
    people=st.lists(names, min_size=1, max_size=6, unique=True),
)
def test_by_its_people_a_list_finds_what_a_walk_past_all_finds(
    tmp_path_factory: pytest.TempPathFactory,
    sent: list[tuple[str, str, str, str]],
    pairs: list[tuple[str, str]],
    people: list[str],
) -> None:
    folder = tmp_path_factory.mktemp("overlap")
    ledger = filled(folder / "ledger.db", sent, pairs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(person, "_WALKED", 10**6)
        whole = found(ledger, people)
        patch.setattr(person, "_WALKED", 0)
        assert found(ledger, people) == whole
    ledger.close()


def steps(ledger: Ledger, people: list[str]) -> int:
    """The steps that SQLite takes to find what a list has to do with a ledger."""
    ticks = 0

    def tick() -> int:
        nonlocal ticks
        ticks += 1
        return 0

    def before(connection: sa.Connection, *_: object) -> None:
        connection.connection.driver_connection.set_progress_handler(tick, 1)  # type: ignore[union-attr]

    event.listen(ledger._store.engine, "before_cursor_execute", before)
    found(ledger, people)
    event.remove(ledger._store.engine, "before_cursor_execute", before)
    return ticks


@pytest.mark.file
def test_a_list_costs_the_same_in_a_ledger_that_has_grown(tmp_path: Path) -> None:
    """Ten people who have a message of one campaign, in a ledger where another campaign has written
    to some hundreds of others, and where it has written to ten times as many."""
    took = []
    for count in (300, 3_000):
        sent = [("a", f"mine-{n}", f"{URN}{n:04}", "sent") for n in range(10)]
        sent += [("b", f"other-{n}", f"{URN}1{n:04}", "sent") for n in range(count)]
        pairs = [(slug, answered) for _, slug, answered, _ in sent]
        ledger = filled(tmp_path / f"{count}.db", sent, pairs)
        took.append(steps(ledger, [f"mine-{n}" for n in range(10)]))
        ledger.close()
    assert took[1] < 1.2 * took[0]
