"""The tables, and the steps by which a store of an older version becomes one of this version."""

from __future__ import annotations

from contextlib import closing

import apsw

from desktopmail.door.sqlite import fetch

# A server's UID is an attribute of a placement and never a key of a message; a message stands in as
# many mailboxes as there are placements of it. What a list is sorted and filtered by is copied into
# the placement, so that each window of a list is one walk along one index. Times are seconds since
# 1970. The flags are those of `door.rows.Flag`.
#
# AUTOINCREMENT, because a window, an undo or a waiting operation may still hold the id of a row
# that is gone: had the next row got the same id, it would be that one which is deleted.
_VERSION_1 = """
CREATE TABLE account (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    position INTEGER NOT NULL,
    name TEXT NOT NULL UNIQUE,
    address TEXT NOT NULL,
    display_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    incoming TEXT NOT NULL,             -- JSON of door.commands.ServerSettings
    outgoing TEXT NOT NULL,
    allow_cleartext INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'offline',
    problem TEXT,
    last_alive_s REAL,
    learned TEXT NOT NULL DEFAULT '{}'  -- JSON of engine.store.account.Learned
) STRICT;

CREATE TABLE mailbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    path TEXT NOT NULL,                 -- the whole name, decoded
    delimiter TEXT NOT NULL,            -- empty: a flat name
    role TEXT NOT NULL,
    selectable INTEGER NOT NULL,
    subscribed INTEGER NOT NULL,
    local INTEGER NOT NULL,             -- exists only here (POP3, or not created at the server yet)
    uidvalidity INTEGER,
    uidnext INTEGER,
    highestmodseq INTEGER,
    complete INTEGER NOT NULL DEFAULT 0,-- every message of the server has been seen once
    cycle INTEGER NOT NULL DEFAULT 0,   -- counts the full looks at the list of UIDs
    policy TEXT NOT NULL DEFAULT '',    -- empty: everything; 'headers'; 'days:N'
    UNIQUE (account_id, path)
) STRICT;

CREATE TABLE mailbox_total (
    mailbox_id INTEGER PRIMARY KEY REFERENCES mailbox (id) ON DELETE CASCADE,
    total INTEGER NOT NULL DEFAULT 0,
    unread INTEGER NOT NULL DEFAULT 0,
    octets INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE blob (
    id INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE,
    segment INTEGER NOT NULL,
    position INTEGER NOT NULL,
    octets INTEGER NOT NULL             -- as they came, before deflating
) STRICT;

CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    blob_id INTEGER REFERENCES blob (id),
    header BLOB,                        -- the header block, exact, while there is no blob
    header_digest BLOB NOT NULL,        -- sha-256 of the header block
    message_id TEXT NOT NULL,           -- without angle brackets; empty where it has none
    subject TEXT NOT NULL,
    sender_name TEXT NOT NULL,
    sender_address TEXT NOT NULL,
    recipients TEXT NOT NULL,
    date_s INTEGER NOT NULL,
    size INTEGER NOT NULL,
    attachment INTEGER NOT NULL,
    preview TEXT NOT NULL,
    thread_id INTEGER NOT NULL,
    indexed INTEGER NOT NULL DEFAULT 0  -- 0 waits, 1 headers only, 2 whole
) STRICT;
CREATE INDEX message_by_digest ON message (header_digest);
CREATE INDEX message_by_message_id ON message (message_id) WHERE message_id <> '';
CREATE INDEX message_by_blob ON message (blob_id) WHERE blob_id IS NOT NULL;
CREATE INDEX message_by_thread ON message (thread_id);
CREATE INDEX message_to_index ON message (id) WHERE indexed = 0;

CREATE TABLE thread_key (
    key INTEGER PRIMARY KEY,            -- 63 bits of the sha-256 of a Message-ID
    thread_id INTEGER NOT NULL
) STRICT;
CREATE INDEX thread_key_by_thread ON thread_key (thread_id);

CREATE TABLE placement (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id INTEGER NOT NULL REFERENCES message (id),
    mailbox_id INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    uid INTEGER,                        -- NULL: only here, or not known yet
    modseq INTEGER NOT NULL DEFAULT 0,
    flags INTEGER NOT NULL,
    arrived_s INTEGER NOT NULL,         -- INTERNALDATE, or when it was fetched
    shown INTEGER NOT NULL DEFAULT 1,   -- 0: moved or deleted here, or gone from the server
    gone_cycle INTEGER,                 -- the cycle of the mailbox in which it was missed
    wanted INTEGER NOT NULL DEFAULT 1,  -- its octets are to be fetched by and by
    date_s INTEGER NOT NULL,
    size INTEGER NOT NULL,
    attachment INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    sort_sender TEXT NOT NULL,
    sort_subject TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX placement_by_uid ON placement (mailbox_id, uid) WHERE uid IS NOT NULL;
CREATE INDEX placement_by_message ON placement (message_id);
CREATE INDEX placement_by_date ON placement (mailbox_id, date_s, id) WHERE shown = 1;
CREATE INDEX placement_by_sender ON placement (mailbox_id, sort_sender, id) WHERE shown = 1;
CREATE INDEX placement_by_subject ON placement (mailbox_id, sort_subject, id) WHERE shown = 1;
CREATE INDEX placement_by_size ON placement (mailbox_id, size, id) WHERE shown = 1;
CREATE INDEX placement_by_thread
    ON placement (thread_id, mailbox_id, date_s, id) WHERE shown = 1;
CREATE INDEX placement_unread
    ON placement (mailbox_id, date_s, id) WHERE shown = 1 AND flags & 1 = 0;
CREATE INDEX placement_flagged
    ON placement (mailbox_id, date_s, id) WHERE shown = 1 AND flags & 4 <> 0;
CREATE INDEX placement_attachment
    ON placement (mailbox_id, date_s, id) WHERE shown = 1 AND attachment = 1;
CREATE INDEX placement_wanted ON placement (mailbox_id, date_s) WHERE wanted = 1;
CREATE INDEX placement_gone ON placement (mailbox_id, gone_cycle) WHERE gone_cycle IS NOT NULL;

CREATE TRIGGER mailbox_is_counted AFTER INSERT ON mailbox BEGIN
    INSERT INTO mailbox_total (mailbox_id) VALUES (new.id);
END;
CREATE TRIGGER placement_comes AFTER INSERT ON placement WHEN new.shown = 1 BEGIN
    UPDATE mailbox_total SET total = total + 1, unread = unread + (new.flags & 1 = 0),
        octets = octets + new.size WHERE mailbox_id = new.mailbox_id;
END;
CREATE TRIGGER placement_goes AFTER DELETE ON placement WHEN old.shown = 1 BEGIN
    UPDATE mailbox_total SET total = total - 1, unread = unread - (old.flags & 1 = 0),
        octets = octets - old.size WHERE mailbox_id = old.mailbox_id;
END;
CREATE TRIGGER placement_changes AFTER UPDATE OF shown, flags, size, mailbox_id ON placement BEGIN
    UPDATE mailbox_total SET total = total - 1, unread = unread - (old.flags & 1 = 0),
        octets = octets - old.size WHERE mailbox_id = old.mailbox_id AND old.shown = 1;
    UPDATE mailbox_total SET total = total + 1, unread = unread + (new.flags & 1 = 0),
        octets = octets + new.size WHERE mailbox_id = new.mailbox_id AND new.shown = 1;
END;

CREATE TABLE tag (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE
) STRICT;
CREATE TABLE placement_tag (
    placement_id INTEGER NOT NULL REFERENCES placement (id) ON DELETE CASCADE,
    tag_id INTEGER NOT NULL REFERENCES tag (id),
    PRIMARY KEY (placement_id, tag_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX placement_tag_by_tag ON placement_tag (tag_id, placement_id);

CREATE TABLE pop_seen (
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    uidl TEXT NOT NULL,
    message_id INTEGER REFERENCES message (id) ON DELETE SET NULL,
    header_digest BLOB NOT NULL,
    first_seen_s INTEGER NOT NULL,
    delete_wanted INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, uidl)
) STRICT, WITHOUT ROWID;
CREATE INDEX pop_seen_by_message ON pop_seen (message_id);
CREATE INDEX pop_seen_by_digest ON pop_seen (account_id, header_digest);

CREATE TABLE operation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    arguments TEXT NOT NULL,            -- JSON of engine.store.operation.Arguments
    label TEXT NOT NULL,
    undo TEXT,                          -- the token of the command it came from
    state TEXT NOT NULL DEFAULT 'pending',
    tries INTEGER NOT NULL DEFAULT 0,
    not_before_s REAL NOT NULL DEFAULT 0,
    problem TEXT
) STRICT;
CREATE INDEX operation_by_account ON operation (account_id, id);
CREATE INDEX operation_by_undo ON operation (undo) WHERE undo IS NOT NULL;
CREATE TABLE operation_target (
    operation_id INTEGER NOT NULL REFERENCES operation (id) ON DELETE CASCADE,
    placement_id INTEGER NOT NULL REFERENCES placement (id) ON DELETE CASCADE,
    uid INTEGER,                        -- of the placement when it was asked for
    before INTEGER NOT NULL,            -- its flags before
    twin INTEGER,                       -- the placement that a move or copy made
    done INTEGER NOT NULL DEFAULT 0,    -- proved at the server
    PRIMARY KEY (operation_id, placement_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX operation_target_by_placement ON operation_target (placement_id);

CREATE TABLE sending (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    message_id TEXT NOT NULL,           -- the header field, without angle brackets
    subject TEXT NOT NULL,
    sender TEXT NOT NULL,
    recipients TEXT NOT NULL,           -- JSON: still to be sent to
    refused TEXT NOT NULL DEFAULT '{}', -- JSON: address to reply
    blob_id INTEGER NOT NULL REFERENCES blob (id),
    queued_s REAL NOT NULL,
    not_before_s REAL NOT NULL,
    retry_s REAL NOT NULL DEFAULT 0,
    changed_s REAL NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    problem TEXT,
    filed INTEGER NOT NULL DEFAULT 0,   -- a copy stands in Sent
    draft INTEGER,
    answers INTEGER,
    forwards INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE question (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    account_id INTEGER REFERENCES account (id) ON DELETE CASCADE,
    subject_id INTEGER,                 -- the sending or operation it is about
    text TEXT NOT NULL,
    choices TEXT NOT NULL,              -- JSON: [[key, label], ...]
    asked_s REAL NOT NULL
) STRICT;
CREATE UNIQUE INDEX question_once ON question (kind, subject_id) WHERE subject_id IS NOT NULL;

CREATE TABLE problem (
    id INTEGER PRIMARY KEY,
    account_id INTEGER REFERENCES account (id) ON DELETE CASCADE,
    service TEXT NOT NULL,
    what TEXT NOT NULL,
    remedy TEXT NOT NULL,
    at_s REAL NOT NULL
) STRICT;
CREATE UNIQUE INDEX problem_once ON problem (coalesce(account_id, 0), service);

CREATE TABLE person (
    address TEXT PRIMARY KEY COLLATE NOCASE,
    name TEXT NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0,
    received INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- The rowid is (date << 30) + message id, so the newest hits of a query are its last rows.
CREATE VIRTUAL TABLE words USING fts5 (
    subject, sender, recipients, body, files,
    content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
"""

