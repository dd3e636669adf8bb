"""The fault plan of the running server: shown, replaced, added to, emptied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localserver.api import bodies
from localserver.api.problem import ProblemError
from localserver.faults import PlanError, from_table, to_table
from localserver.presets import PRESETS

if TYPE_CHECKING:
    from aiohttp import web

    from localserver.faults import Fault
    from localserver.server import Server


async def list_faults(server: Server, _request: web.Request) -> list[dict[str, Any]]:
    """Return the plan."""
    return [
        {**to_table(armed.fault), "seen": armed.seen, "hits": armed.hits, "spent": armed.is_spent}
        for armed in server.context.faults.armed
    ]


async def put_faults(server: Server, request: web.Request) -> dict[str, Any]:
    """Replace the plan by `{"faults": […]}`; all counts begin anew."""
    plan = _faults(await bodies.json_object(request))
    server.context.faults.set_plan(plan)
    return {"faults": len(plan)}


async def add_faults(server: Server, request: web.Request) -> dict[str, Any]:
    """Add faults `{"faults": […]}` or a ready-made one `{"preset": "slow"}` to the plan."""
    values = await bodies.json_object(request)
    if "preset" not in values:
        added = _faults(values)
    else:
        preset = PRESETS.get(bodies.text(values, "preset"))
        if preset is None:
            raise ProblemError(400, f"The ready-made faults are {', '.join(PRESETS)}.")
        added = list(preset.faults)
    for fault in added:
        server.context.faults.add(fault)
    return {"faults": len(server.context.faults.plan)}


async def clear_faults(server: Server, _request: web.Request) -> dict[str, Any]:
    """Empty the plan; what it did to mailboxes stays done, full ones are empty again."""
    server.context.faults.set_plan([])
    server.store.empty_full()
    return {}


async def list_presets(_server: Server, _request: web.Request) -> list[dict[str, Any]]:
    """Return the ready-made faults: name, what a client sees, and the faults they are."""
    return [
        {"name": name, "what": each.what, "faults": [to_table(fault) for fault in each.faults]}
        for name, each in PRESETS.items()
    ]


def _faults(values: dict[str, Any]) -> list[Fault]:
    tables = values.get("faults")
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise ProblemError(400, "'faults' is a list of objects.")
    try:
        return [from_table(table) for table in tables]
    except PlanError as error:
        raise ProblemError(400, str(error)) from error
