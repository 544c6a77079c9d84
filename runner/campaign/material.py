"""The material of a campaign: its list and its text, as they lie on disk and as they are read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runner import __version__
from runner.campaign import online
from runner.campaign.campaign import Campaign
from runner.errors import RefusedError
from runner.intake import sheet as sheets
from runner.intake import template as templates
from runner.intake.check import Check, Findings, check, judge
from runner.intake.entry import Problem
from runner.intake.result import result_columns
from runner.intake.sheet import Source
from runner.intake.step import Step, refuse_alike
from runner.intake.table import read
from runner.intake.template import MessageTemplate

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, slots=True)
class Material:
    """The list's bytes (or frame) and the text, before a look at what is in them.

    `steps` hold the texts. `stamp` tells one state of them, and of the way the list is read, from
    any other; `template_hash` one state of the first message's texts.
    """

    source: Source | pandas.DataFrame
    steps: tuple[Step, ...]
    stamp: str
    template_hash: str

    @property
    def has_variants(self) -> bool:
        """True where a message has several wordings, or one that has a name."""
        return any(step.has_variants for step in self.steps)

    @property
    def result_columns(self) -> tuple[str, ...]:
        """The names of the columns with the results."""
        return result_columns(steps=len(self.steps) > 1, variants=self.has_variants)


@dataclass(frozen=True, slots=True)
class Intake:
    """A list and a text, read and checked: what was found, and what stops the whole campaign."""

    checked: Check
    findings: Findings

    @property
    def blocking(self) -> tuple[Problem, ...]:
        return self.checked.blocking

    @property
    def notices(self) -> tuple[str, ...]:
        return (*self.checked.table.notices, *self.checked.layout.notices)

    @property
    def is_workbook(self) -> bool:
        """True for all but a CSV."""
        return self.checked.table.delimiter is None

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers to hand back, with blank ones for the cells beyond the sheet's own."""
        return (*self.checked.headers, *[""] * self.findings.surplus)

    @property
    def columns(self) -> list[int]:
        """The indexes of the cells to hand back."""
        width = len(self.checked.table.columns)
        inputs = [column.index for column in self.checked.layout.inputs]
        return [*inputs, *range(width, width + self.findings.surplus)]


def gather(campaign: Campaign) -> Material:
    """Read the campaign's files, without a look at what is in the list.

    Raises RefusedError for a file that cannot be read at all.
    """
    steps = (
        Step(_load(campaign.templates)),
        *(
            Step(_load(one.templates, f"step {number}"), one.after_days, one.where)
            for number, one in enumerate(campaign.steps, start=2)
        ),
    )
    first = "\0".join(template.source for template in steps[0].templates)
    template_hash = hashlib.sha256(first.encode()).hexdigest()
    source: Source | pandas.DataFrame
    if campaign.frame is not None:
        source, digest = campaign.frame, _digest(campaign.frame)
    else:
        source = snapshot(campaign)
        digest = source.digest
    told = repr(
        (
            __version__,
            digest,
            [
                ([(one.name, one.source) for one in step.templates], step.after_days, step.where)
                for step in steps
            ],
            campaign.reading,
            campaign.results_in_copy,
            campaign.min_days,
            # The rows' dates are read by these.
            campaign.words.time_zone,
            campaign.words.days,
            campaign.words.holidays,
        )
    )
    return Material(source, steps, hashlib.sha256(told.encode()).hexdigest(), template_hash)


def snapshot(campaign: Campaign) -> Source:
    """Take a snapshot of the list's file, fetched anew where it has an address on the web.

    Raises RefusedError.
    """
    if campaign.address is not None:
        online.fetch(campaign.address, campaign.sheet)
    return sheets.load(campaign.sheet)


def _load(paths: Sequence[Path], step: str = "") -> tuple[MessageTemplate, ...]:
    """Read the templates of one message, or of a `step`. Raises RefusedError."""
    try:
        found = tuple(templates.load(path) for path in paths)
    except RefusedError as error:
        if not step:
            raise
        where = ", ".join(part for part in (step, error.where) if part)
        remedy = (error.remedy or "").replace("-t/--template", "template")
        raise RefusedError(error.what, where=where, remedy=remedy) from None
    refuse_alike(found)
    return found


def _digest(frame: pandas.DataFrame) -> str:
    """The digest of a data frame's cells, as they are read."""
    whole = hashlib.sha256()
    for row in read(frame).walk():
        whole.update(json.dumps([row.cells, row.faults]).encode())
    return whole.hexdigest()


def take(campaign: Campaign, material: Material | None = None, *, keep: bool = False) -> Intake:
    """Read the campaign's list and check it against its text; `keep` what is found of its rows
    where they are walked again.

    Raises RefusedError for a list that cannot be read at all.
    """
    material = material or gather(campaign)
    table = read(material.source, campaign.reading)
    checked = check(table, material.steps, campaign.reading, campaign.accounts)
    return Intake(*judge(checked, keep=keep))


def refuse_unusable(intake: Intake) -> None:
    """Raise RefusedError, naming every problem, when list or text as a whole cannot be used."""
    if intake.blocking:
        first, *others = intake.blocking
        also = ""
        for problem in others:
            also += f"\nAlso: {problem.text}. {problem.remedy or ''}".rstrip()
        raise RefusedError(f"{first.text}.{also}", remedy=first.remedy)
    if not intake.findings.rows:
        raise RefusedError(
            "The sheet has a header row but no people.",
            where=intake.checked.table.place,
            remedy="Add one row per person.",
        )
