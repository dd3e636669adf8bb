"""How long things of SMTP may be (RFC 5321 section 4.5.3.1 and the extensions that raise it)."""

from typing import Final

MAX_LOCAL_PART_OCTETS: Final = 64  # section 4.5.3.1.1
MAX_DOMAIN_OCTETS: Final = 255  # section 4.5.3.1.2
MAX_PATH_OCTETS: Final = 256  # section 4.5.3.1.3, with punctuation

# Section 4.5.3.1.4 says 512 with CRLF. MAIL grows by 26 (SIZE), 17 (BODY), 500 (AUTH), 108 (DSN),
# 10 (SMTPUTF8) and 11 (REQUIRETLS), RCPT by 500 (DSN).
MAX_COMMAND_OCTETS: Final = 512
MAX_ENVELOPE_OCTETS: Final = 2048
MAX_AUTH_OCTETS: Final = 12288  # RFC 4954 section 4, base64 and CRLF

# Section 4.5.3.1.5 says 512 with CRLF; servers that explain themselves in one long line exist.
MAX_REPLY_LINE_OCTETS: Final = 4096
MAX_REPLY_LINES: Final = 512

MAX_TEXT_LINE_OCTETS: Final = 998  # section 4.5.3.1.6, without CRLF
MAX_RECIPIENTS: Final = 1000  # at least 100 (section 4.5.3.1.8)
MAX_ENVID_CHARS: Final = 100  # RFC 3461 section 4.4
MAX_ORCPT_CHARS: Final = 500  # RFC 3461 section 4.2, with the address type
# A chunk is counted, not kept; the number of its digits is what has to end somewhere.
MAX_CHUNK_DIGITS: Final = 20
