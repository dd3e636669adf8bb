"""The table of hostile servers: nothing leaks, nothing injected is believed, one sentence is said.

Each row is a server that lies in its own way. Our engine checks and fetches from an account there;
what the server heard, what the store holds and what a person is told are looked at afterwards.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from desktopmail.door.commands import AddAccount, Password, SendMessage, ServerSettings
from desktopmail.door.ids import AccountId
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import CheckAccount, CheckReport, ReadTranscript, Transcript
from desktopmail.door.rows import Auth, Kind, Security, SendingState
from desktopmail.engine import connector
from desktopmail.engine.store import account as accounts
from desktopmail.net.tls import ServerTls
from desktopmail.wire.sasl.policy import Exposure
from tests.helpers.certificates import Certificates, make_certificates
from tests.helpers.engine import running_engine, until
from tests.helpers.hostile import CLOSE, FLOOD, Answer, HostilePeer
from tests.helpers.store import mail

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.helpers.engine import Bench

PASSWORD = "tanstaafl zebra"
FORMS = (
    PASSWORD.encode(),
    base64.b64encode(PASSWORD.encode()).rstrip(b"="),
    base64.b64encode(f"\0alice\0{PASSWORD}".encode()).rstrip(b"="),
    base64.b64encode(f"alice\0alice\0{PASSWORD}".encode()).rstrip(b"="),
)
INJECTED = "injected"


@dataclass(frozen=True)
class Row:
    """One hostile server.

    Attributes:
        says: A part of the sentence that a person is told.
        security: How the account wants its connection.
        certificate: What is wrong with the certificate: "", "expired", "self-signed", "misnamed".
        auth: How the account logs in.
        learned: What the last login exposed.
        told: The password itself goes to the server: that is how the account logs in.
    """

    name: str
    protocol: str
    greeting: bytes
    answers: Mapping[str, Answer | tuple[Answer, ...]] = field(default_factory=dict)
    says: str = ""
    security: Security = Security.STARTTLS
    certificate: str = ""
    auth: Auth = Auth.AUTO
    learned: Exposure | None = None
    told: bool = False

    def __str__(self) -> str:
        return f"{self.protocol}-{self.name}"

    @property
    def floods(self) -> bool:
        """Whether the server talks without an end."""
        said = (self.greeting, *self.answers.values())
        return any(isinstance(octets, bytes) and FLOOD in octets for octets in said)


def imap(name: str, *, greeting: bytes = b"* OK hello\r\n", **more: object) -> Row:
    """An IMAP server."""
    return Row(name, "imap", greeting, **more)  # type: ignore[arg-type]


def pop3(name: str, *, greeting: bytes = b"+OK hello\r\n", **more: object) -> Row:
    """A POP3 server."""
    return Row(name, "pop3", greeting, **more)  # type: ignore[arg-type]


def smtp(name: str, *, greeting: bytes = b"220 evil.test hello\r\n", **more: object) -> Row:
    """A submission server."""
    return Row(name, "smtp", greeting, **more)  # type: ignore[arg-type]


def offers(*names: str) -> bytes:
    """The answer of an IMAP server to CAPABILITY."""
    return b"* CAPABILITY IMAP4rev1 %b\r\n<tag> OK x\r\n" % " ".join(names).encode()


def capa(*lines: str) -> bytes:
    """The answer of a POP3 server to CAPA."""
    return b"+OK\r\n" + b"".join(line.encode() + b"\r\n" for line in lines) + b".\r\n"


def ehlo(*lines: str) -> bytes:
    """The answer of an SMTP server to EHLO."""
    listed = ["evil.test", *lines]
    return b"".join(
        b"250%b%b\r\n" % (b" " if at == len(listed) - 1 else b"-", line.encode())
        for at, line in enumerate(listed)
    )


SCRAM_CHALLENGE = b"r=%b,s=QSXCR+Q6sek8bf92,i=4096"
WRONG_SIGNATURE = base64.b64encode(b"v=" + base64.b64encode(bytes(32)))


def challenge(prefix: bytes) -> Answer:
    """An honest challenge, for the nonce of the client's first message."""

    def answer(line: bytes) -> bytes:
        nonce = base64.b64decode(line.split()[-1]).rpartition(b"r=")[2]
        return prefix + base64.b64encode(SCRAM_CHALLENGE % (nonce + b"theirs")) + b"\r\n"

    return answer


