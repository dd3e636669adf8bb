"""The protocol view without its widgets: what was said, cut into lines and actions, and explained.

Pure Python: no module here imports Qt. Start with `line.py`: a `Conversation` takes the records of
one connection and makes lines and actions of them; `piece.py` cuts the octets, `dialogue.py` knows
which line is data and which command an answer belongs to. Then `explanation.py`: it says in
English or German what a line means, from the table in `resources/protocol` that `table.py` reads;
`imap.py`, `pop3.py` and `smtp.py` find the keywords of a line, with the values of `reading.py`.
The room may import `desktopmail.resources` and nothing else of the house.
"""
