"""Who asks: the front's users, and how a request says which one it is.

The three ways of a server: basic authentication, the headers X-ClickHouse-User and X-ClickHouse-Key,
the parameters `user` and `password`. Each user is also a role of the engine, of the same name, which
holds what the user was granted.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import errors
import roles


@dataclass(frozen=True)
class User:
    name: str
    password: str
    roles: tuple[str, ...]
    # As `SELECT ON audit.*`, beside what the roles have.
    grants: tuple[str, ...] = ()


class Users:
    def __init__(self, users: list[User]):
        default = User("default", "", (roles.EVERYTHING,))
        self.by_name: dict[str, User] = {user.name: user for user in [default, *users]}
        for user in self.by_name:
            roles.check_name(user)

    @property
    def names(self) -> list[str]:
        return list(self.by_name)

    def grants(self, kept: roles.Grants) -> roles.Grants:
        """The kept roles and, after them, each user as a role."""
        both = dict(kept)
        for user in self.by_name.values():
            held = [f"GRANT {role}" for role in user.roles if role in kept or role == roles.EVERYTHING]
            own = [f"GRANT {grant}" for grant in user.grants]
            both[user.name] = held + own + both.get(user.name, [])
        return both

    def authenticate(self, headers: Mapping[str, str], parameters: Mapping[str, str]) -> User:
        user, password, asked = _credentials(headers, parameters)
        found = self.by_name.get(user)
        if found is not None and hmac.compare_digest(found.password.encode(), password.encode()):
            return found
        # A browser that reads 401 asks the person for a password.
        code = errors.REQUIRED_PASSWORD if user == "default" and asked else errors.AUTHENTICATION_FAILED
        raise errors.error(
            code, f"{user}: Authentication failed: password is incorrect, or there is no user with such name"
        )

    def chosen_roles(self, user: User, wanted: list[str]) -> list[str]:
        """The roles to act with: the user's, or those of them that the request names."""
        for role in wanted:
            if role not in user.roles:
                raise errors.error(errors.SET_NON_GRANTED_ROLE, f"Role {role} should be granted to set as current")
        return wanted or [user.name]


def read_file(file: Path) -> list[User]:
    """`{"users": [{"name": …, "password": …, "roles": […], "grants": […]}]}`"""
    users = json.loads(file.read_text())["users"]
    for user in users:
        unknown = set(user) - {"name", "password", "roles", "grants"}
        if unknown:
            raise ValueError(f"{file}: a user has no {', '.join(sorted(unknown))}")
    return [
        User(user["name"], user.get("password", ""), tuple(user.get("roles", ())), tuple(user.get("grants", ())))
        for user in users
    ]


def from_argument(text: str) -> User:
    """`NAME:PASSWORD:ROLE,ROLE`"""
    parts = text.split(":", 2)
    if len(parts) != 3:
        raise ValueError(f"{text}: a user is NAME:PASSWORD:ROLE,ROLE")
    return User(parts[0], parts[1], tuple(role for role in parts[2].split(",") if role))


def _credentials(headers: Mapping[str, str], parameters: Mapping[str, str]) -> tuple[str, str, bool]:
    """Name, password, and whether a browser may be asked for better ones."""
    user, key = headers.get("X-ClickHouse-User", ""), headers.get("X-ClickHouse-Key", "")
    authorization = headers.get("Authorization", "")
    in_parameters = "user" in parameters or "password" in parameters
    asked = authorization != "never"
    if user or key:
        if not user:
            raise _invalid("Got an empty user name from X-ClickHouse HTTP headers")
        # The parameters win over the header, and neither may stand beside X-ClickHouse-User.
        if authorization and asked and not in_parameters:
            raise _mixed("X-ClickHouse HTTP headers", "Authorization HTTP header")
        if in_parameters:
            raise _mixed("X-ClickHouse HTTP headers", "authentication via parameters")
        return user, key, asked
    if authorization and asked and not in_parameters:
        scheme, _, credentials = authorization.partition(" ")
        if scheme.lower() != "basic":
            raise _invalid(f"Invalid authentication: '{scheme}' HTTP Authorization scheme is not supported")
        try:
            user, _, password = base64.b64decode(credentials.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise _invalid("Invalid authentication: the basic credentials can't be read") from None
        if not user:
            raise _invalid("Got an empty user name from Authorization HTTP header")
        return user, password, asked
    user = parameters.get("user", "default")
    if not user:
        raise _invalid("Got an empty user name from authentication via parameters")
    return user, parameters.get("password", ""), asked


def _mixed(one: str, other: str) -> errors.ClickHouseError:
    return _invalid(f"Invalid authentication: it is not allowed to use {one} and {other} simultaneously")


def _invalid(message: str) -> errors.ClickHouseError:
    return errors.error(errors.AUTHENTICATION_FAILED, message)
