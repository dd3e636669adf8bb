"""Line ends between the wire and files."""

from __future__ import annotations

from desktopmail.engine.files.message import with_crlf, with_lf


def test_only_bare_line_ends_change() -> None:
    assert with_crlf(b"a\nb\r\nc") == b"a\r\nb\r\nc"
    assert with_lf(b"a\r\nb\nc\r") == b"a\nb\nc\r"
