"""The tables of one user's database, and of the captured mail."""

from __future__ import annotations

from localserver.store.database import Schema

# entry is narrow, so that a STORE or a FETCH of flags on a whole mailbox touches few pages. A
# message is shared by its copies (refs counts them). content keeps header and body apart, so that
# a FETCH of header fields does not read the body. expunged is what QRESYNC tells (RFC 7162).
_MAIL = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO meta VALUES ('uidvalidity', 0);
INSERT INTO meta VALUES ('octets', 0);
INSERT INTO meta VALUES ('messages', 0);
CREATE TABLE mailbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    uidvalidity INTEGER NOT NULL,
    uidnext INTEGER NOT NULL DEFAULT 1,
    modseq INTEGER NOT NULL DEFAULT 1,
    special_use TEXT NOT NULL DEFAULT '',
    messages INTEGER NOT NULL DEFAULT 0,
    unseen INTEGER NOT NULL DEFAULT 0,
    deleted INTEGER NOT NULL DEFAULT 0,
    octets INTEGER NOT NULL DEFAULT 0,
    recent_from INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE subscription (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE keyword (bit INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE);
CREATE TABLE entry (
    mailbox INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    modseq INTEGER NOT NULL,
    message INTEGER NOT NULL,
    saved INTEGER NOT NULL,
    PRIMARY KEY (mailbox, uid)
) WITHOUT ROWID;
CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    refs INTEGER NOT NULL,
    size INTEGER NOT NULL,
    pop_size INTEGER NOT NULL,
    arrived INTEGER NOT NULL,
    zone INTEGER NOT NULL,
    envelope BLOB NOT NULL,
    body BLOB NOT NULL,
    structure BLOB NOT NULL,
    sender TEXT,
    recipient TEXT
);
CREATE TABLE finding (
    message INTEGER PRIMARY KEY,
    sent INTEGER,
    sent_day INTEGER,
    subject TEXT NOT NULL,
    from_text TEXT NOT NULL,
    to_text TEXT NOT NULL,
    cc_text TEXT NOT NULL,
    bcc_text TEXT NOT NULL,
    base_subject TEXT NOT NULL,
    is_reply INTEGER NOT NULL,
    from_key TEXT NOT NULL,
    to_key TEXT NOT NULL,
    cc_key TEXT NOT NULL,
    from_display TEXT NOT NULL,
    to_display TEXT NOT NULL,
    message_id TEXT NOT NULL,
    ancestors TEXT NOT NULL,
    preview TEXT NOT NULL,
    header_text TEXT,
    body_text TEXT
);
CREATE TABLE content (message INTEGER PRIMARY KEY, header BLOB NOT NULL, body BLOB NOT NULL);
CREATE TABLE expunged (
    mailbox INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    modseq INTEGER NOT NULL,
    PRIMARY KEY (mailbox, uid)
) WITHOUT ROWID;
"""

# THREADID: the thread of each message, and of each Message-ID that was ever seen or referred to.
_THREADS = """
CREATE TABLE thread (message INTEGER PRIMARY KEY, thread INTEGER NOT NULL);
CREATE INDEX thread_members ON thread (thread);
CREATE TABLE reference (message_id TEXT PRIMARY KEY, thread INTEGER NOT NULL) WITHOUT ROWID;
"""

# What a summary holds is worked out behind the delivery (`backlog.py`): so it stands in tables of
# its own, and meta knows the last message that has its rows. Everything a FETCH of ENVELOPE, BODY
# or BODYSTRUCTURE answers is stored as the octets of the answer.
_ANSWERS = """
CREATE TABLE answer (
    message INTEGER PRIMARY KEY,
    envelope BLOB NOT NULL,
    body BLOB NOT NULL,
    structure BLOB NOT NULL
);
INSERT INTO answer SELECT id, envelope, body, structure FROM message;
ALTER TABLE message DROP COLUMN envelope;
ALTER TABLE message DROP COLUMN body;
ALTER TABLE message DROP COLUMN structure;
INSERT INTO meta SELECT 'summarised', coalesce(max(id), 0) FROM message;
"""

# All that becomes of a message that arrives, in one statement: see `append.Append`.
_ARRIVALS = """
CREATE VIEW arrival (
    mailbox, uid, flags, modseq, saved,
    message, size, pop_size, arrived, zone, sender, recipient, header, body
) AS
SELECT mailbox, uid, flags, modseq, saved,
    message, size, pop_size, arrived, zone, sender, recipient, header, content.body
FROM entry JOIN message ON message.id=entry.message JOIN content USING (message);
CREATE TRIGGER arrive INSTEAD OF INSERT ON arrival BEGIN
    INSERT INTO message (id, refs, size, pop_size, arrived, zone, sender, recipient)
    VALUES (NEW.message, 1, NEW.size, NEW.pop_size, NEW.arrived, NEW.zone, NEW.sender,
        NEW.recipient);
    INSERT INTO content VALUES (NEW.message, NEW.header, NEW.body);
    INSERT INTO entry VALUES (
        NEW.mailbox, NEW.uid, NEW.flags, NEW.modseq, NEW.message, NEW.saved
    );
    UPDATE mailbox SET uidnext=NEW.uid+1, modseq=NEW.modseq, messages=messages+1,
        unseen=unseen+(NEW.flags&1=0), deleted=deleted+(NEW.flags&8<>0), octets=octets+NEW.size
    WHERE id=NEW.mailbox;
    UPDATE meta SET value=value+iif(key='octets', NEW.size, 1) WHERE key IN ('octets', 'messages');
END;
"""

# What TEXT finds in the headers of parts; of mail that was here before, it does not.
_PARTS = "ALTER TABLE finding ADD COLUMN parts_text TEXT"

_CAPTURED = """
CREATE TABLE captured (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    sender TEXT NOT NULL,
    recipients TEXT NOT NULL,
    arrived INTEGER NOT NULL,
    octets BLOB NOT NULL
);
"""

MAIL = Schema((_MAIL, _THREADS, _ANSWERS, _ARRIVALS, _PARTS), 0x6C736D31)  # "lsm1"
CAPTURED = Schema((_CAPTURED,), 0x6C736331)  # "lsc1"
