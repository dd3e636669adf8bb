"""The command line: one file per group of commands; a sibling of `ui` that knows the door only.

Each group has `add(commands)`, which declares its commands, and one coroutine a command, which gets
a `Context` and the parsed arguments and returns the exit status. Start with `main.py`.
"""
