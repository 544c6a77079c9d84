"""Ledger and lanes against a small model: whatever happens in whatever order, the promises hold.

Hypothesis adds, edits and removes rows, lets runs go on or die, lets the endpoint give any answer,
lets hours pass and quotas reset, suppresses people and settles rows, in two campaigns that share a
ledger, their people and two accounts.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from runner.action.behind import refuse_behind
from runner.action.people import suppress as put_on_list
from runner.action.settle import settle_rows
from runner.errors import StorageError, UsageError
from runner.intake.recipient import Recipient
from runner.ledger.campaign import campaign_named
from runner.ledger.health import check_tables
from runner.ledger.line import lines
from runner.ledger.record import Status
from runner.rehearsal.endpoint import Answer
from tests.broken import without_intent
from tests.test_crash import Dead, Reaper, mortal
from tests.world import World

LIMIT = 4
ACCOUNTS = ("acc_1", "acc_2")
PEOPLE = [f"person-{number}" for number in range(8)]
CAMPAIGNS = ("spring", "autumn")
ANSWERS: dict[str, Answer | None] = {
    "accepted": None,
    "no such profile": Answer(404, b'{"success": false, "error": "Profile not found"}'),
    "bad request": Answer(400, b'{"success": false, "error": "message is too long"}'),
    "server error": Answer(502, b'{"error": "Bad gateway"}'),
    "not JSON": Answer(200, b"<html>a portal</html>"),
    "answer lost": Answer(0, b"", cut="answer-lost"),
    "request lost": Answer(0, b"", cut="request-lost"),
    "slow down": Answer(429, b'{"error": "Too many requests, slow down"}', {"Retry-After": "5"}),
}


class Machine(RuleBasedStateMachine):
    """Two campaigns over one ledger, and what is known of them from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="machine-"))
        self.before = os.environ.get("XDG_STATE_HOME")
        os.environ["XDG_STATE_HOME"] = str(self.folder / "state")
        self.worlds: dict[str, World] = {}
        self.answers: list[str] = []
        # A person's words, by campaign and person: each "not sent" lets one more message go.
        self.again: Counter[tuple[str, str]] = Counter()
        self.said_sent: set[tuple[str, str]] = set()
        self.listed: dict[str, int] = {}

    @initialize()
    def begin(self) -> None:
        for name in CAMPAIGNS:
            world = World(
                self.folder,
                [("Name", person) for person in PEOPLE[:3]],
                limit=LIMIT,
                sheet=f"{name}.csv",
                template=f"{name}: hi {{{{ first_name }}}}",
            )
            self.worlds[name] = world
        first = self.worlds["spring"]
        first.server.script = self.script
        first.server.neighbours = False  # a look would see the first message
        for world in self.worlds.values():
            world.clock, world.server = first.clock, first.server

    def script(self, _fields: dict[str, Any]) -> Answer | None:
        return ANSWERS[self.answers.pop(0)] if self.answers else None

    # --- what can happen

    @rule(
        name=st.sampled_from(CAMPAIGNS),
        answers=st.lists(st.sampled_from(sorted(ANSWERS)), max_size=3),
        most=st.none() | st.integers(1, 3),
    )
    def run(self, name: str, answers: list[str], most: int | None) -> None:
        """A run, and the answers that its first messages get."""
        self.answers = list(answers)
        self._send(name, most)

    @rule(name=st.sampled_from(CAMPAIGNS), step=st.integers(1, 60))
    def die(self, name: str, step: int) -> None:
        """A run that dies at one of its steps."""
        with pytest.MonkeyPatch.context() as patch, mortal(patch, Reaper(step)), suppress(Dead):
            self._send(name, None)

    @rule(hours=st.integers(1, 30))
    def tick(self, hours: int) -> None:
        clock = self.worlds["spring"].clock
        clock.advance_to(clock.now() + timedelta(hours=hours))

    @rule(name=st.sampled_from(CAMPAIGNS), person=st.sampled_from(PEOPLE))
    def add(self, name: str, person: str) -> None:
        world = self.worlds[name]
        if person not in [row[1] for row in world.people]:
            world.people.append(("Name", person))

    @rule(name=st.sampled_from(CAMPAIGNS), place=st.integers(0, 7), word=st.sampled_from("ABC"))
    def edit(self, name: str, place: int, word: str) -> None:
        people = self.worlds[name].people
        if place < len(people):
            people[place] = (word, people[place][1])

    @rule(name=st.sampled_from(CAMPAIGNS), place=st.integers(0, 7))
    def remove(self, name: str, place: int) -> None:
        people = self.worlds[name].people
        if len(people) > 1 and place < len(people):
            people.pop(place)

    @rule(name=st.sampled_from(CAMPAIGNS))
    def sort(self, name: str) -> None:
        self.worlds[name].people.sort(key=lambda row: row[1], reverse=True)

    @rule(person=st.sampled_from(PEOPLE))
    def suppress(self, person: str) -> None:
        with closing(self.worlds["spring"].ledger()) as ledger:
            put_on_list(ledger, [Recipient(person)], None, self.now())
        self.listed.setdefault(person, self.received_by(person))

    @rule(
        name=st.sampled_from(CAMPAIGNS),
        person=st.sampled_from(PEOPLE),
        sent=st.sampled_from([True, False, None]),
    )
    def settle(self, name: str, person: str, sent: bool | None) -> None:
        """A person looks in LinkedIn and says what is there, is mistaken, or takes it back."""
        with closing(self.worlds["spring"].ledger()) as ledger:
            with ledger.read() as connection:
                record = campaign_named(connection, name)
            if record is None:
                return
            with suppress(UsageError):
                settle_rows(ledger, record, [Recipient(person)], sent=sent, by="me", now=self.now())
                if sent is None:
                    self.said_sent.discard((name, person))
                elif sent:
                    self.said_sent.add((name, person))
                else:
                    self.again[name, person] += 1

    def _send(self, name: str, most: int | None) -> None:
        world = self.worlds[name]
        ledger = world.ledger()
        try:
            options = {"now": True, "min_gap": 0, "min_days": 0, "accounts": ACCOUNTS}
            world.send(world.campaign(name=name, **options), ledger, most=most)
        finally:
            ledger.close()

    # --- what holds

    def now(self) -> Any:
        return self.worlds["spring"].clock.now()

    def receipts(self) -> list[Any]:
        return self.worlds["spring"].server.receipts if self.worlds else []

    def received_by(self, person: str) -> int:
        return sum(receipt.recipient == person for receipt in self.receipts())

    @invariant()
    def nobody_gets_a_message_twice(self) -> None:
        counts = Counter(
            (receipt.message.split(":")[0], receipt.recipient) for receipt in self.receipts()
        )
        for key, count in counts.items():
            assert count <= 1 + self.again[key], key

    @invariant()
    def the_quota_is_kept(self) -> None:
        days = Counter((receipt.account, receipt.at.date()) for receipt in self.receipts())
        assert all(count <= LIMIT for count in days.values())

    @invariant()
    def nobody_on_the_list_is_messaged(self) -> None:
        for person, before in self.listed.items():
            assert self.received_by(person) == before

    @invariant()
    def the_ledger_is_whole_and_says_the_truth(self) -> None:
        if not self.worlds or not (self.folder / "ledger.db").exists():
            return
        with closing(self.worlds["spring"].ledger()) as ledger:
            check_tables(ledger)
            refuse_behind(ledger)
            for name in CAMPAIGNS:
                with ledger.read() as connection:
                    record = campaign_named(connection, name)
                if record is None:
                    continue
                for line in lines(ledger, record.id):
                    self._judge(name, line.status, line.cells[1])

    def _judge(self, name: str, status: Status, person: str) -> None:
        got = sum(
            receipt.recipient == person and receipt.message.startswith(name)
            for receipt in self.receipts()
        )
        if status is Status.SENT:
            assert got or (name, person) in self.said_sent, person
        if status in (Status.WAITING, Status.FAILED, Status.INVALID):
            assert got <= self.again[name, person], person

    def teardown(self) -> None:
        if self.before is not None:
            os.environ["XDG_STATE_HOME"] = self.before
        shutil.rmtree(self.folder)


