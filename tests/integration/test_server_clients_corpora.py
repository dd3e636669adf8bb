"""Real clients carry the corpora to our server and back: in clear, by STARTTLS and by TLS.

What is asserted is the text of every message, line ends aside: clients keep mail with LF, and
some end a message that lacks one with a line end.
"""

from __future__ import annotations

import asyncio
import imaplib
import os
import poplib
import re
import shutil
import smtplib
import subprocess
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import aiosmtplib
import pytest
from imapclient import IMAPClient

from localserver.local import LocalServer
from tests.helpers.corpora import messages
from tests.helpers.delivery_agent import agent_of_getmail, delivery_agent
from tests.helpers.terminal import in_terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PASSWORD = "secret"
WAYS = ["clear", "starttls", "tls"]
EVERY_WAY = pytest.mark.parametrize("way", WAYS)
LONGEST_LINE = 990
# A process for each message: 20 s of a core for swaks, and 180 s by the clock were not enough where
# sixteen others wanted it.
PROCESSES_S = 600


def with_crlf(octets: bytes) -> bytes:
    return re.sub(rb"\r\n|\r|\n", b"\r\n", octets.rstrip(b"\r\n")) + b"\r\n"


def bare(octets: bytes) -> bytes:
    """A message as it is compared."""
    return octets.replace(b"\r\n", b"\n").rstrip(b"\n")


def chosen() -> list[bytes]:
    """The messages that every client can carry: a sound header, no NUL, no over-long line."""
    found = [with_crlf(message.octets) for message in messages()]
    return list(dict.fromkeys(octets for octets in found if _is_sound(octets)))


def _is_sound(octets: bytes) -> bool:
    header, divider, _ = octets.partition(b"\r\n\r\n")
    lines = octets.split(b"\r\n")
    return (
        bool(divider)
        and b"\0" not in octets
        and max(map(len, lines)) <= LONGEST_LINE
        # fetchmail and others end a header at a line of spaces, or at one that is no field.
        and all(re.match(rb"[!-9;-~]+:|[ \t]+[^ \t]", line) for line in header.split(b"\r\n"))
    )


MAILS = chosen()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not MAILS, reason="the corpora are not beside this checkout"),
]


@pytest.fixture(scope="module")
def filled() -> Iterator[LocalServer]:
    """A server on which alice has the corpora; nobody changes it."""
    with LocalServer({"alice": PASSWORD}) as server:
        for octets in MAILS:
            server.deliver("alice", octets)
        yield server


@pytest.fixture
def empty() -> Iterator[LocalServer]:
    with LocalServer({"alice": PASSWORD, "bob": PASSWORD}) as server:
        yield server


def same(found: Iterable[bytes], wanted: Iterable[bytes] | None = None) -> None:
    """Assert that these are the corpora, in any order."""
    expected = Counter(bare(octets) for octets in (MAILS if wanted is None else wanted))
    came = Counter(bare(octets) for octets in found)
    assert came.total() == expected.total()
    assert sorted((came - expected).elements()) == sorted((expected - came).elements())


def arrived(server: LocalServer, user: str, wanted: Iterable[bytes] | None = None) -> None:
    same((each.octets for each in server.messages(user)), wanted)


def files(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


def run(*command: str, home: Path | None = None, stdin: bytes = b"") -> bytes:
    environment = dict(os.environ)
    if home is not None:
        environment["HOME"] = str(home)
    done = subprocess.run(
        command, input=stdin, capture_output=True, env=environment, timeout=PROCESSES_S, check=False
    )
    assert done.returncode == 0, (done.stderr + done.stdout)[-3000:]
    return done.stdout


def without(field: bytes, mails: Iterable[bytes]) -> list[bytes]:
    """The messages without a field that a client adds."""
    return [re.sub(rb"(?m)^%b: [^\r\n]*\r?\n" % field, b"", octets, count=1) for octets in mails]


def in_maildir(folder: Path) -> list[bytes]:
    return [path.read_bytes() for name in ("cur", "new") for path in (folder / name).iterdir()]


def maildir(folder: Path, mails: Iterable[bytes] = ()) -> Path:
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True)
    for number, octets in enumerate(mails):
        (folder / "new" / f"{number}.corpus.here").write_bytes(octets.replace(b"\r\n", b"\n"))
    return folder


