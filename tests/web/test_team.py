"""The console on a shared ledger: a campaign handed to workers, who they are, and taken back."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from runner.ledger.campaign import campaign_named
from runner.ledger.door import open_ledger
from runner.ledger.lane import begin, submitted_at, take_due
from runner.ledger.store.store import NOTHING
from runner.ledger.worker import enter
from tests.loopback import serving
from tests.postgres import cluster
from tests.web.served import console


def test_a_campaign_is_handed_to_workers_and_taken_back(tmp_path: Path) -> None:
    url = cluster().database()
    with serving() as endpoint, console(tmp_path, endpoint, "--ledger", url) as served:
        served.campaign_file("spring", 3)
        with served.client() as client:
            page = client.get("/files/spring.toml/plan").text
            assert "Let workers send it" in page
            stamp = re.search(r'name="stamp" value="([^"]+)"', page)
            form = re.search(r'name="form" value="([^"]+)"', page)
            assert stamp
            assert form
            word = {"form": form[1]}
            said = {**word, "stamp": stamp[1], "by": "workers"}
            page = client.post("/files/spring.toml/start", data=said).text
            assert "with workers" in page
            assert "campaign submit" in client.get("/files/spring.toml/start").text
            with closing(open_ledger(url)) as ledger:
                with ledger.read() as connection:
                    record = campaign_named(connection, "spring")
                    assert record is not None
                    assert submitted_at(connection, record.id) is not None
                page = client.get("/accounts").text
                assert "No worker that is alive has the key default" in page
                now = datetime.now(UTC)
                with ledger.write(NOTHING) as connection:
                    number = enter(connection, "<b>desk</b>:7", "1", ["default"], 4, now)
                    take_due(connection, ["default"], now, 1)
                    begin(connection, "", number, now)
                page = client.get("/accounts").text
                assert "&lt;b&gt;desk&lt;/b&gt;:7" in page
                assert "1 of 4: default" in page
                assert "No worker" not in page
                page = client.post(f"/campaigns/{record.id}/stop", data=word).text
                assert "Workers send it no more" in page
                assert "with workers" not in page
                with ledger.read() as connection:
                    assert submitted_at(connection, record.id) is None
            assert endpoint.endpoint.receipts == []
