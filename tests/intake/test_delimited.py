"""A text file is read exactly, to the last character and with its row numbers, or it is refused.

The refusal says everything that a person needs to know.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runner.errors import ExitCode, RefusedError
from runner.intake.check import check, judge
from runner.intake.sheet import Reading, Source
from runner.intake.table import Table, read
from runner.intake.template import parse

NAME = Path("x.csv")
UTF16_MARKS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}


def table(content: str | bytes, encoding: str | None = None) -> Table:
    data = content.encode() if isinstance(content, str) else content
    return read(Source(NAME, data), Reading(encoding=encoding))


def rows(content: str | bytes, encoding: str | None = None) -> list[tuple[int, list[str]]]:
    return [(row.number, list(row.cells)) for row in table(content, encoding).rows()]


def faults(content: str) -> dict[int, list[str]]:
    return {row.number: [fault.code for fault in row.faults] for row in table(content).rows()}


def headers(content: str | bytes, encoding: str | None = None) -> list[str]:
    return [column.header for column in table(content, encoding).columns]


def refusal(content: str | bytes, encoding: str | None = None) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        rows(content, encoding)
    assert caught.value.exit_code is ExitCode.REFUSED
    assert caught.value.remedy
    return caught.value


# ---- encodings

LIST = "First Name,LinkedIn URL\r\nJürgen,juergen-k\r\n太郎,taro-y\r\n"
PEOPLE = [(2, ["Jürgen", "juergen-k"]), (3, ["太郎", "taro-y"])]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_an_encoding_that_marks_itself_is_known(encoding: str) -> None:
    """UTF-8 is known with and without its mark, UTF-16 and UTF-32 with theirs.

    The mark is not a part of the first header.
    """
    data = LIST.encode(encoding)
    assert headers(data) == ["First Name", "LinkedIn URL"]
    assert rows(data) == PEOPLE
    assert rows(data, encoding) == PEOPLE


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_of_either_byte_order(encoding: str) -> None:
    """Excel's "Unicode text" is UTF-16 with a mark and tabs, and is read in either byte order.

    Without the mark it is refused, and the remedy names --encoding.
    """
    text = LIST.replace(",", "\t")
    marked = UTF16_MARKS[encoding] + text.encode(encoding)
    assert (headers(marked), rows(marked)) == (["First Name", "LinkedIn URL"], PEOPLE)
    bare = text.encode(encoding)
    assert f"--encoding {encoding}" in str(refusal(bare).remedy)
    assert "UTF-16" in refusal(bare).what
    assert (headers(bare, encoding), rows(bare, encoding)) == (
        ["First Name", "LinkedIn URL"],
        PEOPLE,
    )


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_mark_is_no_part_of_the_header_whatever_was_said(encoding: str) -> None:
    """The mark is dropped even when --encoding names the byte order.

    A header in quotes behind the mark stays whole.
    """
    data = UTF16_MARKS[encoding] + '"Name, First",LinkedIn URL\nJürgen,juergen-k\n'.encode(encoding)
    assert headers(data, encoding) == ["Name, First", "LinkedIn URL"]
    assert rows(data, encoding) == [(2, ["Jürgen", "juergen-k"])]


@pytest.mark.parametrize(
    ("encoding", "last"),
    [("utf-16-be", "农业"), ("utf-16-le", "\u1a01\u1a00"), ("utf-16-be", "Fanĭ\u011a")],
)
def test_a_character_that_ends_like_an_end_of_file_mark_stays_whole(
    encoding: str, last: str
) -> None:
    """A last character that holds the byte 1A stays whole in UTF-16.

    The byte is half of a character there, and a file without a last line break may well end in it.
    """
    data = UTF16_MARKS[encoding] + f"Name,URL\njo,{last}".encode(encoding)
    assert rows(data) == [(2, ["jo", last])]


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("cp1252", ("Jürgen", "Núñez", "François")),
        ("mac_roman", ("Jürgen", "Núñez", "François")),
        ("cp1250", ("Łukasz", "Šárka", "Jiří")),
        ("cp1251", ("Иван", "Мария", "Ольга")),
        ("cp932", ("太郎", "花子", "山田")),
        ("cp932", ("髙橋", "﨑山", "太郎")),  # in Excel's Japanese, not in shift_jis
        ("gb18030", ("王伟", "李娜", "张敏")),
        ("big5", ("陳怡君", "林志明", "張淑芬")),
        ("cp950", ("林恒", "陳怡君", "粧子")),  # in Excel's Traditional Chinese, not in big5
        ("cp949", ("김민수", "이영희", "박지훈")),
        ("cp1253", ("Γιώργος", "Μαρία", "Ελένη")),
        ("cp1254", ("Ayşe", "İbrahim", "Gökçe")),
    ],
)
def test_an_encoding_that_cannot_be_known_is_asked_for(
    encoding: str, names: tuple[str, ...]
) -> None:
    """The refusal shows the first names as the likely encodings have them.

    The option whose line shows them right reads the list exactly, and so does the encoding of the
    file.
    """
    people = [["Ann", "ann-0"], *([name, f"p-{index}"] for index, name in enumerate(names))]
    data = "".join(
        f"{name},{profile}\r\n" for name, profile in [["First Name", "LinkedIn URL"], *people]
    ).encode(encoding)
    refused = refusal(data)
    assert "not UTF-8" in refused.what
    assert refused.where == "x.csv, line 3"
    offers = dict(re.findall(r"--encoding (\S+) +(.*?)  \(", str(refused.remedy)))
    right = [option for option, shown in offers.items() if shown == ", ".join(names)]
    assert right, offers
    expected = list(enumerate(people, start=2))
    for option in (encoding, *right):
        assert rows(data, option) == expected


def test_bytes_that_are_no_list_of_names_at_all_are_still_refused() -> None:
    """Bytes that are not a list of names are refused.

    No encoding is offered that would show control characters for names.
    """
    refused = refusal(b"Name,URL\n\x81\x8d\x8f\x90,x\n")
    assert "--encoding cp1252" not in str(refused.remedy)
    assert "CSV UTF-8" in str(refused.remedy)


@pytest.mark.parametrize(
    "said",
    [
        "nonsense",
        "utf-9",
        " ",
        "base64",
        "hex",
        "rot13",
        "zlib",
        "idna",
        "punycode",
        "undefined",
        "a\0b",
    ],
)
def test_an_encoding_that_is_none_is_refused(said: str) -> None:
    """A misspelt encoding is refused, and so is a codec of Python that is not of text.

    The remedy names the encodings that exist.
    """
    refused = refusal(LIST, said)
    assert "utf-8" in str(refused.remedy)


@pytest.mark.parametrize("said", ["ascii", "utf-16", "utf-32", "cp949"])
def test_a_wrong_encoding_is_refused_and_never_patched_up(said: str) -> None:
    """A text that is not in the encoding that was said is refused.

    No character is replaced by a question mark.
    """
    data = "First Name,LinkedIn URL\nAnn,ann-0\nJosé,jose-1\n".encode("cp1252")
    assert said in refusal(data, said).what


def test_utf8_said_of_another_encoding_shows_the_names_as_well() -> None:
    """A list that is not UTF-8 leads to the same question after --encoding utf-8.

    The refusal shows the names there, too.
    """
    data = "First Name,LinkedIn URL\nNúñez,p-0\n".encode("cp1252")
    assert re.search(r"--encoding cp1252 +Núñez ", str(refusal(data, "utf8").remedy))


# ---- delimiters


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize(
    ("line", "delimiter"),
    [("sep=;", ";"), ('"sep=;"', ";"), ("sep=\t", "\t"), ('"sep=|"', "|"), ("sep=,", ",")],
)
def test_a_line_that_names_the_delimiter_is_believed(
    end: str, mark: str, line: str, delimiter: str
) -> None:
    """A line that names the delimiter is believed, quoted or not.

    It has any line end, and may stand behind a mark. Excel does not show the line, so it is not
    counted.
    """
    lines = [
        line,
        f"Name{delimiter}LinkedIn URL",
        f"A,b;c|d{delimiter}jo-doe" if delimiter == "\t" else f"Jo{delimiter}jo-doe",
    ]
    content = mark + end.join(lines) + end
    first = "A,b;c|d" if delimiter == "\t" else "Jo"
    assert (table(content).delimiter, headers(content)) == (delimiter, ["Name", "LinkedIn URL"])
    assert (table(content).header_row, rows(content)) == (1, [(2, [first, "jo-doe"])])


@pytest.mark.parametrize("line", ['sep="', "sep=", "sep=;;", "sep=a"])
def test_a_line_that_names_no_delimiter_is_a_line(line: str) -> None:
    """A line that names no delimiter is a line above the header.

    A quote, a letter or nothing at all cannot separate cells.
    """
    content = f"{line}\r\nName;LinkedIn URL\r\nAnna;jo-doe\r\n"
    assert (table(content).header_row, headers(content)) == (2, ["Name", "LinkedIn URL"])
    assert rows(content) == [(3, ["Anna", "jo-doe"])]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_each_delimiter_is_told_by_the_shape_of_the_rows(delimiter: str) -> None:
    """The shape of the rows tells the delimiter.

    The other delimiters may stand in the texts as often as they like, and separate nothing.
    """
    others = "".join(other for other in ",;\t|" if other != delimiter)
    content = "".join(
        delimiter.join(cells) + "\n"
        for cells in (
            ["Name", "LinkedIn URL", "Note"],
            ["Jo", "jo-doe", f"1{others}2"],
            ["Al", "al-doe", f"3{others}4"],
        )
    )
    assert table(content).delimiter == delimiter
    assert rows(content) == [
        (2, ["Jo", "jo-doe", f"1{others}2"]),
        (3, ["Al", "al-doe", f"3{others}4"]),
    ]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_commas_in_messages_of_several_lines_do_not_outvote_the_delimiter(delimiter: str) -> None:
    """The lines of a text are not rows and do not outvote the delimiter.

    A list of three people with three lines of text each is separated as its header is.
    """
    message = "Hi,\ngreat to meet you, really.\nBest, Al"
    content = f"Name{delimiter}LinkedIn URL{delimiter}message\n"
    content += "".join(
        f'{name}{delimiter}{name}-doe{delimiter}"{message}"\n' for name in ("jo", "cy", "bo")
    )
    assert table(content).delimiter == delimiter
    assert rows(content) == [
        (number, [name, f"{name}-doe", message])
        for number, name in enumerate(("jo", "cy", "bo"), start=2)
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("people", [0, 1, 2, 5])
def test_notes_above_a_short_list_do_not_hide_its_delimiter(delimiter: str, people: int) -> None:
    """Notes above a table do not hide its delimiter, however short the table is.

    The notes are lines without a delimiter, and one line with a comma in it.
    """
    content = (
        f"Export\nof today\nby Al, in Rome\nFirst Name{delimiter}LinkedIn URL{delimiter}City\n"
    )
    content += "".join(f"Jo{delimiter}jo-{index}{delimiter}Rome\n" for index in range(people))
    assert (table(content).delimiter, table(content).header_row) == (delimiter, 4)
    assert rows(content) == [(5 + index, ["Jo", f"jo-{index}", "Rome"]) for index in range(people)]


@pytest.mark.parametrize(
    ("content", "names", "first", "second"),
    [
        ("a,b;c\nd,e;f\n", "comma and semicolon", ["a", "b;c"], ["a,b", "c"]),
        (
            "Name;Score,Share\nJo;1,5\nAl;2,5\n",
            "comma and semicolon",
            ["Name;Score", "Share"],
            ["Name", "Score,Share"],
        ),
    ],
)
def test_a_tie_is_asked_about(
    content: str, names: str, first: list[str], second: list[str]
) -> None:
    """Two delimiters that do equally well are both named, with the line that settles the tie.

    That line does settle it.
    """
    refused = refusal(content)
    assert names in refused.what
    assert "sep=, or sep=;" in str(refused.remedy)
    assert headers(f"sep=,\n{content}") == first
    assert headers(f"sep=;\n{content}") == second


def test_numbers_with_a_decimal_comma_do_not_make_a_tie() -> None:
    """A decimal comma in every row, but not in the header, does not make a tie."""
    content = "Name;Score\nJo;1,5\nAl;2,5\n"
    assert rows(content) == [(2, ["Jo", "1,5"]), (3, ["Al", "2,5"])]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_single_column_needs_no_delimiter(end: str) -> None:
    """A single column of slugs or links needs no delimiter, and no last line break."""
    content = end.join(["LinkedIn URL", "jo-doe", "https://www.linkedin.com/in/al-doe"])
    assert headers(content) == ["LinkedIn URL"]
    assert rows(content) == [(2, ["jo-doe"]), (3, ["https://www.linkedin.com/in/al-doe"])]


# ---- records


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("Name,URL\rJo,x\rAl,y\r", [(2, ["Jo", "x"]), (3, ["Al", "y"])]),
        ("Name,URL\r\nJo,x\rAl,y\nBo,z", [(2, ["Jo", "x"]), (3, ["Al", "y"]), (4, ["Bo", "z"])]),
        (
            'Name,URL\nJo,"two\nlines"\nAl,"a\r\nb\rc"\nBo,z\n',
            [(2, ["Jo", "two\nlines"]), (3, ["Al", "a\r\nb\rc"]), (4, ["Bo", "z"])],
        ),
        ('Name,URL\n"say ""hi"" x",""""\n"",y\n', [(2, ['say "hi" x', '"']), (3, ["", "y"])]),
        (
            'Name,URL\n5" pipe,x\nAl "Bo" Cy,y"\n',
            [(2, ['5" pipe', "x"]), (3, ['Al "Bo" Cy', 'y"'])],
        ),
        ("Name,URL\n,\nJo,x\n,,,\n \t,\u00a0\nAl,y\n", [(3, ["Jo", "x"]), (6, ["Al", "y"])]),
        ("\n\nName,URL\n\nJo,x\n\n\nAl,y\n\n", [(5, ["Jo", "x"]), (8, ["Al", "y"])]),
        ('Name,URL\n="00456",="a,b"\n\'00123,y\n', None),
        (
            "Name,URL\nJo,x\nAl,\x0by\x0c\x1c\x85\u2028z\n",
            [(2, ["Jo", "x"]), (3, ["Al", "\x0by\x0c\x1c\x85\u2028z"])],
        ),
    ],
    ids=[
        "CR",
        "mixed ends",
        "quoted breaks",
        "doubled quotes",
        "quotes within",
        "commas",
        "blank lines",
        "forced",
        "breaks",
    ],
)
def test_records_are_read_as_they_stand(
    content: str, expected: list[tuple[int, list[str]]] | None
) -> None:
    """A record is read as it stands, with line ends of any kind and mix.

    Line breaks and doubled quotes may stand in quotes, and quotes within a text. Blank lines count.
    A character that only Python takes for a line end does not end a line.
    """
    if (
        expected is None
    ):  # Excel's guard is not quoting: a delimiter in it would be ambiguous, so it separates
        expected = [(2, ['="00456"', '="a', 'b"']), (3, ["'00123", "y"])]
    assert rows(content) == expected


