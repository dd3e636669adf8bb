"""What submission demands and mends before a message goes on (RFC 6409), and the filters.

`submit.py` is the entrance; `envelope` looks at MAIL and RCPT, `mend` at the header, `policy` holds
what lives as long as the server (limits per user, the filter chain), `filters` the rules of that
chain.
"""
