"""Plan, list, find, retry: what a run would do, all campaigns, one person, failed rows again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import runner
from runner.intake.firm import company_key
from runner.ledger.suppression import suppress
from runner.rehearsal.endpoint import Answer
from tests.proof.place import Place
from tests.world import World, crowd


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Place(tmp_path / "place").open() as place:
        yield place


def answer(place: Place) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(place.out)
    return found


def refuse(place: Place, *people: str) -> None:
    refused = Answer(422, b'{"success": false, "error": "Not connected"}')
    place.endpoint.script = lambda fields: (
        refused if fields["recipientProfileId"] in people else None
    )


def test_a_plan_sends_nothing_and_asks_nobody(place: Place) -> None:
    """`plan` and `run --dry-run` say what a run would do, with the ledger's own knowledge."""
    assert place.run("--max", "2") == 75
    for command in (("plan",), ("run", "--dry-run")):
        words = [*command, "people.csv", "-t", "hello.j2", "--now"]
        assert place(*words) == 0
        assert "2 sent, 4 waiting" in place.out
        assert "Plan: 4 today" in place.out
        assert place(*words, "--json") == 0
        assert answer(place)["totals"]["waiting"] == 4
        assert answer(place)["sentThisRun"] == 0
    assert len(place.received()) == 2


def test_a_run_with_nobody_left_says_which_rules_left_whom_out(place: Place) -> None:
    """Each rule is named with its rows and with what would change it."""
    assert place("suppress", "add", "person-5") == 0
    assert place.run() == 0
    assert place("plan", "people.csv", "-t", "hello.j2", "--now", "--name", "next") == 0
    assert (
        "nobody is left to write to: 5 rows messaged not long ago by another campaign or tool "
        "(they wait for their days to pass; --min-days sets other days, --after CAMPAIGN makes a "
        "follow-up of this one), 1 row on the do-not-contact list (campaign suppress list shows "
        "it)." in place.out
    )
    assert place("check", "people.csv", "-t", "hello.j2") == 0
    assert "campaign plan" in place.out


def test_nothing_goes_before_the_start_date(place: Place) -> None:
    """A start date is a part of the calendar: the run pauses until then, and says so."""
    day = f"{datetime.now(UTC) + timedelta(days=3):%Y-%m-%d}"
    pace = ("--hours", "00:00-24:00", "--days", "all", "--time-zone", "UTC", "--min-gap", "0")
    words = ("run", "people.csv", "-t", "hello.j2", "--yes", *pace)
    assert place(*words, "--start-date", day) == 75
    assert f"the campaign starts on {day}" in place.out
    assert place("why", "2") == 0
    assert f"the campaign starts on {day}" in place.out
    assert place("status", "--json") == 0
    assert answer(place)["nextSendAt"] == f"{day}T00:00:00Z"
    assert place(*words, "--start-date", day, "--now") == 2
    assert place(*words, "--start-date", "3000-01-01") == 2
    assert place.received() == []
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert place(*words, "--start-date", today, "--max", "1") == 75
    assert place.received() == ["person-0"]


def test_a_plan_refuses_what_a_run_refuses(place: Place) -> None:
    """A template of another tool stops the plan with the run's exit code."""
    (place.folder / "hello.j2").write_text("Hi [First Name]", encoding="utf-8")
    assert place("plan", "people.csv", "-t", "hello.j2") == 3


def test_all_campaigns_are_listed(place: Place) -> None:
    """Each campaign has a line, and in JSON the totals of its own."""
    assert place.run("--max", "1") == 75
    assert place.run("--name", "two", "--max", "1") == 75
    assert place("list") == 0
    assert "people" in place.out
    assert "two" in place.out
    assert place("list", "--json") == 0
    names = [one["campaign"] for one in answer(place)["campaigns"]]
    assert sorted(names) == ["people", "two"]


