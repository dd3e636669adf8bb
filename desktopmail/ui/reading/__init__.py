"""The pane on the right: a message as a person reads it.

`content.py` makes a `Letter` of octets (through `desktopmail.mime`, in a thread), `pane.py` shows
it: `header_card.py`, `notice_bar.py`, `attachments.py`, and the body as text (`plain_view.py`) or
as HTML (`html_view.py` within the walls of `web_walls.py`, which bring QtWebEngine in when the
first such message is opened). `printing.py` puts it on paper: text by `paper.py`, HTML by
`web_paper.py`.
"""
