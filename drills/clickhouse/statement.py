"""One statement: what kind it is, what format it asks for, and where an INSERT's data begin.

A request's query is the `query` parameter, a line break and the body. The text of an INSERT ends
where its data begin, which may be any bytes; so the text is read token by token and never further
than that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import errors

_TOKEN = re.compile(
    rb"""
    (?P<space>\s+)
  | (?P<comment>--[^\n]*|\#[ !][^\n]*|/\*.*?\*/)
  | (?P<string>'[^'\\]*(?:(?:\\.|'')[^'\\]*)*'|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
  | (?P<quoted>"[^"\\]*(?:\\.[^"\\]*)*"|`[^`\\]*(?:\\.[^`\\]*)*`)
  | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<number>[0-9][0-9A-Za-z_.]*)
  | (?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL,
)

# Statements that answer with rows.
_READS = {b"SELECT", b"WITH", b"FROM", b"SHOW", b"DESCRIBE", b"DESC", b"EXISTS", b"EXPLAIN", b"CHECK", b"VALUES"}


@dataclass
class Token:
    kind: str
    text: bytes
    start: int
    end: int
    depth: int

    @property
    def word(self) -> bytes:
        """In capitals where it is a word, else empty."""
        return self.text.upper() if self.kind == "word" else b""


@dataclass
class Statement:
    kind: str
    text: str
    # Of the data for an INSERT, else of the result. None where the statement names none.
    format: str | None
    # Of an INSERT with data, even if those are empty.
    data: bytes | None
    tokens: list[Token]

    @property
    def reads(self) -> bool:
        return self.kind.encode() in _READS

    @property
    def inserts(self) -> bool:
        return self.kind == "INSERT"


def parse(source: bytes) -> Statement:
    tokens: list[Token] = []
    insert = False
    for token in _tokens(source):
        if insert and token.depth == 0 and token.kind == "word":
            found = _data(source, tokens, token)
            if found is not None:
                return found
        if token.text == b";" and token.kind == "mark" and token.depth == 0:
            return _single(source, tokens, token)
        tokens.append(token)
        insert = insert or (len(tokens) == 1 and token.word == b"INSERT")
    return _single(source, tokens, None)


def split(source: bytes) -> Iterator[bytes]:
    """The statements of a script; none of them has data of its own."""
    begin = None
    for token in _tokens(source):
        if token.text == b";" and token.kind == "mark":
            if begin is not None:
                yield source[begin : token.start]
            begin = None
        elif begin is None:
            begin = token.start
    if begin is not None:
        yield source[begin:]


def name(token: Token) -> str:
    """An identifier without its quotes."""
    text = token.text.decode()
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if token.kind == "quoted" else text


def _tokens(source: bytes) -> Iterator[Token]:
    at = depth = 0
    while True:
        found = _TOKEN.match(source, at)
        if found is None:
            return
        kind, text = found.lastgroup or "mark", found.group()
        # A heredoc's tag is a group within its string.
        kind = "string" if kind == "tag" else kind
        at = found.end()
        if kind in ("space", "comment"):
            continue
        if kind == "mark" and text in b")]}":
            depth = max(depth - 1, 0)
        yield Token(kind, text, found.start(), at, depth)
        if kind == "mark" and text in b"([{":
            depth += 1


def _data(source: bytes, before: list[Token], token: Token) -> Statement | None:
    """The whole INSERT, if this word is the one that its data follow."""
    words = [earlier.word for earlier in before if earlier.depth == 0]
    if words and words[-1] == b"FORMAT":
        if b"SELECT" in words or b"WITH" in words:
            if b"INPUT" in [earlier.word for earlier in before]:
                raise errors.error(
                    errors.NOT_IMPLEMENTED,
                    "Data for the function input() are not supported here: insert them as they are",
                )
            return None
        text_end, data_begin, settings = before[-1].start, token.end, b""
        settings_end = _settings_after(source, token.end)
        if settings_end is not None:
            settings, data_begin = source[token.end : settings_end], settings_end
        return Statement(
            "INSERT",
            _text(source[:text_end] + settings),
            token.text.decode(),
            source[_skip_line(source, data_begin) :],
            before,
        )
    if words and words[-1] == b"FROM" and token.word == b"INFILE":
        raise errors.error(errors.UNKNOWN_TYPE_OF_QUERY, "Query has infile and was send directly to server")
    if token.word == b"VALUES" and b"SELECT" not in words and b"WITH" not in words:
        return Statement("INSERT", _text(source[: token.start]), "Values", source[token.end :], before)
    return None


def _settings_after(source: bytes, begin: int) -> int | None:
    """Where `SETTINGS a = 1, b = 'x'` after the format's name ends, if it is there."""
    rest = _tokens(source[begin:])
    token = next(rest, None)
    if token is None or token.word != b"SETTINGS":
        return None
    while True:
        (
            setting,
            equals,
            value,
        ) = next(rest, None), next(rest, None), next(rest, None)
        if setting is None or equals is None or equals.text != b"=" or value is None:
            raise errors.error(
                errors.SYNTAX_ERROR, "Syntax error: SETTINGS after FORMAT need a name, '=' and a value each"
            )
        end = begin + value.end
        after = next(rest, None)
        if after is None or after.text != b",":
            return end


def _skip_line(source: bytes, at: int) -> int:
    """Spaces and one line break between the format's name and the data belong to neither."""
    found = re.compile(rb"[ \t\f]*\r?\n?").match(source, at)
    return found.end() if found else at


def _single(source: bytes, tokens: list[Token], stop: Token | None) -> Statement:
    if stop is not None:
        more = next(_tokens(source[stop.end :]), None)
        if more is not None:
            raise errors.error(
                errors.SYNTAX_ERROR,
                f"Syntax error (Multi-statements are not allowed): failed at position {stop.start + 1} (end of query)",
            )
    if not tokens:
        raise errors.error(errors.SYNTAX_ERROR, "Empty query")
    words = [token.word for token in tokens]
    for at, token in enumerate(tokens):
        if token.depth == 0 and words[at : at + 2] == [b"INTO", b"OUTFILE"]:
            raise errors.error(errors.INTO_OUTFILE_NOT_ALLOWED, "INTO OUTFILE is not allowed")
    kind = next((word for word in words if word), b"").decode()
    return Statement(kind, _text(source[: stop.start if stop else len(source)]), _result_format(tokens), None, tokens)


def _result_format(tokens: list[Token]) -> str | None:
    """`FORMAT name`, at the end or before the settings."""
    for at in range(len(tokens) - 2, -1, -1):
        if tokens[at].word == b"FORMAT" and tokens[at].depth == 0 and tokens[at + 1].kind == "word":
            if at + 2 == len(tokens) or tokens[at + 2].word == b"SETTINGS":
                return tokens[at + 1].text.decode()
    return None


def _text(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as reason:
        raise errors.error(errors.BAD_ARGUMENTS, f"The query is not UTF-8: {reason}") from None
