import base64
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.smtp.auth import Auth, AuthCancel, AuthResponse
from desktopmail.wire.smtp.control import Data, Noop, Quit, StartTls
from desktopmail.wire.smtp.data import Flaw
from desktopmail.wire.smtp.events import BadCommand, ChunkEnd, Closed, MessageData, MessageEnd
from desktopmail.wire.smtp.extensions import Extensions
from desktopmail.wire.smtp.hello import Hello
from desktopmail.wire.smtp.mail import Mail
from desktopmail.wire.smtp.rcpt import Rcpt
from desktopmail.wire.smtp.reply import reply
from desktopmail.wire.smtp.server import Phase, ServerConnection
from tests.helpers.splits import at, every_way, in_pieces

EVERYTHING = Extensions(
    "foo.com",
    {
        "PIPELINING": (),
        "SIZE": ("100000",),
        "8BITMIME": (),
        "SMTPUTF8": (),
        "CHUNKING": (),
        "BINARYMIME": (),
        "DSN": (),
        "STARTTLS": (),
        "AUTH": ("PLAIN",),
        "REQUIRETLS": (),
    },
)
ENVELOPE = b"EHLO bar.com\r\nMAIL FROM:<Smith@bar.com>\r\nRCPT TO:<Jones@foo.com>\r\n"


class Script:
    """A server that accepts everything, and keeps what it saw."""

    def __init__(self, connection: ServerConnection, offered: Extensions = EVERYTHING) -> None:
        self.connection = connection
        self.offered = offered
        self.events: list[object] = []
        self.messages: list[bytes] = []
        self._data: list[bytes] = []

    def receive(self, octets: bytes) -> None:
        self.connection.receive(octets)
        self.run()

    def run(self) -> None:
        while (event := self.connection.next_event()) is not None:
            if isinstance(event, MessageData):
                self._data.append(event.octets)
                continue
            self.events.append(event)
            self.answer(event)

    def answer(self, event: object) -> None:
        connection = self.connection
        match event:
            case Hello():
                connection.greet(self.offered)
            case BadCommand():
                connection.send(event.reply)
            case Data():
                connection.send(reply(354, "go"))
            case Auth() if event.initial is None:
                connection.send(reply(334, ""))
            case Auth() | AuthResponse():
                connection.send(reply(235, "welcome", "2.7.0"))
            case AuthCancel():
                connection.send(reply(501, "cancelled", "5.7.0"))
            case MessageEnd():
                recipients = connection.transaction.recipients if connection.transaction else []
                for _ in recipients if connection.lmtp else [0]:
                    fine = event.flaw is None
                    connection.send(reply(250, "ok") if fine else reply(550, "flaw"))
                if event.flaw is None:
                    self.messages.append(b"".join(self._data))
                self._data.clear()
            case Quit():
                connection.send(reply(221, "bye"))
            case Closed():
                pass
            case _:
                connection.send(reply(250, "ok"))

    @property
    def said(self) -> bytes:
        return b"".join(segment.octets for segment in self.connection.take_output())

    @property
    def codes(self) -> list[int]:
        lines = self.said.split(b"\r\n")[:-1]
        return [int(line[:3]) for line in lines if line[3:4] == b" "]


def converse(octets: bytes, offered: Extensions = EVERYTHING, **options: object) -> Script:
    """Run the same conversation in every way; assert that the events are the same each time."""
    scripts = []
    for pieces in every_way(octets):
        script = Script(ServerConnection(**options), offered)  # type: ignore[arg-type] # keywords of the test
        for piece in pieces:
            script.receive(piece)
        scripts.append(script)
    for script in scripts[1:]:
        assert script.events == scripts[0].events
        assert script.messages == scripts[0].messages
    return scripts[0]


