"""A rehearsal is the real run on another clock.

It has the same days, quota, results and troubles, and sends nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest

from runner.campaign.campaign import load
from runner.errors import ExitCode
from runner.rehearsal.endpoint import SimulatedEndpoint
from runner.rehearsal.people import People
from runner.rehearsal.rehearse import Day, Rehearsed, beside, rehearse, sample
from runner.rehearsal.transport import JumpingClock
from runner.show.console import Console
from runner.show.rehearsal import show_rehearsal
from tests.loopback import serving
from tests.world import MONDAY, World, crowd, read_results


def rehearsed(
    folder: Path, count: int, faults: float = 0.0, seed: int = 0, limit: int = 150
) -> Rehearsed:
    world = World(folder, crowd(count))
    campaign = world.campaign(results=folder / "out.csv")
    return rehearse(campaign, MONDAY, faults=faults, seed=seed, limit=limit)


@pytest.mark.slow
def test_four_hundred_rows_take_three_quota_days(tmp_path: Path) -> None:
    """400 rows go out as 150, 150 and 100 on three days running. Every row is sent, and the results
    sheet is written."""
    done = rehearsed(tmp_path, 400)
    assert [(day.day, day.sent, day.waiting) for day in done.days] == [
        (date(2026, 11, 23), 150, 250),
        (date(2026, 11, 24), 150, 100),
        (date(2026, 11, 25), 100, 0),
    ]
    assert (done.report.exit_code, done.report.sent, len(done.receipts)) == (
        ExitCode.DONE,
        400,
        400,
    )
    assert Counter(row["status"] for row in read_results(tmp_path / "out.csv")) == {"sent": 400}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_faults_cost_no_row_and_message_nobody_twice(
    tmp_path: Path, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """At a bad endpoint every row ends sent, failed or uncertain. Every row called sent was
    received, and no failed row was. Those of the days, and those found later, are all of them."""
    done = rehearsed(tmp_path, 120, faults=0.3, seed=seed, limit=50)
    received = Counter(receipt.recipient for receipt in done.receipts)
    assert max(received.values()) == 1
    statuses = {line.cells[1]: line.status.value for line in done.lines}
    assert len(statuses) == 120
    assert set(statuses.values()) <= {"sent", "failed", "uncertain"}
    assert all(received[person] == 1 for person, status in statuses.items() if status == "sent")
    assert all(received[person] == 0 for person, status in statuses.items() if status == "failed")
    assert "uncertain" in statuses.values()
    show_rehearsal(Console(), done)
    more = re.search(
        r"^(\d+) messages? more than on the days", capsys.readouterr().out, re.MULTILINE
    )
    found = int(more[1]) if more else 0
    assert sum(day.sent for day in done.days) + found == [*statuses.values()].count("sent")


@pytest.mark.slow
def test_the_same_seed_is_the_same_rehearsal(tmp_path: Path) -> None:
    """The same seed repeats its faults. Another seed is another bad day."""
    runs = []
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        (tmp_path / folder).mkdir()
        done = rehearsed(tmp_path / folder, 60, faults=0.3, seed=seed)
        runs.append((done.days, [line.status for line in done.lines]))
    assert runs[0] == runs[1] != runs[2]


def test_the_packaged_sample_is_rehearsed(tmp_path: Path) -> None:
    """The sample of the README gives 26 sent, 3 invalid and 1 skipped. A rehearsal that came to its
    end exits 0."""
    days: list[Day] = []
    campaign = load(
        sample("recipients.csv"),
        {"template": sample("introduction.j2"), "results": tmp_path / "r.xlsx", "time_zone": "UTC"},
    )
    done = rehearse(campaign, MONDAY, day=days.append)
    counts = done.report.summary.totals
    assert (counts.sent, counts.invalid, counts.skipped, done.report.exit_code) == (
        26,
        3,
        1,
        ExitCode.DONE,
    )
    assert [day.sent for day in days] == [26]
    assert (tmp_path / "r.xlsx").exists()


def test_a_rehearsal_never_writes_where_real_results_are(tmp_path: Path) -> None:
    """The results of a rehearsal have a name of their own."""
    campaign = World(tmp_path, crowd(1)).campaign()
    assert beside(campaign).results == tmp_path / "people.rehearsal.results.csv"


def test_the_clock_jumps_over_waits_and_keeps_their_order() -> None:
    """Hours pass at once and in order, and timeouts fire in simulated time."""
    clock = JumpingClock(MONDAY)
    order: list[str] = []

    async def wait(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        order.append(name)

    async def scene() -> None:
        await asyncio.gather(wait("late", 7200), wait("early", 60), wait("now", 0))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await asyncio.sleep(86400)

    with asyncio.Runner(loop_factory=clock.loop) as runner:
        runner.run(scene())
    assert order == ["now", "early", "late"]
    assert round((clock.now() - MONDAY).total_seconds()) == 10800


def test_the_simulated_endpoint_follows_the_vendors_page() -> None:
    """The simulated endpoint does over a real socket what the vendor's page says: the bearer check,
    the 400s, the 200 with its fields and rate headers, the 429 at the limit."""
    good = {
        "accountId": "a",
        "recipientProfileId": "jo-doe",
        "message": "Hi",
        "conversationUrn": "urn:li:x",
    }
    with serving(limit=1) as server, httpx.Client(trust_env=False) as client:
        url = f"{server.url}/messaging/send-with-typing"
        headers = {"Authorization": "Bearer loopback-key-1234567890"}
        assert client.post(url, json=good).json() == {"error": "Unauthorized - Invalid credentials"}
        assert (
            client.post(url, json={"recipientProfileId": "x"}, headers=headers).json()["error"]
            == "message is required"
        )
        assert client.post(url, json={"message": "x"}, headers=headers).status_code == 400
        assert (
            client.post(url, json={**good, "messageType": "inmail"}, headers=headers).status_code
            == 400
        )
        sent = client.post(url, json=good, headers=headers)
        assert sent.json().keys() == {
            "success",
            "message",
            "recipientProfileUrn",
            "typingIndicatorSent",
        }
        assert sent.json()["typingIndicatorSent"] is True
        assert (sent.headers["X-RateLimit-Used"], sent.headers["X-RateLimit-Remaining"]) == (
            "1",
            "0",
        )
        spent = client.post(url, json=good, headers=headers)
        assert (spent.status_code, spent.json()["error"]) == (
            429,
            "Rate limit exceeded for MESSAGE: 1/1 used",
        )
        assert client.post(
            f"{server.url}/messaging/send-with-typing",
            json={**good, "accountId": "b"},
            headers=headers,
        ).is_success
        assert client.post(f"{server.url}/elsewhere", json=good, headers=headers).status_code == 404


def test_the_simulated_quota_resets_at_midnight_utc() -> None:
    """A quota that is used up before midnight UTC is open after it."""
    now = [datetime(2026, 11, 23, 23, 59, tzinfo=UTC)]
    endpoint = SimulatedEndpoint(lambda: now[0], key="k", limit=1)
    headers, body = (
        {"authorization": "Bearer k"},
        b'{"recipientProfileId": "jo-doe", "message": "x"}',
    )
    assert [endpoint.answer(headers, body).status for _ in range(2)] == [200, 429]
    now[0] = datetime(2026, 11, 24, tzinfo=UTC)
    assert endpoint.answer(headers, body).status == 200


@pytest.mark.slow
@pytest.mark.parametrize(("inmail", "faults"), [("never", 0.0), ("fallback", 0.0), ("never", 0.2)])
def test_simulated_people_answer_and_are_strangers(
    tmp_path: Path, inmail: str, faults: float
) -> None:
    """The shares come true in the results, the same ones for a seed; who wrote before is skipped;
    a stranger is, or gets an InMail while credits last."""
    world = World(tmp_path, crowd(80))
    world.template = "---\nsubject: A question\n---\nHi {{ first_name }}"
    told = []
    for name in ("a.csv", "b.csv"):
        campaign = world.campaign(
            results=tmp_path / name, accounts=["acc"], inmail=inmail, now=True, min_gap=0
        )
        people = People(replies=0.5, strangers=0.3, credits=5, seed=3)
        done = rehearse(campaign, MONDAY, people=people, faults=faults, seed=1)
        told.append(read_results(tmp_path / name))
        rows = told[-1]
        answered = [row for row in rows if row["repliedAt"]]
        assert len(answered) == done.report.summary.replied > 15
        assert all(row["reply"] != "By hand" and row["status"] == "sent" for row in answered)
        reasons = Counter(row["reason"].split(",")[0] for row in rows if row["status"] == "skipped")
        assert sum(count for why, count in reasons.items() if "wrote last" in why) > 2
        strangers = sum(count for why, count in reasons.items() if "no connection" in why)
        assert (strangers > 10) is (inmail == "never")
    assert [row["reply"] for row in told[0]] == [row["reply"] for row in told[1]]
