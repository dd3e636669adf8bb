"""A desktop mail client that speaks SMTP, POP3 and IMAP to any server.

Floors, each importing only downward: `__main__` > `ui` | `cli` | `engine` > `door` | `net` >
`wire` > `mime`. ARCHITECTURE.md tells what each holds; start reading there.
"""

__version__ = "0.1.0"