def test_the_typical_transaction_of_rfc_5321_appendix_d_1() -> None:
    script = converse(
        b"EHLO bar.com\r\n"
        b"MAIL FROM:<Smith@bar.com>\r\n"
        b"RCPT TO:<Jones@foo.com>\r\n"
        b"RCPT TO:<Green@foo.com>\r\n"
        b"RCPT TO:<Brown@foo.com>\r\n"
        b"DATA\r\n"
        b"Blah blah blah...\r\n...etc. etc. etc.\r\n.\r\n"
        b"QUIT\r\n"
    )
    assert script.messages == [b"Blah blah blah...\r\n..etc. etc. etc.\r\n"]
    assert [type(event) for event in script.events] == [
        Hello, Mail, Rcpt, Rcpt, Rcpt, Data, MessageEnd, Quit,
    ]  # fmt: skip


def test_the_aborted_transaction_of_rfc_5321_appendix_d_2() -> None:
    script = converse(
        b"EHLO bar.com\r\nMAIL FROM:<Smith@bar.com>\r\nRCPT TO:<Jones@foo.com>\r\nRSET\r\nQUIT\r\n"
    )
    assert script.connection.transaction is None
    assert script.connection.phase is Phase.CLOSED


def test_the_chunks_of_rfc_3030_section_4_2() -> None:
    script = converse(
        b"EHLO cnri.reston.va.us\r\n"
        b"MAIL FROM:<ned@ymir.claremont.edu> BODY=BINARYMIME\r\n"
        b"RCPT TO:<gvaudre@cnri.reston.va.us>\r\n"
        b"RCPT TO:<jstewart@cnri.reston.va.us>\r\n"
        b"BDAT 10\r\n\0\r\n.\r\n\nabcBDAT 3\r\ndefBDAT 0 LAST\r\nQUIT\r\n"
    )
    assert script.messages == [b"\0\r\n.\r\n\nabcdef"]
    assert script.events[4:7] == [ChunkEnd(10), ChunkEnd(13), MessageEnd(13)]


@pytest.mark.parametrize(
    "early",
    [b"MAIL FROM:<a@b.example>", b"AUTH PLAIN"],
)
def test_hello_comes_first(early: bytes) -> None:
    script = converse(early + b"\r\n")
    assert [type(event) for event in script.events] == [BadCommand]
    assert script.codes == [503]


@pytest.mark.parametrize(
    ("commands", "codes"),
    [
        (b"RCPT TO:<a@b.example>\r\n", [250, 503]),
        (b"DATA\r\n", [250, 503]),
        (b"MAIL FROM:<>\r\nDATA\r\n", [250, 250, 554]),
        (b"MAIL FROM:<>\r\nMAIL FROM:<>\r\n", [250, 250, 503]),
        (b"MAIL FROM:<>\r\nAUTH PLAIN\r\n", [250, 250, 503]),
        (b"MAIL FROM:<>\r\nEHLO again\r\nDATA\r\n", [250, 250, 250, 503]),  # EHLO is a RSET
        (b"MAIL FROM:<>\r\nHELO again\r\nRCPT TO:<a@b.example>\r\n", [250, 250, 250, 503]),
        (b"LHLO me\r\n", [250, 500]),
        (b"NOOP\r\nRSET\r\nVRFY a\r\nEXPN a\r\nHELP\r\n", [250, 250, 250, 250, 250, 250]),
        (b"AUTH PLAIN AA==\r\nAUTH PLAIN AA==\r\n", [250, 235, 503]),
        (b"AUTH PLAIN\r\n*\r\nNOOP\r\n", [250, 334, 501, 250]),
        (b"AUTH PLAIN\r\n!!\r\nNOOP\r\n", [250, 334, 501, 250]),
        (b"AUTH PLAIN\r\nAA==\r\nNOOP\r\n", [250, 334, 235, 250]),
    ],
)
def test_commands_out_of_order_are_refused(commands: bytes, codes: list[int]) -> None:
    assert converse(b"EHLO me.example\r\n" + commands).codes == codes


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (b"MAIL FROM:<> SIZE=1", 555),
        (b"MAIL FROM:<> BODY=8BITMIME", 555),
        (b"MAIL FROM:<> SMTPUTF8", 555),
        (b"MAIL FROM:<> RET=FULL", 555),
        (b"MAIL FROM:<> ENVID=x", 555),
        (b"MAIL FROM:<> REQUIRETLS", 555),
        (b"MAIL FROM:<> AUTH=<>", 555),
        (b"AUTH PLAIN", 502),
        (b"STARTTLS", 502),
        (b"BDAT 0 LAST", 502),
    ],
)
def test_what_is_not_offered_is_not_known(command: bytes, code: int) -> None:
    for hello in (b"EHLO me\r\n", b"HELO me\r\n"):
        offered = Extensions("foo.com") if hello.startswith(b"E") else EVERYTHING
        assert converse(hello + command + b"\r\n", offered).codes[-1] == code


