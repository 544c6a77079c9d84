"""What honest sheets cost, each beside the bare library that does the same work: the ratio counts.

    python benchmarks/sheets.py [--rows 100000] [--rounds 3]

Each side of a pair runs in a process of its own, the two in turn; the best of the rounds stands.
Memory is the peak of the process. (Linux and macOS.)
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
ROWS = int(os.environ.get("BENCHMARK_ROWS", "100000"))  # of each side, which is a process
HEADERS = [
    "First Name",
    "Last Name",
    "LinkedIn URL",
    "Company",
    "Headline",
    "City",
    "Country",
    "Phone",
    "Email",
    "Industry",
]
HEADERS += ["Seniority", "Connected On", "Tags", "Owner", "Source", "message"]
# Columns that an export from a prospecting tool has besides.
MORE = [
    "Email Status",
    "# Employees",
    "Website",
    "Company LinkedIn",
    "Company City",
    "Annual Revenue",
    "Stage",
    "Record ID",
]
WORDS = (
    (
        "I saw your talk on cold chains and would like to ask how your team plans its routes today "
        "because we help teams of that"
    ),
    "size do it in minutes instead of hours every week",
)
TEMPLATE = (
    "Hi {{ first_name }},\n\nI would like to talk about {{ company }}, in {{ city }}. {% if "
    "country %}{{ country }}?{% endif %}"
)


def people(count: int) -> Iterator[list[str]]:
    """A list as people export it: sixteen columns, each row with a message of its own."""
    chance, words = random.Random(1), " ".join(WORDS).split()
    names = ["Jürgen", "Zoë", "Maria", "Søren", "Wei", "Chloé", "Raj", "Emily", "Ingrid", "Piotr"]
    for number in range(count):
        name = names[number % len(names)]
        message = (
            f"Hi {name},\n\n{' '.join(chance.sample(words, 30))}? "
            f"{' '.join(chance.sample(words, 30))}. ({number})"
        )
        link = f"https://www.linkedin.com/in/person-{number}/"
        row = [
            name,
            "Müller",
            link,
            f"Acme {number % 97} GmbH",
            "Head of many things; cold chains, at Acme",
            "Hamburg",
        ]
        row += [
            "Germany",
            f"49151{number:08}",
            f"person{number}@example.com",
            "Transportation/Trucking/Railroad",
            "Director",
        ]
        yield [*row, "12 Mar 2024", "spring; cold chain", "Anna Schmidt", "LinkedIn", message]


def export(count: int) -> Iterator[list[str]]:
    """The same people as a prospecting tool exports them: twenty-four columns."""
    for number, row in enumerate(people(count)):
        company = number % 97
        more = ["Verified", str(10 * company), f"http://www.acme-{company}.example.com"]
        more += [
            f"http://www.linkedin.com/company/acme-{company}",
            "Hamburg",
            f"{company}000000",
            "Cold",
            f"5f{number:022}",
        ]
        yield [*row[:-1], *more, row[-1]]


# --- each side of a pair: it prints its seconds, without imports, and its peak memory


def csv_bare(folder: Path, name: str = "export.csv") -> Any:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return sum(1 for _ in csv.reader(file))


def csv_checked(folder: Path, name: str = "export.csv", template: bool = False) -> Any:
    from runner.intake.check import check
    from runner.intake.table import read
    from runner.intake.template import load

    text = load(folder / "hello.j2") if template else None
    return sum(entry.message is not None for entry in check(read(folder / name), text).entries())


def middling_bare(folder: Path) -> Any:
    return csv_bare(folder, "people.csv")


def middling_checked(folder: Path) -> Any:
    return csv_checked(folder, "people.csv")


def narrow_bare(folder: Path) -> Any:
    return csv_bare(folder, "narrow.csv")


def narrow_checked(folder: Path) -> Any:
    return csv_checked(folder, "narrow.csv")


def csv_checked_twice_as_long(folder: Path) -> Any:
    return csv_checked(folder, "twice.csv")


def csv_rendered(folder: Path) -> Any:
    return csv_checked(folder, "plain.csv", template=True)


def csv_rendered_bare(folder: Path) -> Any:
    from jinja2 import Environment

    template = Environment(autoescape=False).from_string(TEMPLATE)
    count = 0
    with (folder / "plain.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            count += bool(
                template.render(
                    {key.lower().replace(" ", "_"): value for key, value in row.items()}
                )
            )
    return count


def render_bare(folder: Path) -> Any:
    from jinja2 import Environment

    template = Environment(autoescape=False).from_string((folder / "hello.j2").read_text())
    values = [
        {"first_name": f"N{n}", "company": "Acme", "city": "Kiel", "country": "DE"}
        for n in range(ROWS)
    ]
    return lambda: sum(len(template.render(row)) for row in values)


def render_ours(folder: Path) -> Any:
    from runner.intake.template import load

    template = load(folder / "hello.j2").body
    values = [
        {"first_name": f"N{n}", "company": "Acme", "city": "Kiel", "country": "DE"}
        for n in range(ROWS)
    ]
    return lambda: sum(len(template.render(row)) for row in values)


def xlsx_bare(folder: Path) -> Any:
    from openpyxl import load_workbook

    book = load_workbook(folder / "people.xlsx", read_only=True)
    return sum(1 for _ in book.active.iter_rows(values_only=True))


def xlsx_read(folder: Path) -> Any:
    from runner.intake.table import read

    return sum(1 for _ in read(folder / "people.xlsx").rows())


def _results() -> tuple[list[str], list[list[Any]]]:
    result = ["waiting", "", "", "", "", "", "", "", 0, "2026-11-25T08:00:00Z", ""]
    return [*HEADERS, *(f"result {index}" for index in range(11))], [
        [*row, *result] for row in people(ROWS)
    ]


def results_bare(folder: Path) -> Any:
    from openpyxl import Workbook

    headers, rows = _results()

    def write() -> int:
        book = Workbook(write_only=True)
        sheet = book.create_sheet("Results")
        sheet.append(headers)
        for row in rows:
            sheet.append([None if cell == "" else cell for cell in row])
        book.save(folder / "bare.xlsx")
        return len(rows)

    return write


def results_written(folder: Path) -> Any:
    from runner.ledger.line import Line
    from runner.ledger.record import Status
    from runner.result.workbook import Sheet, write

    until = datetime(2026, 11, 25, 8, tzinfo=UTC)
    lines = [Line(number, tuple(row), Status.WAITING) for number, row in enumerate(people(ROWS), 2)]
    sheet = Sheet(HEADERS, lambda: iter(lines), [], lambda _: until)
    return lambda: write(folder / "ours.xlsx", sheet) and len(lines)


def unchanged_list(folder: Path) -> Any:
    from runner.campaign.campaign import load
    from runner.campaign.material import gather
    from runner.campaign.recognise import unchanged
    from runner.ledger.door import open_ledger

    ledger = open_ledger(folder / "ledger.db")
    campaign = load(folder / "people.csv", {})

    def recognised() -> bool:
        with ledger.read() as connection:
            return bool(unchanged(connection, campaign, gather(campaign), datetime.now(UTC)))

    return recognised


def _take_in(folder: Path) -> None:
    """Take the list in as a campaign, and send nothing."""
    from runner.action.plan import prepare
    from runner.action.take import take_list
    from runner.campaign.campaign import load
    from runner.ledger.door import open_ledger

    ledger = open_ledger(folder / "ledger.db")
    taken = take_list(load(folder / "people.csv", {}), ledger, datetime.now(UTC))
    prepare(taken, ledger, datetime.now(UTC))
    ledger.close()


PAIRS: dict[str, tuple[Callable[[Path], Any], Callable[[Path], Any], float | None]] = {
    "CSV of 24 columns to checked deliveries / csv.reader": (csv_checked, csv_bare, 3.0),
    "CSV of 16 columns / csv.reader": (middling_checked, middling_bare, 3.0),
    "CSV of 3 columns and short messages / csv.reader": (narrow_checked, narrow_bare, 3.0),
    "CSV and template to checked deliveries / csv.DictReader and bare Jinja2": (
        csv_rendered,
        csv_rendered_bare,
        None,
    ),
    "XLSX to rows / openpyxl read-only": (xlsx_read, xlsx_bare, 0.6),
    "results XLSX / openpyxl write-only": (results_written, results_bare, 0.5),
    "time of rendering / bare compiled Jinja2": (render_ours, render_bare, 1.25),
}


def side(name: str, folder: Path) -> None:
    """Run one side in this process and print what it took."""
    import resource

    work = globals()[name]
    for module in ("runner.intake.check", "runner.action.run", "jinja2", "openpyxl"):
        __import__(module)
    start = time.perf_counter()
    answer = work(folder)
    if callable(answer):  # the work before was preparation
        start = time.perf_counter()
        answer = answer()
    seconds = time.perf_counter() - start
    per_mb = 1024**2 if sys.platform == "darwin" else 1024
    peak = (
        sum(
            resource.getrusage(who).ru_maxrss
            for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        / per_mb
    )
    print(json.dumps({"seconds": seconds, "mb": peak, "answer": answer}))


def timed(work: Callable[[Path], Any], folder: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--side", work.__name__, "--folder", str(folder)]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["answer"], work.__name__
    return found


def prepare(folder: Path, rows: int) -> None:
    wide = [*HEADERS[:-1], *MORE, HEADERS[-1]]
    lists = {
        "export.csv": (wide, export(rows)),
        "twice.csv": (wide, export(2 * rows)),
        "people.csv": (HEADERS, people(rows)),
        "plain.csv": (HEADERS[:-1], (row[:-1] for row in people(rows))),
        "narrow.csv": (
            ["First Name", "LinkedIn URL", "message"],
            ([row[0], row[2], f"Hi {row[0]}, shall we talk?"] for row in people(rows)),
        ),
    }
    for name, (headers, listed) in lists.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(headers)
            writer.writerows(listed)
    (folder / "hello.j2").write_text(TEMPLATE, encoding="utf-8")
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("People")
    sheet.append(HEADERS)
    for row in people(rows):
        sheet.append(row)
    book.save(folder / "people.xlsx")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--side")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.side:
        side(options.side, options.folder)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["BENCHMARK_ROWS"] = str(options.rows)
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        prepare(folder, options.rows)
        for title, (ours, bare, bar) in PAIRS.items():
            if options.only not in title:
                continue
            rounds = [(timed(ours, folder), timed(bare, folder)) for _ in range(options.rounds)]
            mine, peer = (min(found[index]["seconds"] for found in rounds) for index in (0, 1))
            peaks = [round(rounds[0][index]["mb"]) for index in (0, 1)]
            told = {"seconds": round(mine, 2), "beside": round(peer, 2), "mb": peaks}
            ratio = round(mine / peer, 2)
            print(json.dumps({"what": title, "ratio": ratio, "bar": bar, **told}), flush=True)
        if options.only in "memory":
            grown = (
                timed(csv_checked_twice_as_long, folder)["mb"] - timed(csv_checked, folder)["mb"]
            )
            per_row = round(grown * 1024**2 / options.rows)
            print(json.dumps({"what": "memory per row of a CSV", "bytes": per_row, "bar": 1024}))
        if options.only in "unchanged":
            _take_in(folder)
            seconds = min(timed(unchanged_list, folder)["seconds"] for _ in range(options.rounds))
            told = {"what": "an unchanged list is recognised", "seconds": round(seconds, 3)}
            print(json.dumps({**told, "bar": 0.5}))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
