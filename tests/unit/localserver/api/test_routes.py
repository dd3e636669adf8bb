"""The routes and their description."""

from __future__ import annotations

from localserver.api.routes import ROUTES, document
from tests.helpers.api import administered


def test_every_route_is_described() -> None:
    paths = document()["paths"]
    for route in ROUTES:
        operation = paths[route.path][route.method.lower()]
        assert operation["summary"].endswith((".", ","))
    ids = [each["operationId"] for path in paths.values() for each in path.values()]
    assert len(ids) == len(set(ids))


async def test_the_description_is_served() -> None:
    async with administered() as (_, client), client.get("/api/openapi.json") as answer:
        assert (await answer.json())["openapi"] == "3.1.0"
