"""Texts. Places and lengths count characters (code points) from 1; a function of null is null."""

from __future__ import annotations

import ibis
import ibis.expr.operations as ops
from django.utils.translation import gettext_lazy as _
from ibis.expr.types import Value

from ... import engine
from ..building import TEXT_AT_MOST, Building, constant, long, nothing
from ..registry import Parameter, function

S = ("s", "string")
N = ("n", "integer")
LONGEST = 10_000  # characters that a text is padded to
USUAL = 100  # characters that a column's text is reckoned with
SPACES = r"[ \t\n\r\f\x0B]+"


def text(value: str) -> Value:
    return constant(value, "string")


def number(value: int) -> Value:
    return constant(value, "integer")


def least(left: Value, right: Value) -> Value:
    """The smaller of two numbers that are not null."""
    return ibis.least(left, right)


def at_least_zero(value: Value) -> Value:
    return ibis.greatest(value, number(0))


def where_known(value: Value, *others: Value) -> Value:
    """The value, null where one of the others is."""
    known = [other.notnull() for other in others]
    while len(known) > 1:
        known[:2] = [known[0] & known[1]]
    return ibis.ifelse(known[0], value, ibis.null(value.type()))


@function("Lower", "string", [S], "string", _("In lower case."), "Lower('PARIS')", "paris")
def lower(_building: Building, s: Value) -> Value:
    return s.replace("Σ", "σ").replace("İ", "i").lower()


@function("Upper", "string", [S], "string", _("In upper case."), "Upper([city])", "PARIS")
def upper(_building: Building, s: Value) -> Value:
    return s.replace("ß", "SS").upper()


@function("Length", "string", [S], "integer", _("How many characters it has."), "Length([city])", 5)
def length(_building: Building, s: Value) -> Value:
    return s.length()


@function(
    "Left", "string", [S, N], "string", _("The first n characters; '' for n below 1."), "Left([city], 3)", "Par",
)  # fmt: skip
def left(_building: Building, s: Value, n: Value) -> Value:
    return s.substr(number(0), at_least_zero(_bounded(n)))


@function(
    "Right", "string", [S, N], "string", _("The last n characters; '' for n below 1."), "Right([city], 3)", "ris",
)  # fmt: skip
def right(building: Building, s: Value, n: Value) -> Value:
    s = building.keep(s)
    length = s.length().cast("int64")
    n = building.keep(at_least_zero(least(_bounded(n), length)))
    return where_known(s.substr(length - n, n), n)


def _bounded(n: Value) -> Value:
    """A count that is not so large that an engine chokes on it; null stays null."""
    most = number(2**31 - 2)
    return ibis.cases((n > most, most), (n < -most, -most), else_=n)


@function(
    "Substring", "string", [S, ("offset", "integer"), ("length", "integer")], "string",
    _("Length characters from the offset on, which counts from 1; an offset of 0 or below begins before the text."),
    "Substring([city], 2, 3)", "ari",
)  # fmt: skip
def substring(building: Building, s: Value, offset: Value, length: Value) -> Value:
    offset, length = building.keep(_bounded(offset)), building.keep(_bounded(length))
    end = building.keep(at_least_zero(offset - 1 + length))
    start = building.keep(at_least_zero(offset - 1))
    return where_known(s.substr(start, at_least_zero(end - start)), offset, length)


@function(
    "Charindex", "string", [S, ("sub", "string")], "integer",
    _("Where the second text first stands in the first, from 1; 0 when it does not."), "Charindex([email], '@')", 4,
)  # fmt: skip
def charindex(_building: Building, s: Value, sub: Value) -> Value:
    return long(s.find(sub)) + number(1)


