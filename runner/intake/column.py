"""The use of each column: recipient, account, the row's own text, and always a template variable.

Headers are compared without regard to case, spaces, `_` and `-`. The names of the contract win over
aliases, so a sheet with both `recipientProfileId` and a column `URL` means the first.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from runner.intake.cell import INVISIBLE, clean, column_letter, composed
from runner.intake.result import earlier_columns

RECIPIENT_ROLES: Final = ("recipientProfileId", "recipientProfileUrn")
ROLES: Final = (
    *RECIPIENT_ROLES,
    "conversationUrn",
    "accountId",
    "subject",
    "messageType",
    "message",
    "sendAfter",
)
_ALIASES: Final = {
    "recipientProfileId": (
        "linkedin url",
        "linkedin profile",
        "linkedin profile url",
        "linkedin",
        "linkedin id",
        "linkedin link",
        "linkedin profile link",
        "linkedin profile (url)",
        "linkedin profil",
        "linkedin member",
        "profil linkedin",
        "perfil linkedin",
        "perfil de linkedin",
        "profilo linkedin",
        "contact linkedin",
        "contact linkedin url",
        "profile",
        "profile id",
        "profile url",
        "profile link",
        "person linkedin url",
        "public id",
        "public identifier",
        "public profile url",
        "public linkedin url",
        "default profile url",
        "linkedin username",
        "linkedin public identifier",
        "recipient",
        "recipient profile",
        "vanity name",
        "slug",
        "url",
    ),
    "recipientProfileUrn": ("urn", "profile urn", "linkedin urn", "recipient urn", "member urn"),
    "conversationUrn": ("conversation",),
    "accountId": (
        "linkedin account id",
        "sender account id",
        "sending account",
        "sending account id",
    ),
    "messageType": ("type of message",),
    "sendAfter": (
        "send not before",
        "not before",
        "send on",
        "send date",
        "sending date",
        "senden ab",
        "versenden ab",
        "nicht vor",
        "sendedatum",
        "versanddatum",
        "date d'envoi",
        "fecha de envío",
        "data di invio",
        "data de envio",
        "verzenddatum",
    ),
}
# Beside a column that says LinkedIn, "URL" is the company's web site and "Profile" may be anything.
_VAGUE: Final = ("url", "profile", "recipient")
_VALUE: Final = re.compile(r"https?://|linkedin\.com/|urn:li:|@\w+\.", re.IGNORECASE)
# A longer name is not a misspelling of anything.
_LONGEST_NAME: Final = 100
_IGNORED: Final = re.compile(r"[\s_\-]+")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `index` from 0, `header` as the sheet has it."""

    index: int
    header: str

    @property
    def letter(self) -> str:
        return column_letter(self.index)


@dataclass(frozen=True, slots=True)
class Layout:
    """The meaning of a sheet's columns.

    `roles` maps each role to its columns; only the recipient may have several. `doubled` holds the
    roles that several columns with one header claim. `inputs` are the columns to hand back, without
    those of an earlier results sheet. `earlier` holds the columns of that results sheet by their
    names. `variables` maps every template name to its column; two columns claim each of the
    `ambiguous` names.
    """

    roles: Mapping[str, tuple[Column, ...]]
    inputs: tuple[Column, ...]
    variables: Mapping[str, Column]
    ambiguous: frozenset[str]
    doubled: Mapping[str, tuple[Column, ...]]
    earlier: Mapping[str, Column]

    @property
    def is_results(self) -> bool:
        return bool(self.earlier)

    @property
    def notices(self) -> tuple[str, ...]:
        """A sentence that says which columns were taken for what."""
        parts = [
            f"{column.letter} {column.header.strip()!r} is {role}"
            for role, columns in self.roles.items()
            for column in columns
            if column.header.strip() != role
        ]
        nameless = [column.letter for column in self.inputs if not column.header.strip()]
        notices = [f"Columns: {', '.join(parts)}."] if parts else []
        if nameless:
            letters = f"{'column' if len(nameless) == 1 else 'columns'} {', '.join(nameless[:8])}"
            notices.append(f"Without a header, and so of no use to the template: {letters}.")
        return tuple(notices)

    def column(self, role: str) -> Column | None:
        columns = self.roles.get(role, ())
        return columns[0] if columns else None


