"""Limits that protocols share, and those of POP3; an error that refuses names one of these.

What belongs to one protocol alone stands in its room (`wire.imap.limits`, `wire.smtp`).
"""

from __future__ import annotations

# --- lines -------------------------------------------------------------------------------------

# RFC 4954 section 4: a line of an authentication exchange is at most 12,288 octets with its CRLF.
# RFC 5034 leaves it open for POP3, and there is no reason for another number.
SASL_MAX_LINE_OCTETS = 12_288

# RFC 2449 section 4: a POP3 command is at most 255 octets with its CRLF, a reply at most 512.
POP3_MAX_COMMAND_OCTETS = 255
POP3_MAX_REPLY_OCTETS = 512

# What we take from a server, whatever the RFC says that it should send.
MAX_REPLY_LINE_OCTETS = 8_192

# --- counts ------------------------------------------------------------------------------------

# Octets of one listing (CAPA, LIST, UIDL, LANG): half a million messages with the longest UIDL.
POP3_MAX_LISTING_OCTETS = 64 << 20
# Messages of one listing: what is read of it takes more memory than its octets.
POP3_MAX_MESSAGES = 1_000_000
# The same octets before the login, when nobody has proved anything yet.
POP3_MAX_EARLY_LISTING_OCTETS = 64 << 10
# RFC 1939 section 7: one to 70 characters of 0x21 to 0x7E.
POP3_MAX_UIDL_OCTETS = 70

# --- tolerance ---------------------------------------------------------------------------------

# Bad commands in one session before a server hangs up.
MAX_BAD_COMMANDS = 10
