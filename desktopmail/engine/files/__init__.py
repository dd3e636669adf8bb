"""Messages in files, as other programs keep them: mbox, Maildir, and single .eml files.

Readers are iterators over `message.FileMessage`; writers take one message after another, so that a
mailbox of any size passes through. Nothing here knows the store.
"""