@function(
    "Replace", "string", [S, ("from", "string"), ("to", "string")], "string",
    _("Every occurrence of one text put in place by another; null where that gives more than 50,000 characters."),
    "Replace([city], 'i', '!')", "Par!s",
)  # fmt: skip
def replace(building: Building, s: Value, old: Value, new: Value) -> Value:
    s, old = building.keep(s), building.keep(old)
    found = s.replace(old, new)
    taken, put = _written(old), _written(new)
    if taken is None or put is None or len(put) > len(taken):
        usual = max(building.longest, USUAL)
        each, less = usual if put is None else len(put), len(taken) if taken else 1
        building.lengthen(-(-usual * each // less))
        found = _unless_too_long(s, old, building.keep(new), found)
    return ibis.ifelse(old == text(""), where_known(s, new), found)


def _written(value: Value) -> str | None:
    """A text that stands in the expression itself."""
    operation = value.op()
    return operation.value if isinstance(operation, ops.Literal) else None


def _unless_too_long(s: Value, old: Value, new: Value, found: Value) -> Value:
    """What replacing gives, where it is not longer than a text may become: known before it is made."""
    size, less, more = (long(each.length()) for each in (s, old, new))
    taken = size - long(s.replace(old, "").length())  # what all the occurrences hold together
    fits = (more <= less) | (taken * (more - less) <= (number(TEXT_AT_MOST) - size) * less)
    return ibis.ifelse(fits, found, nothing("string"))


@function("Ltrim", "string", [S], "string", _("Without white space at its start."), "Ltrim('  a ')", "a ")
def ltrim(_building: Building, s: Value) -> Value:
    return s.re_replace(rf"\A{SPACES}", "")


@function("Rtrim", "string", [S], "string", _("Without white space at its end."), "Rtrim('  a ')", "  a")
def rtrim(_building: Building, s: Value) -> Value:
    return s.re_replace(rf"{SPACES}\z", "")


def _padding(building: Building, s: Value, n: Value, c: Value) -> tuple[Value, Value]:
    """The text cut to n characters, and enough of the filling."""
    given, c_written = n.op().arg if isinstance(n.op(), ops.Cast) else n.op(), _written(c)
    most = min(max(given.value, 0), LONGEST) if isinstance(given, ops.Literal) and given.value is not None else None
    building.hold(LONGEST if most is None else most)
    building.longest += LONGEST if most is None else most
    if most is not None and c_written is not None:
        kept = building.keep(s.substr(number(0), number(most)))
        filling = text((c_written * (most // max(len(c_written), 1) + 1))[:most])
        return kept, filling.substr(number(0), number(most) - long(kept.length()))
    s, c = building.keep(s), building.keep(c)
    n = building.keep(at_least_zero(least(_bounded(n), number(LONGEST))))
    kept = building.keep(s.substr(number(0), n))
    missing = building.keep(n - kept.length().cast("int64"))
    times = missing // ibis.greatest(long(c.length()), number(1)) + number(1)
    filling = building.keep(ibis.ifelse(missing > 0, c.repeat(times), text("")))
    return kept, filling.substr(number(0), missing)


@function(
    "LPad", "string", [S, N, ("c", "string")], "string",
    _("Filled up on the left to n characters, or cut to as many; at most 10,000."), "LPad('7', 3, '0')", "007",
)  # fmt: skip
def lpad(building: Building, s: Value, n: Value, c: Value) -> Value:
    kept, filling = _padding(building, s, n, c)
    return where_known(filling + kept, n)


@function(
    "RPad", "string", [S, N, ("c", "string")], "string",
    _("Filled up on the right to n characters, or cut to as many; at most 10,000."), "RPad('7', 3, '0')", "700",
)  # fmt: skip
def rpad(building: Building, s: Value, n: Value, c: Value) -> Value:
    kept, filling = _padding(building, s, n, c)
    return where_known(kept + filling, n)


# --- What a text is made of --------------------------------------------------------------------------------------


def _full(value: Value) -> Value:
    return value.fill_null("") != text("")


@function(
    "AllNonNull2", "string", [("s1", "string"), ("s2", "string")], "boolean",
    _("Whether both texts are neither null nor ''."), "AllNonNull2([name], [note])", False,
)  # fmt: skip
def all_non_null_2(_building: Building, a: Value, b: Value) -> Value:
    return _full(a) & _full(b)


@function(
    "AllNonNull3", "string", [("s1", "string"), ("s2", "string"), ("s3", "string")], "boolean",
    _("Whether all three texts are neither null nor ''."), "AllNonNull3([name], [city], [email])", True,
)  # fmt: skip
def all_non_null_3(_building: Building, a: Value, b: Value, c: Value) -> Value:
    return _full(a) & _full(b) & _full(c)


@function("Ascii", "string", [S], "integer", _("The code of the first character; 0 of ''."), "Ascii('A')", 65)
def ascii_code(building: Building, s: Value) -> Value:
    s = building.keep(s)
    return ibis.ifelse(s == text(""), number(0), s.ascii_str().cast("int64"))


CHARACTERS = "".join(map(chr, range(1, 256)))


@function(
    "Char", "string", [N], "string", _("The character of a code from 1 to 255 (Latin-1); null of another."),
    "Char(65)", "A",
)  # fmt: skip
def char(building: Building, n: Value) -> Value:
    n = building.keep(n)
    return ibis.ifelse(
        n.between(number(1), number(255)), text(CHARACTERS).substr(n - number(1), number(1)), nothing("string")
    )


@function("dataLength", "string", [S], "integer", _("How many bytes it has in UTF-8."), "dataLength('é')", 2)
def data_length(building: Building, s: Value) -> Value:
    s = building.keep(s)
    counts = [s.length()]
    for beyond in (r"[\x00-\x7F]", r"[\x00-\x{7FF}]", r"[\x00-\x{FFFF}]"):
        counts.append(s.re_replace(beyond, "").length())
    found = [count.cast("int64") for count in counts]
    return found[0] + found[1] + found[2] + found[3]


def _line(building: Building, s: Value, n: Value | None) -> Value:
    lines = building.keep(s.split("\n"))
    n = building.keep(number(1) if n is None else n)
    fits = (n >= number(1)) & (n <= long(lines.length()))
    at = ibis.ifelse(fits, n - number(1), number(0)).cast("int32")
    return where_known(ibis.ifelse(fits, lines[at].re_replace(r"\r\z", ""), text("")), s, n)


function(
    "GetLine", "string", [S, Parameter("n", "integer", optional=True)], "string",
    _("The nth line, the first when n is left out; '' when there is none."), "GetLine([name])", "ada lovelace",
)(_line)  # fmt: skip
function(
    "Line", "string", [S, N], "string", _("The nth line; '' when there is none."), "Line([name], 2)", "",
)(_line)  # fmt: skip


def _juxtaposed(building: Building, *words: Value) -> Value:
    found = words[0]
    for word in words[1:]:
        found, word = building.keep(found), building.keep(word)
        space = ibis.ifelse((found == text("")) | (word == text("")), text(""), text(" "))
        found = found + space + word
    return found


function(
    "JuxtWords", "string", [("a", "string"), ("b", "string")], "string",
    _("Both texts with a space between them, none when one is ''."), "JuxtWords('Ada', 'Lovelace')", "Ada Lovelace",
)(_juxtaposed)  # fmt: skip
function(
    "JuxtWords3", "string", [("a", "string"), ("b", "string"), ("c", "string")], "string",
    _("Three texts with spaces between them, none beside ''."), "JuxtWords3('Ada', '', 'Lovelace')", "Ada Lovelace",
)(_juxtaposed)  # fmt: skip


@function(
    "Md5Digest", "string", [S], "string", _("The MD5 digest in hexadecimal digits."),
    "Md5Digest('a')", "0cc175b9c0f1b6a831c399e269772661",
)  # fmt: skip
def md5_digest(_building: Building, s: Value) -> Value:
    return s.hexdigest("md5")


@function(
    "Sha256Digest", "string", [S], "string", _("The SHA-256 digest in hexadecimal digits."),
    "Left(Sha256Digest('a'), 16)", "ca978112ca1bbdca",
)  # fmt: skip
def sha256_digest(_building: Building, s: Value) -> Value:
    return s.hexdigest("sha256")


@function(
    "Sha512Digest", "string", [S], "string", _("The SHA-512 digest in hexadecimal digits."),
    "Left(Sha512Digest('a'), 16)", "1f40fc92da241694",
)  # fmt: skip
def sha512_digest(_building: Building, s: Value) -> Value:
    return engine.sha512(s)


@function(
    "Smart", "string", [S], "string", _("Each word with its first letter in upper case and the rest in lower case."),
    "Smart([name])", "Ada Lovelace",
)  # fmt: skip
def smart(building: Building, s: Value) -> Value:
    def capital(word: Value) -> Value:
        return upper(building, word.substr(number(0), number(1))) + lower(building, word.substr(number(1)))

    return building.keep(s).split(" ").map(capital).join(" ")