def as_files(folder: Path) -> list[Path]:
    """The messages as 0.eml, 1.eml, …"""
    paths = [folder / f"{number}.eml" for number in range(len(MAILS))]
    for path, octets in zip(paths, MAILS, strict=True):
        path.write_bytes(octets)
    return paths


# --- IMAP ----------------------------------------------------------------------------------------


@EVERY_WAY
def test_imaplib(empty: LocalServer, way: str) -> None:
    context = empty.ssl_context
    with (
        imaplib.IMAP4_SSL("localhost", empty.ports["imaps"], ssl_context=context)
        if way == "tls"
        else imaplib.IMAP4("localhost", empty.ports["imap"])
    ) as client:
        if way == "starttls":
            client.starttls(context)
        client.login("alice", PASSWORD)
        for octets in MAILS:
            assert client.append("INBOX", "", None, octets)[0] == "OK"  # type: ignore[arg-type]
        client.select("INBOX", readonly=True)
        _, data = client.uid("FETCH", "1:*", "(BODY.PEEK[])")
        same(part[1] for part in data if isinstance(part, tuple))
    arrived(empty, "alice")


@EVERY_WAY
def test_imapclient(empty: LocalServer, way: str) -> None:
    port = empty.ports["imaps" if way == "tls" else "imap"]
    context = empty.ssl_context
    with IMAPClient("localhost", port, ssl=way == "tls", ssl_context=context) as client:
        if way == "starttls":
            client.starttls(context)
        if way == "clear":
            client.plain_login("alice", PASSWORD)
        else:
            client.login("alice", PASSWORD)
        for octets in MAILS:
            client.append("INBOX", octets, [b"\\Seen"])
        client.select_folder("INBOX", readonly=True)
        found = client.fetch(client.search(), ["BODY.PEEK[]", "ENVELOPE", "BODYSTRUCTURE"])
        same(each[b"BODY[]"] for each in found.values())
        assert len(client.search(["SEEN"])) == len(MAILS)


@pytest.mark.peer("curl")
@EVERY_WAY
def test_curl_by_imap(empty: LocalServer, way: str, tmp_path: Path) -> None:
    scheme = "imaps" if way == "tls" else "imap"
    common = ["curl", "--silent", "--show-error", "--cacert", str(empty.ca_file), "--user",
              f"alice:{PASSWORD}", *(["--ssl-reqd"] if way == "starttls" else [])]  # fmt: skip
    url = f"{scheme}://localhost:{empty.ports[scheme]}/INBOX"
    names = ",".join(map(str, as_files(tmp_path)))
    run(*common, "--upload-file", "{" + names + "}", url)
    arrived(empty, "alice")
    down = tmp_path / "down"
    down.mkdir()
    run(*common, "--output", f"{down}/#1.eml", f"{url};UID=[1-{len(MAILS)}]")
    same(files(down))


@pytest.mark.peer("mbsync")
@EVERY_WAY
def test_mbsync_both_ways(empty: LocalServer, way: str, tmp_path: Path) -> None:
    port = empty.ports["imaps" if way == "tls" else "imap"]
    kind = {"tls": "IMAPS", "starttls": "STARTTLS", "clear": "None"}[way]

    def sync(folder: Path) -> None:
        config = folder.with_suffix(".rc")
        config.write_text(
            f"IMAPAccount local\nHost localhost\nPort {port}\nUser alice\nPass {PASSWORD}\n"
            f"SSLType {kind}\nCertificateFile {empty.ca_file}\n\n"
            "IMAPStore remote\nAccount local\n\n"
            f"MaildirStore here\nInbox {folder}\n\n"
            "Channel all\nFar :remote:INBOX\nNear :here:INBOX\nCreate Near\nSync All\nSyncState *\n"
        )
        run("mbsync", "-c", str(config), "-a")

    sync(maildir(tmp_path / "up", MAILS))
    # mbsync marks what it uploads with a field of its own.
    same(without(rb"X-TUID", (each.octets for each in empty.messages("alice"))))
    down = tmp_path / "down"
    sync(down)
    same(without(rb"X-TUID", in_maildir(down)))