NOTHING_SAID = "nothing is sent without it"
TABLE = [
    # STARTTLS stripped
    imap("starttls-stripped", answers={"CAPABILITY": offers()}, says="does not offer STARTTLS"),
    pop3("starttls-stripped", answers={"CAPA": capa("USER")}, says="does not offer STARTTLS"),
    smtp("starttls-stripped", answers={"EHLO": ehlo("AUTH PLAIN")},
         says="does not offer STARTTLS"),
    # STARTTLS refused
    imap("starttls-refused",
         answers={"CAPABILITY": offers("STARTTLS"), "STARTTLS": b"<tag> NO not now\r\n"},
         says="STARTTLS"),
    pop3("starttls-refused", answers={"CAPA": capa("STLS", "USER"), "STLS": b"-ERR no\r\n"},
         says="STARTTLS"),
    smtp("starttls-refused",
         answers={"EHLO": ehlo("STARTTLS", "AUTH PLAIN"), "STARTTLS": b"454 not now\r\n"},
         says="STARTTLS"),
    # answered twice: the second answer came in the clear
    imap("starttls-answered-twice",
         answers={"CAPABILITY": offers("STARTTLS"),
                  "STARTTLS": b"<tag> OK go\r\n<tag> OK go\r\n<tls>"}),
    pop3("starttls-answered-twice",
         answers={"CAPA": capa("STLS", "USER"), "STLS": b"+OK go\r\n+OK go\r\n<tls>"}),
    smtp("starttls-answered-twice",
         answers={"EHLO": ehlo("STARTTLS"), "STARTTLS": b"220 go\r\n220 go\r\n<tls>"}),
    # answers injected in the clear, before the handshake
    imap("injected-before-the-handshake",
         answers={"CAPABILITY": offers("STARTTLS"),
                  "STARTTLS": b"<tag> OK go\r\n* LIST () \"/\" injected\r\nA3 OK x\r\n<tls>"}),
    pop3("injected-before-the-handshake",
         answers={"CAPA": capa("STLS", "USER"),
                  "STLS": b"+OK go\r\n+OK\r\nUIDL\r\ninjected\r\n.\r\n<tls>"}),
    smtp("injected-before-the-handshake",
         answers={"EHLO": ehlo("STARTTLS"),
                  "STARTTLS": b"220 go\r\n250-injected\r\n250 AUTH PLAIN\r\n<tls>"}),
    # answers nobody asked for, inside TLS
    imap("answers-for-other-commands", security=Security.TLS,
         answers={"CAPABILITY": b"X9 OK done\r\n* LIST () \"/\" injected\r\n<tag> OK x\r\n"},
         says="does not speak IMAP as it should"),
    pop3("answers-for-other-commands", security=Security.TLS,
         greeting=b"+OK hello\r\n+OK injected\r\n-ERR injected\r\n",
         answers={"CAPA": capa("SASL CRAM-MD5"), "*": b"-ERR no\r\n"}),
    smtp("answers-for-other-commands", security=Security.TLS,
         greeting=b"220 evil.test\r\n250 injected\r\n",
         answers={"EHLO": ehlo("AUTH CRAM-MD5"), "*": b"500 no\r\n"}),
    # logged in by somebody else before TLS
    imap("preauth-before-tls", greeting=b"* PREAUTH welcome injected\r\n",
         answers={"CAPABILITY": offers("STARTTLS"), "*": b"<tag> OK x\r\n"}, says=NOTHING_SAID),
    # capabilities that are not true
    imap("capabilities-of-the-clear-are-forgotten",
         answers={"CAPABILITY": (offers("STARTTLS", "AUTH=PLAIN", "AUTH=LOGIN"),
                                 offers("LOGINDISABLED")),
                  "STARTTLS": b"<tag> OK go\r\n<tls>"},
         says="takes no password here"),
    pop3("capabilities-of-the-clear-are-forgotten",
         answers={"CAPA": (capa("STLS", "USER", "SASL PLAIN"), capa("UIDL")),
                  "STLS": b"+OK go\r\n<tls>"},
         says="offers no way to log in"),
    smtp("capabilities-of-the-clear-are-forgotten",
         answers={"EHLO": (ehlo("STARTTLS", "AUTH PLAIN LOGIN"), ehlo("SIZE 1")),
                  "STARTTLS": b"220 go\r\n<tls>"},
         says="offers no way to log in"),
    imap("offered-and-not-there", security=Security.TLS,
         answers={"CAPABILITY": offers("AUTH=CRAM-MD5"), "*": b"<tag> BAD what?\r\n"},
         says="refused the login"),
    # go somewhere else
    imap("login-referral", security=Security.TLS,
         answers={"CAPABILITY": offers("AUTH=CRAM-MD5", "LOGIN-REFERRALS"),
                  "AUTHENTICATE":
                  b"<tag> NO [REFERRAL imap://alice@127.0.0.1:9/] over there\r\n"},
         says="refused the login"),
    smtp("use-another-server", security=Security.TLS,
         answers={"EHLO": ehlo("AUTH CRAM-MD5"), "AUTH": b"551 please try <evil.test>\r\n"}),
    # floods and endless things
    imap("untagged-flood", security=Security.TLS,
         answers={"CAPABILITY": b"* 1 EXISTS\r\n<flood>"}, says="too many responses before login"),
    pop3("listing-flood", security=Security.TLS,
         answers={"CAPA": b"+OK\r\nX-INJECTED\r\n<flood>"}),
    smtp("continuation-flood", security=Security.TLS, answers={"EHLO": b"250-X\r\n<flood>"}),
    imap("endless-literal", security=Security.TLS,
         answers={"CAPABILITY": b"* LIST () \"/\" {99999999999}\r\ninjected<flood>"}),
    imap("endless-line", security=Security.TLS, greeting=b"* OK xxxxxxxxxxxx<flood>"),
    pop3("endless-line", security=Security.TLS, greeting=b"+OK xxxxxxxxxxxx<flood>"),
    smtp("endless-line", security=Security.TLS, greeting=b"220 xxxxxxxxxxxx<flood>"),
    # goodbye
    imap("bye-mid-login", security=Security.TLS,
         answers={"CAPABILITY": offers("AUTH=CRAM-MD5"),
                  "AUTHENTICATE": b"* BYE not with me\r\n<close>"}, says="not with me"),
    pop3("cut-mid-login", security=Security.TLS,
         answers={"CAPA": capa("SASL CRAM-MD5"), "AUTH": b"<close>"}),
    smtp("goodbye-mid-login", security=Security.TLS,
         answers={"EHLO": ehlo("AUTH CRAM-MD5"), "AUTH": b"421 not with me\r\n<close>"},
         says="not with me"),
    # certificates
    *(
        protocol(f"{certificate}-certificate", certificate=certificate, security=Security.TLS,
                 says="certificate")
        for protocol in (imap, pop3, smtp)
        for certificate in ("expired", "self-signed", "misnamed")
    ),
    # proofs
    imap("scram-downgraded-to-plain", security=Security.TLS, learned=Exposure.SCRAM,
         answers={"CAPABILITY": offers("AUTH=PLAIN")}, says="gives away more than the last login"),
    pop3("scram-downgraded-to-plain", security=Security.TLS, learned=Exposure.SCRAM,
         answers={"CAPA": capa("SASL PLAIN", "USER")}, says="gives away more than the last login"),
    smtp("scram-downgraded-to-plain", security=Security.TLS, learned=Exposure.SCRAM,
         answers={"EHLO": ehlo("AUTH PLAIN")}, says="gives away more than the last login"),
    imap("scram-with-another-nonce", security=Security.TLS,
         answers={"CAPABILITY": offers("AUTH=SCRAM-SHA-256", "SASL-IR"),
                  "AUTHENTICATE": b"+ "
                  + base64.b64encode(SCRAM_CHALLENGE % b"ours-is-not-in-it") + b"\r\n",
                  "*": b"A2 BAD cancelled\r\n"},
         says="does not speak IMAP as it should"),
    pop3("scram-with-another-nonce", security=Security.TLS,
         answers={"CAPA": capa("SASL SCRAM-SHA-256"),
                  "AUTH": b"+ " + base64.b64encode(SCRAM_CHALLENGE % b"not-ours") + b"\r\n",
                  "*": b"-ERR cancelled\r\n"}),
    smtp("scram-with-another-nonce", security=Security.TLS,
         answers={"EHLO": ehlo("AUTH SCRAM-SHA-256"),
                  "AUTH": b"334 " + base64.b64encode(SCRAM_CHALLENGE % b"not-ours") + b"\r\n",
                  "*": b"501 cancelled\r\n"}),
    imap("scram-accepted-without-a-proof", security=Security.TLS,
         answers={"CAPABILITY": offers("AUTH=SCRAM-SHA-256", "SASL-IR"),
                  "AUTHENTICATE": b"<tag> OK welcome\r\n", "*": b"<tag> OK x\r\n"},
         says="does not speak IMAP as it should"),
    pop3("scram-accepted-without-a-proof", security=Security.TLS,
         answers={"CAPA": capa("SASL SCRAM-SHA-256"), "AUTH": b"+OK welcome\r\n",
                  "*": b"+OK 0 0\r\n"}),
    smtp("scram-accepted-without-a-proof", security=Security.TLS,
         answers={"EHLO": ehlo("AUTH SCRAM-SHA-256"), "AUTH": b"235 welcome\r\n",
                  "*": b"250 x\r\n"}),
    imap("scram-with-a-wrong-signature", security=Security.TLS,
         answers={"CAPABILITY": offers("AUTH=SCRAM-SHA-256", "SASL-IR"),
                  "AUTHENTICATE": challenge(b"+ "),
                  "*": (b"+ " + WRONG_SIGNATURE + b"\r\n", b"A2 BAD cancelled\r\n")},
         says="does not speak IMAP as it should"),
    pop3("scram-with-a-wrong-signature", security=Security.TLS,
         answers={"CAPA": capa("SASL SCRAM-SHA-256"), "AUTH": challenge(b"+ "),
                  "*": (b"+ " + WRONG_SIGNATURE + b"\r\n", b"-ERR cancelled\r\n")}),
    smtp("scram-with-a-wrong-signature", security=Security.TLS,
         answers={"EHLO": ehlo("AUTH SCRAM-SHA-256"), "AUTH": challenge(b"334 "),
                  "*": (b"334 " + WRONG_SIGNATURE + b"\r\n", b"501 cancelled\r\n")}),
    pop3("apop-timestamp-for-collisions", security=Security.NONE, auth=Auth.APOP,
         greeting=b"+OK hello <a\x01b\xd8c@evil>\r\n", answers={"CAPA": b"-ERR\r\n"},
         says="offers no way to log in"),
    pop3("apop-timestamp-without-a-domain", security=Security.NONE, auth=Auth.APOP,
         greeting=b"+OK hello <1234567890>\r\n", answers={"CAPA": b"-ERR\r\n"},
         says="offers no way to log in"),
    # the password comes back
    imap("echoed-password", security=Security.TLS, auth=Auth.PLAIN, told=True,
         answers={"CAPABILITY": offers(),
                  "LOGIN": b"<tag> NO what is LOGIN alice tanstaafl zebra\r\n"},
         says="<password>"),
    pop3("echoed-password", security=Security.TLS, auth=Auth.PLAIN, told=True,
         answers={"CAPA": capa("USER"), "USER": b"+OK\r\n",
                  "PASS": b"-ERR what is PASS tanstaafl zebra\r\n"}, says="<password>"),
    smtp("echoed-password", security=Security.TLS, auth=Auth.PLAIN, told=True,
         answers={"EHLO": ehlo("AUTH PLAIN"),
                  "AUTH": b"535 what is AUTH PLAIN " + FORMS[2] + b"==\r\n"}, says="<password>"),
    # 4yz and 5yz at each step before mail (the others: test_outbox)
    *(
        smtp(f"{code}-at-{step}", security=Security.TLS,
             greeting=b"%d no\r\n" % code if step == "greeting" else b"220 evil.test\r\n",
             answers={"EHLO": b"%d no\r\n" % code if step == "EHLO" else ehlo("AUTH CRAM-MD5"),
                      "HELO": b"%d no\r\n" % code,
                      "AUTH": b"%d no\r\n" % code})
        for step in ("greeting", "EHLO", "AUTH")
        for code in (421, 454, 554)
    ),
]  # fmt: skip


