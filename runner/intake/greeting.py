"""The greeting of a message: whether it greets by name, and whom."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Final

from runner.intake.suspicion import NO_NAMES

# Nearly all messages begin with a greeting and the name behind it. `_GREETING` finds everything
# else that may be a greeting.
_OPENING: Final = 80
_NAME: Final = re.compile(r" *([^\W\d_][\w'’-]*+)(?!/)").match
_GREETINGS: Final = frozenset(
    word
    for words in (
        "hi hello hey dear hallo liebe lieber liebes bonjour bonsoir salut coucou cher chère",
        "hola estimado estimada ciao gentile olá ola caro cara beste hoi dag hej hei cześć kære",
        "buongiorno buonasera salve servus moin greetings ahoj merhaba привет здравствуйте γεια",
    )
    for word in words.split()
)
_CAPITAL_GREETINGS: Final = frozenset(map(str.title, _GREETINGS))
_GREETING: Final = re.compile(
    rf"[\W_]{{0,6}}(?:{'|'.join(sorted(_GREETINGS))}|good (?:morning|afternoon|evening|day)|guten "
    r"(?:tag|morgen|abend)|dobr[yý] den"
    r"|dzie[nń] dobry|buenos d[ií]as|buenas (?:tardes|noches)|bom dia|boa tarde|boa noite"
    r"|goede(?:morgen|middag|navond|n dag)|god (?:dag|morgen|morgon|kväll)|добрый день"
    r"|k[æa]re|kjære|sehr geehrte[rs]?(?: herr| frau)?)\b(?P<rest>[^\n]{0,60})",
    re.IGNORECASE,
).match
_NOBODY: Final = re.compile(
    rf"\s+[-?]*[,!.:;].*|\s{{2,}}\S.*|\s*,\s*,.*|\s+"
    rf"|\s+(?:{'|'.join(map(re.escape, sorted(NO_NAMES)))})(?!\w).*",
    re.DOTALL,
).fullmatch
# The first words of those: `LinkedIn Member`, `n.a.`.
_NO_NAMES_BEGIN: Final = {match[1] for name in NO_NAMES if (match := _NAME(name))}
# French puts a space before `!`, `:` and `;`.
_FRENCH: Final = re.compile(r"\s*(?:bonjour|bonsoir|salut|coucou) [!:;]", re.IGNORECASE).match
# Behind a comma a name stands by itself: `Hello, how are you` and `Hi, Ada here` call nobody.
_CALLED: Final = re.compile(r",[ \u00a0](?P<name>[^\W\d_][\w'’-]*)(?=[,.!:;\n]|$)").match
_WORD: Final = re.compile(r"[ .\u00a0]*([^\W\d_][\w'’-]*)")
# They stand between a greeting and a last name.
_TITLES: Final = frozenset(
    word
    for words in (
        "mr mrs ms miss mx sir madam dr prof professor herr herrn frau doktor mme mlle madame",
        "monsieur m me maître docteur sr sra srta señor señora señorita don doña dra sig sigra",
        "signor signora signore dott dottor dottoressa dottssa ing avv geom arch rag",
        "meneer mevrouw dhr mevr pan pani",
    )
    for word in words.split()
)
# They stand where a name would, and are none.
_NO_NAME: Final = frozenset(
    word
    for words in (
        "there all everyone everybody team folks folk friend friends again you guys ladies",
        "gentlemen colleague colleagues fellow future both from and i i'm it's it's we as just",
        "thanks thank hope my your our how what who why when if in on at to a an the this that is",
        "are quick great good nice happy long sorry hi hello hey dear neighbor neighbour zusammen",
        "alle allerseits leute nochmal nochmals wieder damen kollege kollegin kollegen",
        "kolleg kolleginnen hiring recruiting talent manager connection connections network",
        "linkedin member members sales marketing support office nachbar nachbarin ihr ihre ich wir",
        "wie was ein eine der die das team freunde",
        "interessenten à tous toutes tout équipe collègue collègues cher chère chers ami amis je",
        "j'ai nous vous merci j'espère c'est ravi a todos todas equipo colega colegas amigo amiga",
        "amigos qué que te le les me mi soy espero gracias buenas buenos tutti tutte collega",
        "colleghi amico amici ti vi mi sono spero grazie come",
    )
    for word in words.split()
)
_NICKNAMES: Final = (
    "robert bob bobby rob robbie bert",
    "william bill billy will willy liam",
    "richard dick rick ricky rich",
    "james jim jimmy jamie",
    "john jack johnny jon",
    "edward ed eddie ted ned",
    "theodore ted teddy theo",
    "anthony antonio anton antoine tony toni",
    "margaret peggy meg maggie greta gretchen rita",
    "elizabeth elisabeth liz lizzy beth betsy betty lisa sisi elsa liesel ella",
    "katherine catherine katharina kate katie kathy cathy kitty katja kati",
    "alexander alexandra alexandre alejandro alessandro sasha sascha xander lex sandy sandro",
    "charles chuck charlie carlos carl karl",
    "henry heinrich hank harry heinz heiner",
    "lawrence laurence lorenzo larry laurie renzo",
    "michael michel miguel mike mick micky mickey mischa",
    "andrew andreas drew andy andi",
    "gerald gerard gerhard jerry gerry gerd",
    "giuseppe beppe peppe",
    "jose josef joseph pepe joe sepp jupp",
    "francisco francesco franz paco pancho curro fran franco franzi",
    "ignacio ignatius nacho iggy",
    "johannes johann hannes hans jo jan",
    "ulrich ulrike uli ulli ulla",
    "sebastian basti bastian seb wastl",
    "friedrich frederick frederic fritz fred freddy rick",
    "nicholas nicolas nikolaus nick nico klaus claus niklas",
    "barbara barbel barb babs",
    "susan susanne suzanne sue susi suzy",
    "patricia patrick pat patty tricia trish paddy",
    "rebecca becky becca",
    "deborah debbie deb",
    "dorothy dorothea dot dolly dorle thea",
    "rosario charo",
    "dolores lola",
    "guadalupe lupe",
    "luigi gigi",
    "filippo pippo",
    "stephen steven stefan steve",
    "samuel samantha sam sammy",
    "victoria vicky tori",
    "jacob jakob jake",
    "peter pete pierre pedro",
    "martina martin tina",
    "christina christine tina chris",
    "thomas tom tommy tomas",
    "timothy tim",
    "matthew matthias matthieu matt mats",
    "daniel dan danny",
    "david dave",
    "gabriela gabriele gabriel gabi gaby",
    "manuel manuela manu manolo",
    "oliver olli olly",
    "georg jorge schorsch",
)


def greeted(text: str) -> str | None:
    """Return the name that follows a message's greeting.

    It is empty when the message greets nobody, and None when the message does not greet by name.
    """
    word, _, rest = text[:_OPENING].partition(" ")
    if (
        (word in _CAPITAL_GREETINGS or word.casefold() in _GREETINGS)
        and (match := _NAME(rest))
        and (match[1] not in _NO_NAMES_BEGIN or not _NOBODY(f" {rest}"))
    ):
        return match[1]
    if (match := _GREETING(text)) and _NOBODY(match["rest"]) and not _FRENCH(text):
        return ""
    return None


def is_named(name: str, cells: Sequence[str], text: str) -> bool:
    """Tell whether a row names somebody in another cell than its text."""
    return name in cells or any(name in cell for cell in cells if cell != text)


def addressed(text: str) -> str | None:
    """Return the name that a message greets: the first one behind greeting and titles.

    Return None when it greets nobody by name: `Hi there`, `Hallo zusammen`, `Dear colleagues`.
    """
    found = _addressed(text)
    return found[0] if found else None


def by_last_name(text: str) -> bool:
    """Tell whether a title stands before the name that a message greets: `Dear Mr. Smith`."""
    found = _addressed(text)
    return found is not None and found[1]


def _addressed(text: str) -> tuple[str, bool] | None:
    """The name that a message greets, and whether a title stands before it."""
    opening = text.lstrip()[:_OPENING]
    greeting = _GREETING(opening)
    if greeting is None:
        return None
    is_titled = " herr" in greeting[0].casefold() or " frau" in greeting[0].casefold()
    at = greeting.start("rest")
    if called := _CALLED(opening, at):  # Hello, Petra!
        at = called.start("name")
    while match := _WORD.match(opening, at):
        word = match[1].replace("’", "'")
        if word.casefold() not in _TITLES:
            is_name = word[0].isupper() and word.casefold() not in _NO_NAME and len(word) > 1
            return (match[1], is_titled) if is_name else None
        at, is_titled = match.end(), True
    return None


def fits(name: str, values: Iterable[str]) -> bool:
    """Tell whether a greeting's name may be that of a person with one of these names.

    Shortened names, nicknames and spellings without accents fit.
    """
    greeted = _folded(name)
    for known in _each(values):
        if known.isascii() != greeted.isascii():
            return True  # of two scripts, nothing can be said
        if known.startswith(greeted[:3]) or greeted.startswith(known[:3]) or greeted in known:
            return True
        if any({greeted, known} <= group for group in _nicknames()):
            return True
        if difflib.SequenceMatcher(None, greeted, known).ratio() > 0.6:
            return True
    return False


@cache
def _nicknames() -> list[set[str]]:
    return [set(map(_folded, names.split())) for names in _NICKNAMES]


def _each(values: Iterable[str]) -> Iterator[str]:
    for value in values:
        folded = _folded(value)
        parts = [part for part in re.split(r"\W+", folded) if part]
        yield from (*parts, "".join(parts), "".join(part[0] for part in parts))


def _folded(name: str) -> str:
    apart = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(sign for sign in apart if not unicodedata.combining(sign))
    for sign, other in (("ae", "a"), ("oe", "o"), ("ue", "u"), ("ß", "ss"), ("ø", "o"), ("ł", "l")):
        plain = plain.replace(sign, other)
    return plain
