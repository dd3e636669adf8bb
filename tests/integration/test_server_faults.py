"""Every fault, on every protocol, as a client meets it; and the same in every run."""

from __future__ import annotations

import base64
import re
import socket
import ssl
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from localserver.faults import Fault
from localserver.local import LocalServer

if TYPE_CHECKING:
    from collections.abc import Iterator

USERS = {"alice": "secret"}
OCTETS = b"From: a@example.org\r\nSubject: hi\r\n\r\nbody\r\n"
PLAIN = base64.b64encode(b"\0alice\0secret").decode()


@dataclass(frozen=True, slots=True)
class Words:
    """How one protocol says what the tests need.

    Attributes:
        login: Lines up to a login.
        noop: A command that does nothing.
        verb: Its verb in a plan.
        done: How its answer begins.
        starttls: The command, how it is agreed to, how it is refused, and its verb in a plan.
        capabilities: The command that tells them, and how its last line begins.
        bye: How the server says goodbye.
    """

    login: tuple[str, ...]
    noop: str
    verb: str
    done: str
    starttls: tuple[str, str, str, str]
    capabilities: tuple[str, str]
    bye: str


WORDS = {
    "smtp": Words(
        ("EHLO x.test",), "NOOP", "NOOP", "250 ",
        ("STARTTLS", "220 ", "502 ", "STARTTLS"), ("EHLO x.test", "250 "), "421 ",
    ),
    "submission": Words(
        ("EHLO x.test", f"AUTH PLAIN {PLAIN}"), "NOOP", "NOOP", "250 ",
        ("STARTTLS", "220 ", "502 ", "STARTTLS"), ("EHLO x.test", "250 "), "421 ",
    ),
    "pop3": Words(
        ("USER alice", "PASS secret"), "NOOP", "NOOP", "+OK",
        ("STLS", "+OK", "-ERR", "STLS"), ("CAPA", "."), "-ERR [SYS/TEMP]",
    ),
    "imap": Words(
        ("a LOGIN alice secret", "b SELECT INBOX"), "c NOOP", "NOOP", "c OK",
        ("d STARTTLS", "d OK", "d BAD", "STARTTLS"), ("e CAPABILITY", "e "), "* BYE",
    ),
}  # fmt: skip
EVERYWHERE = pytest.mark.parametrize("protocol", list(WORDS))


class Talk:
    """A client that says lines."""

    def __init__(self, server: LocalServer, protocol: str) -> None:
        self.words = WORDS[protocol]
        self.socket = socket.create_connection((server.host, server.ports[protocol]), 10)
        self.file = self.socket.makefile("rb")

    def line(self) -> str:
        return self.file.readline().decode("latin-1")

    def say(self, line: str, last: str = "") -> str:
        """Send a line; returns the answer from its first octet to a line that begins so."""
        self.socket.sendall(line.encode() + b"\r\n")
        said = self.line()
        while last and not said.splitlines()[-1].startswith(last):
            more = self.line()
            assert more, said
            said += more
        return said

    def log_in(self) -> None:
        self.line()
        for line in self.words.login:
            last = line.split()[0] + " " if self.words.noop.startswith("c ") else "2"
            if line.startswith("EHLO"):
                self.say(line, "250 ")
            else:
                self.say(line, last if self.words.noop.startswith("c ") else "")

    def close(self) -> None:
        self.file.close()
        self.socket.close()


@contextmanager
def talking(protocol: str, *plan: Fault, log_in: bool = True) -> Iterator[Talk]:
    with LocalServer(USERS, plan=plan) as server:
        server.deliver("alice", OCTETS)
        talk = Talk(server, protocol)
        try:
            if log_in:
                talk.log_in()
            yield talk
        finally:
            talk.close()