def test_a_field_of_any_length_a_person_would_write_is_read() -> None:
    """A field of 32,767 characters, as many as a cell holds, is read. A longer one is cut there,
    with a fault.

    A field past 1 MiB is refused: a quote is missing, or it is an attack.
    """
    assert rows(f"Name,URL\n{'x' * 32_767},y\n") == [(2, ["x" * 32_767, "y"])]
    ((number, cells),) = rows(f"Name,URL\n{'x' * 200_000},y\n")
    assert (number, len(cells[0]), cells[1]) == (2, 32_767, "y")
    assert cells[0].endswith("… [cut]")
    refused = refusal(f"Name,URL\nJo,x\n{'x' * 1_048_577},y\n")
    assert "line 3" in refused.what
    assert "after row 2" in str(refused.where)


@pytest.mark.parametrize(
    "content",
    [
        "Name,URL\nJo,x\n\x1a",
        "Name,URL\nJo,x\x1a",
        "Name,URL\r\nJo,x\r\n\x1a\x1a",
        "Name,URL\r\nJo,x\r\n\x1a\r\n",
    ],
)
def test_an_end_of_file_mark_of_old_is_no_row(content: str) -> None:
    """Ctrl-Z at the very end, or in a line of its own, is dropped in any encoding.

    Elsewhere it is a character.
    """
    assert rows(content.replace("Jo,x", "J\x1ao,\x1a\r\nAl,x"))[0] == (2, ["J\x1ao", "\x1a"])
    assert rows(content) == [(2, ["Jo", "x"])]
    assert rows(content.encode("utf-16")) == [(2, ["Jo", "x"])]


