"""Steps: the messages of one campaign that follow one another, to those who do not answer."""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from runner.action.retry import retry
from runner.action.settle import settle
from runner.action.sheets import add_sheets
from runner.campaign.campaign import load
from runner.campaign.recognise import find_campaign
from runner.errors import ExitCode, RefusedError
from runner.ledger.door import open_ledger
from runner.ledger.erasure import forget
from runner.ledger.merge import merge
from runner.ledger.record import Status
from runner.ledger.replay import replay
from runner.ledger.suppression import suppress
from runner.rehearsal.endpoint import Answer
from runner.result.variant import compare, wilson
from tests.action.test_replies import ACCOUNT, answering, next_day, say
from tests.test_crash import Dead
from tests.world import World, crowd, read_results

OPTIONS: dict[str, Any] = {
    "accounts": [ACCOUNT],
    "hours": "00:00-24:00",
    "days": "all",
    "min_gap": 0,
}
BUMP = "Any news, {{ first_name }}?"
LAST = "One last try, {{ first_name }}"


class Steps:
    """A world whose campaign has two steps that follow its first message."""

    def __init__(self, folder: Path, people: int = 3) -> None:
        self.world = World(folder, crowd(people))
        self.world.check_receipts = lambda: None  # type: ignore[method-assign]
        self.texts = [BUMP, LAST]
        self.days = [2, 3]
        self.where: list[list[str]] = [[], []]

    def run(self, **more: Any) -> Any:
        steps = []
        for number, (text, days) in enumerate(zip(self.texts, self.days, strict=False), start=2):
            path = self.world.folder / f"step{number}.j2"
            path.write_text(text, encoding="utf-8")
            where = {"where": self.where[number - 2]} if self.where[number - 2] else {}
            steps.append({"template": path, "after_days": days, **where})
        return self.world.run(**{**OPTIONS, "steps": steps, **more})

    def run_days(self, days: int, **more: Any) -> Any:
        for _ in range(days):
            report = self.run(**more)
            next_day(self.world)
        return report

    def got(self, person: str) -> list[str]:
        """The beginnings of the messages that a person got, in their order."""
        return [
            receipt.message.split(",")[0].split()[0]
            for receipt in self.world.server.receipts
            if receipt.recipient == person
        ]


@pytest.fixture
def steps(tmp_path: Path) -> Steps:
    return Steps(tmp_path)


def test_steps_follow_one_another_after_their_days(steps: Steps) -> None:
    """Each person gets each message once, each on a day of its own, and the row tells the last."""
    report = steps.run()
    assert report.exit_code == ExitCode.PAUSED
    assert steps.world.statuses() == ["waiting"] * 3
    row = read_results(steps.world.folder / "people.results.csv")[0]
    assert (row["status"], row["step"], row["sentMessage"]) == ("waiting", "2", "Hi Name0")
    assert row["sentAt"]
    assert row["waitsUntil"].startswith("2026-11-25")
    assert report.summary.totals.rows == 3
    next_day(steps.world)
    assert steps.run().sent == 0
    next_day(steps.world)
    assert steps.run().sent == 3
    steps.run_days(2)
    assert len(steps.world.received()) == 6
    next_day(steps.world)
    report = steps.run()
    assert report.exit_code == ExitCode.DONE
    assert all(steps.got(f"person-{n}") == ["Hi", "Any", "One"] for n in range(3))
    days = [receipt.at.date().day for receipt in steps.world.server.receipts]
    assert days == [23] * 3 + [25] * 3 + [28] * 3
    rows = read_results(steps.world.folder / "people.results.csv")
    assert [(row["status"], row["step"], row["sentMessage"][:8]) for row in rows] == [
        ("sent", "3", "One last")
    ] * 3
    assert steps.run_days(40).sent == 0


def test_an_answer_ends_the_sequence(steps: Steps) -> None:
    """The row stays sent, with the message that was answered; nobody else is held."""
    steps.run()
    say(steps.world, "person-1", "Sure", 0.3)
    steps.run_days(8)
    assert steps.got("person-1") == ["Hi"]
    assert steps.got("person-0") == ["Hi", "Any", "One"]
    rows = read_results(steps.world.folder / "people.results.csv")
    assert (rows[1]["status"], rows[1]["step"], rows[1]["reply"]) == ("sent", "1", "Sure")
    assert rows[0]["repliedAt"] == ""


