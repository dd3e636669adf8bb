"""The routes of the API, and the OpenAPI document that is made of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from localserver.api import events, mailboxes, outgoing, people, plan

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web

    from localserver.server import Server

Handler: TypeAlias = "Callable[[Server, web.Request], Awaitable[Any]]"


@dataclass(frozen=True, slots=True)
class Route:
    """One route.

    Attributes:
        method: HTTP method.
        path: With `{names}` in braces.
        handler: Answers it with what becomes JSON, or with a response.
        takes_message: Its body may be a message; others are small.
    """

    method: str
    path: str
    handler: Handler
    takes_message: bool = False

    @property
    def summary(self) -> str:
        """What it does, from its handler."""
        return (self.handler.__doc__ or "").strip().partition("\n")[0]


async def openapi(_server: Server, _request: web.Request) -> dict[str, Any]:
    """Return this description."""
    return document()


_MESSAGES: Final = "/api/users/{user}/messages"

ROUTES: Final = (
    Route("GET", "/api/openapi.json", openapi),
    Route("GET", "/api/server", plan.show_capabilities),
    Route("GET", "/api/capabilities", plan.show_capabilities),
    Route("GET", "/api/users", people.list_users),
    Route("PUT", "/api/users/{user}", people.put_user),
    Route("DELETE", "/api/users/{user}", people.remove_user),
    Route("GET", "/api/sessions", people.list_sessions),
    Route("GET", "/api/users/{user}/mailboxes", mailboxes.list_mailboxes),
    Route("GET", _MESSAGES, mailboxes.list_messages),
    Route("POST", _MESSAGES, mailboxes.add_message, takes_message=True),
    Route("GET", _MESSAGES + "/{uid}", mailboxes.show_message),
    Route("DELETE", _MESSAGES + "/{uid}", mailboxes.remove_message),
    Route("GET", "/api/captured", outgoing.list_captured),
    Route("DELETE", "/api/captured", outgoing.clear_captured),
    Route("GET", "/api/captured/{number}", outgoing.show_captured),
    Route("GET", "/api/queue", outgoing.list_queue),
    Route("POST", "/api/queue/retry", outgoing.retry_queue),
    Route("DELETE", "/api/queue/{id}", outgoing.drop_queue),
    Route("GET", "/api/faults", plan.list_faults),
    Route("PUT", "/api/faults", plan.put_faults),
    Route("GET", "/api/transcript", events.show_transcript),
    Route("GET", "/api/events", events.stream_events),
    Route("POST", "/api/wait", events.wait_for_message),
    Route("POST", "/api/reset", events.reset),
)


def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        operation: dict[str, Any] = {
            "summary": route.summary,
            "operationId": route.handler.__name__,
            "responses": {
                "200": {"description": "Done."},
                "401": {"description": "The token is missing or wrong."},
            },
        }
        if route.path == "/api/capabilities":
            operation["operationId"] = "list_capabilities"
        names = re.findall(r"\{(\w+)\}", route.path)
        if names:
            operation["parameters"] = [
                {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                for name in names
            ]
        if route.method in {"PUT", "POST"}:
            kind = "message/rfc822" if route.takes_message else "application/json"
            operation["requestBody"] = {"content": {kind: {"schema": {}}}}
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "localserver administration", "version": "1"},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}],
        "paths": paths,
    }