EVERY = {"imap", "pop3", "smtp"}
# What is demanded of us, by the beginning of the names of its rows; a refusal at the steps behind
# the login, and a redirected autoconfig, have tests of their own (below, and test_web).
CASES = {
    "starttls-stripped": EVERY,
    "starttls-refused": EVERY,
    "starttls-answered-twice": EVERY,
    "injected-before-the-handshake": EVERY,
    "answers-for-other-commands": EVERY,
    "preauth-before-tls": {"imap"},
    "capabilities-of-the-clear-are-forgotten": EVERY,
    "offered-and-not-there": {"imap"},
    "login-referral": {"imap"},
    "use-another-server": {"smtp"},
    "untagged-flood": {"imap"},
    "listing-flood": {"pop3"},
    "continuation-flood": {"smtp"},
    "endless-literal": {"imap"},
    "endless-line": EVERY,
    "bye-mid-login": {"imap"},
    "cut-mid-login": {"pop3"},
    "goodbye-mid-login": {"smtp"},
    "expired-certificate": EVERY,
    "self-signed-certificate": EVERY,
    "misnamed-certificate": EVERY,
    "scram-downgraded-to-plain": EVERY,
    "scram-with-another-nonce": EVERY,
    "scram-with-a-wrong-signature": EVERY,
    "scram-accepted-without-a-proof": EVERY,
    "apop-timestamp-for-collisions": {"pop3"},
    "apop-timestamp-without-a-domain": {"pop3"},
    "echoed-password": EVERY,
    **{f"{code}-at-{step}": {"smtp"}
       for code in (421, 454, 554) for step in ("greeting", "EHLO", "AUTH")},
}  # fmt: skip


