"""Unique-ids as servers give them: each is read octet for octet, and names what it may name."""

from __future__ import annotations

import re

import pytest

from desktopmail.engine.sync.maildrop import Maildrop, look
from desktopmail.wire.pop3.listing import Uidl
from desktopmail.wire.pop3.quirks import UIDL_FORMS, UidlForm
from tests.helpers.pop3 import answer_of

FORMS = pytest.mark.parametrize("form", UIDL_FORMS, ids=lambda form: form.name)
RULE = re.compile(r"[\x21-\x7e]{1,70}")
BREAKS_THE_RULE = {
    "longer than 70 characters", "with a space inside", "octets outside of ASCII",
    "none for some",
}  # fmt: skip


def test_the_table_has_a_score_of_forms_each_once_and_names_no_server_without_a_source() -> None:
    assert len(UIDL_FORMS) >= 20
    assert len({form.name for form in UIDL_FORMS}) == len(UIDL_FORMS)
    assert all(form.response for form in UIDL_FORMS)
    assert all(form.source for form in UIDL_FORMS if form.servers)
    assert sum(bool(form.servers) for form in UIDL_FORMS) >= 10


@FORMS
def test_a_form_is_read_octet_for_octet(form: UidlForm) -> None:
    assert answer_of(Uidl(), b"+OK\r\n" + form.sends + b".\r\n") == form.uidls


@FORMS
def test_what_breaks_the_rule_of_rfc_1939_is_known_by_name(form: UidlForm) -> None:
    keeps = all(RULE.fullmatch(uidl) for uidl in form.uidls.values())
    assert keeps is (form.name not in BREAKS_THE_RULE)


async def maildrop_of(form: UidlForm) -> Maildrop:
    class Server:
        async def listing_and_uidl(self) -> tuple[dict[int, int], dict[int, str]]:
            return dict.fromkeys(form.uidls, 100), form.uidls

    return await look(Server())  # type: ignore[arg-type]


@FORMS
async def test_an_id_names_one_message_or_none(form: UidlForm) -> None:
    maildrop = await maildrop_of(form)
    assert maildrop.uidls == {number: form.uidls[number] for number in form.named}
    assert len(maildrop.listed) == len(maildrop.uidls)


@FORMS
async def test_the_numbers_of_a_session_are_seen_to_be_no_lasting_names(form: UidlForm) -> None:
    assert (await maildrop_of(form)).is_numbered is form.numbers


async def test_no_two_forms_would_be_taken_for_one_another() -> None:
    """A maildrop that was moved to another server has other names, and is met by its headers."""
    every = [uidl for form in UIDL_FORMS for uidl in set(form.uidls.values())]
    assert len(every) == len(set(every))