@pytest.mark.peer("offlineimap")
@EVERY_WAY
def test_offlineimap_both_ways(empty: LocalServer, way: str, tmp_path: Path) -> None:
    port = empty.ports["imaps" if way == "tls" else "imap"]

    def sync(folder: Path) -> None:
        config = folder.with_suffix(".rc")
        config.write_text(
            f"[general]\naccounts = a\nmetadata = {folder}.meta\nui = quiet\n"
            "[Account a]\nlocalrepository = l\nremoterepository = r\n"
            f"[Repository l]\ntype = Maildir\nlocalfolders = {folder}\n"
            f"[Repository r]\ntype = IMAP\nremotehost = localhost\nremoteport = {port}\n"
            f"remoteuser = alice\nremotepass = {PASSWORD}\nsslcacertfile = {empty.ca_file}\n"
            f"ssl = {'yes' if way == 'tls' else 'no'}\n"
            f"starttls = {'yes' if way == 'starttls' else 'no'}\n"
            "folderfilter = lambda name: name == 'INBOX'\n"
        )
        run("offlineimap", "-c", str(config), "-o", home=tmp_path)

    maildir(tmp_path / "up" / "INBOX", MAILS)
    sync(tmp_path / "up")
    assert len(empty.messages("alice")) == len(MAILS)
    sync(tmp_path / "down")
    # Both ways it reads each message with Python's parser and writes it again: a few come out
    # folded or spaced otherwise.
    found = Counter(map(bare, in_maildir(tmp_path / "down" / "INBOX")))
    assert found.total() == len(MAILS)
    assert (found & Counter(map(bare, MAILS))).total() > 0.7 * len(MAILS)


@pytest.mark.peer("neomutt")
@EVERY_WAY
def test_neomutt_both_ways(empty: LocalServer, way: str, tmp_path: Path) -> None:
    scheme = "imaps" if way == "tls" else "imap"
    inbox = f"{scheme}://alice@localhost:{empty.ports[scheme]}/INBOX"
    security = {
        "clear": "set ssl_starttls=no\nset ssl_force_tls=no\n",
        "starttls": "set ssl_starttls=yes\nset ssl_force_tls=yes\n",
        "tls": "",
    }[way]

    def copy_all(source: str, target: str) -> bytes:
        config = tmp_path / "muttrc"
        config.write_text(
            f'set folder="{tmp_path}"\nset ssl_ca_certificates_file="{empty.ca_file}"\n'
            f"set imap_user=alice\nset imap_pass={PASSWORD}\nset mbox_type=Maildir\n{security}"
            "set imap_check_subscribed=no\nset header_cache=\nset confirmappend=no\nset move=no\n"
            "set confirmcreate=no\nset delete=no\nset quit=yes\nset wait_key=no\n"
            f'push "<tag-pattern>~A<enter><tag-prefix><copy-message>{target}<enter><quit>"\n'
        )
        return in_terminal(["neomutt", "-n", "-F", str(config), "-f", source], tmp_path)

    def counted(mails: Iterable[bytes]) -> list[bytes]:
        # neomutt counts what it copies, says so in two fields of the header, and drops a third.
        for field in (b"Content-Length", b"Lines", b"Status"):
            mails = without(field, mails)
        return list(mails)

    screen = copy_all(str(maildir(tmp_path / "up", MAILS)), inbox)
    assert len(empty.messages("alice")) == len(MAILS), screen[-2000:]
    same(counted(each.octets for each in empty.messages("alice")), counted(MAILS))
    down = maildir(tmp_path / "down")
    screen = copy_all(inbox, str(down))
    assert len(in_maildir(down)) == len(MAILS), screen[-2000:]
    same(counted(in_maildir(down)), counted(MAILS))


# --- downloads by several protocols --------------------------------------------------------------


@pytest.mark.peer("fetchmail")
@EVERY_WAY
@pytest.mark.parametrize("protocol", ["pop3", "apop", "imap"])
def test_fetchmail(filled: LocalServer, way: str, protocol: str, tmp_path: Path) -> None:
    name = "imap" if protocol == "imap" else "pop3"
    trust = f"sslcertck sslcertfile '{filled.ca_file}'"
    tls = {"clear": "sslproto ''", "starttls": f"sslproto 'TLS1.2+' {trust}", "tls": f"ssl {trust}"}
    config = tmp_path / "fetchmailrc"
    config.write_text(
        "set invisible\n"
        f"poll localhost protocol {protocol} service "
        f"{filled.ports[name + ('s' if way == 'tls' else '')]} no dns auth password\n"
        f"  user 'alice' password '{PASSWORD}' fetchall keep no rewrite {tls[way]}\n"
        f"  mda '{delivery_agent(tmp_path)}'\n"
    )
    config.chmod(0o600)
    run("env", f"FETCHMAILHOME={tmp_path}", "fetchmail", "--fetchmailrc", str(config), "--nosyslog",
        "--nodetach", "--pidfile", str(tmp_path / "pid"), home=tmp_path)  # fmt: skip
    same(files(tmp_path / "mails"))