def test_an_answer_just_before_a_step_ends_it(steps: Steps) -> None:
    """Also where the inbox cannot be read: the look before the message says so."""
    answering(
        steps.world, lambda target: Answer(500, b"") if "linkedinAccountIds" in target else None
    )
    steps.run()
    next_day(steps.world, 1.99)
    say(steps.world, "person-1", "Sure", 0.001)
    next_day(steps.world, 0.01)
    steps.run_days(8)
    assert steps.got("person-1") == ["Hi"]
    assert steps.world.statuses() == ["sent"] * 3


def test_a_persons_own_message_ends_the_sequence(steps: Steps) -> None:
    """Whatever --quiet-days says."""
    steps.run(quiet_days=0)
    say(steps.world, "person-1", "By hand, how are you?", 0.3, ours=True)
    steps.run_days(20, quiet_days=0)
    assert steps.got("person-1") == ["Hi"]
    assert steps.got("person-2") == ["Hi", "Any", "One"]


def test_the_do_not_contact_list_ends_the_sequence(steps: Steps) -> None:
    steps.run()
    ledger = steps.world.ledger()
    with ledger.write() as connection:
        suppress(connection, [("person-1",)], None, steps.world.clock.now())
    ledger.close()
    report = steps.run_days(8)
    assert steps.got("person-1") == ["Hi"]
    assert report.summary.totals.sent == 3


def test_a_step_is_for_the_rows_that_it_names(steps: Steps) -> None:
    """Who has no such step gets the one after it, so many days after what came before."""
    steps.where[0] = ["First Name!=Name1"]
    steps.run_days(8)
    assert steps.got("person-0") == ["Hi", "Any", "One"]
    assert steps.got("person-1") == ["Hi", "One"]
    at = [r.at.day for r in steps.world.server.receipts if r.recipient == "person-1"]
    assert at == [23, 26]


def test_a_later_text_is_for_those_who_have_not_had_it(steps: Steps) -> None:
    steps.run_days(3)
    assert steps.got("person-0") == ["Hi", "Any"]
    steps.texts = ["Changed, {{ first_name }}", "Better, {{ first_name }}"]
    steps.world.people.append(("Late", "late"))
    steps.run_days(8)
    assert steps.got("person-0") == ["Hi", "Any", "Better"]
    assert steps.got("late") == ["Hi", "Changed", "Better"]


def test_steps_that_are_left_out_go_no_more(steps: Steps) -> None:
    steps.run_days(3)
    steps.texts = steps.texts[:1]
    report = steps.run_days(8)
    assert report.exit_code == ExitCode.DONE
    assert steps.got("person-0") == ["Hi", "Any"]
    steps.texts = [BUMP, LAST]
    steps.run_days(8)
    assert steps.got("person-0") == ["Hi", "Any", "One"]


def test_who_leaves_the_list_gets_no_further_step(steps: Steps) -> None:
    steps.run()
    gone = steps.world.people.pop(1)
    steps.run_days(4)
    assert steps.got("person-1") == ["Hi"]
    steps.world.people.insert(0, gone)
    steps.run_days(8)
    assert all(steps.got(f"person-{n}") == ["Hi", "Any", "One"] for n in range(3))


def test_every_message_is_checked_before_the_first_one(steps: Steps) -> None:
    """A blank that only the last step prints keeps the row from the first one, and names the
    cell; one that comes later keeps it from the next."""
    steps.world.header = ("First Name", "recipientProfileId", "Company")
    steps.world.people = [("Ada", "ada", "Acme"), ("Bob", "bob", "")]
    steps.texts[1] = "How is {{ company }}?"
    report = steps.run()
    assert report.summary.totals.invalid == 1
    assert steps.world.received() == ["ada"]
    assert "C3" in (steps.world.lines()[1].reason or "")
    steps.world.people[0] = ("Ada", "ada", "")
    report = steps.run_days(8)
    assert steps.got("ada") == ["Hi"]
    assert steps.world.statuses() == ["invalid", "invalid"]
    assert report.exit_code == ExitCode.NEEDS_A_PERSON
    steps.world.people[0] = ("Ada", "ada", "Acme")
    steps.run_days(8)
    assert steps.got("ada") == ["Hi", "Any", "How"]


