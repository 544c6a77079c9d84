"""Read every hostile list, template, campaign file and workbook to be copied, each in a process of
its own, and name each that takes too much.

Too much is more than 3 seconds of processor time or 300 MB, parent and child together, and for each
megabyte of the file three times what an honest list takes (3 seconds and 50 MB; twice that in ODS).
Each has to end in an answer, or in a refusal with a next step.

    python benchmarks/hostile.py [WORD…]    # only those whose name holds one of the words

(Linux and macOS.)
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SECONDS = 3.0
BYTES = 300 * 1024**2
PROGRAM = """
import resource, sys
from pathlib import Path
from runner.campaign.campaign import load
from runner.action.check import check
from runner.errors import CampaignError
from runner.intake.result import RESULT_COLUMNS
from runner.intake.sheet import load as snapshot
from runner.ledger.setting import CopyOrigin
from runner.result.copying import copy_of, try_copy
kind, sheet, template = sys.argv[1:]
try:
    if kind == "copy":
        source = snapshot(Path(sheet))
        origin = CopyOrigin(digest=source.digest, header_row=1, replace=())
        copy_of(source)
        try_copy(source, origin, "People", [1, 2, 3])
    else:
        check(load(Path(sheet), {"template": Path(template)} if kind == "list" else {}))
except CampaignError as error:
    assert error.remedy, error.what
both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(sum(use.ru_maxrss for use in both), sum(use.ru_utime + use.ru_stime for use in both))
"""


def prove(kind: str, sheet: Path, template: Path) -> str | None:
    """Read one file, and return what was too much, or None."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, kind, str(sheet), str(template)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=sheet.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    memory, seconds = done.stdout.split()
    weight = int(memory) * (1 if sys.platform == "darwin" else 1024)
    megabytes = sheet.stat().st_size / 1024**2 * (2 if sheet.suffix == ".ods" else 1)
    if float(seconds) > SECONDS + 9 * megabytes or weight > BYTES + 150 * 1024**2 * megabytes:
        return f"{float(seconds):.1f} s, {weight // 1024**2} MB"
    return None


def cases(folder: Path) -> Iterator[tuple[str, str, Path, Path]]:
    """Write one case after the other, as its name, its kind, its list and its template."""
    from tests.intake import books, hostile_lists

    sheet, template = folder / "people.csv", folder / "hello.j2"

    def honest() -> None:
        rows = "".join(f"Ann{number},ann-{number}\n" for number in range(3))
        sheet.write_text(f"name,linkedin\n{rows}", encoding="utf-8")
        template.write_text("Hi {{ name }}", encoding="utf-8")

    honest()
    lists = {name: ("list.xlsx", make) for name, make in books.hostile().items()}
    for name, (file, content) in lists.items():
        (folder / file).write_bytes(content())
        yield name, "list", folder / file, template
    for name, maker in hostile_lists.CASES.items():
        file, data = maker()
        (folder / file).write_bytes(data)
        yield name, "list", folder / file, template
        (folder / file).unlink()
    for name, words in hostile_lists.TEMPLATES.items():
        honest()
        template.write_text(words(), encoding="utf-8")
        yield f"template: {name}", "list", sheet, template
    honest()
    for name, toml in hostile_lists.CAMPAIGN_FILES.items():
        path = folder / "campaign.toml"
        path.write_bytes(toml())
        yield f"campaign file: {name}", "file", path, template
    for name, book in hostile_lists.COPIES.items():
        path = folder / "copied.xlsx"
        path.write_bytes(book())
        yield f"copy: {name}", "copy", path, template


def main() -> None:
    wanted, count, slow = sys.argv[1:], 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for name, kind, sheet, template in cases(Path(folder)):
            if wanted and not any(word in name for word in wanted):
                continue
            count += 1
            if why := prove(kind, sheet, template):
                print(f"{name}: {why}", flush=True)
                slow += 1
    print(
        f"{count - slow} of {count} hostile files stay within {SECONDS:.0f} s and "
        f"{BYTES // 1024**2} MB"
    )
    sys.exit(slow > 0)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