def test_a_person_is_found_under_every_spelling(place: Place) -> None:
    """What was sent to somebody is told by campaign, row and account, and what waits."""
    assert place.run("--max", "1") == 75
    assert place("suppress", "add", "person-5") == 0
    assert place("find", "https://www.linkedin.com/in/person-0/", "--json") == 0
    (sent,) = answer(place)["messages"]
    assert (sent["campaign"], sent["row"], sent["status"]) == ("people", 2, "sent")
    urn = next(one for one in answer(place)["spellings"] if one.startswith("urn:"))
    assert place("find", urn) == 0
    assert "people, row 2: sent" in place.out
    assert place("find", "person-5") == 0
    assert "never to be messaged" in place.out
    assert place("find", "nobody-here") == 0
    assert "No campaign has this person" in place.out
    assert place("find", "two words") == 2


def test_a_campaign_is_named_by_its_list(place: Place) -> None:
    """`status`, `results` and `why` take the list as well as the name, `why` a person too."""
    assert place.run("--max", "1") == 75
    assert place("status", "people.csv") == 0
    assert place("results", "people.csv") == 0
    assert place("why", "person-0", "--name", "people.csv") == 0
    assert "was sent" in place.out
    assert place("why", "stranger-x") == 2
    assert place("status", "other.csv") == 2


def test_failed_rows_are_sent_again_on_purpose(place: Place) -> None:
    """`retry` says first which rows, takes rows, ranges, people, all, or a reason, and never one
    whose message may have arrived."""
    refuse(place, "person-1", "person-3")
    assert place.run() == 1
    assert place("retry") == 2
    assert place("retry", "--failed") == 2  # nobody is there to ask
    assert "row 3 (Not connected)" in place.err
    for wrong in (("2",), ("3-5",), ("person-0",), ("5-3",), ("--reason", "403")):
        assert place("retry", *wrong, "--yes") == 2
    assert place("retry", "person-1", "--yes") == 0
    assert place("retry", "--reason", "connected", "--yes", "--json") == 0
    assert answer(place)["rows"] == [5]
    refuse(place)
    assert place.run() == 0
    assert sorted(place.received()) == [f"person-{number}" for number in range(6)]
    assert place("retry", "--failed", "--yes") == 2


def test_python_has_these_acts_too(place: Place) -> None:
    """Failed rows wait again by `runner.retry`; a person is found, and asked for, by any link."""
    ledger = str(place.ledger)
    refuse(place, "person-1", "person-3")
    assert place.run() == 1
    found = runner.find("linkedin.com/in/person-1", ledger=ledger).known.met
    assert [met.status for met in found] == ["failed"]
    assert runner.retry(["person-1"], ledger=ledger).rows == (3,)
    with pytest.raises(runner.CampaignError):
        runner.retry([2], ledger=ledger)
    assert runner.retry(reason="422", ledger=ledger).rows == (5,)
    assert "waits" in runner.why("person-3", ledger=ledger).said[0]
    (summary,) = runner.campaigns(ledger=ledger).summaries
    assert (summary.totals.sent, summary.totals.waiting) == (4, 2)
    with pytest.raises(runner.CampaignError):
        runner.find("two words", ledger=ledger)


def test_ranges_are_settled_at_once(place: Place) -> None:
    """`settle` takes ranges of rows, all or not one of them."""
    place.endpoint.script = lambda _: Answer(502, b"Bad gateway")
    assert place.run() == 5
    assert place("settle", "2-9", "--sent") == 2
    assert place("settle", "2-4", "--sent") == 0
    assert place("status", "--json") == 0
    assert answer(place)["totals"]["sent"] == 3


def test_all_uncertain_rows_are_settled_at_once(place: Place) -> None:
    """`settle --all` names every uncertain row, those of people who left the list as well, and
    asks; no other row is settled."""
    place.endpoint.script = lambda _: Answer(502, b"Bad gateway")
    assert place.run("--max", "1") == 75
    assert place.run("--max", "1") == 75
    place.endpoint.script = lambda _: None
    assert place.run("--max", "1") == 75
    place.write(range(1, 6))
    assert place.run("--max", "1") == 75
    assert place("settle", "--all", "2", "--sent") == 2
    assert place("settle", "--all", "--sent") == 2  # nobody is there to ask
    assert "person-0 (no longer in the list)" in place.err
    assert place("settle", "--all", "--sent", "--yes", "--json") == 0
    assert answer(place)["rows"] == [2, "person-0"]
    assert place("settle", "--all", "--sent", "--yes") == 2
    assert "is uncertain" in place.err
    assert place("status", "--json") == 0
    assert (answer(place)["totals"]["sent"], answer(place)["totals"]["waiting"]) == (3, 2)


