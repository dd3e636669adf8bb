"""A Postfix of the test's own: its own configuration, queue and mail folders, on a free port."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.helpers.certificates import Certificates, make_certificates
from tests.helpers.port import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

DOMAIN = "postfix.test"
_TIMEOUT_S = 20.0

_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
mail_owner = postfix
myhostname = {domain}
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = regexp:{folder}/recipients
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
smtpd_relay_restrictions = reject_unauth_destination
smtputf8_enable = yes
message_size_limit = 20480000
virtual_mailbox_limit = 0
smtpd_forbid_bare_newline = yes
{more}
"""

_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(slots=True)
class Postfix:
    """A Postfix that keeps mail for `anything@postfix.test`, except `nobody@…`.

    It can be stopped, killed and started again on the same port, with the same queue.
    """

    port: int
    certificates: Certificates
    folder: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Run it; it answers when this returns."""
        program = shutil.which("postfix", path=os.environ["PATH"] + ":/usr/sbin") or "postfix"
        with (self.folder / "out").open("ab") as out:
            self._process = subprocess.Popen(
                [program, "-c", str(self.folder / "etc"), "start-fg"], stdout=out, stderr=out
            )
        _wait_for_port(self.port, self._process, self.folder)

    def stop(self) -> None:
        """End it in order."""
        if self._process is not None:
            self._end(self._process, signal.SIGTERM)

    def kill(self) -> None:
        """End all of its processes at once, with nothing said or written any more."""
        if self._process is not None:
            self._end(self._process, signal.SIGKILL)

    def _end(self, process: subprocess.Popen[bytes], how: signal.Signals) -> None:
        """End the master: the shell that was started waits for it, and does not pass signals on."""
        pid_file = self.folder / "queue" / "pid" / "master.pid"
        if pid_file.exists():
            master = int(pid_file.read_text("ascii"))
            others = _children(master) if how is signal.SIGKILL else []
            for pid in (master, *others):
                with suppress(ProcessLookupError):
                    os.kill(pid, how)
        else:
            process.terminate()
        process.wait(timeout=_TIMEOUT_S)
        self._process = None

    def wait_for(self, count: int, timeout_s: float = 15.0) -> list[bytes]:
        """Wait until that many messages were delivered, and return them, oldest first."""
        deadline = time.monotonic() + timeout_s
        while True:
            found = sorted((self.folder / "mail").glob("**/new/*"), key=os.path.getmtime)
            if len(found) >= count:
                return [path.read_bytes() for path in found]
            if time.monotonic() > deadline:
                log = (self.folder / "log").read_text("utf-8", "replace")
                raise AssertionError(f"{len(found)} of {count} messages were delivered:\n{log}")
            time.sleep(0.02)


@contextmanager
def postfix(folder: Path, *, mailboxes: str = "/./ inbox/", **more: str) -> Iterator[Postfix]:
    """Run one; needs root.

    Args:
        folder: Where all of it is.
        mailboxes: Lines of a regexp table: which Maildirs below `mail` addresses have.
        more: Further lines of main.cf.

    The folder has to lie where others than root may go, which pytest's own folders do not.
    """
    port = free_port()
    folder.chmod(0o755)  # Postfix drops root
    owner, reader = pwd.getpwnam("postfix"), pwd.getpwnam("nobody")
    certificates = make_certificates(folder / "tls", "localhost", "127.0.0.1")
    for name in ("etc", "queue", "data", "mail"):
        (folder / name).mkdir()
    os.chown(folder / "data", owner.pw_uid, owner.pw_gid)
    os.chown(folder / "mail", reader.pw_uid, reader.pw_gid)
    (folder / "recipients").write_text(
        f"if !/^nobody@/\nif /@{DOMAIN.replace('.', '[.]')}$/\n{mailboxes}\nendif\nendif\n"
    )
    (folder / "etc" / "main.cf").write_text(
        _MAIN.format(
            folder=folder,
            domain=DOMAIN,
            uid=reader.pw_uid,
            gid=reader.pw_gid,
            certificate=certificates.certificate,
            key=certificates.key,
            more="\n".join(f"{key} = {value}" for key, value in more.items()),
        )
    )
    (folder / "etc" / "master.cf").write_text(_MASTER.format(port=port))
    server = Postfix(port, certificates, folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def _children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):  # it may have ended by now
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(entry.name))
    return found


def _wait_for_port(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + _TIMEOUT_S
    said = b""
    while said != b"220 ":
        if process.poll() is not None or time.monotonic() > deadline:
            logs = [
                path.read_text("utf-8", "replace") for path in sorted(folder.glob("[lo][ou][gt]"))
            ]
            raise AssertionError(f"Postfix did not start: {said!r} {''.join(logs)}")
        time.sleep(0.05)
        with (
            suppress(OSError),
            socket.create_connection(("127.0.0.1", port), timeout=5) as connection,
        ):
            said = connection.recv(4)
