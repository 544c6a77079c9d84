"""What another tool would have filled in never goes out; what people write in brackets does."""

from __future__ import annotations

import tomllib
from itertools import pairwise
from pathlib import Path

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.intake.check import check, judge
from runner.intake.placeholder import Fields, placeholders
from runner.intake.table import read
from runner.intake.template import parse

CORPUS = Path(__file__).parents[1] / "corpus" / "texts.toml"
FIELDS = Fields(["Vorname", "First Name", "LinkedIn URL", "Company"])

CERTAIN = """\
Hi {first_name|there},
{Hi|Hello|Hey} Ben
Hi «First_Name»,
Hi {!Contact.FirstName}
Hi <%= first_name %>
Hi [FNAME]
Hi [Vorname]
Hi #firstName#
Hi {First_Name:there}
Hi {first_name,fallback=there}
Hi ((first_name))
Hi $first_name, a question
{{ contact.firstname }}
{{firstName}}
{{ first_name | default: "there" }}
*|FNAME|*
%FIRSTNAME%
%%first_name%%
[[firstname]]
[[data:firstname:"there"]]
[firstname,fallback=there]
[[FIRSTNAME OR "Friend"]]
{{lead.First Name:default=there}}
~Contact.FirstName~
${Contacts.First Name}
#Contacts.First Name#
<first name>
<<First Name>>
__NAME__
{ MERGEFIELD First_Name }
[Your Name]
[insert company]
Hi { first_name }}
{$name}
{% if x %}
{{#if name}}
Ihr [Name]
{prenom}
[Prénom]
[votre nom]
$firstname$
@@first_name@@
{{RANDOM | hi | hey}}
%(first_name)s
［First Name］
(first_name)
{{unknownField}}"""

PLAIN = """\
We meet in [Berlin]
#hiring now
It costs $500
if (x) { return {a: 1}}
{"name": "Ada"}
#sales #company #jobs
#hiring#sales
« entreprise »
l'«entreprise»
el concepto «empresa»
[1] and [PDF] [sic]
50% company 20%
https://x.com/?q=%20name%20b
f(x) = {x | x > 0}
A|B test
(first name basis)
(name)
[LinkedIn](https://l.com)
C# and #1
for x in {1,2}
const { a, b } = c;
<3 you
body { position: sticky; top: 0 }
Company | Name | City
use **Name** and call me @ work @ 5
Use code %SPRING24% or see %APPDATA%"""


@pytest.mark.parametrize("text", CERTAIN.splitlines())
def test_merge_fields_of_other_tools_are_certain(text: str) -> None:
    """Whatever its form, a field that the sheet or everybody knows is found, and is certain."""
    found = placeholders(text, FIELDS)
    assert found
    assert all(one.is_certain for one in found)
    assert all(one.shown in text for one in found)


@pytest.mark.parametrize("text", PLAIN.splitlines())
def test_what_people_write_is_text(text: str) -> None:
    """Places, tags, prices and code are no placeholders."""
    assert placeholders(text, FIELDS) == []


@pytest.mark.parametrize("text", ["Hi {foo}", "Hi <<foo>>", "%FOO_BAR%", "[my_field]"])
def test_what_only_looks_so_is_odd(text: str) -> None:
    """A word that nobody knows, in such a form, is told and not stopped; a header makes it so."""
    (found,) = placeholders(text, FIELDS)
    assert not found.is_certain
    (found,) = placeholders(text, Fields(["Foo", "foo bar", "My Field"]))
    assert found.is_certain


@given(st.text("{}[]<>%#$|*«»()_@~ab :,\n", max_size=60))
def test_any_text_is_looked_through(text: str) -> None:
    """No text is an error, and what is found stands in it, nothing twice."""
    found = placeholders(text, FIELDS)
    ends = [(one.start, one.start + len(one.shown)) for one in found]
    assert all(text[start:end] == one.shown for one, (start, end) in zip(found, ends, strict=True))
    assert all(end <= start for (_, end), (start, _) in pairwise(ends))


def test_real_messages_raise_no_false_alarm() -> None:
    """Of 200 messages in five languages, with all that is odd in them, none is stopped, and at most
    two are warned of."""
    texts = tomllib.loads(CORPUS.read_text(encoding="utf-8"))["text"]
    assert len(texts) == 200
    people = pandas.DataFrame(
        {
            "First Name": [one["first_name"] for one in texts],
            "Last Name": [one["last_name"] for one in texts],
            "Company": [one["company"] for one in texts],
            "LinkedIn URL": [f"linkedin.com/in/p-{number}" for number in range(len(texts))],
            "Message": [one["message"].strip() for one in texts],
        }
    )
    _, found = judge(check(read(people), None))
    assert [problem for problem in found.problems if problem.severity == "error"] == []
    assert len(found.problems) <= 2, [str(problem) for problem in found.problems]


def test_a_mistake_of_the_template_is_one_problem() -> None:
    """A placeholder in the template's own text stops the campaign once, with what to write."""
    rows = pandas.DataFrame(
        {
            "Vorname": ["Ada", "Ben"] * 50,
            "LinkedIn URL": [f"linkedin.com/in/p-{number}" for number in range(100)],
        }
    )
    template = parse("Guten Tag [Vorname],\n\nwie geht es {first_name|Ihnen}?", Path("t.j2"))
    checked, found = judge(check(read(rows), template))
    first, second = checked.blocking
    assert "t.j2, line 1" in first.text
    assert first.remedy is not None
    assert "{{ vorname }}" in first.remedy
    assert second.remedy is not None
    assert '{{ vorname|default("Ihnen") }}' in second.remedy
    assert "line 3" in second.text
    assert [problem.code for problem in found.problems if problem.row] == []