@pytest.mark.parametrize(
    "name",
    ["A/B test", "a:b", "dot.", "CON", "x" * 150, "🚀 spring", "../up", "a\\b", "q?*|<>"],
)
def test_a_name_of_a_campaign_is_any_text(place: Place, name: str) -> None:
    """A name that no file could have names the campaign all the same, and its results lie beside
    the list."""
    assert place.run("--max", "1") == 75
    assert place.run("--name", name, "--min-days", "0", "--max", "1") == 75
    written = [path.name for path in place.folder.glob("people.*results.csv")]
    assert len(written) == 2
    assert place("status", "--name", name, "--json") == 0
    assert answer(place)["campaign"] == name


@pytest.mark.parametrize("name", ["x" * 300, "tab\tx", "two\nlines", " "])
def test_a_name_that_is_none_is_refused_at_once(place: Place, name: str) -> None:
    """An endless name, or one that cannot be seen, is refused before anything is read."""
    assert place.run("--name", name) == 2


def test_companies_and_domains_are_never_messaged(place: Place) -> None:
    """A company is matched by its name without its legal form, a domain by addresses and sites, in
    the columns that say so; taken off the list, its people wait again."""
    (place.folder / "people.csv").write_text(
        "First Name,profile,Company,E-Mail,Website\n"
        "Ada,ada-x,Acme GmbH,ada@gmail.com,\n"
        "Ben,ben-x,Other,ben@mail.acme.com,\n"
        "Cas,cas-x,Acme Foods,cas@gmail.com,https://www.cas.com/acme\n"
        "Dan,dan-x,,,www.acme.com\n",
        encoding="utf-8",
    )
    assert place("suppress", "add", "Acme") == 2
    assert "--company Acme" in place.err
    assert place("suppress", "add") == 2
    assert place("suppress", "add", "--domain", "nonsense") == 2
    assert place("suppress", "add", "--company", "ACME, Inc.", "--domain", "acme.com") == 0
    assert place("suppress", "list") == 0
    assert "company:acme" in place.out
    assert place.run() == 0
    assert place.received() == ["cas-x"]
    assert place("suppress", "remove", "--company", "acme") == 0
    assert place.run() == 0
    assert place.received() == ["cas-x", "ada-x"]


def test_a_plan_leaves_nothing_behind(place: Place) -> None:
    """It is made in a copy of the ledger: campaigns, settings and rows stay as they were."""
    assert place.run("--max", "2") == 75
    assert place("status", "--json") == 0
    before = answer(place)["totals"]
    pace = ("--now", "--min-gap", "0")
    assert place("plan", "people.csv", "-t", "hello.j2", *pace, "--name", "other") == 0
    assert place("plan", "people.csv", "-t", "hello.j2", "--where", "First Name=Name5") == 0
    assert place("plan", "people.csv", "-t", "hello.j2", "--after", "people", *pace) == 0
    assert "2 waiting" in place.out
    assert place("status", "--json") == 0
    assert answer(place)["totals"] == before
    assert place("list", "--json") == 0
    assert [one["campaign"] for one in answer(place)["campaigns"]] == ["people"]
    assert place.run() == 0
    assert not list(place.folder.glob("data/.ledger*look*"))


def test_a_list_of_several_campaigns_names_none_of_them(place: Place) -> None:
    """A word that would reach one of several campaigns is refused, and names them."""
    assert place.run("--max", "1") == 75
    assert place.run("--name", "other", "--min-days", "0", "--max", "1") == 75
    for command in (("pause",), ("stop",), ("status",), ("results",)):
        assert place(*command, "people.csv") == 2
        assert "Several campaigns use this list: 'other', 'people'" in place.err
    assert place("pause", "people") == 0
    assert place("list") == 0
    assert "paused" in place.out


def test_people_who_are_skipped_are_found(place: Place) -> None:
    """`find` and `why` know also whom a campaign has left out, and why."""
    assert place("suppress", "add", "person-5") == 0
    assert place.run("--where", "First Name!=Name4") == 0
    assert place("find", "person-4") == 0
    assert "people, row 6: skipped (left out" in place.out
    assert place("why", "person-5") == 0
    assert "on the do-not-contact list" in place.out


