from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.smtp.auth import Auth, AuthCancel, AuthResponse
from desktopmail.wire.smtp.bdat import Bdat
from desktopmail.wire.smtp.client import ClientConnection, Sending
from desktopmail.wire.smtp.control import Data, Noop, Quit, Rset, StartTls
from desktopmail.wire.smtp.events import (
    Answer,
    Closed,
    EndOfData,
    Greeting,
    MessageData,
    MessageEnd,
    ServiceClosing,
)
from desktopmail.wire.smtp.extensions import Extensions
from desktopmail.wire.smtp.hello import Hello
from desktopmail.wire.smtp.mail import Body, Mail, Ret
from desktopmail.wire.smtp.path import Mailbox
from desktopmail.wire.smtp.rcpt import Notify, Rcpt
from desktopmail.wire.smtp.reply import reply
from desktopmail.wire.smtp.server import ServerConnection
from tests.helpers.splits import at, every_way

if TYPE_CHECKING:
    from collections.abc import Callable

SMITH, JONES = Mailbox("Smith", "bar.com"), Mailbox("Jones", "foo.com")
EVERYTHING = (
    b"250-foo.com\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
    b"250-CHUNKING\r\n250-BINARYMIME\r\n250-DSN\r\n250-STARTTLS\r\n250-AUTH PLAIN\r\n"
    b"250 REQUIRETLS\r\n"
)


def events(client: ClientConnection) -> list[object]:
    found: list[object] = []
    while (event := client.next_event()) is not None:
        found.append(event)
    return found


def greeted(answer: bytes = EVERYTHING, *, lmtp: bool = False) -> ClientConnection:
    client = ClientConnection(lmtp=lmtp)
    client.receive(b"220 foo.com ready\r\n")
    events(client)
    client.send(Hello("LHLO" if lmtp else "EHLO", "bar.com"))
    client.receive(answer)
    events(client)
    client.take_output()
    return client


def sent(client: ClientConnection) -> bytes:
    return b"".join(segment.octets for segment in client.take_output())


def test_the_typical_transaction_of_rfc_5321_appendix_d_1() -> None:
    replies = (
        b"220 foo.com Simple Mail Transfer Service Ready\r\n",
        b"250-foo.com greets bar.com\r\n250-8BITMIME\r\n250-SIZE\r\n250-DSN\r\n250 HELP\r\n",
        b"250 OK\r\n",
        b"250 OK\r\n",
        b"550 No such user here\r\n",
        b"354 Start mail input; end with <CRLF>.<CRLF>\r\n",
        b"250 OK\r\n",
        b"221 foo.com Service closing transmission channel\r\n",
    )
    for chop in range(4):
        client = ClientConnection()
        seen: list[object] = []

        def hear(octets: bytes, chop: int = chop) -> None:
            for pieces in list(every_way(octets))[chop : chop + 1]:
                for piece in pieces:
                    client.receive(piece)  # noqa: B023 - used inside this turn only
                    seen.extend(events(client))  # noqa: B023 - as above

        steps: list[Callable[[], object]] = [
            lambda: None,
            lambda: client.send(Hello("EHLO", "bar.com")),  # noqa: B023 - as above
            lambda: client.send(Mail(SMITH)),  # noqa: B023 - as above
            lambda: client.send(Rcpt(JONES)),  # noqa: B023 - as above
            lambda: client.send(Rcpt(Mailbox("Green", "foo.com"))),  # noqa: B023 - as above
            lambda: client.send(Data()),  # noqa: B023 - as above
            lambda: (client.send_data(b"Blah\n.etc\n"), client.end_data()),  # noqa: B023 - as above
            lambda: client.send(Quit()),  # noqa: B023 - as above
        ]
        for step, answer in zip(steps, replies, strict=True):
            step()
            hear(answer)
        assert sent(client) == (
            b"EHLO bar.com\r\nMAIL FROM:<Smith@bar.com>\r\nRCPT TO:<Jones@foo.com>\r\n"
            b"RCPT TO:<Green@foo.com>\r\nDATA\r\nBlah\r\n..etc\r\n.\r\nQUIT\r\n"
        )
        codes = [each.reply.code for each in seen if isinstance(each, Answer | Greeting)]
        assert codes == [220, 250, 250, 250, 550, 354, 250, 221]
        assert client.closing


