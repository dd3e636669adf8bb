"""Mail for elsewhere: captured by default, or kept in a queue that delivers, retries and reports.

`outbound.py` says what submission may ask for; `capture.py` keeps the mail and lets nothing leave,
`relay.py` (with `--relay mx` or `--relay smarthost=HOST:PORT`) works on the persistent queue of
`table.py`: `schedule.py` says when to try again, `route.py` where to, `report.py` writes the
reports of RFC 3464. `open.py` makes the one that the configuration asks for.

May import `desktopmail.wire`, `desktopmail.net`, `desktopmail.mime`, and of `localserver` the
store.
"""
