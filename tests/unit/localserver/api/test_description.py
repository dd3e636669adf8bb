"""The OpenAPI document."""

from __future__ import annotations

from dataclasses import fields

from localserver.api.description import document
from localserver.api.events import EVENTS
from localserver.api.routes import ROUTES
from localserver.faults import Fault
from tests.helpers.api import administered


def test_every_route_is_described_with_what_it_takes_and_answers() -> None:
    paths = document()["paths"]
    for route in ROUTES:
        operation = paths[route.path][route.method.lower()]
        assert operation["summary"] == route.summary
        parameters = {(each["in"], each["name"]) for each in operation.get("parameters", [])}
        assert {("query", name) for name in route.query or {}} <= parameters
        if route.body is not None:
            (content,) = operation["requestBody"]["content"].values()
            assert content["schema"]["properties"].keys() == route.body.keys()
        assert "401" in operation["responses"]
    ids = [each["operationId"] for path in paths.values() for each in path.values()]
    assert len(ids) == len(set(ids))


def test_every_field_of_a_fault_and_every_event_is_described() -> None:
    described = document()["components"]["schemas"]["Fault"]["properties"]
    assert list(described) == [each.name for each in fields(Fault)]
    assert described["cut"]["type"] == "integer"
    assert described["hide"]["items"] == {"type": "string"}
    assert all(each["description"].endswith(".") for each in described.values())
    (stream,) = document()["paths"]["/api/events"]["get"]["responses"]["200"]["content"].values()
    assert all(f"`{kind}`" in stream["schema"]["description"] for kind in EVENTS)


async def test_the_description_is_served() -> None:
    async with administered() as (_, client), client.get("/api/openapi.json") as answer:
        assert (await answer.json())["openapi"] == "3.1.0"