def test_pipelined_replies_find_their_commands() -> None:
    # RFC 2920 section 4, the first group
    client = greeted()
    client.send(Mail(SMITH))
    client.send(Rcpt(JONES))
    client.send(Data())
    assert sent(client).count(b"\r\n") == 3
    client.receive(b"250 sender ok\r\n550 no such user\r\n554 no valid recipients\r\n")
    assert [(type(e.command), e.reply.code) for e in events(client) if isinstance(e, Answer)] == [
        (Mail, 250),
        (Rcpt, 550),
        (Data, 554),
    ]


def test_without_pipelining_each_reply_is_waited_for() -> None:
    client = greeted(b"250 foo.com\r\n")
    client.send(Mail(SMITH))
    with pytest.raises(LocalProtocolError, match="before it replied"):
        client.send(Rcpt(JONES))


@pytest.mark.parametrize(
    "last", [Hello("EHLO", "a"), Data(), Noop(), Quit(), StartTls(), Auth("PLAIN")]
)
def test_some_commands_are_the_last_of_their_group(last: Hello | Data | Noop | Quit) -> None:
    client = greeted()
    client.send(last)
    with pytest.raises(LocalProtocolError, match="nothing may follow"):
        client.send(Rset())
    assert b"RSET" not in sent(client)


@pytest.mark.parametrize(
    "command",
    [
        Mail(SMITH, size=5),
        Mail(SMITH, body=Body.EIGHT_BIT),
        Mail(SMITH, body=Body.BINARY),
        Mail(SMITH, smtputf8=True),
        Mail(SMITH, ret=Ret.FULL),
        Mail(SMITH, envid="x"),
        Mail(SMITH, auth="<>"),
        Mail(SMITH, requiretls=True),
        Mail(Mailbox("jürgen", "bar.com")),
        Rcpt(JONES, notify=frozenset({Notify.NEVER})),
        Rcpt(Mailbox("jürgen", "bar.com")),
        Bdat(5),
        StartTls(),
        AuthResponse(b""),
        AuthCancel(),
    ],
)
def test_what_the_server_does_not_offer_is_not_sent(command: Mail | Rcpt | Bdat) -> None:
    client = greeted(b"250 foo.com\r\n")
    with pytest.raises(LocalProtocolError):
        client.send(command)
    assert not client.take_output()
    assert client.waiting == 0


def test_requiretls_needs_tls() -> None:
    client = greeted()
    with pytest.raises(LocalProtocolError, match="RFC 8689"):
        client.send(Mail(SMITH, requiretls=True))
    client.tls = True
    client.send(Mail(SMITH, requiretls=True))
    assert sent(client) == b"MAIL FROM:<Smith@bar.com> REQUIRETLS\r\n"


def test_nothing_is_sent_before_the_greeting() -> None:
    with pytest.raises(LocalProtocolError, match="greeted"):
        ClientConnection().send(Hello("EHLO", "a"))


@pytest.mark.parametrize("bad", ["\r\nRSET", "\n", "\0"])
def test_cr_lf_and_nul_are_our_fault_and_nothing_is_sent(bad: str) -> None:
    client = greeted()
    with pytest.raises(LocalProtocolError, match="CR, LF or NUL"):
        client.send(Mail(Mailbox(f"a{bad}", "bar.com")))
    assert not client.take_output()
    client.send(Rset())  # the machine is as it was


