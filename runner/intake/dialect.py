"""Templates that are none, and the mistakes that people make in one: each in plain words.

A template can be a document of a word processor, or be written for another tool. Jinja2's own words
for that speak to programmers.
"""

from __future__ import annotations

import re
from typing import Final

from jinja2 import nodes

from runner.intake.field import meaning
from runner.intake.placeholder import Fields, placeholders

Mistake = tuple[str, int, str]

_DOCUMENTS: Final = (
    (rb"\s*\{\\rtf", "a document in rich text (RTF)"),
    (rb"PK\x03\x04[\s\S]{0,4000}word/", "a Word document (DOCX)"),
    (rb"PK\x03\x04[\s\S]{0,80}mimetypeapplication/vnd\.oasis", "an OpenDocument file (ODT)"),
    (rb"PK\x03\x04[\s\S]{0,4000}xl/", "a workbook"),
    (rb"PK\x03\x04", "a packed file or a document of another program"),
    (rb"\xd0\xcf\x11\xe0", "a document of an older Office program"),
    (rb"%PDF-", "a PDF"),
    (
        rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body|div|p|table|span|meta|style|\?xml)\b",
        "a web page (HTML)",
    ),
    (rb"(?:\xef\xbb\xbf)?\s*(?:MIME-Version|Content-Type|Received|Return-Path): ", "an e-mail"),
)
# A longer tag is not looked into: Jinja2 has its own words for it.
_TAG: Final = re.compile(r"\{\{[^{}]{1,300}\}\}|\{%[^{}]{1,300}%\}")
_TEXT: Final = re.compile(r'"[^"\n]*"|\'[^\'\n]*\'')
_CURLY: Final = re.compile("[“”„‟‘’‚‹›«»]")
_UNSEEN: Final = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff\u202a-\u202e]")
_FIXED_SPACE: Final = re.compile("[\u00a0\u2007\u202f]")
_LIQUID: Final = re.compile(r"\|\s*(?:default|fallback)\s*[:=]\s*(?P<fallback>[^|}]+?)\s*\}\}")
_INSTANTLY: Final = re.compile(r"\{\{\s*RANDOM\s*\|")
_BLOCK: Final = re.compile(r"\{\{\s*(?:[#/^]\s*\w|else\b)")
_SECTION: Final = re.compile(r"\{\{\s*[&>!]\s*\w|\{\{\{")
_WORDY: Final = re.compile(r"[^\W\d_][\w .'’/-]*")


def document(data: bytes) -> str | None:
    """Tell what a file is that is no plain text: a document of a word processor, a web page."""
    for pattern, said in _DOCUMENTS:
        if re.match(pattern, data, re.IGNORECASE):
            return said
    return None


def is_table(text: str, suffix: str) -> bool:
    """Tell whether a template was saved as a table, with quotes that its cells would have."""
    if suffix.casefold() not in (".csv", ".tsv"):
        return False
    lines = [line for line in text.splitlines() if line.strip()]
    return any(line.startswith('"') for line in lines) or any("\t" in line for line in lines)


def mistake(source: str) -> Mistake | None:
    """Find what a template writes as another tool would, or as a word processor made it.

    It is given as a sentence, its line, and what to write instead.
    """
    for tag in _TAG.finditer(source):
        line = source.count("\n", 0, tag.start()) + 1
        if found := _in_tag(tag[0]):
            return found[0], line, found[1]
    return None


