"""The errors of the protocol machines: whose fault it is, and nothing else.

After a `RemoteProtocolError` the connection is beyond repair and has to be closed; after a
`LocalProtocolError` nothing was sent and the machine is in the state it was in before.
"""


class ProtocolError(Exception):
    """One of the two ends broke the protocol; only the subclasses are raised."""


class LocalProtocolError(ProtocolError):
    """Our own side asked for something the protocol does not allow in this state, or ever."""


class RemoteProtocolError(ProtocolError):
    """The peer sent something that the protocol does not allow, or more than the limits do.

    Attributes:
        limit: Name of the limit that was passed (`max_line_octets`), or None when the octets were
            wrong in themselves.
    """

    def __init__(self, message: str, *, limit: str | None = None) -> None:
        super().__init__(message)
        self.limit = limit