def test_nothing_follows_what_is_not_certainly_sent(steps: Steps) -> None:
    """Evidence that it was lets the sequence go on; a person's decision ends it."""
    plain = steps.world.server.answer
    lost: list[bytes] = []

    def answer(headers: Mapping[str, str], body: bytes) -> Answer:
        answered = plain(headers, body)
        if b"Hi Name1" in body or b"Hi Name2" in body:
            lost.append(body)
            return Answer(0, b"", cut="answer-lost")
        return answered

    steps.world.server.answer = answer  # type: ignore[method-assign]
    hidden = lambda target: Answer(500, b"") if "linkedinAccountIds" in target else None  # noqa: E731
    answering(steps.world, hidden)
    steps.run_days(4)
    assert steps.world.statuses() == ["waiting", "uncertain", "uncertain"]
    ledger = steps.world.ledger()
    record = find_campaign(ledger, "people")
    settle(ledger, record, [3], sent=True, by="Ann", now=steps.world.clock.now)
    ledger.close()
    steps.world.server.look_up = type(steps.world.server).look_up.__get__(  # type: ignore[method-assign]
        steps.world.server
    )
    steps.run_days(10)
    assert [len(steps.got(f"person-{n}")) for n in range(3)] == [3, 1, 3]
    assert steps.world.statuses() == ["sent"] * 3


def test_no_step_follows_without_a_look(steps: Steps) -> None:
    """Where the vendor offers none, the first messages go and the steps wait, and it says why."""
    steps.world.server.neighbours = False
    steps.run_days(3)
    report = steps.run()
    assert report.exit_code == ExitCode.PAUSED
    assert len(steps.world.received()) == 3
    assert "no look" in report.pause
    steps.world.server.neighbours = True
    steps.run_days(4)
    assert len(steps.world.received()) == 9


@pytest.mark.parametrize(("due", "first"), [("first", "Any"), ("last", "Hi")])
def test_steps_that_are_due_go_before_new_people_or_after(
    steps: Steps, due: str, first: str
) -> None:
    steps.world.limit = steps.world.server.limit = 3
    steps.run(due_steps=due)
    steps.world.people += crowd(3, start=10)
    next_day(steps.world, 2)
    steps.run(due_steps=due)
    beginnings = [receipt.message.split()[0].strip(",") for receipt in steps.world.server.receipts]
    assert beginnings[3:6] == [first] * 3


def test_the_rule_of_thirty_days_counts_a_sequence_as_one(steps: Steps) -> None:
    """And counts what another campaign sent in between."""
    steps.run()
    other = steps.world
    other.template = "Something else, {{ first_name }}"
    other.run(**OPTIONS, name="other", min_days=0)
    other.template = "Hi {{ first_name }}"
    steps.run_days(6, name="people")
    assert steps.got("person-0") == ["Hi", "Something"]
    next_day(steps.world, 30)
    steps.run_days(6, name="people")
    assert steps.got("person-0") == ["Hi", "Something", "Any", "One"]


def test_a_workbook_tells_every_message(tmp_path: Path) -> None:
    steps = Steps(tmp_path)
    steps.run_days(3, results=tmp_path / "out.xlsx")
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    rows = [[cell.value for cell in row] for row in book["Messages"].iter_rows()]
    assert rows[0][:5] == ["row", "person", "step", "variant", "status"]
    assert [tuple(row[:5]) for row in rows[1:4]] == [
        (2, "person-0", 1, None, "sent"),
        (2, "person-0", 2, None, "sent"),
        (2, "person-0", 3, None, "waiting"),
    ]
    assert len(rows) == 10
    assert rows[3][-1] == "One last try, Name0"