@pytest.mark.parametrize("encoding", [None, "utf-8", "cp1252"])
def test_a_character_of_value_zero_is_damage(encoding: str | None) -> None:
    """A character of value zero is refused with its line, early in the file or late.

    This holds whether the encoding was said or not.
    """
    for before in (200, 20_000):
        refused = refusal("Name,URL\n" + "Jo,x\n" * before + "Al\0,y\n", encoding)
        assert "value zero" in refused.what
        assert refused.where == f"x.csv, line {before + 2}"
    assert refusal(b"\0\1\2\3" * 400).what == "x.csv is not a text file that can be read as CSV."


# ---- width


def test_rows_too_short_or_too_long_are_faults_with_their_values_in_place() -> None:
    """No value shifts in a row that is too short or too long.

    A short row is filled up and told. A long row is told and keeps its surplus values, but not
    blanks at its end.
    """
    content = "a,b,c\n1,2\n1\n1,2,3,4\n1,2,3,,5\n1,2,3,, \n1,2,3\n"
    assert rows(content) == [
        (2, ["1", "2", ""]),
        (3, ["1", "", ""]),
        (4, ["1", "2", "3", "4"]),
        (5, ["1", "2", "3", "", "5"]),
        (6, ["1", "2", "3"]),
        (7, ["1", "2", "3"]),
    ]
    assert faults(content) == {
        2: ["ragged-row"],
        3: ["ragged-row"],
        4: ["ragged-row"],
        5: ["ragged-row"],
        6: [],
        7: [],
    }
    texts = [fault.text for row in table(content).rows() for fault in row.faults]
    assert "2 cells under 3 headers" in texts[0]
    assert "'4'" in texts[2]