# One LIST that leaves a mailbox out is no proof that it is gone; a sending shows everybody it went
# to, and not only who is still to be sent to.
_VERSION_2 = """
ALTER TABLE mailbox ADD COLUMN missed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sending ADD COLUMN everybody TEXT NOT NULL DEFAULT '[]';
UPDATE sending SET everybody = recipients;
"""

# A UIDL that comes again with another size may name another message; what a sync of headers alone
# left at the server is fetched by the next whole one; a server's quota is shown offline too.
_VERSION_3 = """
ALTER TABLE pop_seen ADD COLUMN size INTEGER;
ALTER TABLE mailbox ADD COLUMN withheld INTEGER NOT NULL DEFAULT 0;
UPDATE mailbox SET withheld = 1;
ALTER TABLE account ADD COLUMN quota TEXT NOT NULL DEFAULT '[]';
"""

# What a person did to a mailbox is seen before the server heard of it. A tag has a name as servers
# keep it, and another as a person wrote it.
_VERSION_4 = """
ALTER TABLE mailbox ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0; -- deleted here; kept for Undo
ALTER TABLE mailbox ADD COLUMN renamed_to TEXT; -- its new name, until its server heard of it
ALTER TABLE tag ADD COLUMN label TEXT NOT NULL DEFAULT ''; -- as a person wrote it; empty: the name
ALTER TABLE tag ADD COLUMN colour TEXT NOT NULL DEFAULT ''; -- "#rrggbb"; empty: chosen by its name
ALTER TABLE operation_target ADD COLUMN before_tags TEXT; -- JSON; NULL: it changes none
"""