@EVERYWHERE
def test_a_reply_of_choice_stands_for_the_command_once(protocol: str) -> None:
    reply = {"pop3": "-ERR [SYS/TEMP] no", "imap": "NO no"}.get(protocol, "451 4.3.0 no")
    with talking(protocol, Fault(protocol=protocol, command="NOOP", reply=reply)) as talk:
        assert talk.say(talk.words.noop).endswith(f"{reply}\r\n")
        assert talk.say(talk.words.noop).startswith(talk.words.done)


@EVERYWHERE
def test_a_delay_is_waited(protocol: str) -> None:
    with talking(protocol, Fault(protocol=protocol, command="NOOP", delay_s=0.2)) as talk:
        begun = time.monotonic()
        assert talk.say(talk.words.noop).startswith(talk.words.done)
        assert time.monotonic() - begun >= 0.2


@EVERYWHERE
@pytest.mark.parametrize("octets", [0, 1, 3])
def test_an_answer_is_cut_at_an_octet(protocol: str, octets: int) -> None:
    with talking(protocol, Fault(protocol=protocol, command="NOOP", cut=octets)) as talk:
        assert talk.say(talk.words.noop) == talk.words.done[:octets]
        assert talk.file.read() == b""


@EVERYWHERE
def test_an_answer_comes_whole_although_it_is_written_octet_by_octet(protocol: str) -> None:
    # That it is, `test_fault_stream.py` shows: a client's system may join the octets again.
    plan = Fault(protocol=protocol, command="NOOP", dribble=True)
    with talking(protocol, plan) as talk:
        for _ in range(2):
            assert talk.say(talk.words.noop).startswith(talk.words.done)


@EVERYWHERE
def test_a_stalled_session_says_nothing_and_stays_open(protocol: str) -> None:
    with talking(protocol, Fault(protocol=protocol, command="NOOP", stall=True)) as talk:
        talk.socket.settimeout(0.2)
        with pytest.raises(TimeoutError):
            talk.say(talk.words.noop)


@EVERYWHERE
def test_a_connection_is_dropped_in_order(protocol: str) -> None:
    with talking(protocol, Fault(protocol=protocol, command="NOOP", drop=True)) as talk:
        assert talk.say(talk.words.noop) == ""


@EVERYWHERE
def test_a_connection_is_reset(protocol: str) -> None:
    with (
        talking(protocol, Fault(protocol=protocol, command="NOOP", reset=True)) as talk,
        pytest.raises(ConnectionResetError),
    ):
        talk.say(talk.words.noop)


@EVERYWHERE
def test_the_server_says_goodbye(protocol: str) -> None:
    with talking(protocol, Fault(protocol=protocol, command="NOOP", bye=True)) as talk:
        assert talk.say(talk.words.noop).startswith(talk.words.bye)
        assert talk.file.read() == b""


@EVERYWHERE
def test_octets_are_injected_before_the_answer(protocol: str) -> None:
    with talking(protocol, Fault(protocol=protocol, command="NOOP", inject=b"* 7\r\n")) as talk:
        assert talk.say(talk.words.noop) == "* 7\r\n"
        assert talk.line().startswith(talk.words.done)


@EVERYWHERE
def test_another_greeting_is_given(protocol: str) -> None:
    greeting = "hello, and goodbye"
    plan = Fault(protocol=protocol, command="GREETING", reply=greeting)
    with talking(protocol, plan, log_in=False) as talk:
        assert talk.line().endswith(f"{greeting}\r\n")


@EVERYWHERE
def test_starttls_is_stripped_and_refused(protocol: str) -> None:
    command, _, refusal, _ = WORDS[protocol].starttls
    plan = Fault(protocol=protocol, command="CONNECT", hide=("STARTTLS",))
    with talking(protocol, plan, log_in=False) as talk:
        talk.line()
        told = talk.say(*talk.words.capabilities)
        assert "STARTTLS" not in told
        assert "STLS" not in told
        assert talk.say(command).startswith(refusal)


