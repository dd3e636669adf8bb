"""The server room: the bundled server watched and handled over its administration API.

Start reading at `window.py`; `api.py` is the only module that knows HTTP. A page shows one noun of
the server. Nothing here knows more of the server than any other program with its token could.
"""
