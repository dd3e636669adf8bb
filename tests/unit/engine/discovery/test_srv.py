"""SRV records of RFC 6186 and RFC 8314 become servers, TLS before STARTTLS."""

from __future__ import annotations

from desktopmail.door.rows import Kind, Security
from desktopmail.engine.discovery.srv import accounts
from desktopmail.net.dns import SrvRecord

OUT = {"_submissions": [SrvRecord(0, 1, 465, "smtp.example.org")]}


def test_the_lowest_priority_and_then_the_greatest_weight_wins() -> None:
    records = {
        "_imaps": [
            SrvRecord(10, 9, 993, "later.example.org"),
            SrvRecord(0, 1, 993, "light.example.org"),
            SrvRecord(0, 5, 993, "first.example.org"),
        ],
        **OUT,
    }
    (found,) = accounts(records, "a@example.org")
    assert (found.kind, found.incoming.host) == (Kind.IMAP, "first.example.org")
    assert (found.outgoing.port, found.outgoing.security) == (465, Security.TLS)


def test_a_dot_says_that_there_is_none() -> None:
    records = {
        "_imaps": [SrvRecord(0, 0, 0, "")],
        "_pop3": [SrvRecord(0, 0, 110, "pop.example.org")],
    }
    (found,) = accounts({**records, **OUT}, "a@example.org")
    assert (found.kind, found.incoming.security) == (Kind.POP3, Security.STARTTLS)


def test_without_submission_there_is_no_account() -> None:
    assert accounts({"_imaps": [SrvRecord(0, 0, 993, "i.example.org")]}, "a@example.org") == []


def test_the_protocol_that_the_domain_prefers_comes_first() -> None:
    records = {
        "_imaps": [SrvRecord(20, 0, 993, "i.example.org")],
        "_imap": [SrvRecord(5, 0, 143, "i.example.org")],
        "_pop3s": [SrvRecord(10, 0, 995, "p.example.org")],
        **OUT,
    }
    found = [(one.kind, one.incoming.port) for one in accounts(records, "a@example.org")]
    assert found == [(Kind.IMAP, 993), (Kind.IMAP, 143), (Kind.POP3, 995)]
    records["_pop3s"] = [SrvRecord(0, 0, 995, "p.example.org")]
    found = [(one.kind, one.incoming.port) for one in accounts(records, "a@example.org")]
    assert found == [(Kind.POP3, 995), (Kind.IMAP, 993), (Kind.IMAP, 143)]
