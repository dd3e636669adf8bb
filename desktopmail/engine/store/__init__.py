"""The store: SQLite with one writer, rows in one database and octets in segment databases.

Start with `schema.py` (what there is) and `store.py` (one step, one transaction); the other modules
are one table each: plain functions that take a `Transaction`. Nothing here knows a protocol.
"""