def test_all_rows_too_long_are_all_faults() -> None:
    """Every row is a fault when all rows are longer than the header.

    In that case pandas makes an index of the first column, and every value stands one column to the
    left.
    """
    content = "Name,URL\nx,jo,1\ny,al,2\nz,bo,3\n"
    assert headers(content) == ["Name", "URL"]
    assert rows(content) == [(2, ["x", "jo", "1"]), (3, ["y", "al", "2"]), (4, ["z", "bo", "3"])]
    assert faults(content) == {2: ["ragged-row"], 3: ["ragged-row"], 4: ["ragged-row"]}


# ---- quotes


@pytest.mark.parametrize(
    ("content", "line", "row"),
    [
        ('Name,URL\nJo,x\n"Al,y\nBo,z\n', 4, 2),
        ('Name,URL\nJo,x\nAl,"y\nBo,z\n', 4, 2),
        ('Name,URL\nJo,x\nAl,"y', 3, 2),
        ('Name,URL\nJo,x\n"Ana"x,y\nBo,z\n', 3, 2),
        ('Name,URL\nJo,x\n"Ana" ,y\n', 3, 2),
        ('sep=,\nName,URL\nJo,x\n"Ana"x,y\n', 4, 2),
        ('"Name","URL","Note"\n"Jo","jo","x\n"Al","al","y"\n', 3, 1),
    ],
)
def test_a_quote_that_does_not_close_where_a_cell_ends_is_refused(
    content: str, line: int, row: int
) -> None:
    """A quote that does not close where its cell ends is refused.

    The rest of the file is never swallowed, and no character is glued to a cell. The refusal names
    the line as an editor counts it.
    """
    refused = refusal(content)
    assert f"around line {line} " in refused.what
    assert "quote is probably missing" in refused.what
    assert refused.where == f"x.csv, after row {row}"


THREE = "Name,LinkedIn URL,Note\n"
TWO = "Name,LinkedIn URL\n"
FIRST = "LinkedIn URL,Name\n"
CONNECTIONS = "First Name,Last Name,URL,Email Address,Company,Position,Connected On\n"
IN = "https://www.linkedin.com/in/"