def test_a_row_that_stays_barred_is_not_said_to_wait_again(place: Place) -> None:
    refuse(place, "person-1")
    assert place.run() == 1
    place.endpoint.script = None
    assert place("suppress", "add", "person-1") == 0
    assert place("retry", "--failed", "--yes") == 0
    assert "Row 3 will not be sent: on the do-not-contact list" in place.out
    assert "0 rows of people wait again" in place.out


def test_a_company_put_on_the_list_holds_in_a_run_that_is_active(tmp_path: Path) -> None:
    """The rows of the company get nothing from the next message on, whatever its legal form."""
    firms = ("Acme Inc", "Globex, S.à r.l.", "GLOBEX s.p.A.", "Initech")
    people = [(*one, firm) for one, firm in zip(crowd(4), firms, strict=True)]
    world = World(tmp_path, people, header=("First Name", "recipientProfileId", "Company"))
    ledger = world.ledger()
    first = world.server.answer

    def answered(headers: Any, body: Any) -> Answer:
        if not world.server.receipts:
            key = company_key("Globex")
            with ledger.write() as connection:
                suppress(connection, [(str(key),)], None, world.clock.now())
        return first(headers, body)

    world.server.answer = answered  # type: ignore[method-assign]
    report = world.send(world.campaign(), ledger, stay=True)
    ledger.close()
    assert report.summary.totals.skipped == 2
    assert world.received() == ["person-0", "person-3"]


@pytest.mark.parametrize(
    "name",
    [
        "Foo B.V.",
        "foo, L.L.C.",
        "FOO S.à r.l.",
        "Foo S.p.A.",
        "Foo s.r.o.",
        "Foo d.o.o.",
        "Foo A/S",
        "Foo LLP",
        "Foo OÜ",
        "Foo Ltda.",
        "Foo Pvt. Ltd.",
        "Foo UG (haftungsbeschränkt)",
        "Foo gGmbH",
        "Foo Incorporated",
        "Foo GmbH & Co. KG",
    ],
)
def test_a_legal_form_is_no_part_of_a_companys_name(name: str) -> None:
    assert company_key(name) == company_key("Foo")


def test_a_company_is_not_taken_for_a_person(place: Place) -> None:
    """What names a company or a domain is refused, with the option that is meant."""
    for text in ("Acme GmbH", "acme.com", "bo@acme.com"):
        assert place("suppress", "add", text) == 2
        assert "--company" in place.err
        assert "--domain" in place.err


def test_five_people_who_are_refused_alike_by_name_stop_the_account(place: Place) -> None:
    """The person whom the text names does not make another refusal of it."""
    place.endpoint.script = lambda fields: Answer(
        422,
        json.dumps(
            {
                "success": False,
                "error": f"Cannot send InMail to {fields['recipientProfileId']}: no credits",
            }
        ).encode(),
    )
    assert place.run() == 4
    assert "6 waiting" in place.out


def test_results_of_a_list_with_a_long_name_can_be_written(place: Place) -> None:
    name = "y" * 239 + ".csv"
    (place.folder / "people.csv").rename(place.folder / name)
    assert place("run", name, "-t", "hello.j2", "--now", "--min-gap", "0", "--yes") == 0
    assert (place.folder / name.replace(".csv", ".results.csv")).exists()


def test_a_row_that_is_barred_needs_no_mending(place: Place) -> None:
    """Nobody writes to them: their row is skipped, whatever else is wrong with it."""
    place.write(range(3), more=",person-9\n")
    assert place.run("--max", "1") == 75
    assert "1 invalid" in place.out
    assert place("suppress", "add", "person-9") == 0
    assert place.run() == 0
    assert "1 skipped" in place.out


@pytest.mark.file
def test_a_plan_makes_no_ledger(place: Place) -> None:
    """Where there is none, nobody is known; one that is lost is missed all the same."""
    assert place("plan", "people.csv", "-t", "hello.j2", "--now") == 0
    assert "there is no ledger at" in place.err
    assert "6 waiting" in place.out
    assert not place.ledger.exists()
    assert place.run() == 0
    place.ledger.unlink()
    assert place("plan", "people.csv", "-t", "hello.j2", "--now") == 7
