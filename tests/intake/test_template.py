"""Templates are strict about missing values.

They are closed to anything that could run long, grow large or leak.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import ExitCode, RefusedError
from runner.intake.blank import Blank, RenderError
from runner.intake.sandbox import MAX_TEXT
from runner.intake.template import load, parse

PATH = Path("hello.j2")


def render(source: str, **cells: str) -> str:
    values: dict[str, object] = {name: text or Blank(name=name) for name, text in cells.items()}
    return parse(source, PATH).body.render({**values, "row": dict(values)})


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Hi {{ name|default('there') }}", "Hi there"),
        ("Hi {{ name or 'there' }}", "Hi there"),
        ("{% if name %}Hi {{ name }}{% else %}Hello{% endif %}", "Hello"),
        ("{% if name == '' %}blank{% endif %}", "blank"),
        ("{{ name is defined }}{{ '' }}", None),
        ("Hi {{ name }}", None),
        ("Hi {{ name|upper }}", None),
        ("Hi {{ name|trim }}", None),
        ("Hi {{ name ~ '!' }}", None),
        ("Hi {{ name + '!' }}", None),
        ("{{ 'a' in name }}", None),
    ],
)
def test_a_blank_cell_counts_as_missing(source: str, text: str | None) -> None:
    """Printing a blank cell is an error that names the column.

    `default`, `or`, `if` and `== ''` treat the cell as absent.
    """
    if text is None:
        with pytest.raises(RenderError):
            render(source, name="")
    else:
        assert render(source, name="") == text


def test_a_variable_that_is_set_from_itself_is_still_the_columns() -> None:
    """`set name = name|default` reads the column, so the default is used only for a blank cell."""
    source = "{% set name = name|default('there') %}Hi {{ name }}"
    assert parse(source, PATH).names == {"name": 1}
    assert (render(source, name="Jo"), render(source, name="")) == ("Hi Jo", "Hi there")


def test_lists_stand_behind_in_and_halves_of_characters_nowhere() -> None:
    """`in` takes a list of constants; a lone surrogate becomes a replacement character."""
    assert render("{% if name in ['a', 'b'] %}yes{% endif %}", name="b") == "yes"
    assert render("{{ '\\ud800' }}x") == "\ufffdx"


def test_the_error_of_a_blank_cell_names_the_column() -> None:
    """The error of a blank cell names the column, so that a person finds the cell."""
    with pytest.raises(RenderError) as caught:
        parse("Hi {{ row['First Name'] }}", PATH).body.render(
            {"row": {"First Name": Blank(name="First Name")}}
        )
    assert caught.value.column == "First Name"


@given(st.text(max_size=200))
def test_a_cell_is_never_a_template(cell: str) -> None:
    """The content of a cell is printed as it is."""
    text = cell + "{{ 7 * 7 }}{% for x in y %}{# #}"
    assert render("{{ name }}", name=text) == text


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a' * 10**9 }}",
        "{{ 10**9 * 'a' }}",
        "{{ [1] * 10**9 }}",
        "{{ 'a'|center(10**9) }}",
        "{{ 'a'.center(1000000000) }}",
        "{{ 'a'.ljust(1000000000) }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '%1000000000d'|format(1) }}",
        "{{ '{:1000000000}'.format(1) }}",
        "{{ 9 ** 9 ** 9 ** 9 }}",
        "{{ range(10**9)|list }}",
        "{{ lipsum(n=100000) }}",
        "{% for a in name %}{% for b in name %}{{ a }}{% endfor %}{% endfor %}",
        "{% set x = name %}" + "{% set x = x ~ x %}" * 40 + "{{ x }}",
        "{% set x = name %}" + "{% set x = x + x %}" * 40 + "{{ x }}",
        "{% set x %}{{ name }}{% endset %}",
        "{{ name|replace('a', name)|replace('a', name)|replace('a', name) }}",
        "{{ name|batch(2, 'x')|list }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include 'other' %}",
        "{% import 'other' as other %}",
        "{% extends 'other' %}",
        "{% block b %}{% endblock %}",
        "{{ name.__class__ }}",
        "{{ name.__class__.__mro__[1].__subclasses__() }}",
        "{{ name['__class__'] }}",
        "{{ name|attr('__class__') }}",
        "{{ ''.__init__.__globals__ }}",
        "{{ self }}",
        "{{ self.__init__ }}",
        "{{ cycler.__init__ }}",
        "{{ name.upper }}",
        "{{ name.format }}",
        "{{ name.encode('utf-8') }}",
        "{{ none }}",
        "{{ true }}",
        "{{ [name] }}",
        "{{ {'a': name} }}",
        "{{ row }}",
        "{{ row.items() }}",
        "{{ row[name] }}",
        "{{ name['upper'] ~ 'x' }}",
        "{{ name.title ~ '!' }}",
        "{{ none ~ '' }}",
        "{% set a = [name, name] %}" + "{% set a = [a, a] %}" * 28 + "{{ a|string }}",
        "{% set a = name.split('') + name.split('') %}{{ a }}",
        "{{ name|truncate(2) }}",
        "{{ 1.5|round(9999999, 'ceil') }}",
        "{{ " + "9" * 5_000 + " }}",
        "{{ name }}" * 1_000,
        "{{ " + "(" * 500 + "1" + ")" * 500 + " }}",
        "x" * 30_000,
    ],
)
def test_what_could_run_long_grow_large_or_leak_is_refused(source: str) -> None:
    """A template text that could run long, grow large or leak is never a message or a long wait.

    It is a refusal at once, or an error of the row.
    """
    with pytest.raises((RefusedError, RenderError)):
        render(source, name="a" * 1_000)


@given(st.text(alphabet="{}%|~+*'a()[].,: nifelsdtrpc", max_size=60))
def test_any_template_is_refused_or_renders_within_bounds(source: str) -> None:
    """Any template text is refused, is an error of its row, or renders within the bound."""
    try:
        text = render("x" + source, n="v", a="")
    except (RefusedError, RenderError):
        return
    assert len(text) <= MAX_TEXT


def test_front_matter_gives_subject_and_type() -> None:
    """Front matter on top of the file, between lines of dashes, gives subject and type.

    The subject is a template too. The lines of the body keep their numbers.
    """
    template = parse(
        (
            '---\nsubject: "{{ name }}, a question"\n# a remark\nmessageType: '
            "InMail\n---\nHello {{ "
            "name }}\n{{ other }}"
        ),
        PATH,
    )
    assert template.subject is not None
    assert template.subject.render({"name": "Jo"}) == "Jo, a question"
    assert (template.message_type, template.body.render({"name": "Jo", "other": "x"})) == (
        "inmail",
        "Hello Jo\nx",
    )
    assert template.names == {"name": 6, "other": 7}


@pytest.mark.parametrize(
    ("source", "where", "remedy"),
    [
        ("---\nsubjct: x\n---\nhi", "hello.j2, line 2", "subject"),
        ("---\nmessageType: sms\n---\nhi", "hello.j2, line 2", "normal or inmail"),
        ("Hi\n{{ name", "hello.j2, line 2", "Correct"),
        ("---\nsubject: x\n---\nHi\n{{ name|uper }}", "hello.j2, line 5", "upper"),
        ("Hi\n{% for x in name %}{% endfor %}", "hello.j2, line 2", "if"),
        ("", "hello.j2", "Write"),
        ("---\nsubject: x\nHi {{ name }}", "hello.j2", "Write ---"),
        ("\n---\nsubject: x\nHi", "hello.j2", "Write ---"),
        ("----\nsubject: x\n----\nHi", "hello.j2", "Write ---"),
        ("–––\nsubject: x\n–––\nHi", "hello.j2", "Write ---"),
        ("\n\n---\nsubjct: x\n---\nhi", "hello.j2, line 4", "subject"),
    ],
)
def test_a_mistake_is_refused_with_its_line(source: str, where: str, remedy: str) -> None:
    """The refusal says where the mistake stands in the file, and what to write instead."""
    with pytest.raises(RefusedError) as caught:
        parse(source, PATH)
    assert caught.value.where is not None
    assert caught.value.where.startswith(where)
    assert remedy in str(caught.value.remedy)
    assert caught.value.exit_code is ExitCode.REFUSED


def test_a_template_that_cannot_be_read_is_refused(
    tmp_path: Path, write: Callable[[str, str], Path]
) -> None:
    """A missing template, a folder, and text that is not UTF-8 are each refused with a sentence."""
    (tmp_path / "latin.j2").write_bytes("Grüße".encode("latin-1"))
    for path in (tmp_path / "none.j2", tmp_path, tmp_path / "latin.j2"):
        with pytest.raises(RefusedError):
            load(path)
    assert load(write("ok.j2", "\ufeffHallo")).body.render({}) == "Hallo"