def test_each_case_has_its_row_for_each_protocol_that_knows_it() -> None:
    found: dict[str, set[str]] = {}
    for row in TABLE:
        found.setdefault(row.name, set()).add(row.protocol)
    assert found == CASES


def certificates_of(row: Row, folder: Path) -> tuple[Certificates, Path]:
    """The certificate of the server, and the authority that the account trusts."""
    if row.certificate == "expired":
        made = make_certificates(folder, not_after=datetime.now(UTC) - timedelta(days=1))
        return made, made.ca_file
    if row.certificate == "misnamed":
        made = make_certificates(folder, "evil.example")
        return made, made.ca_file
    made = make_certificates(folder)
    if row.certificate == "self-signed":
        return made, make_certificates(folder / "other").ca_file
    return made, made.ca_file


def account_of(row: Row, port: int, ca_file: Path) -> AddAccount:
    """The account; its other server is not there."""
    hostile = ServerSettings(
        host="localhost", port=port, security=row.security, auth=row.auth, user="alice",
        ca_file=str(ca_file),
    )  # fmt: skip
    absent = msgspec.structs.replace(hostile, port=1)
    is_outgoing = row.protocol == "smtp"
    return AddAccount(
        name="alice",
        address="alice@example.org",
        kind=Kind.POP3 if row.protocol == "pop3" else Kind.IMAP,
        incoming=absent if is_outgoing else hostile,
        outgoing=hostile if is_outgoing else absent,
        password=Password(PASSWORD),
        check=False,
    )