def test_dsn_parameters_of_rcpt_need_dsn() -> None:
    script = converse(
        b"EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example> NOTIFY=NEVER\r\n", Extensions("foo.com")
    )
    assert script.codes == [250, 250, 555]


def test_addresses_beyond_ascii_need_smtputf8() -> None:
    script = converse(
        "EHLO me\r\nMAIL FROM:<jürgen@example.org>\r\nMAIL FROM:<a@b.example>\r\n"
        "RCPT TO:<jürgen@example.org>\r\nRSET\r\n"
        "MAIL FROM:<jürgen@example.org> SMTPUTF8\r\nRCPT TO:<jürgen@example.org>\r\n".encode()
    )
    assert script.codes == [250, 553, 250, 553, 250, 250, 250]


def test_a_declared_size_beyond_the_limit_is_refused_at_once() -> None:
    script = converse(b"EHLO me\r\nMAIL FROM:<> SIZE=1001\r\n", max_message_octets=1000)
    assert script.codes == [250, 552]  # RFC 1870 section 6.1


@pytest.mark.parametrize("verb", [b"DATA\r\n", b"BDAT 3000 LAST\r\n"])
def test_a_message_beyond_the_limit_is_read_to_its_end_and_refused(verb: bytes) -> None:
    body = b"line\r\n" * 500
    end = b".\r\n" if verb.startswith(b"DATA") else b""
    script = converse(ENVELOPE + verb + body + end + b"NOOP\r\n", max_message_octets=1000)
    assert script.events[-2:] == [MessageEnd(3000, Flaw.TOO_BIG), Noop()]
    assert script.messages == []


def test_too_many_recipients_are_452_for_the_rest() -> None:
    script = converse(
        ENVELOPE + b"RCPT TO:<b@foo.com>\r\nRCPT TO:<c@foo.com>\r\n", max_recipients=2
    )
    assert script.codes == [250, 250, 250, 250, 452]  # section 4.5.3.1.10


@pytest.mark.parametrize(
    "text", [b"a\rb\r\n", b"a\nb\r\n", b"a\n.\nb\r\n", b"a\r.\r\nMAIL FROM:<evil@x.example>\r\n",
             b"a\n.\r\nMAIL FROM:<evil@x.example>\r\n", b"a\r\n.\nMAIL FROM:<evil@x.example>\r\n",
             b"a\0\r\n.\n\r\n"],
)  # fmt: skip
@pytest.mark.parametrize("chunked", [False, True])
def test_a_smuggled_end_of_data_smuggles_nothing(text: bytes, chunked: bool) -> None:
    verb = b"BDAT %d LAST\r\n" % len(text) if chunked else b"DATA\r\n"
    end = b"" if chunked else b".\r\n"
    script = converse(ENVELOPE + verb + text + end + b"QUIT\r\n")
    kinds = [type(event) for event in script.events]
    assert kinds == [Hello, Mail, Rcpt, *([] if chunked else [Data]), MessageEnd, Quit]
    end_event = script.events[-2]
    assert isinstance(end_event, MessageEnd)
    assert end_event.flaw in {Flaw.BARE_CR_OR_LF, Flaw.NUL}
    assert script.messages == []


def test_a_bare_lf_ends_no_command() -> None:
    script = converse(b"EHLO me\nNOOP\r\n\r\nMAIL FROM:<a@b.example>\n")
    assert script.codes == [500, 250, 500, 500]
    assert script.connection.hello is None


