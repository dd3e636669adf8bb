"""Messages in files of other programs."""

from __future__ import annotations

from localserver.exchange.foreign import date_of, with_crlf


def test_only_a_bare_lf_becomes_crlf() -> None:
    assert with_crlf(b"a\nb\r\nc\rd\n\n") == b"a\r\nb\r\nc\rd\r\n\r\n"


def test_a_date_that_cannot_be_when_it_came_is_none() -> None:
    assert date_of(b"Date: Thu, 1 Jan 1903 00:00:00 +0000\r\n\r\n") is None
    assert date_of(b"Subject: x\r\n\r\n") is None