@EVERYWHERE
def test_a_wrong_certificate_is_shown_behind_starttls_and_in_tls(protocol: str) -> None:
    command, agreed, _, verb = WORDS[protocol].starttls
    implicit = {"smtp": None, "submission": "submissions"}.get(protocol, f"{protocol}s")
    plan = [
        Fault(protocol=protocol, command=verb, certificate="wrong"),
        Fault(protocol=protocol, command="CONNECT", nth=2, certificate="wrong"),
    ]
    with LocalServer(USERS, plan=plan) as server:
        talk = Talk(server, protocol)
        talk.line()
        if protocol in {"smtp", "submission"}:
            talk.say(*talk.words.capabilities)
        assert talk.say(command).startswith(agreed)
        with pytest.raises(ssl.SSLCertVerificationError):
            server.ssl_context.wrap_socket(talk.socket, server_hostname="localhost")
        talk.close()
        if implicit is not None:
            where = (server.host, server.ports[implicit])
            with (
                socket.create_connection(where, 10) as connection,
                pytest.raises(ssl.SSLCertVerificationError),
            ):
                server.ssl_context.wrap_socket(connection, server_hostname="localhost")


@EVERYWHERE
def test_the_store_changes_under_any_protocol(protocol: str) -> None:
    changes = [
        Fault(protocol=protocol, command="NOOP", user="alice", uidvalidity=True),
        Fault(protocol=protocol, command="NOOP", user="alice", expunge=(0,), nth=2),
        Fault(protocol=protocol, command="NOOP", user="alice", quota_full=True, nth=3),
    ]
    # On port 25 nobody is logged in: there is no mailbox to be changed.
    changed = protocol != "smtp"
    with LocalServer(USERS, plan=changes) as server:
        server.deliver("alice", OCTETS)
        before = imap_state(server)
        talk = Talk(server, protocol)
        talk.log_in()
        talk.say(talk.words.noop)
        talk.close()
        assert (imap_state(server)[0] != before[0]) is changed
        for nth in (2, 3):
            talk = Talk(server, protocol)
            talk.log_in()
            talk.say(talk.words.noop)
            talk.close()
            if nth == 2:
                assert (imap_state(server)[1] == "0") is changed
        imap = Talk(server, "imap")
        imap.log_in()
        answer = imap.say("x APPEND INBOX {1+}\r\nx", "x ")
        assert ("[OVERQUOTA]" in answer) is changed
        imap.close()


ARGUED = {
    "smtp": ("MAIL FROM:<a@x.test> SIZE=7", "MAIL", "A@X.TEST"),
    "submission": ("MAIL FROM:<alice@localhost> SIZE=7", "MAIL", "^FROM:<alice@"),
    "pop3": ("TOP 1 0", "TOP", "^1 0$"),
    "imap": ("e UID FETCH 1 (BODY.PEEK[])", "UID FETCH", r"BODY\.PEEK\[\]"),
}


@EVERYWHERE
def test_an_argument_is_matched_as_the_transcript_shows_it(protocol: str) -> None:
    line, verb, pattern = ARGUED[protocol]
    reply = {"pop3": "-ERR no", "imap": "NO no"}.get(protocol, "451 4.3.0 no")
    whole = re.escape(line.removeprefix("e ").removeprefix(verb + " "))
    plan = [
        Fault(protocol=protocol, command=verb, argument="nothing like it", drop=True),
        Fault(protocol=protocol, command=verb, argument=pattern, reply=reply),
        Fault(protocol=protocol, command=verb, argument=f"^{whole}$", nth=2, reply=reply + "!"),
    ]
    with LocalServer(USERS, plan=plan) as server:
        server.deliver("alice", OCTETS)
        talk = Talk(server, protocol)
        talk.log_in()
        assert talk.say(line).endswith(f"{reply}\r\n")
        assert server.transcript.commands(protocol)[-1] == line.removeprefix("e ")
        assert talk.say(line).endswith(f"{reply}!\r\n")
        talk.close()


