"""Writing a message.

`window.py` is the window, `writing.py` what it begins with: `fields.py` with the chips of
`addresses.py` above, the text in `body.py` (`document.py` fills it and reads it back, `looks.py`
and `format_bar.py` change how it looks), the files in `file_strip.py`. `keeping.py` saves drafts,
`recovery.py` what a crash must not take, `sending.py` sends. Messages are built by
`desktopmail.mime.compose`.
"""
