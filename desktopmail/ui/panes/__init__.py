"""The three panes of the window: `sidebar.py`, `list_pane.py` (with `card.py`), and reading/."""