@EVERYWHERE
def test_a_moment_is_chosen_by_count_session_and_user(protocol: str) -> None:
    # On port 25 nobody is logged in.
    user = None if protocol == "smtp" else "Alice"
    plan = [
        Fault(protocol=protocol, command="NOOP", user="nobody", drop=True),
        Fault(protocol=protocol, command="NOOP", session=3, drop=True),
        Fault(protocol=protocol, command="NOOP", nth=2, times=2, session=2, user=user,
              inject=b"* 7\r\n"),
    ]  # fmt: skip
    hit = []
    with LocalServer(USERS, plan=plan) as server:
        for session in (1, 2):
            talk = Talk(server, protocol)
            talk.log_in()
            for moment in range(1, 5):
                if talk.say(talk.words.noop) == "* 7\r\n":
                    hit.append((session, moment))
                    talk.line()
            talk.close()
    assert hit == [(2, 2), (2, 3)]


@EVERYWHERE
def test_a_fault_hits_only_its_protocol(protocol: str) -> None:
    with LocalServer(USERS, plan=[Fault(protocol=protocol, command="NOOP", drop=True)]) as server:
        for other in WORDS:
            talk = Talk(server, other)
            talk.log_in()
            assert (talk.say(talk.words.noop) == "") is (other == protocol)
            talk.close()


def imap_state(server: LocalServer) -> tuple[str, str]:
    """The UIDVALIDITY of the INBOX and how many messages are in it."""
    talk = Talk(server, "imap")
    try:
        talk.line()
        talk.say("a LOGIN alice secret", "a ")
        told = talk.say("b STATUS INBOX (UIDVALIDITY MESSAGES)", "b ")
        found = re.search(r"\(UIDVALIDITY (\d+) MESSAGES (\d+)\)", told)
        assert found is not None, told
        return found[1], found[2]
    finally:
        talk.close()


def test_a_plan_does_the_same_in_every_run() -> None:
    plan = [
        Fault(command="NOOP", nth=2, times=2, reply="NO one"),
        Fault(command="NOOP", argument="", nth=3, inject=b"* 1\r\n"),
        Fault(command="NOOP", session=2, cut=2),
    ]

    def told() -> list[str]:
        with LocalServer(USERS, plan=plan) as server:
            lines = []
            for _ in range(2):
                talk = Talk(server, "imap")
                talk.line()
                lines += [talk.say("c NOOP", "c ") for _ in range(3 if not lines else 1)]
                talk.close()
            return lines

    once = told()
    assert once[0].startswith("c OK")
    assert once == told() == told()


def test_smtps_answer_to_a_challenge_is_a_moment_of_its_own() -> None:
    plan = Fault(protocol="submission", command="AUTH-RESPONSE", nth=2, reply="454 4.7.0 later")
    with talking("submission", plan, log_in=False) as talk:
        talk.line()
        talk.say("EHLO x.test", "250 ")
        assert talk.say("AUTH LOGIN").startswith("334")
        assert talk.say(base64.b64encode(b"alice").decode()).startswith("334")
        assert talk.say(base64.b64encode(b"secret").decode()) == "454 4.7.0 later\r\n"


def test_the_final_dot_is_a_moment_before_the_message_is_taken() -> None:
    plan = Fault(protocol="smtp", command="END-OF-DATA", reply="452 4.3.1 no room")
    with LocalServer(USERS, plan=[plan]) as server:
        talk = Talk(server, "smtp")
        talk.log_in()
        for answer, there in (("452 4.3.1 no room\r\n", 0), ("250 ", 1)):
            talk.say("MAIL FROM:<>")
            talk.say("RCPT TO:<alice@localhost>")
            assert talk.say("DATA").startswith("354")
            assert talk.say("Subject: x\r\n\r\n.").startswith(answer)
            assert len(server.messages("alice")) == there
        talk.close()
