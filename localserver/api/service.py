"""Opens the API, and lets nobody in without the token of the ready file."""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING

from aiohttp import web

from desktopmail.net.errors import ListenError
from localserver.api import bodies
from localserver.api.events import STREAMS
from localserver.api.problem import ProblemError, problem
from localserver.api.routes import ROUTES, Route
from localserver.store.errors import NoSuchMailboxError, NoSuchUserError, StoreError
from localserver.users import UserError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from localserver.api.events import Stream
    from localserver.api.routes import Values
    from localserver.server import Server

MAX_BODY_OCTETS = 64 * 1024 * 1024
_SMALL_BODY_OCTETS = 256 * 1024


class AdministrationService:
    """The open API; made by `open_service`."""

    def __init__(self, runner: web.AppRunner, port: int, streams: set[Stream]) -> None:
        self._runner = runner
        self._streams = streams
        self.port = port

    async def aclose(self) -> None:
        """Close it, event streams too."""
        for stream in self._streams:
            if stream.full():
                stream.get_nowait()
            stream.put_nowait(None)
        await asyncio.sleep(0)
        await self._runner.cleanup()


async def open_service(server: Server) -> AdministrationService:
    """Bind the API to loopback.

    Raises:
        ListenError: Its port is in use.
    """
    application = web.Application(client_max_size=MAX_BODY_OCTETS, middlewares=[_explained])
    streams: set[Stream] = set()
    application[STREAMS] = streams
    for route in ROUTES:
        application.router.add_route(route.method, route.path, _guarded(server, route))
    runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=0.5)
    await runner.setup()
    wanted = server.context.config.listen["api"]
    host = "127.0.0.1"
    site = web.TCPSite(runner, host, wanted)
    try:
        await site.start()
    except OSError as error:
        await runner.cleanup()
        raise ListenError(
            f"Port {wanted} on {host} is in use by another program.",
            remedy="Choose another --api port, or 0 for a free one.",
            code="port-in-use",
        ) from error
    address = runner.addresses[0]
    return AdministrationService(runner, int(address[1]), streams)


@web.middleware
async def _explained(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Say in our own way what aiohttp refuses: unknown paths and methods, bodies it cannot read."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return problem(ProblemError(404, "There is no such path; see /api/openapi.json."))
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        answer = problem(ProblemError(405, f"This path takes {allowed}."))
        answer.headers["Allow"] = allowed
        return answer
    except web.HTTPException as error:
        return problem(ProblemError(error.status, f"{error.reason}."))


def _guarded(
    server: Server, route: Route
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return the handler of a route behind all guards."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            _check(server, route, request)
            await _check_names(route, request)
            answer = await route.handler(server, request)
        except ProblemError as error:
            return problem(error)
        except (NoSuchUserError, NoSuchMailboxError) as error:
            return problem(ProblemError(404, str(error)))
        except (StoreError, UserError) as error:
            return problem(ProblemError(409, str(error)))
        if isinstance(answer, web.StreamResponse):
            return answer
        return web.json_response(answer)

    return handle


def _check(server: Server, route: Route, request: web.Request) -> None:
    # A page in a browser can reach loopback too: its Origin gives it away, and DNS rebinding shows
    # in the Host.
    if not _is_local_host(request.headers.get("Host", "")):
        raise ProblemError(421, "The Host header names another host.")
    if request.headers.get("Origin") is not None:
        raise ProblemError(403, "Pages of a browser are not let in.")
    if not _has_token(server, request):
        raise ProblemError(401, "The token of the ready file is needed: Authorization: Bearer …")
    most = MAX_BODY_OCTETS if route.takes_message else _SMALL_BODY_OCTETS
    if request.content_length is not None and request.content_length > most:
        raise ProblemError(413, f"At most {most} octets are taken here.")
    if request.content_length is None and request.can_read_body:
        raise ProblemError(411, "A body needs its Content-Length.")


async def _check_names(route: Route, request: web.Request) -> None:
    # A name with a typing error would be a value left out: `wait` would find any message.
    _refuse_unknown(request.query, route.query or {})
    if route.body is not None:
        values = await bodies.json_object(request)
        _refuse_unknown(values, route.body)
        for name in route.needed:
            if name not in values:
                raise ProblemError(400, f"{name!r} is missing.")


def _refuse_unknown(given: Iterable[str], known: Values) -> None:
    for name in given:
        if name not in known:
            taken = ", ".join(known) or "nothing"
            raise ProblemError(400, f"{name!r} is not known here, where {taken} can be given.")


def _is_local_host(host: str) -> bool:
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    return name in {"localhost", "127.0.0.1", "[::1]"}


def _has_token(server: Server, request: web.Request) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    given = token.strip().encode("utf-8", "replace")
    return scheme.lower() == "bearer" and hmac.compare_digest(given, server.token.encode())