@pytest.mark.peer("mpop")
@EVERY_WAY
def test_mpop(filled: LocalServer, way: str, tmp_path: Path) -> None:
    folder = maildir(tmp_path / "Maildir")
    config = tmp_path / "mpoprc"
    config.write_text(
        "account local\nhost localhost\n"
        f"port {filled.ports['pop3s' if way == 'tls' else 'pop3']}\n"
        f"user alice\npassword {PASSWORD}\nauth on\ntls {'off' if way == 'clear' else 'on'}\n"
        f"tls_starttls {'on' if way == 'starttls' else 'off'}\ntls_trust_file {filled.ca_file}\n"
        f"delivery maildir {folder}\nuidls_file {tmp_path / 'uidls'}\nkeep on\n"
        "received_header off\n"
    )
    config.chmod(0o600)
    run("mpop", "-C", str(config), "local")
    same(files(folder))


@pytest.mark.peer("getmail")
@pytest.mark.parametrize("way", ["clear", "tls"])
@pytest.mark.parametrize("protocol", ["POP3", "IMAP"])
def test_getmail_which_has_no_starttls(
    filled: LocalServer, way: str, protocol: str, tmp_path: Path
) -> None:
    port = filled.ports[protocol.lower() + ("s" if way == "tls" else "")]
    config = tmp_path / "getmailrc"
    config.write_text(
        f"[retriever]\ntype = Simple{protocol}{'SSL' if way == 'tls' else ''}Retriever\n"
        f"server = localhost\nport = {port}\nusername = alice\npassword = {PASSWORD}\n"
        + (f"ca_certs = {filled.ca_file}\n" if way == "tls" else "")
        + "[destination]\ntype = MDA_external\n"
        f"path = {agent_of_getmail(tmp_path)}\n"
        "allow_root_commands = true\nunixfrom = false\n"
        "[options]\nread_all = true\ndelete = false\ndelivered_to = false\n"
        "received = false\nmax_messages_per_session = 0\n"
    )
    run("getmail", "--rcfile", str(config), "--getmaildir", str(tmp_path))
    # getmail reads each message with Python's parser and writes it again: the count is what is
    # left of it.
    assert len(files(tmp_path / "mails")) == len(MAILS)


@pytest.mark.peer("curl")
@EVERY_WAY
def test_curl_by_pop3(filled: LocalServer, way: str, tmp_path: Path) -> None:
    scheme = "pop3s" if way == "tls" else "pop3"
    run("curl", "--silent", "--show-error", "--cacert", str(filled.ca_file), "--user",
        f"alice:{PASSWORD}", *(["--ssl-reqd"] if way == "starttls" else []),
        "--output", f"{tmp_path}/#1.eml",
        f"{scheme}://localhost:{filled.ports[scheme]}/[1-{len(MAILS)}]")  # fmt: skip
    same(files(tmp_path))


@EVERY_WAY
def test_poplib(filled: LocalServer, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poplib, "_MAXLINE", 1 << 20)
    if way == "tls":
        context = filled.ssl_context
        client: poplib.POP3 = poplib.POP3_SSL("localhost", filled.ports["pop3s"], context=context)
    else:
        client = poplib.POP3("localhost", filled.ports["pop3"])
    if way == "starttls":
        client.stls(filled.ssl_context)
    client.user("alice")
    client.pass_(PASSWORD)
    same(b"\r\n".join(client.retr(n)[1]) for n in range(1, len(MAILS) + 1))
    client.quit()


# --- submission ----------------------------------------------------------------------------------


def submitted(server: LocalServer, wanted: list[bytes]) -> None:
    """Assert that bob has what was sent, below the fields that a server adds."""
    found = [each.octets for each in server.messages("bob")]
    assert len(found) == len(wanted)
    bodies = Counter(bare(octets.partition(b"\r\n\r\n")[2]) for octets in found)
    assert bodies == Counter(bare(octets.partition(b"\r\n\r\n")[2]) for octets in wanted)


def submission(server: LocalServer, way: str) -> int:
    return server.ports["submissions" if way == "tls" else "submission"]


