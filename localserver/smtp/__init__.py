"""Sessions of SMTP (port 25, for local users only) and submission (587 and 465).

`session.py` pumps octets between the stream and `desktopmail.wire.smtp.server` and looks each
command up in its table; one file holds the handler of each noun: `offer`, `auth`, `mail`, `data`,
`vrfy`. `spool` keeps what arrives, `trace` writes the fields we add, `delivery` puts it into
mailboxes. What submission demands beyond that is in `localserver.submission`, mail for elsewhere in
`localserver.queue`.

May import `desktopmail.wire`, `desktopmail.net`, `desktopmail.mime` and the rest of `localserver`.
"""