@pytest.mark.file
def test_results_of_a_sequence_used_as_a_list_message_nobody_again(steps: Steps) -> None:
    """Their rows tell that the first message was sent, also while the second one waits."""
    steps.run()
    results = (steps.world.folder / "people.results.csv").read_bytes()
    path = steps.world.folder / "list.csv"
    path.write_bytes(results)
    template = steps.world.folder / "hello.j2"
    campaign = load(path, {"template": template, "time_zone": "UTC", **OPTIONS})
    ledger = open_ledger(steps.world.folder / "other.db", noted=False)
    report = steps.world.send(campaign, ledger)
    ledger.close()
    assert report.sent == 0
    assert Counter(steps.world.received()) == Counter(f"person-{n}" for n in range(3))


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"after_days": 2}, "lacks template"),
        ({"template": "x.j2"}, "lacks after_days"),
    ],
)
def test_a_step_says_what_it_lacks(steps: Steps, step: dict[str, Any], said: str) -> None:
    if "template" in step:
        step = {"template": steps.world.folder / "x.j2"}
    with pytest.raises(RefusedError, match=said):
        steps.world.campaign(**OPTIONS, steps=[step])


def test_totals_are_rows_whatever_the_steps(steps: Steps) -> None:
    """Each day of a sequence, the totals add up to the rows of the list."""
    say(steps.world, "person-2", "Hello", 1.5)
    for _ in range(8):
        report = steps.run()
        counts = report.summary.totals
        assert counts.rows == 3
        assert counts.waiting == steps.world.statuses().count(Status.WAITING)
        next_day(steps.world)
    assert timedelta() < steps.world.clock.now() - steps.world.start


def test_what_follows_a_message_that_never_goes_has_ended(steps: Steps) -> None:
    """It is not called one that is to follow."""
    say(steps.world, "person-2", "Hello", -0.5)
    tallies = steps.run().summary.steps
    assert (tallies[1].sent, tallies[1].ended) == (2, 1)
    assert [(one.waiting + one.following, one.ended) for one in tallies.values()][1:] == [
        (2, 1)
    ] * 2


def test_the_forecast_knows_the_steps_to_come(steps: Steps) -> None:
    """It tells the days of a whole sequence before the first message, as if nobody answered."""
    report = steps.run(agree=True)
    assert report.summary.days[-1][1] == 3
    plan = steps.world.plans[0]
    assert [(day.day, count) for day, count in plan.summary.days] == [(23, 3), (25, 3), (28, 3)]
    steps.run_days(6)
    days = Counter(receipt.at.day for receipt in steps.world.server.receipts)
    assert days == {23: 3, 25: 3, 28: 3}


@pytest.mark.parametrize(
    "where",
    [
        (["First Name=Name3"], []),
        ([], ["First Name!=Name1"]),
        (["First Name!=Name2"], ["First Name!=Name0"]),
        (["First Name=Name3"], ["First Name=Name2"]),
    ],
)
def test_the_forecast_knows_which_steps_a_person_gets(
    tmp_path: Path, where: tuple[list[str], list[str]]
) -> None:
    """Each step is foretold for the day on which it goes, also where only some people get it, and
    the first messages take several days."""
    steps = Steps(tmp_path, people=4)
    steps.world.limit = steps.world.server.limit = 2
    steps.where = list(where)
    steps.run(agree=True)
    foretold = {(day.month, day.day): count for day, count in steps.world.plans[0].summary.days}
    steps.run_days(12)
    days = Counter((receipt.at.month, receipt.at.day) for receipt in steps.world.server.receipts)
    assert foretold == days


