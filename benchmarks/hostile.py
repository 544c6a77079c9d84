"""Read every hostile file of the tests in a process of its own, and name each that takes too much.

Too much is more than 3 seconds or 300 MB.

    python benchmarks/hostile.py

(Linux and macOS.)
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
SECONDS = 3.0
BYTES = 300 * 1024**2
PROGRAM = """
import resource, sys
from runner.errors import RefusedError
from runner.intake.table import read
try:
    list(read(sys.argv[1]).rows())
except RefusedError:
    pass
both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
print(sum(resource.getrusage(who).ru_maxrss for who in both))
"""


def prove(path: Path) -> str | None:
    """Read one file, and return what was too much, or None."""
    begun = time.monotonic()
    command = [sys.executable, "-c", PROGRAM, str(path)]
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - begun
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    weight = int(done.stdout) * (1 if sys.platform == "darwin" else 1024)
    if seconds > SECONDS or weight > BYTES:
        return f"{seconds:.1f} s, {weight // 1024**2} MB"
    return None


def main() -> None:
    from tests.intake.books import hostile

    files, slow = hostile(), 0
    with tempfile.TemporaryDirectory() as folder:
        for name, make in files.items():
            path = Path(folder) / "list.xlsx"
            path.write_bytes(make())
            if why := prove(path):
                print(f"{name}: {why}")
                slow += 1
    print(
        f"{len(files) - slow} of {len(files)} hostile files stay within {SECONDS:.0f} s and "
        f"{BYTES // 1024**2} MB"
    )
    sys.exit(slow > 0)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
