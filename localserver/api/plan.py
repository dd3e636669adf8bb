"""Fault plans and capabilities of the running server."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from localserver.api import bodies
from localserver.api.problem import ProblemError
from localserver.faults import PlanError, from_table

if TYPE_CHECKING:
    from aiohttp import web

    from localserver.server import Server


async def list_faults(server: Server, _request: web.Request) -> list[dict[str, Any]]:
    """Return the plan."""
    rows = [asdict(fault) for fault in server.context.faults.plan]
    for row in rows:
        row["inject"] = row["inject"].decode("latin-1")
    return rows


async def put_faults(server: Server, request: web.Request) -> dict[str, Any]:
    """Replace the plan by `{"faults": [...]}`; all counts begin anew."""
    values = await bodies.json_object(request)
    tables = values.get("faults")
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise ProblemError(400, "'faults' is a list of objects.")
    try:
        plan = [from_table(table) for table in tables]
    except PlanError as error:
        raise ProblemError(400, str(error)) from error
    server.context.faults.set_plan(plan)
    return {"faults": len(plan)}


async def show_capabilities(server: Server, _request: web.Request) -> dict[str, Any]:
    """Return what is switched off, and where everything listens."""
    config = server.context.config
    return {
        "without": sorted(config.without),
        "domain": config.domain,
        "relay": config.relay,
        "ports": server.ports,
        "ca_file": None if server.ca_file is None else str(server.ca_file),
        "max_message_octets": config.max_message_octets,
    }