class Mortal:
    """Lets runs of a world die: within a look, a message, or between the two."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self.share = 0.0
        self._chance = chance
        look_up, answer = world.server.look_up, world.server.answer

        def mortal_look(headers: Mapping[str, str], target: str) -> Answer:
            self.step()
            found = look_up(headers, target)
            self.step()
            return found

        def mortal_answer(headers: Mapping[str, str], body: bytes) -> Answer:
            self.step()
            found = answer(headers, body)
            self.step()
            return found

        world.server.look_up = mortal_look  # type: ignore[method-assign]
        world.server.answer = mortal_answer  # type: ignore[method-assign]

    def step(self) -> None:
        if self._chance.random() < self.share:
            raise Dead


@pytest.mark.slow
@pytest.mark.parametrize(
    "seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.proof) for seed in range(4, 150))]
)
def test_no_step_goes_twice_or_early_or_to_who_has_answered(tmp_path: Path, seed: int) -> None:
    """Over days with people who answer, messages by hand, looks of every kind that fail, deaths
    within looks and messages, messages that meet faults, a vendor that is behind, another campaign
    on the same people, and edits of the list and of the texts."""
    chance = random.Random(seed)
    steps = Steps(tmp_path, people=8)
    world = steps.world
    world.limit = world.server.limit = chance.choice([4, 150])
    world.server.faults = chance.choice([0.0, 0.2])
    world.check = lambda _: None  # type: ignore[method-assign]
    steps.days = [chance.choice([1, 2]), chance.choice([1, 3])]
    mortal = Mortal(world, chance)

    def fails(target: str) -> Answer | None:
        if "/conversations" in target and chance.random() < 0.1:
            return Answer(chance.choice([500, 502, 429]), b"")
        return None

    answering(world, fails)
    said: list[tuple[str, datetime]] = []
    for day in range(14):
        mortal.share = chance.choice([0.0, 0.0, 0.05])
        with contextlib.suppress(Dead):
            report = steps.run(due_steps=chance.choice(["first", "last"]), name="people")
            assert report.summary.totals.rows == len(world.people)
        mortal.share = 0.0
        if chance.random() < 0.2:
            world.template = "Other {{ first_name }}"
            world.run(**OPTIONS, name="other")
            world.template = "Hi {{ first_name }}"
        for person in {receipt.recipient for receipt in world.server.receipts}:
            later = chance.uniform(0.0, 1.0)
            at = world.clock.now() + timedelta(days=later)
            if chance.random() < 0.08:
                ours = chance.random() < 0.3
                say(world, person, "By hand" if ours else "Sure", later, ours=ours)
                said.append((person, at))
        world.server.inbox.lag = timedelta(days=chance.choice([0, 0, 1]))
        if chance.random() < 0.3:
            world.people = chance.sample(world.people, len(world.people))
        if chance.random() < 0.2:
            steps.texts[1] = f"One last try {day}, {{{{ first_name }}}}"
        next_day(world)
    got: dict[str, list[tuple[str, datetime]]] = {}
    for receipt in world.server.receipts:
        kind = receipt.message.split()[0].strip(",")
        got.setdefault(receipt.recipient, []).append((kind, receipt.at))
    assert got
    early = timedelta(minutes=2)
    for person, messages in got.items():
        kinds = [kind for kind, _ in messages if kind != "Other"]
        assert kinds in (["Hi"], ["Hi", "Any"], ["Hi", "Any", "One"], [])
        at = dict(messages)
        for number, (before, kind) in enumerate((("Hi", "Any"), ("Any", "One"))):
            if kind in at:
                days = (at[kind].date() - at[before].date()).days
                assert days >= steps.days[number]
                spoken = [when for who, when in said if who == person]
                assert not any(at["Hi"] + early < when < at[kind] - early for when in spoken)
    sent = Counter((receipt.account, receipt.at.date()) for receipt in world.server.receipts)
    assert all(count <= world.limit for count in sent.values())


def test_variants_are_shared_out_by_person_and_compared(tmp_path: Path) -> None:
    """Each person has the same one on every reading and in every order; the results have it, and
    the status says how often each was answered, and that few answers tell nothing."""
    world = World(tmp_path, crowd(60))
    for name in ("a", "b"):
        (tmp_path / f"{name}.j2").write_text(f"Hi {{{{ first_name }}}}, {name}", encoding="utf-8")
    both = [tmp_path / "a.j2", tmp_path / "b.j2"]
    plain = world.campaign
    world.campaign = lambda **said: plain(**{**said, "template": both})  # type: ignore[method-assign]
    world.limit = world.server.limit = 20
    world.run(**OPTIONS)
    both.reverse()
    world.people.reverse()
    for _ in range(3):
        next_day(world)
        report = world.run(**OPTIONS)
    got = {receipt.recipient: receipt.message[-1] for receipt in world.server.receipts}
    rows = read_results(tmp_path / "people.results.csv")
    assert {row["recipientProfileId"]: row["variant"] for row in rows} == got
    assert "step" not in rows[0]
    assert 15 < Counter(got.values())["a"] < 45
    (compared,) = compare(report.summary.tallies)
    assert compared.verdict == "too few to tell"
    for person in [person for person, variant in got.items() if variant == "a"][:14]:
        say(world, person, "Sure", 0.2)
    next_day(world)
    (compared,) = compare(world.run(**OPTIONS).summary.tallies)
    assert (compared.best, [one.replied for one in compared.variants]) == ("a", [14, 0])


@pytest.mark.parametrize(
    ("replied", "sent", "low", "high"),
    # The values of R's binom.confint(method = "wilson").
    [
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (81, 263, 0.2553, 0.3662),
    ],
)
def test_intervals_are_wilsons(replied: int, sent: int, low: float, high: float) -> None:
    assert wilson(replied, sent) == pytest.approx((low, high), abs=5e-5)


def test_two_variants_of_one_name_are_refused(tmp_path: Path) -> None:
    world = World(tmp_path, crowd(2))
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "hello.j2").write_text("Hi", encoding="utf-8")
    both = [tmp_path / folder / "hello.j2" for folder in ("x", "y")]
    campaign = replace(world.campaign(**OPTIONS), templates=tuple(both))
    ledger = world.ledger()
    with pytest.raises(RefusedError, match="2 variants"):
        world.send(campaign, ledger)
    ledger.close()


@pytest.mark.file
@pytest.mark.parametrize("way", ["second record", "another ledger", "results"])
def test_a_ledger_that_is_brought_back_knows_the_steps(tmp_path: Path, way: str) -> None:
    """Whoever had a message of a sequence does not get it again, and gets the next one."""
    steps = Steps(tmp_path)
    world = steps.world
    steps.run_days(3)
    world.people.append(("Late", "late"))
    steps.run()
    assert [len(steps.got(f"person-{n}")) for n in range(3)] == [2] * 3
    old = world.ledger()
    assert old.second is not None
    told = list(old.second.lines())
    with old.read() as before:
        new = open_ledger(tmp_path / "new.db", noted=False)
        with new.write() as connection:
            if way == "second record":
                replay(connection, told, world.clock.now())
            elif way == "another ledger":
                merge(connection, before, "old", world.clock.now())
        if way == "results":
            sheet = tmp_path / "people.results.csv"
            assert list(add_sheets(new, [sheet], {}, world.clock.now(), "people"))
    old.close()
    world.ledger = lambda: new  # type: ignore[method-assign]
    new.close = lambda: None  # type: ignore[method-assign]
    steps.run_days(8, name="people")
    assert all(steps.got(f"person-{n}") == ["Hi", "Any", "One"] for n in range(3))
    assert steps.got("late") == ["Hi", "Any", "One"]


@pytest.mark.file
def test_to_forget_a_person_forgets_the_whole_sequence(steps: Steps) -> None:
    """Its row stays, by what became of the first message, and nothing follows."""
    steps.run_days(3)
    ledger = steps.world.ledger()
    forget(ledger, [("person-1",)], steps.world.clock.now())
    ledger.close()
    assert b"person-1" not in (steps.world.folder / "ledger.db").read_bytes()
    assert steps.world.statuses() == ["waiting", "sent", "waiting"]
    steps.world.check = lambda _: None  # type: ignore[method-assign]  # its cells are blank now
    steps.run_days(8)
    assert steps.got("person-1") == ["Hi", "Any"]
    assert steps.world.statuses() == ["sent", "skipped", "sent"]


def test_nothing_follows_an_inmail_that_was_not_answered(steps: Steps) -> None:
    """LinkedIn lets nobody write again before an answer; who is a connection by then gets it."""
    steps.world.template = "---\nsubject: A question\n---\nHi {{ first_name }}"
    steps.world.server.inbox.strangers[ACCOUNT] = {"person-1"}
    steps.run(inmail="fallback")
    assert len(steps.world.received()) == 3
    steps.run_days(8, inmail="fallback")
    assert steps.got("person-1") == ["Hi"]
    assert steps.got("person-0") == ["Hi", "Any", "One"]
    assert steps.world.statuses() == ["sent"] * 3


def failing(steps: Steps, text: bytes, times: int = 1) -> None:
    """Let the vendor refuse the first messages with that text."""
    plain, refused = steps.world.server.answer, []

    def answer(headers: Mapping[str, str], body: bytes) -> Answer:
        if text in body and len(refused) < times:
            refused.append(body)
            return Answer(400, b'{"success": false, "error": "Invalid recipient"}')
        return plain(headers, body)

    steps.world.server.answer = answer  # type: ignore[method-assign]


@pytest.mark.file
def test_a_failed_step_tells_the_message_before_it(steps: Steps) -> None:
    """So its results, used as a list, message nobody again; a retry lets the sequence go on."""
    failing(steps, b"Any news, Name1")
    steps.run_days(3)
    row = read_results(steps.world.folder / "people.results.csv")[1]
    assert (row["status"], row["step"], row["sentMessage"]) == ("failed", "2", "Hi Name1")
    assert row["sentAt"]
    path = steps.world.folder / "list.csv"
    path.write_bytes((steps.world.folder / "people.results.csv").read_bytes())
    campaign = load(path, {"template": steps.world.folder / "hello.j2", **OPTIONS})
    other = open_ledger(steps.world.folder / "other.db", noted=False)
    assert steps.world.send(campaign, other).sent == 0
    other.close()
    ledger = steps.world.ledger()
    record = find_campaign(ledger, "people")
    retry(ledger, record, [3], None, lambda _: True, steps.world.clock.now)
    ledger.close()
    steps.run_days(8)
    assert steps.got("person-1") == ["Hi", "Any", "One"]


def test_no_step_goes_after_a_later_one(steps: Steps) -> None:
    """Also where an edit makes it the row's own only then."""
    steps.where[0] = ["First Name!=Name1"]
    steps.run_days(4)
    assert steps.got("person-1") == ["Hi", "One"]
    steps.where[0] = []
    steps.run_days(8)
    assert steps.got("person-1") == ["Hi", "One"]
    assert steps.world.statuses() == ["sent"] * 3


