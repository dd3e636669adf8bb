"""The one typed interface of the engine: commands, queries, changes, questions and a reader.

`ui` and `cli` know this floor and nothing behind it. Start with `interface.py`; `commands.py` is
what one may ask for, `rows.py` what one reads, `changes.py` what one is told.
"""
