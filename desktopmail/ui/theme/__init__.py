"""How the window looks: tokens (colours by purpose) → palette → a short style sheet; tinted icons.

Start with `tokens.py`; `theme.py` holds the one theme of the program and tells when it changes.
"""