# Who a person writes as; whom a person knows, found by the beginning of any word of a name or an
# address. The words are worked out by the program: of people counted before, at its next start.
# What reports say of a message that was sent is kept with it.
_VERSION_5 = """
CREATE TABLE identity (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,          -- the first one is the default
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    reply_to TEXT NOT NULL DEFAULT '',
    signature_text TEXT NOT NULL DEFAULT '',
    signature_html TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX identity_by_account ON identity (account_id, position, id);
INSERT INTO identity (account_id, position, name, address)
    SELECT id, 0, display_name, address FROM account;

CREATE TABLE contact (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    organisation TEXT NOT NULL DEFAULT '',
    phones TEXT NOT NULL DEFAULT '[]',  -- JSON
    note TEXT NOT NULL DEFAULT '',
    uid TEXT UNIQUE                     -- of the vCard it came from
) STRICT;
CREATE TABLE known_person (
    id INTEGER PRIMARY KEY,
    address TEXT NOT NULL UNIQUE COLLATE NOCASE,
    name TEXT NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0,
    received INTEGER NOT NULL DEFAULT 0,
    rank REAL NOT NULL DEFAULT 0,       -- how often and how recently; see engine.store.person
    words TEXT NOT NULL DEFAULT '',     -- each behind a space, in small letters
    contact_id INTEGER REFERENCES contact (id) ON DELETE SET NULL,
    place INTEGER NOT NULL DEFAULT 0    -- among the addresses of its contact
) STRICT;
INSERT INTO known_person (address, name, sent, received)
    SELECT address, name, sent, received FROM person;
DROP TABLE person;
ALTER TABLE known_person RENAME TO person;
CREATE INDEX person_by_rank ON person (rank, words);
CREATE INDEX person_by_contact ON person (contact_id, place) WHERE contact_id IS NOT NULL;
CREATE INDEX person_without_words ON person (id) WHERE words = '';
CREATE TABLE person_word (
    word TEXT NOT NULL,
    person_id INTEGER NOT NULL,         -- its rows go by the words of the person
    PRIMARY KEY (word, person_id)
) STRICT, WITHOUT ROWID;

ALTER TABLE sending ADD COLUMN report TEXT NOT NULL DEFAULT '{}'; -- JSON: what is asked for
ALTER TABLE sending ADD COLUMN results TEXT NOT NULL DEFAULT '{}'; -- JSON: address to a result
CREATE INDEX sending_by_message_id ON sending (message_id);
"""

