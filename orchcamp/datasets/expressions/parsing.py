"""From a text to its syntax. Bounded: the parser keeps a stack of its own, so no nesting can exhaust Python's."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Any, NoReturn

from django.utils.translation import gettext as _
from lark import Lark, Token, UnexpectedCharacters, UnexpectedToken
from lark.exceptions import VisitError
from lark.visitors import Transformer_NonRecursive

from .errors import ExpressionError
from .syntax import Call, Constant, Field, Node, Operation, Place, Variable

LENGTH_AT_MOST = 20_000
DEPTH_AT_MOST = 100
NODES_AT_MOST = 2_000
INTEGER_DIGITS, DECIMAL_DIGITS, DECIMAL_PLACES = 18, 14, 4

GRAMMAR = r"""
start: any
?any: all
    | all (OR all)+                   -> any_of
?all: negation
    | negation (AND negation)+        -> all_of
?negation: NOT negation               -> negated
         | comparison
?comparison: sum
           | sum COMPARE sum          -> binary
?sum: product
    | sum (PLUS|MINUS) product        -> binary
?product: unary
        | product (TIMES|OVER|REST) unary -> binary
?unary: MINUS unary                   -> minus
      | atom
?atom: TEXT                           -> text
     | NUMBER                         -> number
     | TRUE                           -> true
     | FALSE                          -> false
     | FIELD                          -> field
     | VARIABLE                       -> variable
     | NAME "(" arguments ")"         -> call
     | OPEN any ")"                   -> inside
arguments: [any ("," any)*]

OR.2: /or\b/i
AND.2: /and\b/i
NOT.2: /not\b/i
TRUE.2: /true\b/i
FALSE.2: /false\b/i
NAME: /[A-Za-z_][A-Za-z_0-9]*/
NUMBER: /\d+(\.\d+)?([eE][+-]?\d+)?/
TEXT: /'(?:[^']|'')*'/
FIELD: /\[[^\[\]]+\]/
VARIABLE: /\$[A-Za-z_][A-Za-z_0-9]*/
COMPARE: "<>" | "<=" | ">=" | "<" | ">" | "="
PLUS: "+"
MINUS: "-"
TIMES: "*"
OVER: "/"
REST: "%"
OPEN: "("
%ignore /\s+/
"""
BARE_NAME = re.compile(r"(?<![\w$])(?!(?:and|or|not|true|false)\b)[A-Za-z_]\w*\s*\Z", re.IGNORECASE)


def parse(text: str) -> Node:
    """The syntax of a text. Raises ExpressionError."""
    if len(text) > LENGTH_AT_MOST:
        raise ExpressionError(
            _("The expression is longer than %(n)s characters.") % {"n": f"{LENGTH_AT_MOST:,}"},
            *_line_and_column(text, LENGTH_AT_MOST),
        )
    if not text.strip():
        raise ExpressionError(_("There is no expression; write one such as [city] or Upper([city])."))
    try:
        found = _Writer().transform(_parser().parse(text))
    except UnexpectedCharacters as error:
        _explain_character(text, error)
    except UnexpectedToken as error:
        _explain_token(text, error)
    except VisitError as error:
        raise error.orig_exc from None
    return found  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", lexer="contextual", propagate_positions=False)


def _line_and_column(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _place(token: Token) -> Place:
    return Place(token.line or 1, token.column or 1)


class _Writer(Transformer_NonRecursive):
    """The syntax from the parser's tree, counted as it grows."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes = 0

    def _counted(self, node: Node) -> Node:
        self.nodes += 1
        if self.nodes > NODES_AT_MOST:
            raise ExpressionError(
                _("The expression has more than %(n)s parts; make several columns of it.")
                % {"n": f"{NODES_AT_MOST:,}"},
                node.place.line,
                node.place.column,
            )
        if node.depth > DEPTH_AT_MOST:
            raise ExpressionError(
                _("The expression is nested, or strung together, deeper than %(n)s levels.") % {"n": DEPTH_AT_MOST},
                node.place.line,
                node.place.column,
            )
        return node

    def start(self, children: list[Node]) -> Node:
        return children[0]

    def inside(self, children: list[Any]) -> Node:
        _open, node = children
        self.nodes -= 1
        return self._counted(replace(node, depth=node.depth + 1))

    def text(self, children: list[Token]) -> Node:
        token = children[0]
        return self._counted(Constant(_text(token), _place(token)))

    def number(self, children: list[Token]) -> Node:
        token = children[0]
        return self._counted(Constant(_number(token), _place(token)))

    def true(self, children: list[Token]) -> Node:
        return self._counted(Constant(True, _place(children[0])))

    def false(self, children: list[Token]) -> Node:
        return self._counted(Constant(False, _place(children[0])))

    def field(self, children: list[Token]) -> Node:
        token = children[0]
        return self._counted(Field(token[1:-1].strip(), _place(token)))

    def variable(self, children: list[Token]) -> Node:
        token = children[0]
        return self._counted(Variable(token[1:], _place(token)))

    def arguments(self, children: list[Node | None]) -> list[Node]:
        return [child for child in children if child is not None]

    def call(self, children: list[Any]) -> Node:
        name, arguments = children
        return self._counted(Call(str(name), tuple(arguments), _place(name), _above(arguments)))

    def any_of(self, children: list[Any]) -> Node:
        return self._chain("or", children)

    def all_of(self, children: list[Any]) -> Node:
        return self._chain("and", children)

    def _chain(self, operator: str, children: list[Any]) -> Node:
        operands = children[::2]
        return self._counted(Operation(operator, tuple(operands), _place(children[1]), _above(operands)))

    def binary(self, children: list[Any]) -> Node:
        left, operator, right = children
        return self._counted(Operation(str(operator), (left, right), _place(operator), _above([left, right])))

    def negated(self, children: list[Any]) -> Node:
        operator, operand = children
        return self._counted(Operation("not", (operand,), _place(operator), _above([operand])))

    def minus(self, children: list[Any]) -> Node:
        operator, operand = children
        return self._counted(Operation("negate", (operand,), _place(operator), _above([operand])))