def test_secrets_leave_in_masked_segments() -> None:
    client = greeted()
    client.send(Auth("PLAIN", b"\0tim\0secret", "<PLAIN response>"))
    shown = b"".join(segment.redacted for segment in client.take_output())
    assert shown == b"AUTH PLAIN <PLAIN response>\r\n"
    client.receive(b"334 \r\n")
    events(client)
    client.send(AuthResponse(b"secret", "<response>"))
    segments = client.take_output()
    assert b"".join(segment.octets for segment in segments) == b"c2VjcmV0\r\n"
    assert b"".join(segment.redacted for segment in segments) == b"<response>\r\n"


def test_an_empty_initial_response_is_an_equal_sign() -> None:
    client = greeted()
    client.send(Auth("EXTERNAL", b""))
    assert sent(client) == b"AUTH EXTERNAL =\r\n"  # RFC 4954 section 4


def test_an_exchange_can_be_cancelled() -> None:
    client = greeted()
    client.send(Auth("PLAIN"))
    client.receive(b"334 \r\n")
    events(client)
    with pytest.raises(LocalProtocolError, match="challenge"):
        client.send(Rset())
    client.send(AuthCancel())
    client.receive(b"501 5.7.0 cancelled\r\n")
    events(client)
    assert not client.authenticated
    client.send(Rset())


def test_a_response_longer_than_12288_octets_is_not_sent() -> None:
    client = greeted()
    with pytest.raises(LocalProtocolError, match="longer"):
        client.send(Auth("XOAUTH2", b"x" * 9300))
    client.send(Auth("XOAUTH2"))
    client.receive(b"334 \r\n")
    events(client)
    with pytest.raises(LocalProtocolError, match="longer"):
        client.send(AuthResponse(b"x" * 9300))


def test_data_goes_out_only_behind_a_354() -> None:
    client = greeted()
    with pytest.raises(LocalProtocolError):
        client.send_data(b"x")
    with pytest.raises(LocalProtocolError):
        client.end_data()
    client.send(Mail(SMITH))
    client.send(Rcpt(JONES))
    client.send(Data())
    client.receive(b"250 ok\r\n250 ok\r\n354 go\r\n")
    events(client)
    with pytest.raises(LocalProtocolError, match="the message"):
        client.send(Rset())
    client.take_output()
    assert client.send_data(b".a") == 3
    client.complete_data()
    assert sent(client) == b"..a\r\n"
    client.end_data()
    assert sent(client) == b".\r\n"
    client.receive(b"250 2.0.0 queued\r\n")
    (answer,) = events(client)
    assert answer == Answer(EndOfData(), reply(250, "queued", "2.0.0"))


def test_a_transcript_shows_how_much_of_the_message_went_out() -> None:
    client = greeted()
    client.send(Mail(SMITH))
    client.send(Rcpt(JONES))
    client.send(Bdat(5, last=True))
    client.send_chunk(b"hello")
    assert client.take_output()[-1].redacted == b"<5 octets of the message>\r\n"


def test_a_chunk_is_as_long_as_it_was_announced() -> None:
    client = greeted()
    client.send(Mail(SMITH))
    client.send(Rcpt(JONES))
    client.send(Bdat(5))
    with pytest.raises(LocalProtocolError, match="announced"):
        client.send_chunk(b"123456")
    client.send_chunk(b"123")
    with pytest.raises(LocalProtocolError, match="BDAT"):
        client.send(Bdat(1))
    client.send_chunk(b"45")
    client.send(Bdat(0, last=True))
    with pytest.raises(LocalProtocolError, match="announced"):
        client.send_chunk(b"x")


def test_a_bare_line_end_goes_out_in_a_binary_body_only() -> None:
    for body in (None, Body.EIGHT_BIT):
        client = greeted()
        client.send(Mail(SMITH, body=body))
        client.send(Rcpt(JONES))
        client.send(Bdat(3))
        with pytest.raises(LocalProtocolError, match="BINARYMIME"):
            client.send_chunk(b"a\nb")
    client = greeted()
    client.send(Mail(SMITH, body=Body.BINARY))
    client.send(Rcpt(JONES))
    with pytest.raises(LocalProtocolError, match="RFC 3030"):
        client.send(Data())
    client.send(Bdat(3))
    client.send_chunk(b"a\nb")


