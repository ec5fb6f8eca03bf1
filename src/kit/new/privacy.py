"""Recognises what is secret or about a person, by the name of a member and what it holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from ipaddress import ip_address
from typing import Any

from ..tokens import TOKENS
from .captured import parse_text
from .fields import words_of

PEOPLE = frozenset(
    {
        *("user", "customer", "actor", "sender", "contact", "subscriber", "member", "person", "profile"),
        *("lead", "visitor", "author", "attendee", "invitee", "recipient", "buyer", "owner", "agent"),
        *("billing_address", "shipping_address", "employee", "patient", "student", "requester"),
        *("rider", "driver", "courier", "passenger", "guest", "client", "candidate", "applicant"),
        *("cardholder", "payer", "donor", "reporter", "assignee", "creator"),
    }
)
"""Objects that describe a person."""
_THINGS = frozenset(
    {
        "repo",
        "repository",
        "forkee",
        "project",
        "product",
        "organization",
        "company",
        "team",
        "channel",
        "place",
    }
)
"""Objects whose full name is not a person's."""


class Kind(Enum):
    """What a value says of somebody."""

    SECRET = "secret"  # noqa: S105 - the word
    EMAIL = "e-mail address"
    PHONE = "phone number"
    FIRST_NAME = "first name"
    LAST_NAME = "last name"
    NAME = "name"
    USERNAME = "username"
    IP = "IP address"
    USER_AGENT = "user agent"
    ADDRESS = "address"
    BIRTHDAY = "birthday"


_SECRET = re.compile(
    r".*(?:password|passwd|secret|token|api_?key|private_?key|access_?key|authorization|card_?number)"
    r"|(?:.*_)?(?:otp|cvc|cvv|signature|credentials|response_url)"
)
SECRET_IN_TEXT = re.compile(
    r"(?:(?<=[?&]token=)|(?<=[?&]access_token=)|(?<=[?&]api_key=)|(?<=[?&]key=)|(?<=[?&]secret=)|(?<=[?&]sig=)|(?<=[?&]signature=)|(?<=[?&]code=))"
    r"[^&#\s\"]+"
    rf"|\b(?:(?:sk|rk|pk)_(?:live|test)_\w{{10,}}|{TOKENS})"
)
"""A secret inside other text: in the query of a link, or a token of a known form."""
_NAMES = {
    Kind.EMAIL: re.compile(r"(?:.*_)?(?:e_?mail|e_?mail_address)"),
    Kind.PHONE: re.compile(r"(?:.*_)?(?:phone|phone_number|mobile|mobile_number|telephone|msisdn)"),
    Kind.FIRST_NAME: re.compile(r"(?:.*_)?(?:first_?name|given_name|f_?name)"),
    Kind.LAST_NAME: re.compile(r"(?:.*_)?(?:last_?name|family_name|surname|l_?name)"),
    Kind.NAME: re.compile(r"full_?name|display_name(?:_normalized)?|real_name(?:_normalized)?"),
    Kind.USERNAME: re.compile(r"user_?name|login|nickname|screen_name|handle"),
    Kind.IP: re.compile(r"(?:.*_)?ip(?:_address|_addr|_opt|_signup)?"),
    Kind.USER_AGENT: re.compile(r"(?:.*_)?user_?agent|agent"),
    Kind.ADDRESS: re.compile(r"address_?(?:line_?)?[0-9]|street(?:_.*)?|zip(?:_?code)?|postal_?code|postcode"),
    Kind.BIRTHDAY: re.compile(r"birth_?(?:day|date)|date_of_birth|dob"),
}
_NAME_OF_PERSON = re.compile(rf"(?:.*_)?(?:{'|'.join(sorted(PEOPLE))}|billing|shipping)_name")
_ADDRESS_LINE = re.compile(r"line_?[0-9]")
_EMAIL = re.compile(r"[^@\s/:<>(),;]+@[^@\s/:<>(),;]+\.[^@\s/:<>(),;]+")


def kind_of(words: Sequence[str], value: Any) -> Kind | None:
    """Return the kind of a value at these words; None if it tells nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        return None
    if isinstance(value, str) and _SECRET.fullmatch(words[-1]):
        return Kind.SECRET
    if isinstance(value, str) and _EMAIL.fullmatch(value):
        return Kind.EMAIL
    kind = next((kind for kind, names in _NAMES.items() if names.fullmatch(words[-1])), None)
    owner = words[-2] if len(words) > 1 else ""
    if kind is Kind.NAME and not _is_of_person(words[-1], owner):
        return None
    if words[-1] == "name" and owner in PEOPLE:
        kind = Kind.NAME
    if kind is None and _NAME_OF_PERSON.fullmatch(words[-1]):
        kind = Kind.NAME
    if _ADDRESS_LINE.fullmatch(words[-1]) and owner.endswith("address"):
        kind = Kind.ADDRESS
    return kind if kind and _fits(kind, value) else None


def _is_of_person(name: str, owner: str) -> bool:
    """Whether a member that is named like somebody's name is one: things have display names, too."""
    return not owner or owner in PEOPLE or (name in ("full_name", "fullname") and owner not in _THINGS)


def is_named(words: Sequence[str], kind: Kind) -> bool:
    """Whether the last word alone tells the kind."""
    if kind is Kind.SECRET:
        return True
    return words[-1] != "agent" and kind is not Kind.NAME and bool(_NAMES[kind].fullmatch(words[-1]))


def sensitive_members(value: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Kind]]:
    """List the keys that lead to something sensitive, at any depth, also in JSON in text; lists need no key."""
    value = parse_text(value)
    for element in value if isinstance(value, list) else ():
        yield from sensitive_members(element, keys)
    for key, member in value.items() if isinstance(value, dict) else ():
        if kind := kind_of(words_of((*keys, key)), member):
            yield (*keys, key), kind
        elif _holds_secret(member):
            yield (*keys, key), Kind.SECRET
        yield from sensitive_members(member, (*keys, key))


def _holds_secret(value: Any) -> bool:
    """Whether a text that is not JSON has a secret inside, as a link has that lets anybody in."""
    return isinstance(value, str) and parse_text(value) is value and bool(SECRET_IN_TEXT.search(value))


def is_ip(value: Any) -> bool:
    """Whether a text is an IP address."""
    try:
        return isinstance(value, str) and bool(ip_address(value))
    except ValueError:
        return False


def _fits(kind: Kind, value: str | int) -> bool:
    if kind is Kind.PHONE:
        return len(re.sub(r"\D", "", str(value))) >= 6  # noqa: PLR2004 - the shortest numbers there are
    if kind is Kind.IP:
        return is_ip(value)
    if kind is Kind.USER_AGENT:
        return isinstance(value, str) and "/" in value
    return isinstance(value, str) and (kind is not Kind.EMAIL or bool(_EMAIL.fullmatch(value)))
