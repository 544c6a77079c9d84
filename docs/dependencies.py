"""Writes docs/dependencies.md from the locks and from the metadata of what is installed here.

    python docs/dependencies.py [--check]

The last column of a table is a person's, and is kept, unless it begins with "needed by". A package
that is not installed here, such as one for another system, keeps its row as long as its version
stays. `--check` writes nothing and fails when the page would change.
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "dependencies.md"
TEXT = """\
# Dependencies

What is installed with the program, in the versions of the locks, and the licence that each package
names. The tools that only developers need stand in `requirements-dev.lock` alone. When the locks
have changed, this writes the page again:

```sh
.venv/bin/python docs/dependencies.py
```

## The program

{program}
## Its installation

{build}
## The keyring

Only with `requirements-keyring.lock`.

{keyring}
## The console

Only with `requirements-console.lock`. It also has a copy of [htmx](https://htmx.org) 2.0.11, under
the licence 0BSD, in `runner/web/static`.

{console}
## A ledger on a server

Only with `requirements-postgres.lock`. Its library holds a copy of PostgreSQL's own, libpq, and of
OpenSSL.

{postgres}
## Workers

Only with `requirements-workers.lock`, beside those of a ledger on a server.

{workers}"""


def locked(lock: str) -> dict[str, str]:
    """Return the version of each package of a lock; "a / b" when systems differ."""
    found: dict[str, str] = {}
    text = (ROOT / lock).read_text(encoding="utf-8")
    for name, version in re.findall(r"(?m)^([a-z0-9-]+)==(\S+)", text):
        found[name] = f"{found[name]} / {version}" if name in found else version
    return found


def installed(name: str, version: str) -> Distribution | None:
    """Return the package when the lock's version of it is installed."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return None
    return found if found.version in version.split(" / ") else None


def names(requirements: list[str]) -> set[str]:
    """Return the names of requirements, on every system, without those of extras."""
    read = [Requirement(one) for one in requirements]
    return {canonicalize_name(one.name) for one in read if "extra" not in str(one.marker)}


def needs(versions: dict[str, str]) -> dict[str, set[str]]:
    """Return what each of these packages needs, as far as it is installed here."""
    found = {name: installed(name, version) for name, version in versions.items()}
    return {name: names(one.requires or []) if one else set() for name, one in found.items()}


def closure(roots: set[str], edges: dict[str, set[str]]) -> set[str]:
    """Return the roots with all that they need."""
    found, fresh = set[str](), roots
    while fresh:
        found |= fresh
        fresh = {need for name in fresh for need in edges[name] if need in edges} - found
    return found


def licence(package: Distribution) -> str:
    """Return the licence that a package names: as an expression, as classifiers or in words."""
    said = package.metadata
    kinds = [one.split(" :: ") for one in said.get_all("Classifier", [])]
    classes = [one[-1] for one in kinds if one[0] == "License" and one[-1] != "OSI Approved"]
    words = (said.get("License") or "").strip().partition("\n")[0]
    return said.get("License-Expression") or ", ".join(classes) or words


def table(versions: dict[str, str], old: dict[str, tuple[str, str, str]]) -> str:
    """Return the table of these packages.

    Raises SystemExit when a package is neither installed here nor in the old page.
    """
    edges = needs(versions)
    lines = ["| package | version | licence | what for |\n", "|---|---|---|---|\n"]
    for name, version in sorted(versions.items()):
        package = installed(name, version)
        was, terms, words = old.get(name, ("", "", "needed by "))
        if package is None and was != version:
            sys.exit(f"{name} {version} is not installed here. Write its row into {PAGE.name}.")
        if package is not None:
            terms = licence(package)
            if words.startswith("needed by "):
                above = sorted(parent for parent, below in edges.items() if name in below)
                words = "needed by " + ", ".join(above)
        lines.append(f"| {name} | {version} | {terms} | {words} |\n")
    return "".join(lines)


def render(page: str) -> str:
    """Return the page as it should be, with the words of persons from this one."""
    rows = re.findall(r"(?m)^\| ([a-z0-9-]+) \| (.*?) \| (.*?) \| (.*) \|$", page)
    old = {name: (version, terms, words) for name, version, terms, words in rows}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    usual, more = locked("requirements.lock"), locked("requirements-keyring.lock")
    console, server = locked("requirements-console.lock"), locked("requirements-postgres.lock")
    workers = locked("requirements-workers.lock")
    program = closure(names(project["dependencies"]), needs(usual))
    return TEXT.format(
        program=table({one: usual[one] for one in usual if one in program}, old),
        build=table({one: usual[one] for one in usual if one not in program}, old),
        keyring=table({one: more[one] for one in more if one not in usual}, old),
        console=table({one: console[one] for one in console if one not in usual}, old),
        postgres=table({one: server[one] for one in server if one not in usual}, old),
        workers=table(
            {one: workers[one] for one in workers if one not in usual and one not in server}, old
        ),
    )


if __name__ == "__main__":
    now = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    if (then := render(now)) != now:
        if "--check" in sys.argv[1:]:
            sys.exit("docs/dependencies.md is out of date: .venv/bin/python docs/dependencies.py")
        PAGE.write_text(then, encoding="utf-8", newline="\n")
