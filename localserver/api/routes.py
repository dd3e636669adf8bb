"""The table of routes: what is asked for, with which values, and who answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from localserver.api import (
    about,
    capabilities,
    events,
    mailboxes,
    messages,
    outgoing,
    people,
    plan,
    sessions,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web

    from localserver.server import Server

Handler: TypeAlias = "Callable[[Server, web.Request], Awaitable[Any]]"
# Name → JSON type and what it is.
Values: TypeAlias = "dict[str, tuple[str, str]]"


@dataclass(frozen=True, slots=True)
class Route:
    """One route.

    Attributes:
        method: HTTP method.
        path: With `{names}` in braces.
        handler: Answers it with what becomes JSON, or with a response.
        query: Values it takes behind `?`, all optional.
        body: Values of the JSON object it takes.
        needed: Those of them that must be there.
        takes_message: Its body is a message; others are small.
    """

    method: str
    path: str
    handler: Handler
    query: Values | None = None
    body: Values | None = None
    needed: tuple[str, ...] = ()
    takes_message: bool = False

    @property
    def summary(self) -> str:
        """What it does, from its handler."""
        return (self.handler.__doc__ or "").strip().partition("\n")[0]


async def openapi(_server: Server, _request: web.Request) -> dict[str, Any]:
    """Return this description."""
    from localserver.api.description import document  # which reads the table below

    return document()


_USER: Final = "/api/users/{user}"
_MAILBOX: Final = _USER + "/mailboxes/{mailbox}"
_MESSAGES: Final = _USER + "/messages"
_MESSAGE: Final = _MESSAGES + "/{uid}"
_IN: Final[Values] = {"mailbox": ("string", "Name of the mailbox; INBOX unless told.")}
_LIMIT: Final[Values] = {"limit": ("integer", "How many at most: 100 unless told, 1000 at most.")}
_RAW: Final[Values] = {"raw": ("integer", "1: the octets, as message/rfc822.")}
_FAULTS: Final[Values] = {"faults": ("array", "Faults; the schema Fault names their fields.")}

ROUTES: Final = (
    Route("GET", "/api/openapi.json", openapi),
    # The server
    Route("GET", "/api/server", about.show_server),
    Route("POST", "/api/server/stop", about.stop_server),
    Route("POST", "/api/reset", events.reset),
    Route("GET", "/api/capabilities", capabilities.show_capabilities),
    Route(
        "PUT", "/api/capabilities", capabilities.put_capabilities,
        body={"without": ("array", "Names that are switched off; all others are on.")},
        needed=("without",),
    ),
    Route("GET", "/api/sessions", sessions.list_sessions),
    Route("DELETE", "/api/sessions/{number}", sessions.cut_session),
    # Users
    Route("GET", "/api/users", people.list_users),
    Route(
        "PUT", _USER, people.put_user,
        body={
            "password": ("string", "The new password."),
            "new": ("boolean", "Refuse it when there is such a user already."),
        },
        needed=("password",),
    ),
    Route("DELETE", _USER, people.remove_user),
    Route(
        "PUT", _USER + "/quota", people.put_quota,
        body={"quota_octets": ("integer", "The limit; null for the server's.")},
        needed=("quota_octets",),
    ),
    Route("POST", _USER + "/application", people.make_application),
    Route("DELETE", _USER + "/application", people.remove_application),
    Route(
        "PUT", _USER + "/full", people.put_fullness,
        body={"full": ("boolean", "Whether the quota counts as used up.")}, needed=("full",),
    ),
    # Mailboxes
    Route("GET", _USER + "/mailboxes", mailboxes.list_mailboxes),
    Route(
        "PUT", _MAILBOX, mailboxes.make_mailbox,
        body={"special_use": ("string", "\\Sent and its like, or nothing.")},
    ),
    Route(
        "PATCH", _MAILBOX, mailboxes.rename_mailbox,
        body={"name": ("string", "The new name.")}, needed=("name",),
    ),
    Route("DELETE", _MAILBOX, mailboxes.delete_mailbox),
    Route("POST", _MAILBOX + "/uidvalidity", mailboxes.renew_uidvalidity),
    # Messages
    Route(
        "GET", _MESSAGES, messages.list_messages,
        query={**_IN, **_LIMIT, "before": ("integer", "Only messages with lesser UIDs.")},
    ),
    Route(
        "POST", _MESSAGES, messages.add_message, takes_message=True,
        query={**_IN, "flags": ("string", "Flags and keywords, with spaces between them.")},
    ),
    Route("DELETE", _MESSAGES, messages.empty_mailbox, query=_IN),
    Route("GET", _MESSAGE, messages.show_message, query={**_IN, **_RAW}),
    Route(
        "PATCH", _MESSAGE, messages.flag_message, query=_IN,
        body={"add": ("array", "Flags to set."), "remove": ("array", "Flags to take away.")},
    ),
    Route(
        "POST", _MESSAGE + "/move", messages.move_message, query=_IN,
        body={"mailbox": ("string", "Where to.")}, needed=("mailbox",),
    ),
    Route("DELETE", _MESSAGE, messages.remove_message, query=_IN),
    # Mail for elsewhere
    Route("GET", "/api/captured", outgoing.list_captured, query=_LIMIT),
    Route("DELETE", "/api/captured", outgoing.clear_captured),
    Route("GET", "/api/captured/{number}", outgoing.show_captured, query=_RAW),
    Route("DELETE", "/api/captured/{number}", outgoing.forget_captured),
    Route("GET", "/api/queue", outgoing.list_queue),
    Route(
        "POST", "/api/queue/retry", outgoing.retry_queue,
        body={"id": ("integer", "Of one message; all when it is missing.")},
    ),
    Route("GET", "/api/queue/{id}", outgoing.show_queued, query=_RAW),
    Route(
        "DELETE", "/api/queue/{id}", outgoing.drop_queue,
        query={"bounce": ("integer", "1: its sender gets a report.")},
    ),
    # Faults
    Route("GET", "/api/faults", plan.list_faults),
    Route("PUT", "/api/faults", plan.put_faults, body=_FAULTS, needed=("faults",)),
    Route(
        "POST", "/api/faults", plan.add_faults,
        body={**_FAULTS, "preset": ("string", "Name of a ready-made one, in place of faults.")},
    ),
    Route("DELETE", "/api/faults", plan.clear_faults),
    Route("GET", "/api/faults/presets", plan.list_presets),
    # What happens
    Route(
        "GET", "/api/transcript", events.show_transcript,
        query={
            "after": ("integer", "Only records with greater numbers."),
            "protocol": ("string", "smtp, submission, pop3 or imap."),
        },
    ),
    Route("DELETE", "/api/transcript", events.clear_transcript),
    Route(
        "GET", "/api/events", events.stream_events,
        query={"kinds": ("string", "Kinds of events with commas between them; all unless told.")},
    ),
    Route(
        "POST", "/api/wait", events.wait_for_message,
        body={
            "to": ("string", "Name or address, here or elsewhere; anybody when it is missing."),
            "subject": ("string", "Part of the subject."),
            "timeout_s": ("number", "How long to wait: 5 seconds unless told, 300 at most."),
        },
    ),
)  # fmt: skip
