"""The limits of the protocols, with their sections; each error that refuses names one of these."""

from __future__ import annotations

# --- lines -------------------------------------------------------------------------------------

# RFC 5321 section 4.5.3.1.4: a command line is at most 512 octets with its CRLF; extensions add to
# it.
SMTP_MAX_COMMAND_OCTETS = 512
# RFC 5321 section 4.5.3.1.5: so is a reply line; real servers send longer ones (URLs in 5xx texts).
SMTP_MAX_REPLY_OCTETS = 512
# RFC 5321 section 4.5.3.1.6: a text line is at most 1000 octets with its CRLF.
SMTP_MAX_TEXT_LINE_OCTETS = 1000
# RFC 4954 section 4: a line of an authentication exchange is at most 12,288 octets with its CRLF.
SASL_MAX_LINE_OCTETS = 12_288

# RFC 2449 section 4: a POP3 command is at most 255 octets with its CRLF, a reply at most 512.
POP3_MAX_COMMAND_OCTETS = 255
POP3_MAX_REPLY_OCTETS = 512

# What we take from the other side, whatever the RFC says that it should send.
MAX_REPLY_LINE_OCTETS = 8_192
# A line of a message in multi-line data. RFC 5322 says 998; real mail has base64 and HTML without a
# break; past this the connection is given up, because it is no message any more.
MAX_DATA_LINE_OCTETS = 64 << 20

# --- counts ------------------------------------------------------------------------------------

# Octets of one listing (CAPA, LIST, UIDL, LANG): half a million messages with the longest UIDL.
POP3_MAX_LISTING_OCTETS = 64 << 20
# The same before the login, when nobody has proved anything yet.
POP3_MAX_EARLY_LISTING_OCTETS = 64 << 10
# Commands that are cut but not answered yet: a client that pipelines without end is told to wait by
# not being read any more.
MAX_PIPELINED_COMMANDS = 1_000
# RFC 1939 section 7: one to 70 characters of 0x21 to 0x7E.
POP3_MAX_UIDL_OCTETS = 70
# RFC 1939 section 3: keywords are three or four characters, arguments up to 40.
POP3_MAX_ARGUMENT_OCTETS = 40

# --- tolerance ---------------------------------------------------------------------------------

# Bad commands in one session before a server hangs up.
MAX_BAD_COMMANDS = 10
# Failed logins in one session before a server hangs up (and what RFC 3206 calls AUTH).
MAX_FAILED_LOGINS = 3