# What comes is counted by `store.Transaction.count_in`: a trigger made that four times as slow. The
# twins of waiting operations are looked for with every message that comes.
_VERSION_6 = """
DROP TRIGGER placement_comes;
CREATE INDEX operation_target_by_twin ON operation_target (twin) WHERE twin IS NOT NULL;
"""

# How much is kept here of the mailboxes that an account will have.
_VERSION_7 = """
ALTER TABLE account ADD COLUMN policy TEXT NOT NULL DEFAULT ''; -- as mailbox.policy
"""

# The rowids of the word index were (date << 30) + message id: the difference of two of them, which
# each word of each message costs, had five octets, and has three now. What waits for the index
# stands in a table of its own: a mark in the message had its whole row written twice. The index
# merges eight runs instead of four at a time, and writes larger ones.
_VERSION_8 = """
ALTER TABLE message ADD COLUMN words_id INTEGER NOT NULL DEFAULT 0; -- of the second of its date
UPDATE message SET words_id = given.words_id FROM (
    SELECT id, n + max(first - n) OVER (ORDER BY n) AS words_id FROM (
        SELECT id, first, row_number() OVER (ORDER BY first, id) AS n FROM (
            SELECT id, min(max(date_s, 0), 8589934591) * 64 AS first FROM message))
) AS given WHERE given.id = message.id;
CREATE UNIQUE INDEX message_by_words ON message (words_id);
DROP INDEX message_to_index;
ALTER TABLE message DROP COLUMN indexed;
CREATE TABLE word_queue (message_id INTEGER PRIMARY KEY) STRICT; -- not in the word index yet
INSERT INTO word_queue (message_id) SELECT id FROM message;
DROP TABLE words;
-- The rowid is message.words_id, so the newest hits of a query are its last rows.
CREATE VIRTUAL TABLE words USING fts5 (
    subject, sender, recipients, body, files,
    content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO words (words, rank) VALUES ('hashsize', 16777216);
INSERT INTO words (words, rank) VALUES ('automerge', 8);
"""

