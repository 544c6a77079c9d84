"""The one place that imports what only a running command needs: `campaign --help` starts without.

Each name is a module, imported when a command first asks for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__all__ = (
    "address",
    "asyncio",
    "barring",
    "blocking",
    "campaign",
    "check",
    "clock",
    "column",
    "compare",
    "desk",
    "digest",
    "door",
    "driver",
    "evidence",
    "examine",
    "finding",
    "firm",
    "guard",
    "install",
    "job",
    "keep",
    "key",
    "keys",
    "location",
    "lock",
    "log",
    "machine",
    "mend",
    "metrics",
    "move",
    "notify",
    "online",
    "pause",
    "people",
    "recipient",
    "recognise",
    "rehearse",
    "rehearsed_people",
    "relook",
    "replies",
    "report",
    "results",
    "retry",
    "run",
    "serve",
    "settle",
    "sheet",
    "show_check",
    "show_digest",
    "show_doctor",
    "show_keeping",
    "show_people",
    "show_rehearsal",
    "show_replies",
    "show_run",
    "show_schedule",
    "show_schema",
    "show_settle",
    "show_standing",
    "show_starter",
    "show_team",
    "show_trial",
    "standing",
    "starter",
    "submit",
    "table",
    "target",
    "team",
    "time",
    "trial",
    "trust",
    "trusted",
    "vendor",
    "witness",
    "worker",
)

if TYPE_CHECKING:
    import asyncio
    import time

    from runner.action import (
        barring,
        check,
        compare,
        digest,
        evidence,
        keep,
        mend,
        move,
        pause,
        people,
        relook,
        replies,
        report,
        results,
        retry,
        run,
        settle,
        standing,
        submit,
        team,
        trial,
    )
    from runner.campaign import campaign, online, recognise, starter, target, trust
    from runner.doctor import examine, finding
    from runner.intake import blocking, column, firm, recipient, sheet, table
    from runner.ledger import door, location, lock
    from runner.ledger import trust as trusted
    from runner.rehearsal import people as rehearsed_people
    from runner.rehearsal import rehearse
    from runner.schedule import install, job, machine
    from runner.sending import address, clock, key, keys, vendor
    from runner.show import check as show_check
    from runner.show import digest as show_digest
    from runner.show import doctor as show_doctor
    from runner.show import keeping as show_keeping
    from runner.show import people as show_people
    from runner.show import rehearsal as show_rehearsal
    from runner.show import replies as show_replies
    from runner.show import run as show_run
    from runner.show import schedule as show_schedule
    from runner.show import settle as show_settle
    from runner.show import standing as show_standing
    from runner.show import starter as show_starter
    from runner.show import team as show_team
    from runner.show import trial as show_trial
    from runner.show.schema import command as show_schema
    from runner.unattended import log, notify, witness
    from runner.web import desk, guard, serve
    from runner.worker import driver, metrics, worker
else:
    _MODULES = {
        "asyncio": "asyncio",
        "time": "time",
        "barring": "runner.action.barring",
        "check": "runner.action.check",
        "compare": "runner.action.compare",
        "digest": "runner.action.digest",
        "evidence": "runner.action.evidence",
        "keep": "runner.action.keep",
        "replies": "runner.action.replies",
        "report": "runner.action.report",
        "mend": "runner.action.mend",
        "move": "runner.action.move",
        "pause": "runner.action.pause",
        "people": "runner.action.people",
        "relook": "runner.action.relook",
        "results": "runner.action.results",
        "retry": "runner.action.retry",
        "run": "runner.action.run",
        "settle": "runner.action.settle",
        "standing": "runner.action.standing",
        "submit": "runner.action.submit",
        "team": "runner.action.team",
        "campaign": "runner.campaign.campaign",
        "online": "runner.campaign.online",
        "recognise": "runner.campaign.recognise",
        "starter": "runner.campaign.starter",
        "trust": "runner.campaign.trust",
        "examine": "runner.doctor.examine",
        "finding": "runner.doctor.finding",
        "blocking": "runner.intake.blocking",
        "firm": "runner.intake.firm",
        "recipient": "runner.intake.recipient",
        "sheet": "runner.intake.sheet",
        "column": "runner.intake.column",
        "table": "runner.intake.table",
        "door": "runner.ledger.door",
        "location": "runner.ledger.location",
        "lock": "runner.ledger.lock",
        "trusted": "runner.ledger.trust",
        "rehearse": "runner.rehearsal.rehearse",
        "rehearsed_people": "runner.rehearsal.people",
        "install": "runner.schedule.install",
        "job": "runner.schedule.job",
        "machine": "runner.schedule.machine",
        "address": "runner.sending.address",
        "clock": "runner.sending.clock",
        "key": "runner.sending.key",
        "keys": "runner.sending.keys",
        "vendor": "runner.sending.vendor",
        "show_check": "runner.show.check",
        "show_digest": "runner.show.digest",
        "target": "runner.campaign.target",
        "notify": "runner.unattended.notify",
        "show_doctor": "runner.show.doctor",
        "show_keeping": "runner.show.keeping",
        "show_people": "runner.show.people",
        "show_rehearsal": "runner.show.rehearsal",
        "show_replies": "runner.show.replies",
        "show_run": "runner.show.run",
        "show_schedule": "runner.show.schedule",
        "show_schema": "runner.show.schema.command",
        "show_settle": "runner.show.settle",
        "show_standing": "runner.show.standing",
        "show_starter": "runner.show.starter",
        "show_team": "runner.show.team",
        "show_trial": "runner.show.trial",
        "trial": "runner.action.trial",
        "log": "runner.unattended.log",
        "witness": "runner.unattended.witness",
        "desk": "runner.web.desk",
        "guard": "runner.web.guard",
        "serve": "runner.web.serve",
        "driver": "runner.worker.driver",
        "metrics": "runner.worker.metrics",
        "worker": "runner.worker.worker",
    }

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return import_module(_MODULES[name])
