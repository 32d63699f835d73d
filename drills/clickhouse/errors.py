"""Exceptions as ClickHouse words them, and the HTTP status that goes with each code.

An exception is `Code: 60. DB::Exception: … (UNKNOWN_TABLE) (version …)`. Most come from the engine
and are passed on as they are; the few that a server's HTTP side raises by itself are named here.
"""

from __future__ import annotations

import re

# Codes that the front raises itself.
BAD_ARGUMENTS = 36
TOO_LARGE_SIZE_COMPRESSED = 39
CHECKSUM_DOESNT_MATCH = 40
NOT_IMPLEMENTED = 48
SYNTAX_ERROR = 62
UNKNOWN_TYPE_OF_QUERY = 78
REQUIRED_PASSWORD = 194
QUERY_IS_TOO_LARGE = 229
CANNOT_DECOMPRESS = 271
ZLIB_INFLATE_FAILED = 354
INTO_OUTFILE_NOT_ALLOWED = 358
HTTP_LENGTH_REQUIRED = 381
UNKNOWN_CODEC = 432
ACCESS_ENTITY_ALREADY_EXISTS = 493
ACCESS_STORAGE_READONLY = 495
SET_NON_GRANTED_ROLE = 512
ACCESS_STORAGE_FOR_INSERTION_NOT_FOUND = 514
AUTHENTICATION_FAILED = 516

_NAMES = {code: name for name, code in list(globals().items()) if isinstance(code, int)}

# What a server answers to a code; to one that is not here, 500.
_STATUS = {
    401: (REQUIRED_PASSWORD,),
    # Unknown user, wrong password, access denied (by grants), a role that is not the user's.
    403: (192, 193, AUTHENTICATION_FAILED, SET_NON_GRANTED_ROLE, 497),
    # Syntax, values that can't be parsed, types that don't fit.
    400: (
        BAD_ARGUMENTS,
        6,
        8,
        15,
        25,
        26,
        27,
        37,
        38,
        41,
        44,
        53,
        SYNTAX_ERROR,
        72,
        117,
        123,
        167,
        168,
        223,
        321,
        376,
        427,
        441,
        675,
        676,
    ),
    # Unknown function, identifier, type, storage, table, aggregate, format, kind of query, database,
    # setting, direction, database engine, role.
    404: (46, 47, 50, 56, 60, 63, 73, UNKNOWN_TYPE_OF_QUERY, 81, 115, 152, 336, 511),
    408: (159,),
    411: (HTTP_LENGTH_REQUIRED,),
    413: (QUERY_IS_TOO_LARGE,),
    415: (779,),
    501: (NOT_IMPLEMENTED,),
    # Socket timeout, a file that can't be opened, no thread to be had.
    503: (209, 76, 439),
}
_STATUS_OF = {code: status for status, codes in _STATUS.items() for code in codes}

_CODE = re.compile(r"Code: (\d+)\. ")
_VERSION = re.compile(r"\(version [^)]*(?:\([^)]*\))?\)\s*$")


class ClickHouseError(Exception):
    """An exception with its code; `text` is what the client reads."""

    def __init__(self, code: int, text: str):
        super().__init__(text)
        self.code = code
        self.text = text

    @property
    def status(self) -> int:
        return _STATUS_OF.get(self.code, 500)

    def for_client(self, version: str, user: str) -> str:
        """With the version at its end, and the user's name where the engine knows only `default`."""
        text = self.text.rstrip().replace("DB::Exception: default: ", f"DB::Exception: {user}: ")
        return text if _VERSION.search(text) else f"{text} (version {version})"


def error(code: int, message: str, name: str | None = None) -> ClickHouseError:
    """An exception of the front's own."""
    return ClickHouseError(code, f"Code: {code}. DB::Exception: {message}. ({name or _NAMES[code]})")


def from_engine(raised: Exception) -> ClickHouseError:
    """What the engine raised, without what its Python side has put before it."""
    text = str(raised)
    found = _CODE.search(text)
    if found is None:
        return ClickHouseError(1002, f"Code: 1002. DB::Exception: {text}. (UNKNOWN_EXCEPTION)")
    return ClickHouseError(int(found.group(1)), text[found.start() :])