@pytest.mark.parametrize(
    ("content", "row"),
    [
        (THREE + 'Jo,jo,"x\nAl,al,y\nBo,bo,z"\nCy,cy,w\n', 2),
        (THREE + 'Jo,jo,"x\nAl,al,y"\nCy,cy,w\n', 2),
        (THREE + '"Jo,jo,x\nAl",al,y\nCy,cy,w\n', 2),
        (THREE + '"Jo,jo,x\nAl,al,y\nBo",bo,z\nCy,cy,w\n', 2),
        (THREE + 'Jo,"jo,x\nAl,al",y\nCy,cy,w\n', 2),
        (THREE + 'Cy,cy,w\nJo,"jo,x\r\nAl,al,y\r\nBo,bo",z\n', 3),
        (TWO + 'Jo,"jo\nAl,al"\nCy,cy\n', 2),
        (TWO + '"Jo,jo\nAl",al\nCy,cy\n', 2),
        (TWO + 'Jo,"jo\nAl,al\nBo,bo"\nCy,cy\n', 2),
        (TWO + f'Jo,"{IN}jo\nAl,{IN}al\nBo,{IN}bo"\nCy,cy\n', 2),
        (FIRST + f'{IN}jo,"Jo\n{IN}al,Al"\n', 2),
        (FIRST + f'{IN}jo,"Jo\n{IN}al,Al\n{IN}bo,Bo"\n', 2),
        (FIRST + 'jo,"Jo\nal,Al\nbo,Bo"\n', 2),
        (THREE.replace(",", ";") + 'Jo;jo;"x\nAl;al;y\nBo;bo;z"\nCy;cy;w\n', 2),
        (THREE.replace(",", "\t") + 'Jo\tjo\t"x\nAl\tal\ty\nBo\tbo\tz"\nCy\tcy\tw\n', 2),
        (TWO.replace(",", ";") + 'Jo;"jo\nAl;al"\nBo;bo\nCy;cy\n', 2),
        (THREE.replace("URL,", 'URL,"') + 'Jo,jo,x\nAl,al,y"\nBo,bo,z\n', 1),
        ("Name,LinkedIn URL,Age,Score\n" + 'Jo,jo,3,"5\nAl,al,4,6\nBo,bo,4,7"\nCy,cy,4,5\n', 2),
        (
            (
                "Name,LinkedIn URL,Since\n"
                'Jo,jo,"2024-01-01\nAl,al,2024-01-02\nBo,bo,2024-01-03"\nCy,cy,2024-01-04\n'
            ),
            2,
        ),
        ("Name,LinkedIn URL,Company,Note\n" + 'Jo,jo,Acme,"x\nAl,al,,\nBo,bo,,"\nCy,cy,,w\n', 2),
        (
            CONNECTIONS
            + f'Jo,Doe,{IN}jo,,"Acme,CEO,12 Mar 2024\nAl,Roe,{IN}al,,Foo",CTO,13 Mar 2024\n',
            2,
        ),
        (
            CONNECTIONS
            + (
                f'Jo,Doe,{IN}jo,,"Acme,CEO,12 Mar 2024\nAl,Roe,{IN}al,,Foo,CTO,7 Feb '
                f'2022\nBo,Poe,{IN}bo,,Bar",CTO,13 Mar 2024\n'
            ),
            2,
        ),
        (
            CONNECTIONS + f'Jo,Doe,{IN}jo,,"Acme,CEO,12-Mar-24\nAl,Roe,{IN}al,,Foo,CTO,7-Feb-22\n'
            f'Bo,,{IN}bo,,Bar",,1-Mar-24\n',
            2,
        ),
    ],
)
def test_rows_that_two_stray_quotes_would_swallow_are_told(content: str, row: int) -> None:
    """Rows between two stray quotes are told, with the row and the line of the quote.

    Two quotes that pair up are valid CSV and make people vanish in a cell. This holds in the first,
    a middle or the last cell, over one row or several, with any delimiter, over numbers, dates and
    blanks.
    """
    try:
        told = " ".join(
            fault.text
            for found in table(content).rows()
            for fault in found.faults
            if found.number == row
        )
    except RefusedError as refused:
        told = f"{refused.what} {refused.where} {refused.remedy}"
    assert "holds what looks like another row" in told
    assert f"near line {row}." in told


def test_a_stray_quote_at_a_cells_end_swallows_nothing() -> None:
    """A quote that does not begin its cell is a character, and all people are there."""
    content = THREE + 'Jo,jo,x"\nAl,al,y"\nCy"s,cy,w\n'
    assert rows(content) == [
        (2, ["Jo", "jo", 'x"']),
        (3, ["Al", "al", 'y"']),
        (4, ['Cy"s', "cy", "w"]),
    ]


MESSAGES = [
    "Hi Jo,\n\nI saw Acme, Foo, and Bar.\nBest, Al",
    "Hi Jo,\nnice, warm, sunny, and dry, they say, so come\nAl",
    "1. one, two\n2. three, four\n3. five, six, seven",
    "Hi,\n1,000, 2,000 and 3,000 are numbers\nBest",
    "Hi,\nwe grew from 1,000,000 to 2,000,000\nBest",
    "Call me,\n+44,20\nAl",
    "one line, with, commas, a, few",
    "Hi Jo,\r\n\r\nAcme, Inc., Foo, Ltd., and Bar, LLC\r\n\r\nBest,\r\nAl",
    "Hi,\nthe price is 10,50 or 12,75\nAl",
    "Hi,\nsee https://example.com/a,b\nAl",
    f"Hi,\n{IN}me, that is my profile, see you\nAl",
    f"Hi,\nmy profile:\n{IN}me\nBest, Al",
    'She said:\n"yes, no, and maybe"\nAl',
    "您好，\n很高兴认识您，期待合作。\n王",
    "\n,\n",
    "Hi,\n\n\n",
]


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("message", MESSAGES)
def test_messages_of_several_lines_are_no_rows(message: str, delimiter: str) -> None:
    """The lines of a message raise no false alarm.

    Commas stand before a space, between digits or few in a line; a link stands in a line of its
    own.
    """
    written = io.StringIO()
    people = [["Jo", "jo-doe", message], ["Al", "al-doe", "x"], ["Bo", "bo-doe", message]]
    csv.writer(written, delimiter=delimiter).writerows(
        [["Name", "LinkedIn URL", "message"], *people]
    )
    assert rows(written.getvalue()) == list(enumerate(people, start=2))


