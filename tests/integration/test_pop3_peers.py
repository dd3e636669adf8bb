"""Foreign POP3 clients against the bundled server: curl, fetchmail, getmail, mpop, poplib."""

from __future__ import annotations

import poplib
import subprocess
from typing import TYPE_CHECKING

import pytest

from desktopmail.wire.pop3.data import normalise
from localserver.local import LocalServer
from tests.helpers.corpora import messages, needed
from tests.helpers.delivery_agent import agent_of_getmail, delivery_agent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAILS = [
    b"From: a@example.org\r\nSubject: one\r\n\r\n.dotted\r\n..\r\n\r\nFrom here\r\n",
    b"From: b@example.org\nSubject: two\n\nbare LF\n.\nno end",
    b"From: c@example.org\r\nSubject: three\r\n",
    b"From: d@example.org\r\nSubject: four\r\n\r\n" + b"x" * 998 + b"\r\n",
]
SENT = [normalise(mail) for mail in MAILS]
# As Unix programs keep them; fetchmail and getmail end a message with a line end in any case.
KEPT = sorted(mail.replace(b"\r\n", b"\n") for mail in SENT)


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer(users={"alice": "wonderland"}) as running:
        for mail in MAILS:
            running.deliver("alice", mail)
        yield running


def run(*command: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end; its output stands in the failure."""
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False)
    print(done.stdout[-2000:], done.stderr[-2000:])  # noqa: T201 - shown when the test fails
    return done


def contents(folder: Path) -> list[bytes]:
    """Every message in a Maildir or a folder of files, sorted."""
    return sorted(path.read_bytes() for path in folder.rglob("*") if path.is_file())


# --- poplib --------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["user", "apop", "stls", "tls"])
def test_poplib_reads_everything(server: LocalServer, way: str) -> None:
    if way == "tls":
        client: poplib.POP3 = poplib.POP3_SSL(
            "localhost", server.ports["pop3s"], context=server.ssl_context
        )
    else:
        client = poplib.POP3("localhost", server.ports["pop3"])
    if way == "stls":
        client.stls(server.ssl_context)
    if way == "apop":
        client.apop("alice", "wonderland")
    else:
        client.user("alice")
        client.pass_("wonderland")
    assert client.stat() == (len(SENT), sum(map(len, SENT)))
    assert client.list()[1] == [b"%d %d" % (n, len(mail)) for n, mail in enumerate(SENT, 1)]
    for number, mail in enumerate(SENT, 1):
        assert b"\r\n".join([*client.retr(number)[1], b""]) == mail
    assert client.top(1, 1)[1] == [b"From: a@example.org", b"Subject: one", b"", b".dotted"]
    assert len({line.split()[1] for line in client.uidl()[1]}) == len(SENT)
    assert "UTF8" in client.capa()
    client.dele(1)
    client.rset()
    client.dele(2)
    client.quit()
    assert [each.subject for each in server.messages("alice")] == ["one", "three", "four"]


def test_poplib_switches_utf8_on(server: LocalServer) -> None:
    client = poplib.POP3("localhost", server.ports["pop3"])
    assert client.utf8().startswith(b"+OK")
    client.user("alice")
    client.pass_("wonderland")
    client.quit()


@needed
def test_poplib_reads_the_corpora() -> None:
    mails = [each.octets for each in messages()]
    poplib._MAXLINE = 1 << 20  # type: ignore[attr-defined] # some of them have very long lines
    with LocalServer(users={"alice": "wonderland"}) as server:
        for mail in mails:
            server.deliver("alice", mail)
        client = poplib.POP3("localhost", server.ports["pop3"])
        client.apop("alice", "wonderland")
        for number, mail in enumerate(mails, 1):
            sent = normalise(mail)
            # poplib takes a bare LF for a line end: none is left to show the difference.
            assert b"\r\n".join([*client.retr(number)[1], b""]) == sent
            assert client.list(number).split()[2] == b"%d" % len(sent)
        client.quit()


# --- curl ----------------------------------------------------------------------------------------


@pytest.mark.peer("curl")
@pytest.mark.parametrize("options", ["AUTH=PLAIN", "AUTH=LOGIN", "AUTH=CRAM-MD5", "AUTH=+APOP"])
@pytest.mark.parametrize("security", ["clear", "stls", "tls"])
def test_curl_reads_a_message(server: LocalServer, options: str, security: str) -> None:
    scheme, port = ("pop3s", "pop3s") if security == "tls" else ("pop3", "pop3")
    more = ["--ssl-reqd"] if security == "stls" else []
    for number, mail in enumerate(SENT, 1):
        done = run(
            "curl", "--silent", "--show-error", "--user", "alice:wonderland",
            "--login-options", options, "--cacert", str(server.ca_file), *more,
            f"{scheme}://localhost:{server.ports[port]}/{number}",
        )  # fmt: skip
        assert done.returncode == 0
        assert done.stdout == mail


@pytest.mark.peer("curl")
def test_curl_lists_and_is_told_about_a_wrong_password(server: LocalServer) -> None:
    url = f"pop3://localhost:{server.ports['pop3']}/"
    done = run("curl", "--silent", "--user", "alice:wonderland", url)
    assert (
        done.stdout.split()
        == b" ".join(b"%d %d" % (n, len(mail)) for n, mail in enumerate(SENT, 1)).split()
    )
    assert run("curl", "--silent", "--user", "alice:wrong", url).returncode == 67


# --- fetchmail -----------------------------------------------------------------------------------


@pytest.mark.peer("fetchmail")
@pytest.mark.parametrize("way", ["user", "apop", "stls", "tls"])
def test_fetchmail_fetches_everything(server: LocalServer, tmp_path: Path, way: str) -> None:
    mda = delivery_agent(tmp_path)
    port = server.ports["pop3s" if way == "tls" else "pop3"]
    protocol = "APOP" if way == "apop" else "POP3"
    tls = {
        "user": "sslproto ''",
        "apop": "sslproto ''",
        "stls": f"sslproto 'TLS1.2+' sslcertck sslcertfile '{server.ca_file}'",
        "tls": f"ssl sslcertck sslcertfile '{server.ca_file}'",
    }[way]
    configuration = tmp_path / "fetchmailrc"
    configuration.write_text(
        f"set invisible\n"
        f"poll localhost protocol {protocol} service {port} no dns auth password\n"
        f"  user 'alice' password 'wonderland' fetchall no rewrite {tls}\n"
        f"  mda '{mda}'\n"
    )
    configuration.chmod(0o600)
    done = run(
        "env", f"HOME={tmp_path}", f"FETCHMAILHOME={tmp_path}",
        "fetchmail", "--fetchmailrc", str(configuration), "--nosyslog", "--nodetach", "-v",
        "--pidfile", str(tmp_path / "pid"),
    )  # fmt: skip
    assert done.returncode == 0
    # fetchmail puts the empty line behind a header that has no body.
    bodiless = b"Subject: three\n"
    assert contents(tmp_path / "mails") == [
        mail + b"\n" if mail.endswith(bodiless) else mail for mail in KEPT
    ]
    assert server.messages("alice") == [], "fetchmail deletes what it fetched"
    said = server.transcript.text()
    assert ("APOP alice" in said) == (way == "apop")
    assert ("C: STLS" in said) == (way == "stls")


# --- mpop ----------------------------------------------------------------------------------------


@pytest.mark.peer("mpop")
@pytest.mark.parametrize("security", ["clear", "stls", "tls"])
@pytest.mark.parametrize("auth", ["user", "apop", "plain", "cram-md5", "scram-sha-256"])
def test_mpop_fetches_everything(
    server: LocalServer, tmp_path: Path, security: str, auth: str
) -> None:
    maildir = tmp_path / "Maildir"
    for folder in ("new", "cur", "tmp"):
        (maildir / folder).mkdir(parents=True)
    configuration = tmp_path / "mpoprc"
    configuration.write_text(
        "account local\nhost localhost\n"
        f"port {server.ports['pop3s' if security == 'tls' else 'pop3']}\n"
        f"user alice\npassword wonderland\nauth {auth}\n"
        f"tls {'off' if security == 'clear' else 'on'}\n"
        f"tls_starttls {'on' if security == 'stls' else 'off'}\n"
        f"tls_trust_file {server.ca_file}\n"
        f"delivery maildir {maildir}\nuidls_file {tmp_path / 'uidls'}\n"
        "keep on\nreceived_header off\n"
    )
    configuration.chmod(0o600)
    done = run("mpop", "-C", str(configuration), "local")
    assert done.returncode == 0
    assert contents(maildir) == KEPT
    assert len(server.messages("alice")) == len(MAILS)
    assert run("mpop", "-C", str(configuration), "local").returncode == 0
    assert contents(maildir) == KEPT, "the second run fetched something again"


# --- getmail -------------------------------------------------------------------------------------


@pytest.mark.peer("getmail")
@pytest.mark.parametrize("way", ["user", "apop", "tls"])
def test_getmail_fetches_everything(server: LocalServer, tmp_path: Path, way: str) -> None:
    mda = agent_of_getmail(tmp_path)
    kind = "SimplePOP3SSLRetriever" if way == "tls" else "SimplePOP3Retriever"
    configuration = tmp_path / "getmailrc"
    configuration.write_text(
        f"[retriever]\ntype = {kind}\nserver = localhost\n"
        f"port = {server.ports['pop3s' if way == 'tls' else 'pop3']}\n"
        "username = alice\npassword = wonderland\n"
        + (f"ca_certs = {server.ca_file}\n" if way == "tls" else "")
        + ("use_apop = true\n" if way == "apop" else "")
        + f"[destination]\ntype = MDA_external\npath = {mda}\nallow_root_commands = true\n"
        "unixfrom = false\n"
        "[options]\ndelete = true\nread_all = true\ndelivered_to = false\nreceived = false\n"
    )
    done = run("getmail", "--rcfile", str(configuration), "--getmaildir", str(tmp_path))
    assert done.returncode == 0
    # getmail reads each message with Python's parser and writes it again.
    subjects = sorted(
        line
        for mail in contents(tmp_path / "mails")
        for line in mail.split(b"\n")
        if b"Subject" in line
    )
    assert subjects == sorted(b"Subject: " + name for name in (b"one", b"two", b"three", b"four"))
    assert server.messages("alice") == []
