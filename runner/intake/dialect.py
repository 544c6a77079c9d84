"""Templates that are none, and the mistakes that people make in one: each in plain words.

A template can be a document of a word processor, or be written for another tool. Jinja2's own words
for that speak to programmers.
"""

from __future__ import annotations

import re
from typing import Final

from jinja2 import nodes

from runner.intake.column import normalise
from runner.intake.field import meaning
from runner.intake.placeholder import Fields, placeholders

Mistake = tuple[str, int, str]

_DOCUMENTS: Final = (
    (rb"(?:\xef\xbb\xbf)?\s*\{\\rtf", "a document in rich text (RTF)"),
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
# One cell of a table, with its quotes doubled inside; and a header of several columns.
_WHOLLY_QUOTED: Final = re.compile(r'\s*"(?:[^"]|"")+"\s*')
_HEADER: Final = re.compile(r"[\w .-]{1,40}(?:[;,\t][\w .-]{1,40}){1,20}")
_BETWEEN: Final = re.compile(r'"[;,\t]"')
_TRIPLE: Final = re.compile(r"\{\{\{\s{0,3}(?P<name>[\w.]{1,80})[^{}\n]{0,80}\}\}\}")
_SIGNED: Final = re.compile(r"\{\{\s{0,3}[.$@]\s{0,3}(?P<name>[\w.]{1,80})")
_ELSE: Final = re.compile(r"\|\||\?\?|,\s{0,3}\w{1,40}\s{0,3}=|\|\s{0,3}default\s{1,3}\"\"")
_WITH_COLON: Final = re.compile(r"\|\s{0,3}\w{1,40}\s{0,3}:")
_LONG_DASH: Final = re.compile(r"\{%\s{0,3}[‐-―−]|[‐-―−]\s{0,3}%\}")
_ELSEIF: Final = re.compile(r"\{%[-+]?\s{0,3}(?:elsif|elseif|else\s{1,3}if)\b")
_STATEMENT: Final = re.compile(r"\{%[-+]?\s{0,3}(?P<word>[A-Za-z]\w{0,40})")
# The sandbox speaks of those that Jinja2 knows.
_STATEMENTS: Final = frozenset(
    word
    for words in (
        "if elif else endif set endset raw endraw for endfor macro endmacro call endcall filter",
        "endfilter block endblock extends from include import with endwith autoescape",
        "endautoescape",
    )
    for word in words.split()
)
_WORDY: Final = re.compile(r"[^\W\d_][\w .'’/-]*")


def document(data: bytes) -> str | None:
    """Tell what a file is that is no plain text: a document of a word processor, a web page."""
    for pattern, said in _DOCUMENTS:
        if re.match(pattern, data, re.IGNORECASE):
            return said
    return None


def is_table(text: str, suffix: str) -> bool:
    """Tell whether a template was saved as a table, with quotes that its cells would have."""
    lines = [line for line in text.splitlines() if line.strip()]
    if suffix.casefold() in (".csv", ".tsv"):
        return any(line.startswith('"') or "\t" in line for line in lines)
    if _WHOLLY_QUOTED.fullmatch(text):
        return True
    is_header = len(lines) > 1 and _HEADER.fullmatch(lines[0]) is not None
    return is_header and lines[1][:1] == '"' and _BETWEEN.search(lines[1]) is not None


def mistake(source: str) -> Mistake | None:
    """Find what a template writes as another tool would, or as a word processor made it.

    It is given as a sentence, its line, and what to write instead.
    """
    if triple := _TRIPLE.search(source):
        said = f"{_shown(triple[0])} is written for another tool."
        line = source.count("\n", 0, triple.start()) + 1
        return said, line, f"Write {{{{ {variable(triple['name'])} }}}}."
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
    return _of_code(tag, bare)


def _of_code(tag: str, bare: str) -> tuple[str, str] | None:
    """What is wrong with a tag that is code of another language; `bare` is without its texts."""
    said = f"{_shown(tag)} is written for another tool."
    name = re.search(r"[^\W\d]\w*(?:\.\w+)*", bare)
    written = variable(name[0]) if name else "first_name"
    if _LONG_DASH.search(bare):
        return (
            f"The template has a long dash inside {_shown(tag)}.",
            "Write a hyphen, {%- … %}, or none: word processors make long dashes of them.",
        )
    if _ELSEIF.match(bare):
        return said, "Write {% elif … %}."
    if (word := _STATEMENT.match(bare)) and word["word"] not in _STATEMENTS:
        return (
            said,
            "A template knows {% if … %}, {% elif … %}, {% else %}, {% endif %}, {% set %}.",
        )
    if bare.startswith("{{") and _SIGNED.match(bare):
        return said, f"Write {{{{ {written} }}}}."
    if bare.startswith("{{") and "(" not in bare and _ELSE.search(bare):
        text = _TEXT.search(tag)
        fallback = text[0].strip("\"'") if text else "there"
        return said, f'Write {{{{ {written}|default("{fallback}") }}}}.'
    if bare.startswith("{{") and _WITH_COLON.search(bare):
        return (
            said,
            f'What a filter is given stands in brackets: {{{{ {written}|default("there") }}}}.',
        )
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
        f"Write {{{{ {variable(node.attr)} }}}}, or what the sheet's column is called.",
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
    """Return the variable that a sheet most surely has for a field: `first_name`, of FNAME, and
    `vorname`, of Vorname."""
    own = re.split(r"[.:]", field)[-1]
    known = meaning(own)
    # A tool's own spelling of the English name, and not a word that people write.
    is_spelling = known is not None and (
        (own.isupper() and len(own) > 2)
        or normalise(own) == normalise(known)
        or not (own.islower() or own.istitle() or " " in own or "_" in own)
    )
    name = known if known is not None and is_spelling else own
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