# ---- the likeliest list of all

NOTES = (
    'Notes:\r\n"When exporting your connection data, you may notice that some of the email '
    "addresses are missing. "
    "You will only see email addresses for connections who have allowed it, see "
    'https://www.linkedin.com/help/linkedin."\r\n\r\n'
)
EXPORT = (
    NOTES
    + CONNECTIONS.replace("\n", "\r\n")
    + f"Jo,Doe,{IN}jo-doe,,Acme,CEO,12 Mar 2024\r\n"
    + (
        f'Jürgen,"Roe, PhD",{IN}j%C3%BCrgen-roe,al@example.com,"Foo, Inc.","Head of '
        '""Growth""",7-Feb-22\r\n'
    )
    + ",,,,,,\r\n"
    + f",,{IN}anonymous-1,,Bar,,1 Jan 2020\r\n"
    + f"太郎,山田,{IN}taro-y,,,,2 Jan 2020\r\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_linkedins_own_export_is_read_as_it_comes(encoding: str) -> None:
    """LinkedIn's Connections.csv is read as it comes, and every ready person gets a message.

    It has notes above the header, hardly any e-mail, a row of only commas, and a person without a
    name. The rows above the header are told.
    """
    source = Source(Path("Connections.csv"), EXPORT.encode(encoding))
    found = read(source)
    assert (found.header_row, found.delimiter) == (4, ",")
    assert [column.header for column in found.columns] == CONNECTIONS.strip().split(",")
    assert [row.number for row in found.rows()] == [5, 6, 8, 9]
    assert list(next(found.rows()).cells) == [
        "Jo",
        "Doe",
        f"{IN}jo-doe",
        "",
        "Acme",
        "CEO",
        "12 Mar 2024",
    ]
    assert len(found.notices) == 1
    assert "header is row 4" in found.notices[0]
    assert "'Notes:'" in found.notices[0]
    checked, findings = judge(
        check(found, parse("Hi {{ first_name }}, how is {{ company or 'work' }}?", Path("t.j2")))
    )
    assert checked.blocking == ()
    assert [column.header for column in checked.layout.roles["recipientProfileId"]] == ["URL"]
    assert (findings.rows, findings.ready, findings.invalid, findings.skipped) == (4, 3, 1, ())
    errors = [
        (problem.cell, problem.code) for problem in findings.problems if problem.severity == "error"
    ]
    assert errors == [("A8", "blank-value")]
    messages = [entry.message for entry in checked.entries() if entry.message]
    assert [(message.recipient.slug, message.text) for message in messages] == [
        ("jo-doe", "Hi Jo, how is Acme?"),
        ("jürgen-roe", "Hi Jürgen, how is Foo, Inc.?"),
        ("taro-y", "Hi 太郎, how is work?"),
    ]


def test_an_export_in_which_rows_were_swallowed_writes_to_nobody() -> None:
    """An export with two stray quotes in companies' names is refused as a whole.

    It is not read one person short.
    """
    broken = (
        EXPORT.replace(",,Acme,", ',,"Acme,')
        .replace('"Foo, Inc."', 'Foo"')
        .replace('"Roe, PhD"', "Roe")
    )
    with pytest.raises(RefusedError, match="looks like another row"):
        judge(check(read(Source(NAME, broken.encode())), parse("Hi", Path("t.j2"))))


def test_forced_texts_are_unwrapped_where_they_are_used() -> None:
    """The texts ="00456" and '00123 keep their zeros, in message and recipient.

    The cell stays as it stands for the results.
    """
    content = 'profile,Zip\n="jo-doe",="00456"\nal-doe,\'00123\n'
    found = table(content)
    messages = [
        entry.message for entry in check(found, parse("to {{ zip }}", Path("t.j2"))).entries()
    ]
    assert [message and (message.recipient.slug, message.text) for message in messages] == [
        ("jo-doe", "to 00456"),
        ("al-doe", "to 00123"),
    ]
    assert rows(content) == [(2, ['="jo-doe"', '="00456"']), (3, ["al-doe", "'00123"])]


# ---- laws

HEADERS = (
    ("LinkedIn URL", "Name"),
    ("Name", "recipientProfileId", "City"),
    ("First Name", "Last Name", "Profile URL", "Note", "Company"),
)
MARKS = {
    "utf-8": b"",
    "utf-8-sig": b"",
    "utf-16": b"",
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-16-le": codecs.BOM_UTF16_LE,
}
any_text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
awkward_text = st.text(st.sampled_from(",;|\t\n\r\"' aZ1ü業\x1a\u2028"), max_size=12)


def written(
    records: Sequence[Sequence[str]], delimiter: str, ends: Sequence[str], quoting: int
) -> str:
    # Python 3.11's csv.writer puts a lone carriage return in quotes only if it ends its lines in
    # one.
    lines = []
    for record, end in zip(records, ends, strict=True):
        text = io.StringIO()
        csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator="\r\n").writerow(
            record
        )  # type: ignore[arg-type]
        lines.append(text.getvalue()[:-2] + end)
    return "".join(lines)