def test_an_endless_line_is_thrown_away_in_bounded_memory() -> None:
    connection = ServerConnection()
    script = Script(connection)
    for _ in range(1000):
        script.receive(b"NOOP " + b"x" * 10_000)
        assert len(connection._buffer) < 30_000
    script.receive(b"\r\nNOOP\r\n")
    assert script.codes == [500, 250]


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        (b"NOOP " + b"x" * 505 + b"\r\n", [250, 250]),
        (b"NOOP " + b"x" * 506 + b"\r\n", [250, 500]),
        (b"AUTH PLAIN " + b"A" * 12272 + b"\r\n", [250, 235]),
        (b"AUTH PLAIN " + b"A" * 12276 + b"\r\n", [250, 500]),
        (b"AUTH PLAIN\r\n" + b"A" * 12284 + b"\r\n", [250, 334, 235]),
        (b"AUTH PLAIN\r\n" + b"A" * 12288 + b"\r\n", [250, 334, 500]),
    ],
)
def test_the_line_limits_of_section_4_5_3_and_of_rfc_4954(line: bytes, codes: list[int]) -> None:
    for pieces in ([b"EHLO me\r\n" + line], in_pieces(b"EHLO me\r\n" + line, 1000)):
        script = Script(ServerConnection())
        for piece in pieces:
            script.receive(piece)
        assert script.codes == codes


def test_a_refused_bdat_is_read_and_thrown_away() -> None:
    # RFC 3030 section 2: the octets come in any case.
    script = converse(b"EHLO me\r\nBDAT 22 LAST\r\nMAIL FROM:<a@b.example>"[:-1] + b"NOOP\r\n")
    assert script.codes == [250, 503, 250]


def test_behind_a_refused_chunk_nothing_is_taken() -> None:
    connection = ServerConnection()
    script = Script(connection)
    script.receive(ENVELOPE + b"BDAT 3\r\nab")
    script.events.clear()
    connection.receive(b"c")
    data = connection.next_event()
    assert data == MessageData(b"c")
    assert connection.next_event() == ChunkEnd(3)
    connection.send(reply(452, "disk full"))
    script.receive(b"BDAT 3 LAST\r\nabcNOOP\r\n")
    assert script.codes[-3:] == [452, 503, 250]


@pytest.mark.parametrize(
    "commands", [b"BDAT 0\r\nDATA\r\n", b"BDAT 0\r\nRCPT TO:<a@b.example>\r\n"]
)
def test_bdat_does_not_mix_with_data_nor_rcpt(commands: bytes) -> None:
    assert converse(ENVELOPE + commands).codes[-1] == 503


def test_binarymime_needs_bdat() -> None:
    script = converse(
        b"EHLO me\r\nMAIL FROM:<> BODY=BINARYMIME\r\nRCPT TO:<a@b.example>\r\nDATA\r\n"
    )
    assert script.codes == [250, 250, 250, 503]


def test_a_bdat_without_a_size_ends_the_connection() -> None:
    script = converse(ENVELOPE + b"BDAT many\r\n")
    last = script.events[-1]
    assert isinstance(last, BadCommand)
    assert last.fatal


def test_secrets_of_a_malformed_auth_are_not_told() -> None:
    script = converse(
        b"EHLO me\r\nAUTH PLAIN c2VjcmV0!\r\nAUTH PLAIN\r\nc2VjcmV0!\r\nauth x y z\r\n"
    )
    bad = [event for event in script.events if isinstance(event, BadCommand)]
    assert [event.line for event in bad] == [b"", b"", b""]


def test_the_servers_scram_signature_is_masked() -> None:
    connection = ServerConnection()
    script = Script(connection)
    script.receive(b"EHLO me\r\n")
    connection.take_output()
    connection.receive(b"AUTH PLAIN\r\n")
    connection.next_event()
    connection.send(reply(334, base64.b64encode(b"v=abcdef").decode()))
    (segment,) = connection.take_output()
    assert segment.redacted == b"334 <server signature>\r\n"


# -- STARTTLS