# -- what servers do wrong


def test_a_reply_to_nothing_is_the_servers_fault_but_421_is_told() -> None:
    client = greeted()
    client.receive(b"421 4.3.2 going down\r\n")
    (event,) = events(client)
    assert event == ServiceClosing(reply(421, "going down", "4.3.2"))
    assert client.closing
    client.receive(b"250 hello?\r\n")
    with pytest.raises(RemoteProtocolError, match="nothing"):
        events(client)


def test_the_end_of_the_connection_says_whether_something_is_missing() -> None:
    client = greeted()
    client.send(Noop())
    client.receive_eof()
    assert events(client) == [Closed(clean=False)]
    other = greeted()
    other.receive_eof()
    assert events(other) == [Closed(clean=True)]


@pytest.mark.parametrize("injected", [b"250 injected\r\n", b"2", b"250-a\r\n"])
def test_nothing_buffered_survives_starttls(injected: bytes) -> None:
    client = greeted()
    client.send(StartTls())
    client.receive(b"220 go ahead\r\n" + injected)
    assert isinstance(client.next_event(), Answer)
    with pytest.raises(RemoteProtocolError, match="STARTTLS"):
        client.starting_tls()
    with pytest.raises(RemoteProtocolError, match="STARTTLS"):
        client.tls_started()


def test_tls_forgets_what_the_server_offered_in_the_clear() -> None:
    client = greeted()
    client.send(StartTls())
    client.receive(b"220 go ahead\r\n")
    events(client)
    client.tls_started()
    assert client.extensions == Extensions()
    assert client.tls
    client.send(Hello("EHLO", "bar.com"))
    client.receive(EVERYTHING)
    events(client)
    with pytest.raises(LocalProtocolError, match="TLS is on"):
        client.send(StartTls())


# -- LMTP


@pytest.mark.parametrize("chunked", [False, True])
def test_lmtp_gives_a_reply_for_each_accepted_recipient(chunked: bool) -> None:
    client = greeted(lmtp=True)
    client.send(Mail(SMITH))
    for name in ("pat", "jones", "green"):
        client.send(Rcpt(Mailbox(name, "foo.edu")))
    client.receive(b"250 ok\r\n250 ok\r\n550 no\r\n250 ok\r\n")
    events(client)
    if chunked:
        client.send(Bdat(1, last=True))
        client.send_chunk(b"x")
    else:
        client.send(Data())
        client.receive(b"354 go\r\n")
        events(client)
        client.end_data()
    client.receive(b"250 ok\r\n452 full\r\n")
    codes = [each.reply.code for each in events(client) if isinstance(each, Answer)]
    assert codes == [250, 452]
    assert client.waiting == 0


# -- the next envelope behind the end of a message


@pytest.mark.parametrize("chunked", [False, True], ids=["data", "bdat"])
def test_the_next_envelope_may_follow_the_end_of_a_message_at_once(chunked: bool) -> None:
    """RFC 2920 section 3.1: message content may be the first "command" in a group."""
    client = greeted()
    client.send(Mail(SMITH))
    client.send(Rcpt(JONES))
    if chunked:
        client.receive(b"250 ok\r\n250 ok\r\n")
        events(client)
        client.send(Bdat(3, last=True))
        client.send_chunk(b"x\r\n")
    else:
        client.send(Data())
        client.receive(b"250 ok\r\n250 ok\r\n354 go\r\n")
        events(client)
        client.send_data(b"x\r\n")
        client.end_data()
    client.send(Mail(SMITH, smtputf8=True))
    client.send(Rcpt(Mailbox("jürgen", "foo.com")))
    client.send(Data())
    with pytest.raises(LocalProtocolError, match="nothing may follow"):
        client.send(Rcpt(JONES))
    client.receive(b"550 not that\r\n250 ok\r\n250 ok\r\n354 go\r\n")
    seen = [(type(e.command), e.reply.code) for e in events(client) if isinstance(e, Answer)]
    end = Bdat if chunked else EndOfData
    assert seen == [(end, 550), (Mail, 250), (Rcpt, 250), (Data, 354)]
    client.send_data(b"y\r\n")
    client.end_data()
    assert sent(client).endswith(b"y\r\n.\r\n")