def looks_swallowed(record: Sequence[str], delimiter: str) -> bool:
    """Tell whether a valid CSV record may be refused as swallowed rows.

    Such a record has several lines, and a delimiter in a cell.
    """
    return len(delimiter.join(record).splitlines()) > 1 and any(
        delimiter in cell for cell in record
    )


@st.composite
def lists(draw: st.DrawFn) -> tuple[Sequence[Sequence[str]], str, str, bytes]:
    header = draw(st.sampled_from(HEADERS))
    cell = st.one_of(any_text, awkward_text)
    people = draw(st.lists(st.tuples(*[cell] * len(header)), max_size=7))
    delimiter = draw(st.sampled_from(",;\t|"))
    encoding = draw(st.sampled_from(sorted(MARKS)))
    records = [header, *people]
    ends = [draw(st.sampled_from(["\n", "\r\n", "\r"]))] * len(records)
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    text = written(records, delimiter, ends, quoting)
    if draw(st.booleans()) and not text.rstrip("\r\n").endswith(("\x1a", "\r", "\n")):
        text = text[: -len(ends[0])]
    return people, delimiter, encoding, MARKS[encoding] + text.encode(encoding)


@pytest.mark.slow
@settings(max_examples=500)
@given(lists())
def test_any_list_comes_in_as_it_was_written(
    found: tuple[Sequence[Sequence[str]], str, str, bytes],
) -> None:
    """Any list comes in with the same texts in the same rows, without its blank rows.

    It has any texts, delimiter, line end, quoting, and encoding that marks itself. Only a record
    that looks like swallowed rows is refused or told as a fault, and then by its row.
    """
    people, delimiter, _, data = found
    expected = [
        (number, list(cells))
        for number, cells in enumerate(people, start=2)
        if any(map(str.strip, cells))
    ]
    refused = None
    try:
        assert rows(data) == expected
        assert table(data).delimiter == delimiter
        faulty = [people[row.number - 2] for row in table(data).rows() if row.faults]
        assert all(looks_swallowed(record, delimiter) for record in faulty)
    except RefusedError as error:
        refused = error
    if refused:
        assert "looks like another row" in refused.what
        number = int(str(refused.where).rpartition(" ")[2])
        assert looks_swallowed(people[number - 2], delimiter)


@settings(max_examples=150)
@given(
    st.lists(st.one_of(any_text, awkward_text), max_size=8), st.sampled_from(["\n", "\r\n", "\r"])
)
def test_any_single_column_in_quotes_comes_in_as_it_was_written(
    column: list[str], end: str
) -> None:
    """Nothing else separates cells when every cell is in quotes.

    Only a line of nothing but Ctrl-Z may be an end of file.
    """
    column = [cell for cell in column if cell.strip("\x1a") or not cell]
    text = written(
        [["LinkedIn URL"], *([cell] for cell in column)],
        ",",
        [end] * (len(column) + 1),
        csv.QUOTE_ALL,
    )
    expected = [(number, [cell]) for number, cell in enumerate(column, start=2) if cell.strip()]
    assert rows(text) == expected


SEEDS = [
    *(
        LIST.encode(encoding)
        for encoding in (
            "utf-8",
            "utf-8-sig",
            "utf-16",
            "utf-16-le",
            "utf-16-be",
            "utf-32",
            "gb18030",
        )
    ),
    EXPORT.encode(),
    EXPORT.encode("utf-16"),
    'sep=;\r\nName;URL\r\nJürgen;"a;b"\r\n'.encode("cp1252"),
    b'LinkedIn URL\tNote\rjo\t"two\rlines ""x"""\r\x1a',
]
SPLICES = [
    *(
        b'"',
        b'""',
        b"\0",
        b",",
        b";",
        b"\t",
        b"|",
        b"\r",
        b"\n",
        b"\r\n",
        b"\x1a",
        b"\x85",
        b"\xed\xa0\x80",
        b"\xff",
        b"sep=",
    ),
    *(b"+2AA-", b"\x1b$B", b"~{", b"\xe2\x80\x8b\n", b"<", b"{[", b"=", b"linkedin.com/in/x,"),
    *(
        codecs.BOM_UTF8,
        codecs.BOM_UTF16_LE,
        codecs.BOM_UTF16_BE,
        codecs.BOM_UTF32_LE,
        codecs.BOM_UTF32_BE,
    ),
]
SAID = [
    *(
        None,
        None,
        None,
        "utf-8",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "utf-7",
        "cp1252",
        "mac_roman",
        "shift_jis",
    ),
    *(
        "cp932",
        "gb18030",
        "big5",
        "cp949",
        "iso2022_jp",
        "hz",
        "ascii",
        "punycode",
        "idna",
        "base64",
        "rot13",
        "undefined",
    ),
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(data)))
        end = start + draw(st.sampled_from([0, 0, 0, 1, 2, 5]))
        data = (
            data[:start]
            + draw(st.one_of(st.sampled_from(SPLICES), st.binary(max_size=3)))
            + data[end:]
        )
    return data or b"x"