@EVERY_WAY
def test_smtplib(empty: LocalServer, way: str) -> None:
    port, context = submission(empty, way), empty.ssl_context
    with (
        smtplib.SMTP_SSL("localhost", port, context=context)
        if way == "tls"
        else smtplib.SMTP("localhost", port)
    ) as client:
        if way == "starttls":
            client.starttls(context=context)
        client.login("alice", PASSWORD)
        for octets in MAILS:
            client.sendmail("alice@localhost", ["bob@localhost"], octets, ["BODY=8BITMIME"])
    submitted(empty, MAILS)


@EVERY_WAY
def test_aiosmtplib(empty: LocalServer, way: str) -> None:
    async def send() -> None:
        client = aiosmtplib.SMTP(
            hostname="localhost", port=submission(empty, way), use_tls=way == "tls",
            start_tls=way == "starttls", username="alice", password=PASSWORD,
            tls_context=None if way == "clear" else empty.ssl_context,
        )  # fmt: skip
        async with client:
            for octets in MAILS:
                await client.sendmail(
                    "alice@localhost", ["bob@localhost"], octets, mail_options=["BODY=8BITMIME"]
                )
        await asyncio.sleep(0.05)  # aiosmtplib does not wait until its transport is closed

    asyncio.run(send())
    submitted(empty, MAILS)


@pytest.mark.peer("curl")
@EVERY_WAY
def test_curl_by_smtp(empty: LocalServer, way: str, tmp_path: Path) -> None:
    scheme = "smtps" if way == "tls" else "smtp"
    files = "{" + ",".join(map(str, as_files(tmp_path))) + "}"
    run("curl", "--silent", "--show-error", "--cacert", str(empty.ca_file), "--user",
        f"alice:{PASSWORD}", *(["--ssl-reqd"] if way == "starttls" else []),
        "--mail-from", "alice@localhost", "--mail-rcpt", "bob@localhost", "--upload-file",
        files, f"{scheme}://localhost:{submission(empty, way)}/x.test")  # fmt: skip
    submitted(empty, MAILS)


@pytest.mark.peer("msmtp")
@pytest.mark.timeout(PROCESSES_S)
@EVERY_WAY
def test_msmtp(empty: LocalServer, way: str, tmp_path: Path) -> None:
    config = tmp_path / "msmtprc"
    config.write_text(
        f"account default\nhost localhost\nport {submission(empty, way)}\nfrom alice@localhost\n"
        f"auth plain\nuser alice\npassword {PASSWORD}\ntls {'off' if way == 'clear' else 'on'}\n"
        f"tls_starttls {'on' if way == 'starttls' else 'off'}\ntls_trust_file {empty.ca_file}\n"
    )
    config.chmod(0o600)
    for octets in MAILS:
        text = octets.replace(b"\r\n", b"\n")
        run("msmtp", "-C", str(config), "bob@localhost", stdin=text)
    submitted(empty, MAILS)


# swaks sends one message and ends. In front of it, this makes a child for each file that goes on as
# swaks: Perl reads its 4,000 lines once.
FOR_EACH_FILE = r"""
my ($folder, @options) = @ARGV;
eval { require $_ } for qw(IO/Socket/INET.pm Net/SSLeay.pm Sys/Hostname.pm Getopt/Long.pm);
my $number = 0;
while (-e "$folder/$number.eml") {
    my $child = fork;
    die "no child: $!" unless defined $child;
    if (!$child) { @ARGV = (@options, '--data', "\@$folder/$number.eml"); last }
    waitpid $child, 0;
    exit 1 if $?;
    $number++;
}
exit 0 unless -e "$folder/$number.eml";
"""


@pytest.mark.peer("swaks", "perl")
@pytest.mark.timeout(PROCESSES_S)
@EVERY_WAY
def test_swaks(empty: LocalServer, way: str, tmp_path: Path) -> None:
    tls = {"clear": [], "starttls": ["--tls"], "tls": ["--tls-on-connect"]}[way]
    swaks = Path(shutil.which("swaks") or "").read_text("utf-8")
    program = tmp_path / "swaks.pl"
    program.write_text(FOR_EACH_FILE + swaks, "utf-8")
    mails = tmp_path / "mails"
    mails.mkdir()
    as_files(mails)
    run("perl", str(program), str(mails), "--silent", "3", "--server",
        f"localhost:{submission(empty, way)}", "--from", "alice@localhost", "--to", "bob@localhost",
        "--auth", "PLAIN", "--auth-user", "alice", "--auth-password", PASSWORD, *tls)  # fmt: skip
    submitted(empty, MAILS)