@pytest.mark.parametrize("injected", [b"NOOP\r\n", b"N", b"\r\n"])
def test_nothing_buffered_survives_starttls(injected: bytes) -> None:
    connection = ServerConnection()
    script = Script(connection)
    script.receive(b"EHLO me\r\n")
    connection.receive(b"STARTTLS\r\n" + injected)
    assert connection.next_event() == StartTls()
    with pytest.raises(RemoteProtocolError, match="STARTTLS"):
        connection.starting_tls()
    connection.send(reply(220, "go"))
    with pytest.raises(RemoteProtocolError, match="STARTTLS"):
        connection.tls_started()


def test_tls_forgets_what_was_said_in_the_clear() -> None:
    connection = ServerConnection()
    script = Script(connection)
    script.receive(b"EHLO me\r\nAUTH PLAIN AA==\r\nMAIL FROM:<>\r\n")
    script.receive(b"STARTTLS\r\n")
    connection.tls_started()
    assert connection.hello is None
    assert connection.transaction is None
    assert not connection.authenticated
    script.said  # noqa: B018 - empties the output
    script.receive(b"MAIL FROM:<>\r\nSTARTTLS\r\nEHLO me\r\nSTARTTLS\r\n")
    assert script.codes == [503, 503, 250, 503]


# -- replies


def test_an_event_has_to_be_answered_before_the_next_one() -> None:
    connection = ServerConnection()
    connection.receive(b"NOOP\r\nNOOP\r\n")
    connection.next_event()
    with pytest.raises(LocalProtocolError):
        connection.next_event()


def test_answers_that_do_not_fit_are_our_fault_and_not_sent() -> None:
    connection = ServerConnection()
    with pytest.raises(LocalProtocolError):
        connection.send(reply(250, "nobody asked"))
    with pytest.raises(LocalProtocolError):
        connection.greet(EVERYTHING)
    connection.receive(b"EHLO me\r\n")
    connection.next_event()
    with pytest.raises(LocalProtocolError):
        connection.send(reply(250, "greet() does that"))
    connection.greet(EVERYTHING)
    connection.receive(b"NOOP\r\n")
    connection.next_event()
    with pytest.raises(LocalProtocolError):
        connection.send(reply(354, "not now"))
    assert b"354" not in b"".join(segment.octets for segment in connection.take_output())


def test_421_may_be_said_unasked() -> None:
    connection = ServerConnection()
    connection.send(reply(421, "going away", "4.3.2"))
    assert connection.take_output()[0].octets == b"421 going away\r\n"


def test_helo_gets_no_extensions_and_no_enhanced_codes() -> None:
    script = converse(b"HELO me\r\nNOOP x\r\nDATA x\r\n")
    assert script.said == b"250 foo.com\r\n250 ok\r\n501 DATA takes no argument\r\n"


def test_planned_octets_go_out_as_they_are() -> None:
    connection = ServerConnection()
    script = Script(connection)
    script.receive(b"EHLO me\r\n")
    connection.receive(b"MAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\nx\r\n.\r\n")
    for octets in (b"250 ok\r\n", b"251 ok\r\n", b"354 go\r\n"):
        connection.next_event()
        connection.send_planned(octets)
    assert connection.next_event() == MessageData(b"x\r\n")
    assert isinstance(connection.next_event(), MessageEnd)
    connection.send_planned(b"451 later\r\n")
    assert connection.transaction is None


def test_the_end_of_the_connection_is_told_once() -> None:
    connection = ServerConnection()
    connection.receive(b"NOO")
    connection.receive_eof()
    assert connection.next_event() == Closed(clean=False)
    assert connection.next_event() is None
    other = ServerConnection()
    other.receive_eof()
    assert other.next_event() == Closed(clean=True)


def test_a_refusing_greeting() -> None:
    connection = ServerConnection()
    connection.open(reply(521, "foo.com does not accept mail"))  # RFC 7504 section 3
    assert connection.take_output()[0].octets == b"521 foo.com does not accept mail\r\n"


# -- LMTP