# What the engine died of again and again is set aside until a person decides.
_VERSION_9 = """
CREATE TABLE aside (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,                 -- of engine.in_hand.KINDS
    key TEXT NOT NULL,
    UNIQUE (kind, key)
) STRICT;
"""

# Texts are indexed with the beginnings of their words (`door.vocabulary`), so all of them wait for
# a new index; with the body as its first column, because each place of a word in any other costs
# two octets that say so. States that few messages have, or lack, are found by an index of these
# few. How far a message stands behind the ids of its second says where a search before a date
# begins.
_VERSION_10 = """
DROP TABLE words;
-- The rowid is message.words_id, so the newest hits of a query are its last rows.
CREATE VIRTUAL TABLE words USING fts5 (
    body, subject, sender, recipients, files,
    content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO words (words, rank) VALUES ('hashsize', 16777216);
INSERT INTO words (words, rank) VALUES ('automerge', 8);
INSERT OR IGNORE INTO word_queue (message_id) SELECT id FROM message;
CREATE INDEX placement_read
    ON placement (mailbox_id, date_s, id) WHERE shown = 1 AND flags & 1 <> 0;
CREATE INDEX placement_answered
    ON placement (mailbox_id, date_s, id) WHERE shown = 1 AND flags & 2 <> 0;
CREATE INDEX placement_draft
    ON placement (mailbox_id, date_s, id) WHERE shown = 1 AND flags & 16 <> 0;
CREATE INDEX placement_forwarded
    ON placement (mailbox_id, date_s, id) WHERE shown = 1 AND flags & 32 <> 0;
CREATE INDEX message_behind ON message (words_id - min(max(date_s, 0), 8589934591) * 64)
    WHERE words_id - min(max(date_s, 0), 8589934591) * 64 > 63;
"""

# Tags that a server cannot keep stay here.
_VERSION_11 = """
ALTER TABLE mailbox ADD COLUMN keywords TEXT; -- JSON: those that its server keeps; NULL: any
"""

# Of a message of which a server told the envelope alone the digest is empty until its header comes.
_VERSION_12 = """
DROP INDEX message_by_digest;
CREATE INDEX message_by_digest ON message (header_digest) WHERE header_digest <> x'';
CREATE INDEX message_without_header ON message (id) WHERE header_digest = x'';
"""

# The beginnings of words are marked by another letter.
_VERSION_13 = """
INSERT INTO words (words) VALUES ('delete-all');
INSERT OR IGNORE INTO word_queue (message_id) SELECT id FROM message;
"""

# An index ends with the id of its row anyhow: to name it had it kept twice, a fifth of each index.
# That of sizes names it, because behind it whether there are attachments is told without a look at
# the row: of large messages most have some.
_VERSION_14 = """
DROP INDEX placement_by_date;
DROP INDEX placement_by_sender;
DROP INDEX placement_by_subject;
DROP INDEX placement_by_size;
DROP INDEX placement_by_thread;
DROP INDEX placement_unread;
DROP INDEX placement_read;
DROP INDEX placement_flagged;
DROP INDEX placement_answered;
DROP INDEX placement_draft;
DROP INDEX placement_forwarded;
DROP INDEX placement_attachment;
CREATE INDEX placement_by_date ON placement (mailbox_id, date_s) WHERE shown = 1;
CREATE INDEX placement_by_sender ON placement (mailbox_id, sort_sender) WHERE shown = 1;
CREATE INDEX placement_by_subject ON placement (mailbox_id, sort_subject) WHERE shown = 1;
CREATE INDEX placement_by_size ON placement (mailbox_id, size, id, attachment) WHERE shown = 1;
CREATE INDEX placement_by_thread ON placement (thread_id, mailbox_id, date_s) WHERE shown = 1;
CREATE INDEX placement_unread
    ON placement (mailbox_id, date_s) WHERE shown = 1 AND flags & 1 = 0;
CREATE INDEX placement_read
    ON placement (mailbox_id, date_s) WHERE shown = 1 AND flags & 1 <> 0;
CREATE INDEX placement_flagged
    ON placement (mailbox_id, date_s) WHERE shown = 1 AND flags & 4 <> 0;
CREATE INDEX placement_answered
    ON placement (mailbox_id, date_s) WHERE shown = 1 AND flags & 2 <> 0;
CREATE INDEX placement_draft
    ON placement (mailbox_id, date_s) WHERE shown = 1 AND flags & 16 <> 0;
CREATE INDEX placement_forwarded
    ON placement (mailbox_id, date_s) WHERE shown = 1 AND flags & 32 <> 0;
CREATE INDEX placement_attachment
    ON placement (mailbox_id, date_s) WHERE shown = 1 AND attachment = 1;
"""

