"""Ready-made faults: the classics that a mail client has to survive, each under a short name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from localserver.faults import Fault


@dataclass(frozen=True, slots=True)
class Preset:
    """One of them.

    Attributes:
        what: What a client meets, in a sentence.
        faults: Added to the plan.
    """

    what: str
    faults: tuple[Fault, ...]


PRESETS: Final = {
    "lost-message": Preset(
        "The connection drops after the final dot, and the message was not taken.",
        (Fault(protocol="submission", command="END-OF-DATA", drop=True),),
    ),
    "lost-reply": Preset(
        "The message is taken, and the connection drops before the reply to the final dot.",
        (Fault(protocol="submission", command="END-OF-DATA", cut=0),),
    ),
    "refused-recipient": Preset(
        "The next recipient is refused for good.",
        (Fault(protocol="submission", command="RCPT", reply="550 5.1.1 No such mailbox here"),),
    ),
    "busy": Preset(
        "The next message is put off until later.",
        (Fault(protocol="submission", command="MAIL", reply="451 4.3.2 Busy; try again later"),),
    ),
    "slow": Preset("Every answer takes two seconds.", (Fault(delay_s=2.0, times=None),)),
    "dribble": Preset(
        "Every answer comes octet by octet.",
        (Fault(command="CONNECT", dribble=True, times=None),),
    ),
    "stall": Preset("The next command or connection is never answered.", (Fault(stall=True),)),
    "reset": Preset("The next command or connection is reset.", (Fault(reset=True),)),
    "bye": Preset("The server says goodbye to the next command or connection.", (Fault(bye=True),)),
    "cut-download": Preset(
        "The next message is cut off in its middle.",
        (
            Fault(protocol="imap", command="UID FETCH", argument=r"BODY(\.PEEK)?\[", cut=600),
            Fault(protocol="pop3", command="RETR", cut=600),
        ),
    ),
    "uidvalidity": Preset(
        "The next SELECT finds another UIDVALIDITY.",
        (Fault(protocol="imap", command="SELECT", argument="INBOX", uidvalidity=True),),
    ),
    "second-device": Preset(
        "Another device empties the INBOX before the next message is fetched.",
        (Fault(protocol="imap", command="UID FETCH", expunge=(0,)),),
    ),
    "quota-full": Preset(
        "The quota of everybody who appends is used up.",
        (Fault(protocol="imap", command="APPEND", quota_full=True),),
    ),
    "wrong-certificate": Preset(
        "The next TLS handshake shows a certificate of somebody else.",
        (
            Fault(command="CONNECT", certificate="wrong"),
            Fault(command="STARTTLS", certificate="wrong"),
            Fault(command="STLS", certificate="wrong"),
        ),
    ),
    "stripped-starttls": Preset(
        "Nobody is offered STARTTLS any more.",
        (Fault(command="CONNECT", hide=("STARTTLS",), times=None),),
    ),
}