def _in_tag(tag: str) -> tuple[str, str] | None:
    bare = _TEXT.sub('""', tag)
    if curly := _CURLY.search(bare):
        written = _CURLY.sub("'" if '"' in tag else '"', tag)
        return (
            f"The template has a curly quote ({curly[0]}) inside {_shown(tag)}.",
            f"Write straight quotes, {written}: word processors turn them into curly ones.",
        )
    if unseen := _UNSEEN.search(bare):
        sign, plain = f"U+{ord(unseen[0]):04X}", _shown(_UNSEEN.sub("", tag))
        return (
            f"The template holds a character that nobody sees ({sign}) inside {plain}.",
            "Delete the place between the braces and type it again.",
        )
    if _FIXED_SPACE.search(bare):
        return (
            f"The template has a non-breaking space inside {_shown(_FIXED_SPACE.sub(' ', tag))}.",
            "Type the spaces between the braces again.",
        )
    if _BLOCK.match(tag):
        said = f"{_shown(tag)} is written for another tool."
        return said, "Write {% if company %} … {% endif %}, with the name of a column."
    if _INSTANTLY.match(tag) or _SECTION.match(tag) or _LIQUID.search(tag):
        found = placeholders(tag, Fields())
        name = variable(found[0].field) if found else "first_name"
        if _INSTANTLY.match(tag):
            return (
                f"{_shown(tag)} lets another tool choose a wording.",
                "Write one of the wordings, or put each person's own into a column of the sheet.",
            )
        liquid = _LIQUID.search(tag)
        fallback = (liquid["fallback"] if liquid else "").strip(" \"'“”‘’")
        written = f'{{{{ {name}|default("{fallback}") }}}}' if fallback else f"{{{{ {name} }}}}"
        return f"{_shown(tag)} is written for another tool.", f"Write {written}."
    return None


def foreign_field(node: nodes.Getattr) -> tuple[str, str] | None:
    """Tell what to write instead of another tool's `contact.firstname`."""
    if not isinstance(node.node, nodes.Name):
        return None
    written = f"{node.node.name}.{node.attr}"
    if meaning(node.attr) is None and node.node.name not in _OBJECTS:
        return None
    return (
        f"{{{{ {written} }}}} is another tool's field.",
        f"Write {{{{ {variable(node.attr)} }}}}, as the sheet's column is called.",
    )


_OBJECTS: Final = frozenset(
    word
    for words in (
        "contact lead recipient prospect person company account user sender owner subscriber",
        "candidate customer client member profile",
    )
    for word in words.split()
)


def quoted_header(tree: nodes.Template) -> tuple[str, int, str] | None:
    """Find words in quotes that a template prints as they stand: `{{ "First Name" }}`."""
    for output in tree.find_all(nodes.Output):
        for node in output.nodes:
            root = node
            while isinstance(root, nodes.Filter) and root.node is not None:
                root = root.node
            if (
                isinstance(root, nodes.Const)
                and isinstance(root.value, str)
                and _WORDY.fullmatch(root.value)
            ):
                said = f"The template prints the words {root.value!r}, and not the column."
                written = f'{{{{ {variable(root.value)} }}}}, or {{{{ row["{root.value}"] }}}}'
                return said, root.lineno, f"Write {written}."
    return None


def variable(field: str) -> str:
    """Return the variable that most sheets have for a field: `first_name`, of FNAME."""
    name = meaning(field) or re.split(r"[.:]", field)[-1]
    return re.sub(r"\W+", "_", name.strip()).strip("_").lower() or "first_name"


def _shown(tag: str) -> str:
    return tag if len(tag) <= 60 else f"{tag[:57]}…"


_LAST_TAG: Final = re.compile(r"^(?P<line>.*?)(?P<end>[%#]\})[ \t]*$", re.MULTILINE)
_ONLY_TAGS: Final = re.compile(r"[ \t]*(?:\{%(?:(?!%\}).)*%\}[ \t]*|\{#(?:(?!#\}).)*#\}[ \t]*)+")


def with_whole_lines(text: str) -> str:
    """Return the text so that only tags on lines of their own take their line's end with them.

    Jinja2 can take it behind every tag, which would run two lines of a message together.
    """

    def end(match: re.Match[str]) -> str:
        line, last = match["line"], match["end"]
        if _ONLY_TAGS.fullmatch(line + last) or line.endswith(("-", "+")):
            return line + last
        return f"{line}+{last}"

    return _LAST_TAG.sub(end, text)
