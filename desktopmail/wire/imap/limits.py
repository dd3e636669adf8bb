"""How much a peer may send before the answer is a refusal: every bound of the IMAP machines."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB

# A command line without its literals. RFC 7162 section 4 asks a server for 8,192 at the least;
# clients that list single UIDs send far more.
MAX_COMMAND_LINE_OCTETS = 64 * KIB
# Before login nobody has a reason for a long line: SASL answers of 12 KiB are the longest.
MAX_COMMAND_LINE_OCTETS_BEFORE_LOGIN = 16 * KIB
# A literal in an argument other than the message of an APPEND.
MAX_ARGUMENT_LITERAL_OCTETS = 64 * KIB
MAX_ARGUMENT_LITERAL_OCTETS_BEFORE_LOGIN = 4 * KIB
# The message of an APPEND, unless the server is told another APPENDLIMIT (RFC 7889).
MAX_APPEND_OCTETS = 64 * MIB
# What of a refused non-synchronising literal is read and thrown away before the line is cut.
MAX_DISCARDED_OCTETS = 128 * MIB
MAX_LITERALS_PER_COMMAND = 100
MAX_LITERALS_PER_COMMAND_BEFORE_LOGIN = 4
# All octets of one command: MULTIAPPEND may carry many messages, but not without end.
MAX_COMMAND_OCTETS = 256 * MIB
# Keys of a SEARCH, items of a FETCH, names of a header list: elements of one command.
MAX_ARGUMENTS = 20_000
# The same of one response: parts, addresses, parameters. An element takes many times its octets.
MAX_ELEMENTS = 1_000_000
# The flags of one message, or all that a mailbox has.
MAX_FLAGS_OCTETS = MIB
# Parentheses inside parentheses: SEARCH keys, body structures, threads.
MAX_NESTING = 100
# Bad commands in a row before a server says BYE.
MAX_BAD_COMMANDS = 20

# A line of a server, without literals. Dovecot answers `UID SEARCH ALL` of a million messages in
# one line of 8 MB.
MAX_RESPONSE_LINE_OCTETS = 64 * MIB
MAX_RESPONSE_LINE_OCTETS_BEFORE_LOGIN = 64 * KIB
# A literal that is kept in memory; larger ones go to a sink, or the connection ends.
MAX_RESPONSE_LITERAL_OCTETS = 256 * MIB
MAX_RESPONSE_LITERAL_OCTETS_BEFORE_LOGIN = 64 * KIB
# A literal that goes to a sink: RFC 9051 allows 63 bits; a terabyte is nobody's mail.
MAX_STREAMED_LITERAL_OCTETS = 1 << 40
MAX_LITERALS_PER_RESPONSE = 10_000
# Everything of one response that is kept in memory.
MAX_RESPONSE_OCTETS = 512 * MIB
# Messages that one answer to a SEARCH may name: more than any mailbox holds. A set of four billion
# fits into twelve octets, and whoever counts it up is gone.
MAX_FOUND = 10_000_000
# Answers that are gathered for one command: those of a LIST name a quarter of a million mailboxes,
# each with its numbers.
MAX_ANSWERS = 500_000
# The same where each is of a message: what changed since a mailbox was open, or is changed at once.
MAX_ANSWERS_OF_MESSAGES = 5_000_000
# The octets that come while they are gathered, whatever is in them.
MAX_GATHERED_OCTETS = MAX_RESPONSE_OCTETS
# Untagged responses before login: capabilities and some words, told anew after TLS.
MAX_RESPONSES_BEFORE_LOGIN = 1_000
# Untagged responses that could not be read, after which the peer is given up.
MAX_MALFORMED_RESPONSES = 1_000
# What is inflated in one step (RFC 4978): a bomb is met by the bounds above, piece by piece.
MAX_INFLATED_OCTETS = 256 * KIB


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds that hold for one connection in one state.

    Attributes:
        max_line_octets: One line without its literals, CRLF included.
        max_literal_octets: One literal that is kept in memory.
        max_streamed_octets: One literal that is handed on as it arrives.
        max_literals: Literals in one response or command.
        max_total_octets: All kept octets of one response or command.
    """

    max_line_octets: int
    max_literal_octets: int
    max_streamed_octets: int
    max_literals: int
    max_total_octets: int


CLIENT = Limits(
    MAX_RESPONSE_LINE_OCTETS,
    MAX_RESPONSE_LITERAL_OCTETS,
    MAX_STREAMED_LITERAL_OCTETS,
    MAX_LITERALS_PER_RESPONSE,
    MAX_RESPONSE_OCTETS,
)
CLIENT_BEFORE_LOGIN = Limits(
    MAX_RESPONSE_LINE_OCTETS_BEFORE_LOGIN,
    MAX_RESPONSE_LITERAL_OCTETS_BEFORE_LOGIN,
    MAX_RESPONSE_LITERAL_OCTETS_BEFORE_LOGIN,
    16,
    4 * MAX_RESPONSE_LINE_OCTETS_BEFORE_LOGIN,
)
SERVER = Limits(
    MAX_COMMAND_LINE_OCTETS,
    MAX_ARGUMENT_LITERAL_OCTETS,
    MAX_APPEND_OCTETS,
    MAX_LITERALS_PER_COMMAND,
    MAX_COMMAND_OCTETS,
)
SERVER_BEFORE_LOGIN = Limits(
    MAX_COMMAND_LINE_OCTETS_BEFORE_LOGIN,
    MAX_ARGUMENT_LITERAL_OCTETS_BEFORE_LOGIN,
    0,
    MAX_LITERALS_PER_COMMAND_BEFORE_LOGIN,
    MAX_COMMAND_LINE_OCTETS_BEFORE_LOGIN + 4 * MAX_ARGUMENT_LITERAL_OCTETS_BEFORE_LOGIN,
)
