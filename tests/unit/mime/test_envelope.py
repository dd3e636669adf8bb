from __future__ import annotations

from desktopmail.mime import envelope
from desktopmail.mime.address import Entry
from desktopmail.mime.header import Header


def test_the_example_of_rfc_9051_section_8() -> None:
    # The message whose ENVELOPE the sample connection shows.
    header = Header.parse(
        b"Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\nFrom: Terry Gray "
        b"<gray@cac.washington.edu>\r\n"
        b"Subject: IMAP4rev2 WG mtg summary and minutes\r\nTo: imap@cac.washington.edu\r\n"
        b"cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n"
        b"Message-Id: <B27397-0100000@cac.washington.ed>\r\n\r\n"
    )
    gray = (Entry("Terry Gray", None, "gray", "cac.washington.edu"),)
    found = envelope.of(header)
    assert found.date == "Wed, 17 Jul 1996 02:23:25 -0700 (PDT)"
    assert found.subject == "IMAP4rev2 WG mtg summary and minutes"
    assert found.from_ == found.sender == found.reply_to == gray
    assert found.to == (Entry(None, None, "imap", "cac.washington.edu"),)
    assert found.cc == (
        Entry(None, None, "minutes", "CNRI.Reston.VA.US"),
        Entry("John Klensin", None, "KLENSIN", "MIT.EDU"),
    )
    assert (found.bcc, found.in_reply_to) == (None, None)
    assert found.message_id == "<B27397-0100000@cac.washington.ed>"


def test_encoded_words_stay_as_they_are() -> None:
    found = envelope.of(
        Header.parse(b"From: =?utf-8?q?=C3=A4?= <a@b.test>\r\nSubject: =?x?q?y?=\r\n\r\n")
    )
    assert found.from_ == (Entry("=?utf-8?q?=C3=A4?=", None, "a", "b.test"),)
    assert found.subject == "=?x?q?y?="


def test_a_missing_field_is_none_and_an_empty_subject_is_empty() -> None:
    found = envelope.of(Header.parse(b"Subject:\r\nTo:\r\n\r\n"))
    assert found.subject == ""
    assert found.to is None
    assert found.from_ is None
    assert found.sender is None
