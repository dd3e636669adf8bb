"""An Exim 4 of the test's own, from Debian's packages unpacked into a folder.

Debian's mail servers conflict with one another, so Exim cannot be installed beside Postfix:
`apt-get download exim4-daemon-light exim4-base exim4-config libnss-wrapper`, then `dpkg -x` each of
them into one folder. Its binary looks up a user that only the installed package makes; nss_wrapper
gives it one without touching the machine.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.helpers.port import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

DOMAIN = "exim.test"
_TIMEOUT_S = 10.0

_CONFIG = """\
primary_hostname = exim.test
exim_user = nobody
exim_group = nogroup
keep_environment =
spool_directory = {folder}/spool
log_file_path = {folder}/%slog
domainlist local_domains = exim.test
never_users =
acl_smtp_rcpt = check
acl_smtp_vrfy = accept
chunking_advertise_hosts = *
dsn_advertise_hosts = *
smtputf8_advertise_hosts = *
tls_advertise_hosts =
message_size_limit = 20M
begin acl
check:
  deny local_parts = nobody
       message = No such user
  accept domains = +local_domains
  deny message = relay not permitted
begin routers
all:
  driver = accept
  transport = hole
begin transports
hole:
  driver = appendfile
  file = /dev/null
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{tim}}}}{{eq{{$auth3}}{{tanstaaftanstaaf}}}}}}}}
  server_set_id = $auth2
"""


@contextmanager
def exim(unpacked: Path, folder: Path) -> Iterator[int]:
    """Run it with the packages unpacked in `unpacked`; gives its port. Needs root."""
    port = free_port()
    folder.chmod(0o777)
    for name in ("passwd", "group"):
        entry = (
            "Debian-exim:x:65534:65534::/:/bin/false"
            if name == "passwd"
            else "Debian-exim:x:65534:"
        )
        known = (Path("/etc") / name).read_text("utf-8")
        (folder / name).write_text(f"{known}{entry}\n", "utf-8")
    (folder / "exim.conf").write_text(_CONFIG.format(folder=folder), "utf-8")
    wrapper = next(unpacked.glob("**/libnss_wrapper.so"))
    environment = os.environ | {
        "LD_PRELOAD": str(wrapper),
        "NSS_WRAPPER_PASSWD": str(folder / "passwd"),
        "NSS_WRAPPER_GROUP": str(folder / "group"),
    }
    process = subprocess.Popen(
        [
            str(unpacked / "usr/sbin/exim4"), "-C", str(folder / "exim.conf"), "-bdf",
            "-oX", f"127.0.0.1.{port}", "-oP", str(folder / "pid"),
        ],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for_port(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=_TIMEOUT_S)


def _wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _TIMEOUT_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("Exim did not start") from error
            time.sleep(0.05)
        else:
            return
