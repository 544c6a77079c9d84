"""Templates that are none, and mistakes in one, are told in words that people use."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from runner.errors import RefusedError
from runner.intake.template import load, parse


def packed(name: str, text: bytes = b"x") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, text)
    return file.getvalue()


def odt() -> bytes:
    return packed("mimetype", b"application/vnd.oasis.opendocument.text")


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("t.j2", b"{\\rtf1\\ansi Hi}", "RTF"),
        ("t.docx", packed("word/document.xml"), "DOCX"),
        ("t.odt", odt(), "ODT"),
        ("t.pdf", b"%PDF-1.7", "PDF"),
        ("t.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office"),
        ("t.html", b"<!DOCTYPE html><p>Hi</p>", "HTML"),
        ("t.j2", b"\xef\xbb\xbf<p>Hi</p>", "HTML"),
        ("t.csv", b'"Hi {{ first_name }},"\r\n"how are you?"\r\n', "table"),
    ],
)
def test_a_document_is_no_template(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    """A document is refused by its content, with the way to plain text."""
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(RefusedError) as refused:
        load(path)
    assert said in refused.value.what
    assert "plain text" in f"{refused.value.remedy}"


@pytest.mark.parametrize(
    ("source", "what", "remedy"),
    [
        ("{{ first_name|default(“there”) }}", "curly quote", '{{ first_name|default("there") }}'),
        ("{{ \u200bfirst_name }}", "nobody sees (U+200B)", "type it again"),
        ("{{\u00a0first_name }}", "non-breaking space", "again"),
        ('{{ "First Name" }}', "the words 'First Name'", '{{ row["First Name"] }}'),
        ("{{ 'First Name'|upper }}", "the words 'First Name'", "{{ first_name }}"),
        (
            '{{ first_name | default: "there" }}',
            "another tool",
            '{{ first_name|default("there") }}',
        ),
        ("{{ contact.firstname }}", "another tool's field", "{{ first_name }}"),
        ("{{#if name}}x", "another tool", "{% if company %}"),
        ("{{RANDOM | hi | hey}}", "choose a wording", "one of the wordings"),
        ("{{ first_name|there }}", "the filter 'there'", '{{ first_name|default("there") }}'),
    ],
)
def test_a_mistake_is_told_in_plain_words(source: str, what: str, remedy: str) -> None:
    """Each mistake says what it is and what to write, with its line."""
    with pytest.raises(RefusedError) as refused:
        parse(f"Hello,\n{source}", Path("t.j2"))
    assert what in refused.value.what
    assert remedy in f"{refused.value.remedy}"
    assert refused.value.where == "t.j2, line 2"


def test_tags_on_lines_of_their_own_leave_no_blank_lines() -> None:
    """A tag's line goes with it; a tag at the end of a line of text does not join two lines."""
    source = (
        "Hi {{ n }},\n\n{% if c %}\nAbout {{ c }}?\n{% else %}\nFamiliar?\n{% endif %}\n\n"
        "Best,{% if c %} really{% endif %}\nAnna\n  {# a remark #}  \nEnd"
    )
    body = parse(source, Path("t.j2")).body
    assert body.render({"n": "Ada", "c": "Acme"}) == (
        "Hi Ada,\n\nAbout Acme?\n\nBest, really\nAnna\nEnd"
    )
    assert body.render({"n": "Ada", "c": ""}) == "Hi Ada,\n\nFamiliar?\n\nBest,\nAnna\nEnd"
