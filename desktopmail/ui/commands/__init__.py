"""What a person can do, one file per verb.

Menus, tool bar, shortcuts and palette are built of them. `verb.py` says what a verb is, `desk.py`
what verbs act upon, `registry.py` lists them all: a new verb is a new file, a line there and its
words in `resources/translations`.
"""
