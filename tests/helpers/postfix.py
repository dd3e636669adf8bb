"""A Postfix of the test's own: its own configuration, queue and mail folders, on a free port."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.helpers.certificates import Certificates, make_certificates

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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


@dataclass(frozen=True, slots=True)
class Postfix:
    """A running Postfix that keeps mail for `anything@postfix.test`, except `nobody@…`."""

    port: int
    certificates: Certificates
    folder: Path

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
def postfix(folder: Path, **more: str) -> Iterator[Postfix]:
    """Run one; needs root. Keyword arguments are further lines of main.cf.

    The folder has to lie where others than root may go, which pytest's own folders do not.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder.chmod(0o755)  # Postfix drops root
    owner, reader = pwd.getpwnam("postfix"), pwd.getpwnam("nobody")
    certificates = make_certificates(folder / "tls", "localhost", "127.0.0.1")
    for name in ("etc", "queue", "data", "mail"):
        (folder / name).mkdir()
    os.chown(folder / "data", owner.pw_uid, owner.pw_gid)
    os.chown(folder / "mail", reader.pw_uid, reader.pw_gid)
    (folder / "recipients").write_text(
        f"if !/^nobody@/\n/@{DOMAIN.replace('.', '[.]')}$/ inbox/\nendif\n"
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
    program = shutil.which("postfix", path=os.environ["PATH"] + ":/usr/sbin") or "postfix"
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(
            [program, "-c", str(folder / "etc"), "start-fg"], stdout=out, stderr=out
        )
    try:
        _wait_for_port(port, process, folder)
        yield Postfix(port, certificates, folder)
    finally:
        _stop(process, folder / "queue" / "pid" / "master.pid")


def _stop(process: subprocess.Popen[bytes], pid_file: Path) -> None:
    """End the master: the shell that was started waits for it, and does not pass signals on."""
    if pid_file.exists():
        os.kill(int(pid_file.read_text("ascii")), signal.SIGTERM)
    else:
        process.terminate()
    process.wait(timeout=_TIMEOUT_S)


def _wait_for_port(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + _TIMEOUT_S
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                if connection.recv(4) == b"220 ":
                    return
        except OSError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                said = (folder / "out").read_text("utf-8", "replace")
                raise AssertionError(f"Postfix did not start: {said}") from error
            time.sleep(0.05)
