"""What a worker tells those who watch it: OpenMetrics text on a port, without a person in it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from prometheus_client.core import (
    CollectorRegistry,
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
)
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from sqlalchemy.engine import Connection

from runner.errors import CampaignError, UsageError
from runner.ledger.lane import Backlog, backlog
from runner.ledger.ledger import Ledger
from runner.ledger.tally import open_rows
from runner.ledger.worker import alive

_LOCAL: Final = "127.0.0.1"


class Metrics(Collector):
    """The numbers of one worker, and of its ledger as they are when somebody asks."""

    def __init__(
        self, ledger: Ledger, now: Callable[[], datetime], driven: Callable[[], int]
    ) -> None:
        self._ledger = ledger
        self._now = now
        self._driven = driven
        self._ended: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def count(self, outcome: str) -> None:
        """Count one message that ended with this status."""
        with self._counting:
            self._ended[outcome] += 1

    def text(self) -> bytes:
        """All numbers, as OpenMetrics text."""
        return bytes(generate_latest(self._registry))  # type: ignore[no-untyped-call]

    def collect(self) -> Iterator[Metric]:
        """The numbers, asked for anew each time."""
        ended = CounterMetricFamily(
            "campaign_messages",
            "Messages that this worker has tried, by outcome.",
            labels=["outcome"],
        )
        with self._counting:
            for outcome, number in sorted(self._ended.items()):
                ended.add_metric([outcome], number)
        yield ended
        yield GaugeMetricFamily(
            "campaign_lanes_driven", "Lanes that this worker drives now.", value=self._driven()
        )
        try:
            with self._ledger.read() as connection:
                yield from _of_ledger(connection, self._now())
            is_up = 1
        except CampaignError:
            is_up = 0
        yield GaugeMetricFamily(
            "campaign_ledger_up", "Whether the ledger's server could be asked.", value=is_up
        )


def _of_ledger(connection: Connection, now: datetime) -> Iterator[Metric]:
    rows = GaugeMetricFamily(
        "campaign_rows",
        "Messages of submitted campaigns that wait, and of all that are uncertain.",
        labels=["status"],
    )
    for status, number in open_rows(connection).items():
        rows.add_metric([status], number)
    yield rows
    number = len(alive(connection, now))
    yield GaugeMetricFamily("campaign_workers", "Workers that are alive.", value=number)
    lanes = GaugeMetricFamily(
        "campaign_lanes", "Lanes with something to send, by key.", labels=["key", "state"]
    )
    lag = GaugeMetricFamily(
        "campaign_lag_seconds", "How long the lane that waits longest has been due.", labels=["key"]
    )
    for one in backlog(connection, now):
        lanes.add_metric([one.key, "due"], one.due)
        lanes.add_metric([one.key, "asleep"], one.lanes - one.due)
        lag.add_metric([one.key], _lag(one, now))
    yield lanes
    yield lag


def _lag(one: Backlog, now: datetime) -> float:
    return (now - one.since).total_seconds() if one.since else 0.0


@contextmanager
def served(metrics: Metrics, place: str) -> Iterator[str]:
    """Tell the numbers at a place, `PORT` or `HOST:PORT`, while the block lasts; give the address.

    Raises UsageError where that cannot be.
    """
    host, _, port = place.rpartition(":")
    remedy = "Give a free port, as in --metrics 9464, or a host as well: 0.0.0.0:9464"
    if not (port.isascii() and port.isdigit()):
        raise UsageError(f"Metrics cannot be told at {place}: that is no port.", remedy=remedy)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = metrics.text()
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE_LATEST)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing of who asked."""

    try:
        server = ThreadingHTTPServer((host or _LOCAL, int(port)), Handler)
    except (OSError, OverflowError) as error:
        what = f"Metrics cannot be told at {place} ({error})."
        raise UsageError(what, remedy=remedy) from None
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://{host or _LOCAL}:{server.server_port}/metrics"
    finally:
        server.shutdown()
        server.server_close()