@pytest.mark.slow
@settings(max_examples=1_500)
@given(st.one_of(st.binary(min_size=1, max_size=80), damaged()), st.sampled_from(SAID))
@example(b"Name,URL\nJo,jo-doe\n", "utf-16")
@example(b"Name,URL\nJo,jo-doe\n", "utf-32")
@example(b"Name,URL\nJo,jo-doe\n", "base64")
@example(b"Name,URL\nJ\xfcrgen,jo-doe\n", "idna")
@example(b"sep=\r\nName;URL\r\nJo;jo\r\n", None)
@example(b'sep="\nName;URL\n"Jo";jo\n', None)
@example("\u200b\nName,URL\nJo,jo-doe\n".encode(), None)
@example(b"\x1a\nName,URL\nJo,jo-doe\n", None)
def test_any_bytes_are_read_or_refused(data: bytes, said: str | None) -> None:
    """Any bytes, under any encoding that was said, give rows or a refusal in sentences.

    They never give anything else.
    """
    refused = None
    try:
        found = table(data, said)
        width, last = len(found.columns), found.header_row
        for row in found.rows():
            assert row.number > last
            assert width <= len(row.cells) <= width + found.spare or (
                len(row.cells) > width and row.faults
            )
            assert any(map(str.strip, row.cells))
            last = row.number
    except RefusedError as error:
        refused = error
    if refused:
        assert refused.what
        assert refused.remedy


def test_a_greeting_on_a_line_of_its_own_is_no_row(tmp_path: Path) -> None:
    """A greeting on a line of its own is not a row, although its line ends in a comma.

    The list has two columns, the message first.
    """
    path = tmp_path / "x.csv"
    path.write_text(
        'message,recipientProfileId\n"Hi Ann,\nnice to meet you",ann\n', encoding="utf-8"
    )
    assert [list(row.cells) for row in read(path).rows()] == [["Hi Ann,\nnice to meet you", "ann"]]


@pytest.mark.parametrize("header", ['{"Name"},{"URL"}', "<Name>,<URL>", '["Name"],URL'])
def test_a_header_in_brackets_is_no_program_code(tmp_path: Path, header: str) -> None:
    """A header in brackets is read as a header: neither JSON nor XML begins so."""
    path = tmp_path / "x.csv"
    path.write_text(f"{header}\nJo,jo-doe\n", encoding="utf-8")
    assert [list(row.cells) for row in read(path).rows()] == [["Jo", "jo-doe"]]


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "cp1251"])
def test_an_encoding_that_would_misread_utf8_is_refused(tmp_path: Path, encoding: str) -> None:
    """An encoding that would show the names of a UTF-8 file as mojibake is refused.

    It may be an option kept from an earlier file, or the key of a campaign file.
    """
    path = tmp_path / "x.csv"
    path.write_text("First Name,LinkedIn\nJürgen,jw-1\n", encoding="utf-8")
    with pytest.raises(RefusedError, match="is UTF-8 text"):
        read(path, Reading(encoding=encoding))
    path.write_text("First Name,LinkedIn\nJo,jw-1\n", encoding="utf-8")
    assert len(list(read(path, Reading(encoding=encoding)).rows())) == 1


IN_ = "https://www.linkedin.com/in/"


@pytest.mark.parametrize(
    ("content", "row"),
    [
        (
            (
                f'First Name,LinkedIn URL,Company\nJo,{IN_}jo,"Acme, '
                f'Inc\nAl,{IN_}al,Foo"\nCy,{IN_}cy,X\n'
            ),
            2,
        ),
        (
            (
                f'First Name,LinkedIn URL,Company\nJo,{IN_}jo,"Acme, Inc\nAl,{IN_}al,Foo, '
                f'Inc"\nCy,{IN_}cy,X\n'
            ),
            2,
        ),
        ('LinkedIn URL,First Name\njo-doe,"Jo\nal-doe,\nbo-doe,Bo"\ncy-doe,Cy\n', 2),
        ('First Name,LinkedIn URL\nJo,"jo-doe\nAl,al-doe\nBo",bo-doe\n', 2),
        ('LinkedIn URL,First Name,Company,City\njo-doe,Jo,"Acme,Rome\nal-doe,Al,Foo,Bar"\n', 2),
    ],
)
def test_swallowed_people_are_told_by_whom_they_are(content: str, row: int) -> None:
    """Swallowed people are told even when no line is just like a row.

    A value then has a comma before a space, or is blank.
    """
    test_rows_that_two_stray_quotes_would_swallow_are_told(content, row)


@pytest.mark.parametrize(
    "content",
    [
        'LinkedIn URL,message\njo-doe,"Hi Jo!\n\nBest,Ann"\n',
        'LinkedIn URL,message\njo-doe,"Hi Jo!\nHow are you?\nBest,Ann"\n',
        'LinkedIn URL,company\njo-doe,"Acme HQ\nBerlin, Germany"\n',
        'Name,LinkedIn URL,Note\n"Jo\nDoe",jo-doe,"a\nb"\n',
        'LinkedIn URL,message\njo-doe,"Hi Jo,\nsee linkedin.com/in/me, please.\nBest,\nAnn"\n',
        'First Name,LinkedIn URL,message\nJo,jo-doe,"Hi Jo,\n10,000 or 20,000?\nBest"\n',
    ],
)
def test_ordinary_messages_are_no_rows(content: str) -> None:
    """Greetings, addresses and numbers on lines of their own are not rows.

    This holds for lists of two and of three columns.
    """
    assert not any(row.faults for row in table(content).rows())