def test_what_the_reply_to_a_message_says_changes_nothing_of_the_next_one() -> None:
    """A recipient beyond ASCII needs the SMTPUTF8 of its own MAIL, and BINARYMIME needs BDAT."""
    client = greeted()
    client.send(Mail(SMITH))
    client.send(Rcpt(JONES))
    client.send(Data())
    client.receive(b"250 ok\r\n250 ok\r\n354 go\r\n")
    events(client)
    client.end_data()
    client.send(Mail(SMITH, body=Body.BINARY, smtputf8=True))
    client.receive(b"250 ok\r\n")  # to the message before
    events(client)
    client.send(Rcpt(Mailbox("jürgen", "foo.com")))
    with pytest.raises(LocalProtocolError, match="BDAT"):
        client.send(Data())


@pytest.mark.parametrize("chunked", [False, True], ids=["data", "bdat"])
def test_lmtp_counts_the_recipients_of_each_message_apart(chunked: bool) -> None:
    client = greeted(lmtp=True)

    def envelope(*names: str) -> None:
        client.send(Mail(SMITH))
        for name in names:
            client.send(Rcpt(Mailbox(name, "foo.edu")))

    def message() -> None:
        if chunked:
            client.send(Bdat(1, last=True))
            client.send_chunk(b"x")
        else:
            client.send(Data())
            client.receive(b"354 go\r\n")
            events(client)
            client.end_data()

    envelope("pat", "jones")
    client.receive(b"250 ok\r\n250 ok\r\n250 ok\r\n")
    events(client)
    message()
    envelope("green")
    client.receive(b"250 pat\r\n450 jones\r\n250 ok\r\n250 ok\r\n")
    codes = [each.reply.code for each in events(client) if isinstance(each, Answer)]
    assert codes == [250, 450, 250, 250]
    message()
    client.receive(b"250 green\r\n")
    assert len(events(client)) == 1
    assert client.waiting == 0


def test_mailmax_counts_the_transactions_of_a_connection() -> None:
    # RFC 9422 section 4.1
    client = greeted(b"250-foo.com\r\n250-PIPELINING\r\n250 LIMITS MAILMAX=2 RCPTMAX=7\r\n")
    assert client.extensions.limits == {"MAILMAX": 2, "RCPTMAX": 7}
    client.send(Mail(SMITH))
    client.send(Rset())
    assert not client.exhausted
    client.send(Mail(SMITH))
    assert client.exhausted


# -- both machines back to back

STEPS = st.lists(
    st.sampled_from(["mail", "rcpt", "message", "chunk", "rset", "noop", "hello", "big", "ahead"]),
    max_size=25,
)
OFFERED = Extensions(
    "foo.com", {"PIPELINING": (), "CHUNKING": (), "8BITMIME": (), "SIZE": ("1000",)}
)


class Pair:
    """Both machines, and octets that arrive in any pieces."""

    def __init__(self, cuts: list[int]) -> None:
        self.client, self.server = ClientConnection(), ServerConnection(max_message_octets=1000)
        self.cuts = cuts
        self.delivered: list[bytes] = []
        self.answers: list[Answer] = []
        self._data: list[bytes] = []
        self.server.open(reply(220, "ready"))
        self.pump()

    def pump(self) -> None:
        moved = True
        while moved:
            moved = False
            for taker, giver in ((self.server, self.client), (self.client, self.server)):
                octets = b"".join(segment.octets for segment in giver.take_output())
                for piece in at(octets, self.cuts) if octets else []:
                    taker.receive(piece)
                    moved = True
                    self.serve()
                    self.answers += [e for e in events(self.client) if isinstance(e, Answer)]

    def serve(self) -> None:
        while (event := self.server.next_event()) is not None:
            match event:
                case Hello():
                    self.server.greet(OFFERED)
                case MessageData():
                    self._data.append(event.octets)
                case MessageEnd():
                    fine = event.flaw is None
                    self.server.send(reply(250, "ok") if fine else reply(552, "no"))
                    if fine:
                        self.delivered.append(b"".join(self._data))
                    self._data.clear()
                case Data():
                    self.server.send(reply(354, "go"))
                case _:
                    refusal = getattr(event, "reply", None)
                    self.server.send(refusal or reply(250, "ok"))


