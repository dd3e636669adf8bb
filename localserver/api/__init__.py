"""The administration API: HTTP with JSON on loopback, for the server room, scripts and tests.

`service.py` opens it and holds the guards that every request passes (token, Host, Origin, body
cap); `routes.py` is the table of routes, from which the OpenAPI document is made too; the handlers
are filed by noun. aiohttp is imported here and nowhere else, when the API is wanted.
"""