COMMON = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "derandomize": True,
    "print_blob": True,
}


class TestPromises(Machine.TestCase):  # type: ignore[misc, name-defined]
    """A share of the orders in which things can happen."""

    settings = settings(max_examples=15, stateful_step_count=15, **COMMON)


@pytest.mark.proof
class TestPromisesAtLength(Machine.TestCase):  # type: ignore[misc, name-defined]
    """Many more of them, and longer ones."""

    settings = settings(max_examples=500, stateful_step_count=40, **COMMON)


def test_the_machine_catches_a_sender_without_intent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same machine finds people who are messaged twice when no intent is committed."""
    for name, broken in without_intent().items():
        monkeypatch.setattr(f"runner.sending.traffic.{name}", broken)
    monkeypatch.setattr(Machine, "the_ledger_is_whole_and_says_the_truth", lambda _: None)

    class Broken(Machine):
        def _send(self, name: str, most: int | None) -> None:
            with suppress(StorageError):  # results tell of what such a ledger does not know
                super()._send(name, most)

    case = Broken.TestCase()
    only = {"phases": [Phase.generate]}  # what is found need not be made small
    case.settings = settings(max_examples=200, stateful_step_count=20, **COMMON, **only)
    with pytest.raises((AssertionError, ExceptionGroup)):
        case.runTest()