@settings(max_examples=200)
@given(STEPS, st.lists(st.integers(0, 300), max_size=6), st.binary(max_size=60))
def test_both_machines_agree_under_random_splits_and_commands(
    steps: list[str], cuts: list[int], text: bytes
) -> None:
    pair = Pair(cuts)
    client = pair.client
    client.send(Hello("EHLO", "bar.com"))
    pair.pump()
    clean = text.replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"")
    sent_messages = []
    for step in steps:
        match step:
            case "mail":
                client.send(Mail(SMITH))
            case "rcpt":
                client.send(Rcpt(JONES))
            case "rset":
                client.send(Rset())
            case "noop":
                client.send(Noop())
            case "hello":
                client.send(Hello("EHLO", "bar.com"))
            case "message" | "big":
                body = (
                    b"." + clean + b"\r\n" + (b"x" * 100 + b"\r\n") * (20 if step == "big" else 0)
                )
                client.send(Data())
                pair.pump()
                if client._sending is Sending.DATA:
                    client.send_data(body)
                    client.end_data()
                    sent_messages += [body] if step == "message" else []
            case "ahead":  # a message, and the next envelope in the same group
                client.send(Data())
                pair.pump()
                if client._sending is Sending.DATA:
                    client.send_data(clean + b"\r\n")
                    client.end_data()
                    sent_messages.append(clean + b"\r\n")
                client.send(Mail(SMITH))
                client.send(Rcpt(JONES))
            case "chunk":
                client.send(Bdat(len(clean), last=True))
                if clean:
                    client.send_chunk(clean)
        pair.pump()
        assert client.waiting == 0
        if step == "chunk" and pair.answers[-1].reply.positive:
            sent_messages.append(clean)
    assert pair.delivered == sent_messages


@given(st.lists(st.binary(max_size=60), max_size=10))
def test_any_octets_raise_nothing_but_remote_protocol_errors(pieces: list[bytes]) -> None:
    client = ClientConnection()
    seen = []
    try:
        for piece in pieces:
            client.receive(piece)
            seen += events(client)
    except RemoteProtocolError:
        return
    assert all(isinstance(each, Greeting | ServiceClosing) for each in seen)


@pytest.mark.parametrize("early", [b"250 again\r\n", b"250-ag", b"2"])
def test_a_reply_that_came_before_its_command_is_the_servers_fault(early: bytes) -> None:
    """Taken for the next one's it would shift all, and a BDAT that was refused would count."""
    client = greeted()
    client.send(Rset())
    client.receive(b"250 ok\r\n" + early)
    assert isinstance(client.next_event(), Answer)
    client.send(Mail(None))
    client.send(Rcpt(JONES))
    client.send(Bdat(1, last=True))
    client.send_chunk(b"x")
    client.receive(b"\r\n" * (early[-2:] != b"\r\n") + b"250 a\r\n250 b\r\n550 c\r\n")
    with pytest.raises(RemoteProtocolError):
        client.next_event()


def test_a_goodbye_that_came_before_a_command_is_told_all_the_same() -> None:
    client = greeted()
    client.receive(b"421 out of time\r\n")
    client.send(Noop())
    assert client.next_event() == ServiceClosing(reply(421, "out of time"))
