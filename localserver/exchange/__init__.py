"""Mail in and out of files: mbox, Maildir and .eml, lossless with flags and dates.

`value.py` is what all three read and write; each format has its file, and `mailboxes.py` is of
folders of several mailboxes. Foreign files are read too, with what flags they have. Nothing here
knows the store.
"""