def test_the_lmtp_example_of_rfc_2033_section_4_2() -> None:
    script = converse(
        b"LHLO foo.edu\r\nMAIL FROM:<chris@bar.com>\r\nRCPT TO:<pat@foo.edu>\r\n"
        b"RCPT TO:<jones@foo.edu>\r\nRCPT TO:<green@foo.edu>\r\nDATA\r\nBlah\r\n.\r\nQUIT\r\n",
        lmtp=True,
    )
    assert script.codes == [250, 250, 250, 250, 250, 354, 250, 250, 250, 221]


def test_lmtp_refuses_helo_and_says_503_without_recipients() -> None:
    script = converse(b"HELO a\r\nEHLO a\r\nLHLO a\r\nMAIL FROM:<>\r\nDATA\r\n", lmtp=True)
    assert script.codes == [500, 500, 250, 250, 503]


# -- fuzz

PIECES = st.sampled_from(
    [
        b"EHLO me\r\n", b"HELO me\r\n", b"MAIL FROM:<a@b.example>\r\n", b"MAIL FROM:<> SIZE=5\r\n",
        b"RCPT TO:<c@d.example>\r\n", b"DATA\r\n", b"BDAT 5\r\n", b"BDAT 3 LAST\r\n", b"RSET\r\n",
        b"hello\r\n", b".\r\n", b"..\r\n", b"\r\n", b"\n", b"\r", b"\0", b"AUTH PLAIN\r\n",
        b"AA==\r\n",
        b"*\r\n", b"QUIT\r\n", b"NOOP\r\n", b"VRFY x\r\n", b"x" * 600, b"\xff\xfe", b"STARTTLS\r\n",
    ]
)  # fmt: skip


@settings(max_examples=300)
@given(
    st.lists(PIECES | st.binary(max_size=20), max_size=30).map(b"".join),
    st.lists(st.integers(0, 2000)),
)
def test_any_octets_under_any_splits_give_the_same_events_and_raise_nothing(
    octets: bytes, cuts: list[int]
) -> None:
    whole, split = Script(ServerConnection()), Script(ServerConnection())
    whole.receive(octets)
    for piece in at(octets, cuts):
        split.receive(piece)
    for script in (whole, split):
        script.connection.receive_eof()
        script.run()
    assert whole.events == split.events
    assert whole.messages == split.messages
    assert whole.said == split.said
    assert all(len(segment) <= 512 for segment in whole.said.split(b"\r\n"))


def test_a_bdat_that_ends_in_a_bare_lf_ends_the_connection_too() -> None:
    # Nobody knows whether its octets follow, and they would be taken for commands.
    for pieces in every_way(b"BDAT 14 LAST\nMAIL FROM:<>\r\n"):
        connection = ServerConnection()
        for piece in pieces:
            connection.receive(piece)
            event = connection.next_event()
            if event is not None:
                break
        assert isinstance(event, BadCommand)
        assert event.fatal


def test_a_login_that_ends_in_a_bare_lf_is_not_shown() -> None:
    connection = ServerConnection()
    connection.receive(b"AUTH PLAIN AGFuZHkAc2VjcmV0\n")
    event = connection.next_event()
    assert isinstance(event, BadCommand)
    assert event.line == b""


def test_the_messages_of_a_client_that_does_not_wait_cost_no_copy_of_what_follows() -> None:
    def seconds(count: int) -> float:
        script = Script(ServerConnection())
        script.receive(b"EHLO bar.com\r\n")
        message = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nx\r\n.\r\n"
        begin = time.process_time()
        script.receive(message * count)
        assert len(script.messages) == count
        return time.process_time() - begin

    seconds(10)
    assert min(seconds(50_000) for _ in range(2)) < 25 * min(seconds(5_000) for _ in range(3))


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_the_response_to_an_auth_that_was_refused_is_not_shown(end: bytes) -> None:
    connection = ServerConnection()
    for line, shown in ((b"AGFuZHkAc2VjcmV0", b""), (b"HELLO there", b"HELLO there")):
        connection.receive(line + end)
        event = connection.next_event()
        assert isinstance(event, BadCommand)
        assert event.line == shown
        connection.send(event.reply)