async def remember(bench: Bench, account_id: AccountId, port: int, exposure: Exposure) -> None:
    learned = accounts.Learned(exposures={f"localhost:{port}": exposure.name})
    await bench.engine.store.write(lambda tx: accounts.learn(tx, account_id, learned))


@pytest.mark.parametrize("row", TABLE, ids=str)
async def test_a_hostile_server_learns_nothing_and_is_not_believed(
    row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if row.floods:
        monkeypatch.setattr(connector, "OPENING_TIMEOUT_S", 0.7)  # it is borne for a moment only
    made, ca_file = certificates_of(row, tmp_path / "tls")
    peer = HostilePeer(
        row.greeting,
        row.answers,
        tagged=row.protocol == "imap",
        tls=ServerTls(made.certificate, made.key),
        implicit=row.security is Security.TLS,
    )
    folder = tmp_path / "profile"
    async with peer.serve(), running_engine(folder) as bench:
        command = account_of(row, peer.port, ca_file)
        account_id = AccountId((await bench.engine.command(command)).ids[0])
        if row.learned is not None:
            await remember(bench, account_id, peer.port, row.learned)
        report = await bench.engine.query(CheckAccount(account_id=account_id))
        with pytest.raises(DoorError):
            await bench.sync(account_id)
        told = [
            *(one.what + one.remedy for one in bench.reader.problems()),
            *(one.text for one in bench.reader.questions()),
            *(one.problem or "" for one in bench.reader.accounts()),
        ]
        shown = [box.path for box in bench.reader.mailboxes(account_id)]
        said = await bench.engine.query(ReadTranscript())
    # One sentence, and the same for check and sync.
    assert isinstance(report, CheckReport)
    side = "outgoing" if row.protocol == "smtp" else "incoming"
    (failed,) = (step for step in report.steps if step.server == side and not step.ok)
    assert failed.detail.strip()
    assert "\n" not in failed.detail
    assert "Traceback" not in failed.detail
    assert failed.remedy.strip()  # and one suggestion
    assert row.says in failed.detail
    # Nothing leaks.
    assert peer.sessions > 0
    if not row.told:
        assert not any(form in peer.heard for form in FORMS)
    assert not any(form in peer.heard_in_clear for form in FORMS)
    assert isinstance(said, Transcript)
    kept = [
        *(step.detail.encode() for step in report.steps),
        *(text.encode() for text in told),
        *(record.octets for record in said.records),
        *artefacts(folder),
    ]
    for octets in kept:
        assert not any(form in octets for form in FORMS), octets[:200]
    # Nothing injected is believed.
    assert not any(INJECTED in path for path in shown)


STEPS = {
    "EHLO": ehlo("AUTH PLAIN"),
    "HELO": b"250 evil.test\r\n",
    "AUTH": b"235 2.7.0 welcome\r\n",
    "MAIL": b"250 2.1.0 ok\r\n",
    "RCPT": b"250 2.1.5 ok\r\n",
    "DATA": b"354 go on\r\n",
    ".": b"250 2.0.0 taken\r\n",
    "QUIT": b"221 2.0.0 bye\r\n",
    "RSET": b"250 2.0.0 ok\r\n",
}


@pytest.mark.parametrize("code", [b"421 4.3.2", b"451 4.3.0", b"554 5.7.1"], ids=bytes.decode)
@pytest.mark.parametrize("step", ["greeting", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."])
async def test_a_refusal_at_whatever_step_neither_loses_a_message_nor_takes_it_for_sent(
    step: str, code: bytes, tmp_path: Path
) -> None:
    refusal = code + b" no\r\n" + (CLOSE if code.startswith(b"421") else b"")
    answers = dict(STEPS)
    if step != "greeting":
        answers[step] = refusal
    if step == "EHLO":
        answers["HELO"] = refusal
    made = make_certificates(tmp_path / "tls")
    tls = ServerTls(made.certificate, made.key)
    greeting = refusal if step == "greeting" else b"220 evil.test\r\n"
    peer = HostilePeer(greeting, answers, tls=tls, implicit=True)
    row = smtp("step", security=Security.TLS, auth=Auth.PLAIN)
    async with peer.serve(), running_engine(tmp_path / "profile") as bench:
        command = account_of(row, peer.port, made.ca_file)
        account_id = AccountId((await bench.engine.command(command)).ids[0])
        await bench.engine.command(
            SendMessage(
                account_id=account_id,
                sender="alice@example.org",
                recipients=("bob@example.org",),
                octets=mail(1),
            )
        )

        def settled() -> bool:
            return any(
                one.problem and one.state in {SendingState.QUEUED, SendingState.FAILED}
                for one in bench.reader.sendings()
            )

        await until(settled, "it is said what happened")
        (kept,) = bench.reader.sendings()
        # What only may work later is kept for later; what the message itself is refused for is not
        # tried for ever.
        for_good = code.startswith(b"554") and step in {"MAIL", "RCPT", "DATA", "."}
        assert kept.state is (SendingState.FAILED if for_good else SendingState.QUEUED)
        assert all(box.total == 0 for box in bench.reader.mailboxes(account_id))  # none in Sent
        assert peer.heard.count(b"\r\n.\r\n") == (1 if step == "." else 0)


def artefacts(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
