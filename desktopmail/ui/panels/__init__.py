"""Everything that opens over or beside the panes: problem cards, dialogues, panels.

`views.py` opens each by its name; none of them is imported when the program starts, except
`problems.py`, which is part of the window.
"""