def normalise(header: str) -> str:
    """Return a header's form for comparison: `First-Name`, `first name`, `FIRSTNAME` are one."""
    return _IGNORED.sub("", composed(header.translate(INVISIBLE), "NFKC")).casefold()


def names_recipients(cells: Iterable[str], mapped: Iterable[str] = ()) -> bool:
    """Tell whether these cells may be a header.

    They may be one when a cell names a recipient column (or is one of `mapped`) and no cell is a
    value.
    """
    known = {normalise(name) for role in RECIPIENT_ROLES for name in (role, *_ALIASES[role])} | set(
        map(normalise, mapped)
    )
    filled = [cell for cell in cells if cell.strip()]
    return any(normalise(cell) in known for cell in filled) and not any(
        _VALUE.search(cell) for cell in filled
    )


def variable_names(header: str) -> tuple[str, ...]:
    """Return a column's names in a template: its header, and Python-friendly forms of it.

    The header `First Name` has the form `first_name`.
    """
    header = clean(header)
    words = re.sub(r"\W+", "_", composed(header.translate(INVISIBLE), "NFKC")).strip("_")
    camel = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", words)
    names = dict.fromkeys([header, words.lower(), re.sub(r"_+", "_", camel).lower()])
    return tuple(name for name in names if name)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` most likely misspells."""
    if len(name) > _LONGEST_NAME:
        return None
    by_form = {
        normalise(candidate): candidate for candidate in known if len(candidate) <= _LONGEST_NAME
    }
    match = difflib.get_close_matches(normalise(name), by_form, n=1, cutoff=0.6)
    return by_form[match[0]] if match else None


def lay_out(columns: Sequence[Column], mapping: Mapping[str, str] | None = None) -> Layout:
    """Find the columns' roles; `mapping` (role → header) overrides.

    Raises KeyError when `mapping` names a header that is not there.
    """
    by_index = {column.index: column for column in columns}
    forms = {index: normalise(column.header) for index, column in by_index.items()}
    earlier = {name: by_index[index] for name, index in earlier_columns(forms).items()}
    inputs = tuple(column for column in columns if column not in earlier.values())
    by_form: dict[str, list[Column]] = {}
    for column in inputs:
        if column.header.strip():
            by_form.setdefault(normalise(column.header), []).append(column)
    roles: dict[str, tuple[Column, ...]] = {}
    doubled: dict[str, tuple[Column, ...]] = {}
    for role, header in (mapping or {}).items():
        if normalise(header) not in by_form:
            raise KeyError(header)
        roles[role] = tuple(by_form[normalise(header)])
        if len(roles[role]) > 1:
            doubled[role] = roles[role]
    recipients_named = any(role in roles or normalise(role) in by_form for role in RECIPIENT_ROLES)
    for role in ROLES:
        if role in roles:
            continue
        found = by_form.get(normalise(role), [])
        if not found and not (role == "recipientProfileId" and recipients_named):
            aliases = [normalise(alias) for alias in _ALIASES.get(role, ())]
            present = [alias for alias in aliases if alias in by_form]
            present = [alias for alias in present if alias not in _VAGUE] or present
            found = [column for alias in present for column in by_form[alias]]
        if found:
            roles[role] = tuple(found) if role in RECIPIENT_ROLES else tuple(found[:1])
            alike = [
                column for column in found if normalise(column.header) == normalise(found[0].header)
            ]
            if len(alike) > 1:
                doubled[role] = tuple(alike)
    variables, ambiguous = _variables(inputs)
    return Layout(
        roles=roles,
        inputs=inputs,
        variables=variables,
        ambiguous=ambiguous,
        doubled=doubled,
        earlier=earlier,
    )


def _variables(columns: Sequence[Column]) -> tuple[dict[str, Column], frozenset[str]]:
    exact: dict[str, list[Column]] = {}
    derived: dict[str, list[Column]] = {}
    for column in columns:
        header, *forms = variable_names(column.header) or ("",)
        exact.setdefault(header, []).append(column)
        for form in forms:
            derived.setdefault(form, []).append(column)
    claims = {**derived, **exact}  # a header as it stands wins over another header's derived form
    claims.pop("", None)
    variables = {name: found[0] for name, found in claims.items() if len(found) == 1}
    return variables, frozenset(name for name, found in claims.items() if len(found) > 1)