# The word index knows which two of the commonest words follow one another.
_VERSION_15 = """
INSERT INTO words (words) VALUES ('delete-all');
INSERT OR IGNORE INTO word_queue (message_id) SELECT id FROM message;
"""

# What a POP3 server does not list any more exists only here.
_VERSION_16 = """
ALTER TABLE pop_seen ADD COLUMN unlisted INTEGER NOT NULL DEFAULT 0;
"""

# At which messages of a server the connection ended, and how often, outlives the engine.
_VERSION_17 = """
CREATE TABLE ended_at (
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    name TEXT NOT NULL,                 -- of a message: see engine.sync.pop3 and .refusals
    times INTEGER NOT NULL,
    PRIMARY KEY (account_id, name)
) STRICT, WITHOUT ROWID;
"""

# What a problem is, apart from its sentence: `DoorError.code`, empty where none says it.
_VERSION_18 = """
ALTER TABLE problem ADD COLUMN code TEXT NOT NULL DEFAULT '';
"""

# Tags that are older than their labels are found by what they are shown as.
_VERSION_19 = """
UPDATE tag SET label = CASE name WHEN '$label1' THEN 'Important' WHEN '$label2' THEN 'Work'
    WHEN '$label3' THEN 'Personal' WHEN '$label4' THEN 'To Do' WHEN '$label5' THEN 'Later'
    ELSE 'Important' END
    WHERE label = '' AND name IN
        ('$label1', '$label2', '$label3', '$label4', '$label5', '$important');
"""

# With each message that is deleted it is asked whether its octets are of one that was sent.
_VERSION_20 = """
CREATE INDEX sending_by_blob ON sending (blob_id);
"""

UPGRADES: tuple[str, ...] = (
    _VERSION_1, _VERSION_2, _VERSION_3, _VERSION_4, _VERSION_5, _VERSION_6, _VERSION_7,
    _VERSION_8, _VERSION_9, _VERSION_10, _VERSION_11, _VERSION_12,
    _VERSION_13, _VERSION_14, _VERSION_15, _VERSION_16, _VERSION_17, _VERSION_18,
    _VERSION_19, _VERSION_20,
)  # fmt: skip
"""Step N makes version N of version N - 1; version 0 is an empty database. Never edit one."""

VERSION = len(UPGRADES)


class NewerStoreError(Exception):
    """The store was written by a newer version of the program.

    Args:
        version: Of the store.
    """

    def __init__(self, version: int) -> None:
        super().__init__(
            f"The mail in this profile was written by a newer desktopmail (store version {version},"
            f" this program knows {VERSION})."
        )


def upgrade(connection: apsw.Connection, *, to: int = VERSION) -> None:
    """Bring a database to a version, each step in its own transaction.

    Raises:
        NewerStoreError: It is of a later version already.
    """
    version = version_of(connection)
    if version > VERSION:
        raise NewerStoreError(version)
    for number in range(version + 1, to + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(UPGRADES[number - 1])
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a disk that fails has SQLite take all of it back itself
                connection.execute("ROLLBACK")
            raise


def missing(connection: apsw.Connection) -> list[str]:
    """What a database of this version lacks, whatever took it: `index message_by_blob`, by name."""
    with closing(apsw.Connection(":memory:")) as sound:
        upgrade(sound)
        parts = "SELECT type || ' ' || name FROM sqlite_schema"
        wanted = {row[0] for row in fetch(sound, parts)}
    return sorted(wanted - {row[0] for row in fetch(connection, parts)})


def version_of(connection: apsw.Connection) -> int:
    """Return the version of a database; 0 for an empty one."""
    return int(fetch(connection, "PRAGMA user_version")[0][0])
