"""Messages as values: parsing, reading, sanitising, composing; octets in, octets and values out.

Start in `message.py`: `Message.parse(octets)` gives a mail's headers, structure, text and
attachments, each worked out when it is asked for. The exact octets are kept and never rewritten,
and no input makes anything here raise: what is wrong with a message is in its `defects`.

Pure: no I/O, tasks, clock or randomness; dates, message ids and boundaries come in as arguments.
May import: the standard library's pure modules and `email`, nh3, css_inline, selectolax,
webencodings, charset_normalizer, idna.

From octets up: `header` (fields), `encoded_word`, `parameter`, `address`, `date`, `message_id`,
`reference` (what fields hold), `structure` (the tree of parts), `section` and `envelope` (what an
IMAP server answers of it), `transfer` and `charset` (what parts hold), `text`, `html_text`, `link`,
`attachment` (what a person sees), `html` with `nesting`, `stylesheet` and `lookalike` (what a
person may safely see), `authres` and `mailing_list` (what came with it), `thread` (which messages
belong together), `compose`, `entity` and `mailto` (new ones).

RFCs followed: 5322, 2045-2047, 2049, 2183, 2231, 2369, 2392, 2919, 3676, 6532, 8058, 8601, and
9051 section 6.4.5. Deviations, each lenient towards what real clients send:

* Encoded words are decoded wherever they stand, in quoted strings too (RFC 2047 section 5 forbids).
* A line without a colon inside a header block is skipped when more fields follow; when none
  follows, the body starts there (RFC 5322 knows neither).
* LF and CRLF both end a line; CR alone only in a message that has no LF at all.
* A delimiter line has to be the boundary and white space; more behind it makes it text (RFC 2046
  section 5.1.1 would take the prefix, and break nested boundaries that share one).
"""
