"""Sync: how a mailbox here becomes what the server has, and the server what was changed here.

`pop3.py` and `imap.py` are one account each. They write the store in single steps, so that a kill
at any moment leaves something that the next look goes on from.
"""
