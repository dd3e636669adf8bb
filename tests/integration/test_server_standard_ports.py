"""`--standard-ports` in a network of its own, where every port is free and nobody listens."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from localserver.config import STANDARD_PORTS

# Brings loopback up, starts the server, and says what each port said first.
SCRIPT = """
import json, socket, ssl, subprocess, sys
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
server = subprocess.Popen(
    [sys.executable, "-m", "localserver", "serve", "--memory", "--standard-ports", "--api", "0",
     "--user", "alice:secret"], stdout=subprocess.PIPE)
told = json.loads(server.stdout.readline())
context = ssl.create_default_context(cafile=told["ca_file"])
said = {}
for name, port in told["ports"].items():
    if name == "api":
        continue
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        if name in {"submissions", "pop3s", "imaps"}:
            connection = context.wrap_socket(connection, server_hostname="localhost")
        said[name] = connection.recv(100).decode()
        connection.close()
server.terminate()
print(json.dumps({"ports": told["ports"], "said": said, "status": server.wait(10)}))
"""
GREETINGS = {"smtp": "220 ", "subm": "220 ", "pop3": "+OK", "imap": "* OK"}


def in_own_network(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["unshare", "--map-root-user", "--net", *command],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.peer("unshare", "ip")
def test_all_seven_standard_ports_are_served() -> None:
    if in_own_network("true").returncode:
        pytest.skip("this machine gives nobody a network namespace of their own")
    done = in_own_network(sys.executable, "-c", SCRIPT)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    del told["ports"]["api"]
    assert told["ports"] == {name: port for name, port in STANDARD_PORTS.items() if name != "api"}
    assert set(told["said"]) == set(told["ports"])
    for name, greeting in told["said"].items():
        assert greeting.startswith(GREETINGS[name[:4]]), (name, greeting)
    assert told["status"] == 0
