"""Discovery: from an address to the servers of its account.

Asked side by side, the best answer wins and says where it came from: the table of large providers
in `resources/autoconfig`, the domain's own autoconfig over HTTPS, its SRV records (RFC 6186, 8314),
and the provider behind its MX; the usual names of mail servers last. Start with `discover.py`; the
others are one source each.
"""