def test_nobody_gets_the_text_that_they_have(steps: Steps) -> None:
    """A step that is put in before others moves them; what was sent under another number counts."""
    steps.run_days(3)
    steps.texts, steps.days = ["New, {{ first_name }}", BUMP, LAST], [1, 1, 1]
    steps.where = [[], [], []]
    steps.run_days(12)
    assert steps.got("person-0") == ["Hi", "Any", "One"]


def test_what_has_ended_is_not_spoilt_later(steps: Steps) -> None:
    """A blank that only a step prints that goes no more."""
    steps.world.header = ("First Name", "recipientProfileId", "Company")
    steps.world.people = [("Ada", "ada", "Acme"), ("Bob", "bob", "Beta")]
    steps.texts[1] = "How is {{ company }}?"
    steps.run()
    say(steps.world, "ada", "Sure", 0.3)
    next_day(steps.world)
    steps.run()
    steps.world.people[0] = ("Ada", "ada", "")
    steps.run_days(2)
    assert steps.world.statuses()[0] == "sent"


def test_a_step_that_another_campaign_holds_back_waits(steps: Steps) -> None:
    """With its date, and the run is not done before."""
    steps.run()
    steps.world.template = "Something else, {{ first_name }}"
    steps.world.run(**OPTIONS, name="other", min_days=0)
    steps.world.template = "Hi {{ first_name }}"
    report = steps.run_days(3, name="people")
    assert report.exit_code == ExitCode.PAUSED
    row = read_results(steps.world.folder / "people.results.csv")[0]
    assert (row["status"], row["step"], row["waitsUntil"][:10]) == ("waiting", "2", "2026-12-23")
