"""A person gets at most one message in so many days.

The rule holds over all campaigns and under every spelling.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from runner.action.settle import settle_rows
from runner.action.standing import find_line
from runner.campaign.campaign import load
from runner.errors import ExitCode, RefusedError, UsageError
from runner.intake.recipient import Recipient
from runner.ledger.attempt import commit_intent
from runner.ledger.campaign import campaign_named
from runner.ledger.claim import claim
from runner.ledger.contact import Contact, bar, note_contacts
from runner.ledger.door import open_ledger
from runner.ledger.person import learn
from runner.ledger.record import Claim, OvertakenError
from runner.ledger.suppression import suppress
from runner.rehearsal.endpoint import Answer, urn_of
from runner.result.summary import summarise
from runner.result.why import why
from runner.sending.pace import Pace
from tests.world import MONDAY, World, crowd

LEASE = timedelta(minutes=2)


def two(folder: Path, people: list[tuple[str, ...]], **options: Any) -> World:
    """A world in which the campaign `fair` has written to everyone.

    The next run is another campaign's.
    """
    world = World(folder, people, sheet="fair.csv", **options)
    world.run(now=True, min_gap=0)
    world.sheet, world.template = "news.csv", "News, {{ first_name }}"
    world.check_receipts = lambda: None  # type: ignore[method-assign]  # two campaigns may write to the same people
    return world


def reasons(world: World, name: str) -> list[str | None]:
    return [line.reason for line in world.lines(name)]


def test_nobody_hears_from_two_campaigns_within_thirty_days(tmp_path: Path) -> None:
    """Another campaign skips a person who was messaged, and says the day, campaign and rule.

    The person is free after 30 days, on an unchanged list and by the same command.
    """
    world = two(tmp_path, crowd(2))
    world.people = [*crowd(2), ("New", "person-new")]
    world.run(name="news")
    assert world.statuses("news") == ["skipped", "skipped", "sent"]
    assert (
        reasons(world, "news")[0]
        == "messaged on 2026-11-23 by the campaign 'fair'; at most one message in 30 days"
    )
    assert "2 rows are skipped for now" in " ".join(world.plans[-1].notices)
    world.clock.advance_to(MONDAY + timedelta(days=29))
    world.run(name="news")
    assert world.plans[-1].intake is None
    assert "nobody is left to write to: 2 rows messaged not" in " ".join(world.plans[-1].notices)
    world.clock.advance_to(MONDAY + timedelta(days=31))
    assert world.run(name="news", now=True).sent == 2


@pytest.mark.parametrize(
    ("days", "sent", "notice"),
    [
        (7, 2, "people may be messaged again after 7 days (min_days), not 30."),
        (0, 2, "people may be messaged again at once (min_days = 0), not after 30 days."),
        (60, 0, "people may be messaged again after 60 days (min_days), not 30."),
    ],
)
def test_a_campaign_that_has_another_rule_says_so(
    tmp_path: Path, days: int, sent: int, notice: str
) -> None:
    """Ten days later a campaign sends to the people that its own rule frees.

    The plan says openly that the rule is another.
    """
    world = two(tmp_path, crowd(2))
    world.clock.advance_to(MONDAY + timedelta(days=10))
    world.run(name="news", now=True)
    assert world.statuses("news") == ["skipped"] * 2
    assert not any("min_days" in said for said in world.plans[-1].notices)
    assert world.run(name="news", now=True, min_gap=0, min_days=days).sent == sent
    assert notice in world.plans[-1].notices


def test_the_rule_holds_inside_the_claim(tmp_path: Path) -> None:
    """A campaign skips a person that another campaign has written to, or is writing to.

    Both campaigns took the list in before either sent. The next run looks at the person again.
    """
    world = World(tmp_path, crowd(3), sheet="fair.csv")
    world.run(most=0)
    world.sheet, world.template = "news.csv", "News, {{ first_name }}"
    world.run(most=0, name="news")
    ledger = world.ledger()
    with ledger.read() as connection:
        fair, news = campaign_named(connection, "fair"), campaign_named(connection, "news")
    assert fair
    assert news
    assert world.statuses("news") == ["waiting"] * 3
    both = [
        claim(ledger, one.id, "", lambda: MONDAY, LEASE, lambda _: None) for one in (fair, news)
    ]
    taken, same = both
    assert isinstance(taken, Claim)
    assert isinstance(same, Claim)
    assert taken.recipient == same.recipient
    commit_intent(ledger, taken, lambda: MONDAY)
    with pytest.raises(OvertakenError):
        commit_intent(ledger, same, lambda: MONDAY)
    other = claim(ledger, news.id, "", lambda: MONDAY + LEASE, LEASE, lambda _: None)
    assert isinstance(other, Claim)
    assert other.recipient.slug == "person-1"
    reason = (
        "may have been messaged on 2026-11-23 by the campaign 'fair'; at most one message in 30 "
        "days"
    )
    assert find_line(ledger, news, 2).reason == reason
    ledger.close()
    world.sheet, world.template = "fair.csv", "Hi {{ first_name }}"
    world.clock.advance_to(MONDAY + timedelta(hours=1))
    world.run(now=True, min_gap=0)
    # Whose intent was noted may have the message. The other claim took nobody.
    assert world.statuses("fair") == ["uncertain", "sent", "sent"]


def test_an_uncertain_message_counts_from_when_it_left(tmp_path: Path) -> None:
    """An uncertain message counts from when it left, not from when it was settled or read.

    The request left on the 23rd, so the 30 days end on the 23rd.
    """
    world = two(tmp_path, crowd(1), script=lambda _: Answer(502, b""))
    world.clock.advance_to(MONDAY + timedelta(days=29, hours=23))
    world.run(name="news", now=True)
    assert reasons(world, "news") == [
        (
            "may have been messaged on 2026-11-23 by the campaign 'fair'; at most one message "
            "in 30 days"
        )
    ]
    world.clock.advance_to(MONDAY + timedelta(days=30, minutes=1))
    world.run(name="news", now=True)
    assert world.server.requests == 2


def test_what_certainly_did_not_arrive_bars_nobody(tmp_path: Path) -> None:
    """A failed message bars nobody: the other campaign may write."""
    world = two(tmp_path, crowd(1), script=lambda _: Answer(404, b'{"error": "Profile not found"}'))
    world.server.script = None
    assert world.run(name="news", now=True).sent == 1


def test_a_contact_from_elsewhere_counts_like_a_message(tmp_path: Path) -> None:
    """A contact that is noted under one spelling holds under the others, and ends after 30 days.

    It makes an unchanged list be read again.
    """
    world = World(tmp_path, [("A", "person-a"), ("B", "person-b")])
    world.run(most=0)
    ledger = world.ledger()
    at = MONDAY - timedelta(days=20)
    with ledger.write() as connection:
        learn(connection, [("person-a", urn_of("person-a"))], MONDAY)
        contacts = [
            Contact((urn_of("person-a"),), at),
            Contact(("person-b",), MONDAY - timedelta(days=31)),
        ]
        assert note_contacts(connection, contacts, "old.csv", MONDAY) == 2
        assert note_contacts(connection, contacts, "renamed.csv", MONDAY) == 0
    ledger.close()
    assert world.run(now=True).sent == 1
    assert reasons(world, "people") == [
        "messaged on 2026-11-03 according to old.csv; at most one message in 30 days",
        None,
    ]
    world.clock.advance_to(MONDAY + timedelta(days=11))
    assert world.run(now=True).sent == 1


@pytest.mark.parametrize(
    ("sent", "min_days", "reason"),
    [
        (True, 0, "has this message already: row 2 went to them"),
        (False, 0, "may have this message already: an answer named them"),
        (
            False,
            30,
            (
                "messaged on 2026-11-23 according to an answer to the campaign 'people'; at "
                "most one message in 30 days"
            ),
        ),
    ],
)
def test_who_got_a_message_meant_for_another_is_not_sent_it_again(
    tmp_path: Path, sent: bool, min_days: int, reason: str
) -> None:
    """A person who got a message meant for another person is not sent it again.

    The answer for one URN names another. The account sends nothing until that is settled, not even
    in another campaign. Either way of settling it, the other person's own row, under another
    spelling, is skipped and says why.
    """
    asked, other = urn_of("asked"), urn_of("other")
    body = f'{{"success": true, "recipientProfileUrn": "{other}"}}'.encode()
    world = World(tmp_path, [("A", asked), ("B", "other-slug")], script=lambda _: Answer(200, body))
    ledger = world.ledger()
    with ledger.write() as connection:
        learn(connection, [("other-slug", other)], MONDAY)
    ledger.close()
    pace = {"now": True, "min_gap": 0, "min_days": min_days}
    assert world.run(**pace).exit_code is ExitCode.ENDPOINT
    report = world.run(**pace)
    assert (report.exit_code, world.server.requests, report.summary.next_send_at) == (
        ExitCode.ENDPOINT,
        1,
        None,
    )
    people, world.people, world.sheet = world.people, [("C", "person-c")], "other.csv"
    report = world.run(**pace, name="other")
    assert (report.exit_code, world.server.requests) == (ExitCode.ENDPOINT, 1)
    assert report.stop is not None
    assert "campaign settle 2 --name people --sent" in report.stop.remedy
    ledger = world.ledger()
    with ledger.read() as connection:
        record = campaign_named(connection, "people")
    assert record
    summary = summarise(ledger, report.summary.campaign, Pace(None, timedelta()), world.clock.now())
    line = find_line(ledger, report.summary.campaign, 2)
    assert "is stopped: A message may have gone to another person" in why(ledger, summary, line)[0]
    settle_rows(ledger, record, [2], sent=sent, by="Ann", now=world.clock.now())
    ledger.close()
    world.people, world.sheet, world.server.script = people, "people.csv", None
    world.run(**pace)
    assert world.server.requests == (1 if sent else 2)
    assert reasons(world, "people")[1] == reason


SPELLINGS = st.integers(0, 5).map(lambda number: f"spelling-{number}")


@pytest.mark.slow
@hypothesis_settings(max_examples=20)
@given(
    st.lists(st.tuples(SPELLINGS, SPELLINGS), max_size=8),
    SPELLINGS,
    SPELLINGS,
    st.sampled_from(["suppress", "contact", "sent"]),
)
def test_whatever_bars_one_spelling_bars_all(
    tmp_path_factory: pytest.TempPathFactory,
    pairs: list[tuple[str, str]],
    listed: str,
    row: str,
    how: str,
) -> None:
    """A person who is barred under one spelling is sent nothing under any spelling.

    This holds for any links between spellings, learned before or after the list was read.
    """
    same = {listed}
    for _ in pairs:
        same |= {key for pair in pairs if same & {*pair} for key in pair}
    folder = tmp_path_factory.mktemp("w")
    world = World(folder, [("A", row)])
    world.run(most=0)
    ledger = world.ledger()
    if how == "sent":
        world.sheet, world.people, world.template = (
            "other.csv",
            [("A", listed)],
            "Other {{ first_name }}",
        )
        world.run(name="other", now=True)
        world.sheet, world.people, world.template = (
            "people.csv",
            [("A", row)],
            "Hi {{ first_name }}",
        )
    with ledger.write() as connection:
        record = campaign_named(connection, "people")
        learn(connection, pairs, MONDAY)
        if how == "suppress":
            suppress(connection, [(listed,)], None, MONDAY)
        elif how == "contact":
            note_contacts(connection, [Contact((listed,), MONDAY)], "old.csv", MONDAY)
    assert record
    taken = claim(ledger, record.id, "", lambda: MONDAY + timedelta(hours=2), LEASE, lambda _: None)
    assert (taken is None) == (row in same)
    if isinstance(taken, Claim):
        commit_intent(ledger, taken, lambda: MONDAY + timedelta(hours=2))
    ledger.close()
    world.clock.advance_to(MONDAY + timedelta(hours=3))
    before = len(world.server.receipts)
    world.run(now=True)
    assert len(world.server.receipts) == before
    assert world.statuses() == (["skipped"] if row in same else ["uncertain"])


@pytest.mark.parametrize("days", [-1, 36_501])
def test_a_rule_that_makes_no_sense_is_refused(tmp_path: Path, days: int) -> None:
    """A rule that makes no sense is refused, from the command line and from a campaign file."""
    world = World(tmp_path, crowd(1))
    with pytest.raises(UsageError, match="makes no sense"):
        world.run(min_days=days)
    path = tmp_path / "c.toml"
    path.write_text(f'sheet = "people.csv"\nmin_days = {days}\n')
    with pytest.raises(RefusedError, match="makes no sense"):
        load(path, {})
    path.write_text('sheet = "people.csv"\nmin_days = true\n')
    with pytest.raises(RefusedError, match="wrong kind"):
        load(path, {})


def test_a_person_is_one_to_the_ledger_however_spelt(tmp_path: Path) -> None:
    """A contact that gives two spellings of a person links them."""
    ledger = open_ledger(tmp_path / "ledger.db")
    with ledger.write() as connection:
        note_contacts(connection, [Contact(("jane", "urn:1"), MONDAY)], "old.csv", MONDAY)
        suppress(connection, [("urn:1",)], None, MONDAY)
        assert bar(connection, 0, 0, Recipient("jane"), MONDAY) == "on the do-not-contact list"
    ledger.close()