def _above(operands: Sequence[Node]) -> int:
    return 1 + max((operand.depth for operand in operands), default=0)


def _text(token: Token) -> str:
    text = token[1:-1].replace("''", "'")
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        place = _place(token)
        raise ExpressionError(
            _("The text holds a character that no text in the data can hold."), place.line, place.column
        )
    return text


def _number(token: Token) -> int | float | Decimal:
    """A whole number, an exact one with up to four places, or else a floating one."""
    whole, _dot, places = token.partition(".")
    if token.isdecimal() and len(token.lstrip("0")) <= INTEGER_DIGITS:
        return int(token)
    if (whole + places).isdecimal() and len(whole.lstrip("0")) <= DECIMAL_DIGITS and len(places) <= DECIMAL_PLACES:
        return Decimal(token)
    found = float(token)
    if math.isinf(found):
        place = _place(token)
        raise ExpressionError(_("The number is too large."), place.line, place.column)
    return found


# --- What to say -------------------------------------------------------------------------------------------------


def _explain_character(text: str, error: UnexpectedCharacters) -> NoReturn:
    line, column = error.line, error.column
    character = text[error.pos_in_stream or 0]
    sentences = {
        "'": _("This text has no closing quote."),
        "[": _("This field has no name and closing bracket; write it as [city] or [store.region]."),
        "]": _("This bracket closes nothing."),
        '"': _("A double quote has no meaning here; put texts in single quotes, and fields in brackets."),
        "@": _("“@” has no meaning here; write fields as [city] or [store.region]."),
        "$": _("A variable is written as $name, of letters, digits and underscores."),
        "!": _("“!” has no meaning here; write <> for “is not”, and “not” before a condition."),
    }
    sentence = sentences.get(character)
    if sentence is None:
        shown = character if character.isprintable() else f"U+{ord(character):04X}"
        sentence = _("“%(character)s” has no meaning here.") % {"character": shown}
    raise ExpressionError(sentence, line, column) from None


def _explain_token(text: str, error: UnexpectedToken) -> NoReturn:
    token = error.token
    if token.type == "$END":
        _explain_end(text)
    line, column = token.line or 1, token.column or 1
    if BARE_NAME.search(text, 0, token.start_pos or 0):
        sentence = _(
            "A name stands before this that is no function call; a field is written as [city], a text as 'city'."
        )
    elif token == ")":  # noqa: S105
        sentence = _("This parenthesis closes nothing, or something is missing before it.")
    elif token.type == "COMPARE":
        sentence = _("“%(token)s” cannot stand here; compare two values at a time, and join comparisons by “and”.")
    elif token.type in ("LPAR", "OPEN"):
        sentence = _("A parenthesis cannot open here; an operator or a function's name is missing before it.")
    elif token.type == "NAME":
        sentence = _("“%(token)s” cannot stand here; a field is written as [%(token)s], a text as '%(token)s'.")
    else:
        sentence = _("“%(token)s” cannot stand here; an operator, a comma or a value is missing before it.")
    raise ExpressionError(sentence % {"token": str(token)[:40]}, line, column) from None


def _explain_end(text: str) -> NoReturn:
    """The expression ends too early: at a parenthesis that stays open, or after something that goes on."""
    opened: list[Token] = []
    for token in _parser().lex(text):
        if token == "(":  # noqa: S105
            opened.append(token)
        elif token == ")" and opened:  # noqa: S105
            opened.pop()
    if opened:
        raise ExpressionError(
            _("This parenthesis is never closed."), opened[-1].line or 1, opened[-1].column or 1
        ) from None
    raise ExpressionError(
        _("The expression ends where a value is missing."), *_line_and_column(text, len(text.rstrip()))
    ) from None
