"""The locks, the project's ranges and the page of licences say the same."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
LOCKS = {
    "requirements.lock": [],
    "requirements-dev.lock": EXTRAS["dev"],
    "requirements-keyring.lock": EXTRAS["keyring"],
    "requirements-console.lock": EXTRAS["console"],
    "requirements-postgres.lock": EXTRAS["postgres"],
    "requirements-workers.lock": EXTRAS["workers"],
}


def pins(lock: str) -> dict[str, set[str]]:
    """Return the versions of each package, with their markers. Each pin must have hashes."""
    found: dict[str, set[str]] = {}
    text = (ROOT / lock).read_text(encoding="utf-8")
    for entry in re.split(r"\n(?=[a-z])", text)[1:]:
        pin, *hashes = re.split(r" \\\n    ", entry.strip())
        assert hashes, pin
        for one in hashes:
            assert re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", one), pin
        name, version = pin.split("==", 1)
        found.setdefault(name, set()).add(version)
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_all_that_is_asked_for_within_its_range_and_with_hashes(lock: str) -> None:
    """Each requirement of the project, its build and the lock's extra is pinned within its range,
    every pin has hashes, and all locks have the same versions."""
    locked = pins(lock)
    build = PROJECT["build-system"]["requires"]
    assert PROJECT["dependency-groups"]["build"] == build
    for text in [*PROJECT["project"]["dependencies"], *build, *LOCKS[lock]]:
        asked = Requirement(text)
        for pin in locked[asked.name]:
            assert asked.specifier.contains(pin.split(" ")[0]), (text, pin)
    for name, versions in pins("requirements.lock").items():
        assert locked[name] == versions, name


def test_the_page_of_dependencies_is_true() -> None:
    """docs/dependencies.md has the packages of the locks, with the licences that they name."""
    script = [sys.executable, ROOT / "docs" / "dependencies.py", "--check"]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
