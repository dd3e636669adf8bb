"""TLS-Required: No (RFC 8689 section 3)."""

from __future__ import annotations

import pytest

from desktopmail.wire.smtp.tls_required import NOT_REQUIRED, is_tls_optional

# RFC 8689 appendix A.2
EXAMPLE = (
    b"From: Roger Reporter <roger@example.org>\r\nTo: Andy Admin <admin@example.com>\r\n"
    b"Subject: Certificate problem?\r\nTLS-Required: No\r\n"
    b"Date: Fri, 18 Jan 2019 10:26:55 -0800\r\n\r\nAndy, there seems to be a problem.\r\n"
)


@pytest.mark.parametrize(
    ("message", "optional"),
    [
        (EXAMPLE, True),
        (NOT_REQUIRED + b"Subject: x\r\n\r\n", True),
        (b"TLS-Required:\r\n no\r\n\r\n", True),
        (b"tls-required: NO\nSubject: x\n\n", True),
        (b"TLS-Required: No", True),
        (b"Subject: x\r\n\r\nTLS-Required: No\r\n", False),  # in the body
        (b"\r\nTLS-Required: No\r\n", False),
        (b"TLS-Required: Yes\r\n\r\n", False),
        (b"TLS-Required: No matter\r\n\r\n", False),
        (b"TLS-Required: No\r\n matter\r\n\r\n", False),
        (b"X-TLS-Required: No\r\n\r\n", False),
        (b"Subject: a\r\n TLS-Required: No\r\n\r\n", False),  # a continued line
        (NOT_REQUIRED + NOT_REQUIRED + b"\r\n", False),  # section 3: MUST NOT appear twice
        (b"", False),
    ],
)
def test_one_field_that_says_no_in_the_header_counts(message: bytes, optional: bool) -> None:
    assert is_tls_optional(message) is optional
