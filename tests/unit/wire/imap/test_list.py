"""LIST and LSUB."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap import list as mailboxes
from desktopmail.wire.imap.list import Attribute, List, ListResponse, Lsub
from desktopmail.wire.imap.status import StatusItem
from tests.helpers.imap import (
    answered,
    command_both_ways,
    encoded,
    malformed,
    read_command,
    read_response,
    refused_command,
    response_both_ways,
)


@pytest.mark.parametrize(
    ("octets", "command"),
    [
        # RFC 9051 sections 6.3.9 and 6.3.9.7, RFC 5258 section 5, RFC 5819 section 3.
        (b'LIST "" ""', List("", ("",))),
        (b"LIST ~/Mail/ %", List("~/Mail/", ("%",))),
        (b'LIST "" *', List()),
        (b'LIST (SUBSCRIBED) "" *', List(selection=frozenset({"SUBSCRIBED"}))),
        (
            b'LIST (RECURSIVEMATCH SUBSCRIBED) "" % RETURN (CHILDREN)',
            List("", ("%",), frozenset({"SUBSCRIBED", "RECURSIVEMATCH"}), frozenset({"CHILDREN"})),
        ),
        (b'LIST "" (INBOX Drafts Sent/%)', List("", ("INBOX", "Drafts", "Sent/%"))),
        (
            b'LIST "" % RETURN (STATUS (MESSAGES UNSEEN))',
            List("", ("%",), status=(StatusItem.MESSAGES, StatusItem.UNSEEN)),
        ),
        (
            b'LIST "" "a b*" RETURN (CHILDREN SPECIAL-USE STATUS (SIZE))',
            List(
                "",
                ("a b*",),
                returns=frozenset({"CHILDREN", "SPECIAL-USE"}),
                status=(StatusItem.SIZE,),
            ),
        ),
        (b"LSUB #news. comp.mail.*", Lsub("#news.", "comp.mail.*")),
    ],
)
def test_commands_of_the_rfcs_both_ways(octets: bytes, command: List | Lsub) -> None:
    command_both_ways(octets, command)


@pytest.mark.parametrize("octets", [b'LIST (BOGUS) "" *', b'LIST "" * RETURN (SUBSCRIBED BOGUS)'])
def test_an_option_that_is_not_known_is_refused(octets: bytes) -> None:
    refused_command(octets)  # RFC 5258 section 3


def test_the_extended_syntax_with_nothing_in_it_is_read() -> None:
    command = read_command(b'LIST () "" * RETURN ()')
    assert isinstance(command, List)
    assert command.is_extended
    assert not List().is_extended
    assert encoded(command) == b'LIST () "" *'


@pytest.mark.parametrize(
    "octets",
    [
        b"LIST",
        b'LIST ""',
        b'LIST (RECURSIVEMATCH) "" *',
        b'LIST (RECURSIVEMATCH REMOTE) "" *',
        b'LIST "" ()',
        b'LIST "" * RETURN',
        b'LIST "" * RETURN (STATUS ())',
        b'LIST "" * FOO ()',
        b'LIST "" a b',
        b"LIST % *",
        b'LSUB ""',
        b'LIST "" * RETURN (STATUS (X))',
    ],
)
def test_what_is_no_list_is_refused(octets: bytes) -> None:
    refused_command(octets)


@pytest.mark.parametrize(
    ("octets", "response"),
    [
        (b'LIST (\\Noselect) "/" ""', ListResponse(frozenset({mailboxes.NO_SELECT}), "/", "")),
        (b'LIST () "." #news.', ListResponse(frozenset(), ".", "#news.")),
        (b"LIST () NIL INBOX", ListResponse(frozenset(), None, "INBOX")),
        (
            b'LIST (\\HasNoChildren \\Sent) "/" Gesendet',
            ListResponse(frozenset({mailboxes.SENT, mailboxes.HAS_NO_CHILDREN}), "/", "Gesendet"),
        ),
        (
            b'LIST () "/" Foo ("CHILDINFO" ("SUBSCRIBED"))',
            ListResponse(frozenset(), "/", "Foo", None, ("SUBSCRIBED",)),
        ),
        (
            b'LIST () "/" "new" ("OLDNAME" ("old one"))'.replace(b'"new"', b"new"),
            ListResponse(frozenset(), "/", "new", "old one"),
        ),
        (b'LSUB () "." #news.comp', ListResponse(frozenset(), ".", "#news.comp", lsub=True)),
        (b'LIST () "\\\\" a', ListResponse(frozenset(), "\\", "a")),
    ],
)
def test_responses_of_the_rfcs_both_ways(octets: bytes, response: ListResponse) -> None:
    response_both_ways(octets, response)


def test_tags_without_quotes_and_unknown_extended_data_are_read() -> None:
    octets = b'LIST () "/" a (X-ODD (a (b)) CHILDINFO ("SUBSCRIBED") OLDNAME ({1}\r\nb))'
    assert read_response(octets) == ListResponse(frozenset(), "/", "a", "b", ("SUBSCRIBED",))


def test_attributes_in_any_case_are_the_same() -> None:
    response = read_response(b'LIST (\\noselect \\HASCHILDREN \\X-own) "/" a')
    assert isinstance(response, ListResponse)
    assert response.attributes == {
        mailboxes.NO_SELECT,
        mailboxes.HAS_CHILDREN,
        Attribute("\\X-own"),
    }


def test_any_octets_of_a_name_come_back() -> None:
    for octets in (b"a\xffb", b"&", b"&x", b"%", b"*", b"a]b", b'"', b"(", b"{3}"):
        response = read_response(b'LIST () "/" {%d}\r\n%b' % (len(octets), octets))
        assert isinstance(response, ListResponse)
        assert read_response(answered(response)) == response


@pytest.mark.parametrize(
    "octets",
    [
        b"LIST",
        b"LIST ()",
        b'LIST () "/"',
        b'LIST ( "/" a',
        b'LIST () "/" a (x',
        b'LIST () "/" a ("OLDNAME")',
    ],
)
def test_what_is_no_list_response_is_malformed(octets: bytes) -> None:
    assert malformed(octets)


def test_what_would_break_the_line_is_our_fault() -> None:
    for value in (List("a\r\n"), List("", ("a\nb",)), List(returns=frozenset({"A\r\nB"}))):
        with pytest.raises(LocalProtocolError):
            encoded(value)
    for response in (
        ListResponse(frozenset({Attribute("\\a b")}), "/", "a"),
        ListResponse(frozenset(), "/", "a\r\nb"),
    ):
        with pytest.raises(LocalProtocolError):
            answered(response)
