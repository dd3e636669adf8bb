"""The ready file: one JSON object that says where the server listens; for its user alone."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


# In the folder of a running server, for the commands that look after it.
FILE_IN_FOLDER = "running.json"


@dataclass(frozen=True, slots=True)
class Ready:
    """What programs that start the server wait for.

    Attributes:
        ports: Port of each protocol that is served.
        ca_file: PEM file of the authority to trust, None without TLS.
        token: Of the administration API; "" when it is not served.
        domain: The server's mail domain.
        host: The address it listens on.
        pid: The server's process.
    """

    ports: dict[str, int]
    ca_file: str | None
    token: str
    domain: str
    host: str
    pid: int

    def to_json(self) -> str:
        """The object on one line."""
        return json.dumps(
            {
                "ports": self.ports,
                "ca_file": self.ca_file,
                "token": self.token,
                "domain": self.domain,
                "host": self.host,
                "pid": self.pid,
            }
        )

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all, with the rights 0600.

        Raises:
            OSError: It cannot be written; its `filename` is the path that was asked for.
        """
        fresh = path.with_name(f"{path.name}.{self.pid}.new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        try:
            with os.fdopen(os.open(fresh, flags, 0o600), "w") as file:
                file.write(self.to_json() + "\n")
            fresh.replace(path)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise OSError(error.errno, error.strerror, str(path)) from error
