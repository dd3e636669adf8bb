"""Debian's Dovecot on loopback, with a folder of its own, as a foreign peer for clients of ours."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.helpers.certificates import make_certificates
from tests.helpers.port import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

_START_TIMEOUT_S = 15.0
_MAIL_USER = "nobody"

_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap pop3
listen = 127.0.0.1
default_internal_user = dovecot
default_login_user = dovenull
default_vsz_limit = 0
first_valid_uid = 1
auth_mechanisms = {mechanisms}
disable_plaintext_auth = no
auth_failure_delay = 0
mail_location = {mail_location}
mail_max_userip_connections = 100
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%n {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home/%n
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Drafts {{
    special_use = \\Drafts
    auto = create
  }}
  mailbox Sent {{
    special_use = \\Sent
    auto = create
  }}
  mailbox Trash {{
    special_use = \\Trash
    auto = create
  }}
}}
mail_plugins = $mail_plugins quota zlib
plugin {{
  quota = maildir:User quota
  quota_rule = *:storage=1G
}}
protocol imap {{
  mail_plugins = $mail_plugins imap_quota imap_zlib
  imap_idle_notify_interval = 1 mins
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service stats {{
  chroot =
}}
{extra}
"""


@dataclass(slots=True)
class Dovecot:
    """A running server, which can be stopped, killed and started again on the same ports.

    Attributes:
        folder: Everything it has, `dovecot.log` among it.
        imap: Port with STARTTLS.
        imaps: Port inside TLS.
        pop3: Port with STLS.
        pop3s: Port inside TLS.
        ca_file: The authority its certificate is from; it is for `localhost`.
    """

    folder: Path
    imap: int
    imaps: int
    pop3: int
    pop3s: int
    ca_file: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def _said(self) -> Path:
        """What it says before it logs; a pipe would have no end where a child of it lives on."""
        return self.folder / "said"

    @property
    def configuration(self) -> Path:
        """The file it reads at its start, and when it is told to."""
        return self.folder / "dovecot.conf"

    def start(self) -> None:
        """Run it; every port is bound when this returns."""
        with self._said.open("ab") as said:
            self._process = subprocess.Popen(
                [_program("dovecot"), "-F", "-c", str(self.configuration)],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that all of it can be killed
            )
        _wait_until_bound(self, self._process)

    def stop(self) -> None:
        """End it in order."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
            self._ended()

    def kill(self) -> None:
        """End all of its processes at once, with nothing said or written any more."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._ended()

    def _ended(self) -> None:
        if self._process is not None:
            self._process.wait()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # what outlived it keeps the ports
        self._process = None

    def configure(self, configuration: str) -> None:
        """Give it another configuration, which counts for sessions that begin then."""
        self.configuration.write_text(configuration, "utf-8")
        self.administer("reload")

    def administer(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Do what an administrator does with `doveadm`; that it fails is for the caller to see."""
        return subprocess.run(
            [_program("doveadm"), "-c", str(self.configuration), *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    def log(self) -> str:
        """What it has said and logged."""
        paths = (self._said, self.folder / "dovecot.log")
        return "".join(path.read_text("utf-8", "replace") for path in paths if path.exists())

    def home(self, user: str) -> Path:
        """Where a user's mail is."""
        return self.folder / "home" / user


@contextmanager
def as_mail_user(path: Path) -> Iterator[Path]:
    """Write a file that is, afterwards, of the user whose mail processes read it."""
    yield path
    owner = pwd.getpwnam(_MAIL_USER)
    os.chown(path, owner.pw_uid, owner.pw_gid)


@contextmanager
def running_dovecot(
    users: dict[str, str],
    *,
    mail_location: str = "maildir:~/Maildir",
    mechanisms: str = "plain login cram-md5 scram-sha-1 scram-sha-256",
    extra: str = "",
) -> Iterator[Dovecot]:
    """Run Dovecot for users with these passwords.

    Args:
        users: Passwords by name.
        mail_location: As Dovecot takes it.
        mechanisms: SASL mechanisms, in lower case. `apop` and `cram-md5` work too: passwords are
            kept as they are.
        extra: Further configuration.
    """
    # Not under the folder of pytest: the mail processes are not root and have to get in.
    folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
    folder.chmod(0o755)
    owner = pwd.getpwnam(_MAIL_USER)
    home = folder / "home"
    home.mkdir()
    os.chown(home, owner.pw_uid, owner.pw_gid)
    lines = [f"{name}:{{PLAIN}}{password}::::::" for name, password in users.items()]
    (folder / "users").write_text("\n".join(lines) + "\n", "utf-8")
    certificates = make_certificates(folder / "tls")
    imap, imaps, pop3, pop3s = free_ports(4)
    configuration = folder / "dovecot.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            folder=folder,
            mechanisms=mechanisms,
            mail_location=mail_location,
            certificate=certificates.certificate,
            key=certificates.key,
            uid=owner.pw_uid,
            gid=owner.pw_gid,
            imap=imap,
            imaps=imaps,
            pop3=pop3,
            pop3s=pop3s,
            extra=extra,
        ),
        "utf-8",
    )
    server = Dovecot(folder, imap, imaps, pop3, pop3s, certificates.ca_file)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _program(name: str) -> str:
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")
    assert found is not None, "the tests that use this are marked as needing it"
    return found


def _wait_until_bound(server: Dovecot, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_TIMEOUT_S
    for port in (server.imap, server.imaps, server.pop3, server.pop3s):
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"Dovecot did not start: {server.log()}") from None
                time.sleep(0.05)
