"""A message template, and the message it makes of a row.

The template is Jinja2 in a sandbox. The sandbox has nothing that could run long or grow large: no
loops, macros or includes, and only a short list of filters and text methods. Every step that joins
text is bounded. Cell values go in as data and are never read as templates. A blank cell counts as
missing: printing it is an error that names the column, while `default`, `if` and `or` treat it as
absent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast

from runner.errors import RefusedError
from runner.intake.column import nearest
from runner.intake.dialect import document, is_table
from runner.intake.sandbox import Part, compile_part
from runner.system.file import FileError, MissingError, read_whole

MessageType = Literal["normal", "inmail"]
MAX_SOURCE: Final = 20_000
# As much is looked at to tell what a file is that is no template.
MAX_BYTES: Final = 32 * 1024**2
FRONT_MATTER_KEYS: Final = ("subject", "messageType", "variant")
_LONGEST_VARIANT: Final = 40
_FENCE: Final = re.compile(
    r"\s*---[ \t]*\r?\n(?P<head>.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """A template file: its body, and the subject, the message type and the name of the variant from
    its front matter.

    The subject is a template too.
    """

    path: Path
    source: str
    body: Part
    subject: Part | None
    message_type: MessageType
    variant: str | None = None

    @property
    def name(self) -> str:
        """The name of the variant: its own, or else that of the file."""
        return self.variant or self.path.stem[:_LONGEST_VARIANT]

    @property
    def texts(self) -> Sequence[tuple[int, str]]:
        """Every text that stands in the template, with the line it begins on."""
        parts = [self.body, *([self.subject] if self.subject else [])]
        return [text for part in parts for text in (*part.texts, *part.constants)]

    @property
    def names(self) -> Mapping[str, int]:
        """Every variable the template reads, with the line it stands on."""
        return {**(self.subject.names if self.subject else {}), **self.body.names}


def load(path: Path | str) -> MessageTemplate:
    """Read and compile a template file. Raises RefusedError with the line of the mistake."""
    path = Path(path)
    try:
        data = read_whole(path, MAX_BYTES)[0]
        if said := document(data):
            raise RefusedError(
                f"The template {path} is {said}, and no plain text.",
                remedy="Open it, and save the message alone as plain text (UTF-8): hello.txt.",
            )
        if b"\0" in data:
            raise RefusedError(
                f"The template {path} is not UTF-8 text: it holds zero bytes, as UTF-16 does.",
                remedy="Save it as UTF-8 in a text editor.",
            )
        source = data.decode("utf-8-sig")
    except MissingError:
        raise RefusedError(
            f"There is no template {path}.", remedy="Check the spelling of -t/--template."
        ) from None
    except UnicodeDecodeError:
        raise RefusedError(
            f"The template {path} is not UTF-8 text.", remedy="Save it as UTF-8 in a text editor."
        ) from None
    except FileError as error:
        raise RefusedError(
            f"The template {path} cannot be read: {error}.", remedy="Name a text file."
        ) from None
    if is_table(source, path.suffix):
        raise RefusedError(
            f"The template {path} was saved as a table, with the quotes of its cells.",
            remedy="Save the message alone as plain text (UTF-8): hello.txt.",
        )
    return parse(source, path)


def parse(source: str, path: Path) -> MessageTemplate:
    """Compile a template's text; `path` is only named in errors. Raises RefusedError."""
    if len(source) > MAX_SOURCE:
        raise RefusedError(
            f"The template has {len(source):,} characters; at most {MAX_SOURCE:,} are read.",
            where=path.name,
            remedy="Shorten it.",
        )
    subject: Part | None = None
    message_type: MessageType = "normal"
    variant: str | None = None
    first_line, body = 1, source
    if match := _FENCE.match(source):
        body = source[match.end() :]
        first_line = source.count("\n", 0, match.end()) + 1
        for line, text in enumerate(
            match["head"].splitlines(), start=source.count("\n", 0, match.start("head")) + 1
        ):
            key, separator, value = text.partition(":")
            key, value = key.strip(), value.strip()
            if not text.strip() or text.lstrip().startswith("#"):
                continue
            if not separator or key not in FRONT_MATTER_KEYS:
                guess = nearest(key, FRONT_MATTER_KEYS)
                raise RefusedError(
                    f"The template's front matter does not know {key!r}.",
                    where=f"{path.name}, line {line}",
                    remedy=f"Did you mean {guess!r}?"
                    if guess
                    else f"It takes: {', '.join(FRONT_MATTER_KEYS)}.",
                )
            if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
                value = value[1:-1]
            if key == "subject":
                subject = compile_part(value, path, line)
            elif key == "variant":
                variant = _variant_of(value, f"{path.name}, line {line}")
            else:
                message_type = message_type_of(value, f"{path.name}, line {line}")
    elif re.match(
        r"\s*[-\u2010-\u2015\u2212]{2,}[ \t]*(?:\r?\n|\Z)", source
    ):  # also the dashes that word processors make of hyphens
        raise RefusedError(
            "The template's front matter does not begin and end with a line of three dashes.",
            where=path.name,
            remedy="Write --- above and below it, or take the first line away.",
        )
    part = compile_part(body, path, first_line)
    if not body.strip():
        raise RefusedError(
            "The template has no text.", where=path.name, remedy="Write the message into it."
        )
    return MessageTemplate(
        path=path,
        source=source,
        body=part,
        subject=subject,
        message_type=message_type,
        variant=variant,
    )


def _variant_of(text: str, where: str) -> str:
    """Read the name of a variant. Raises RefusedError naming `where`."""
    if not text or len(text) > _LONGEST_VARIANT or not text.isprintable():
        raise RefusedError(
            f"{text!r} is no name of a variant.",
            where=where,
            remedy=f"Give 1 to {_LONGEST_VARIANT} characters, such as A.",
        )
    return text


def message_type_of(text: str, where: str) -> MessageType:
    """Read `normal` or `inmail`, in upper or lower case. Raises RefusedError naming `where`."""
    value = text.strip().lower()
    if value not in ("normal", "inmail"):
        raise RefusedError(
            f"{text!r} is no message type.", where=where, remedy="Write normal or inmail."
        )
    return cast(MessageType, value)
