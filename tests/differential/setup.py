"""How Dovecot is set up for a trial: where it keeps mail, what names look like, what it lacks."""

from __future__ import annotations

import random
from dataclasses import dataclass

# What Dovecot 2.3 offers after the login.
_OFFERED = (
    "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES"
    " THREAD=REFS THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN"
    " NAMESPACE UIDPLUS LIST-EXTENDED I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES"
    " WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE SNIPPET=FUZZY PREVIEW=FUZZY PREVIEW"
    " STATUS=SIZE SAVEDATE LITERAL+ NOTIFY SPECIAL-USE COMPRESS=DEFLATE QUOTA"
)
_STORAGES = {
    "maildir": "maildir:~/Maildir",
    "maildir-fs": "maildir:~/Maildir:LAYOUT=fs",
    "sdbox": "sdbox:~/sdbox",
    "mbox": "mbox:~/mail:INBOX=~/inbox",
}
_WITHOUT: tuple[tuple[str, ...], ...] = (
    (),
    (),
    ("QRESYNC",),
    ("QRESYNC", "CONDSTORE"),
    ("QRESYNC", "CONDSTORE", "ESEARCH", "IDLE", "LIST-STATUS"),
    ("UIDPLUS",),
    ("MOVE",),
    ("MOVE", "UIDPLUS"),
    ("MOVE", "UIDPLUS", "QRESYNC", "CONDSTORE", "LIST-EXTENDED", "SPECIAL-USE", "NAMESPACE"),
    ("SPECIAL-USE", "LITERAL+", "ENABLE", "QRESYNC"),
)
_FEW_CONNECTIONS = 3
_QUOTA = (
    "plugin {{\n  quota = count:User quota\n  quota_vsizes = yes\n  quota_rule = *:{rule}\n}}\n"
)
PLENTY, LITTLE = "storage=1G", "messages=3"


@dataclass(frozen=True, slots=True)
class Setup:
    """One way to set Dovecot up.

    Attributes:
        storage: In which format it keeps mail.
        prefix: What the names of all mailboxes but the Inbox begin with.
        separator: Between the parts of a name.
        without: What it does not offer.
        few_connections: It takes three at once of a user.
        compress: The engine deflates what it says.
        read_only: One mailbox may be read only.
        small: The engine takes few messages for many.
    """

    storage: str
    prefix: str
    separator: str
    without: tuple[str, ...]
    few_connections: bool
    compress: bool
    read_only: bool
    small: bool

    def __str__(self) -> str:
        words = [self.storage, f"{self.prefix or 'no prefix'} {self.separator}"]
        words += [f"-{name}" for name in self.without]
        words += [
            name for name in ("few_connections", "compress", "read_only", "small")
            if getattr(self, name)
        ]  # fmt: skip
        return " ".join(words)

    @property
    def location(self) -> str:
        """As Dovecot takes it."""
        return _STORAGES[self.storage]

    def configuration(self, rule: str = PLENTY) -> str:
        """Dovecot's, behind that of `tests.helpers.dovecot`, with a quota."""
        offered = " ".join(name for name in _OFFERED.split() if name not in self.without)
        acl = (
            "plugin {\n  acl = vfile\n}\n"
            "protocol imap {\n  mail_plugins = quota zlib imap_quota imap_zlib acl\n}\n"
        )
        return (
            f"namespace inbox {{\n  prefix = {self.prefix}\n  separator = {self.separator}\n}}\n"
            f"protocol imap {{\n  imap_capability = {offered}\n}}\n"
            f"mail_max_userip_connections = {_FEW_CONNECTIONS if self.few_connections else 100}\n"
            + _QUOTA.format(rule=rule)
            + (acl if self.read_only else "")
        )


def setup_of(seed: int) -> Setup:
    """The setup of a seed."""
    chance = random.Random(f"setup {seed}")
    storage = chance.choice(("maildir", "maildir", "maildir-fs", "sdbox", "mbox"))
    # Below `INBOX.` an mbox would need the Inbox to be a folder.
    prefix, separator = chance.choice((("", "/"), ("", "."), ("INBOX.", "."), ("INBOX/", "/")))
    return Setup(
        storage=storage,
        prefix=prefix,
        separator=separator,
        without=chance.choice(_WITHOUT),
        few_connections=chance.random() < 0.2,
        compress=chance.random() < 0.3,
        read_only=storage == "maildir" and chance.random() < 0.3,
        small=chance.random() < 0.4,
    )
