"""The network floor: streams, TLS, dialling, listening, and the clients of the three protocols.

Pumps octets between sockets and the machines of `desktopmail.wire`; knows no accounts and no store.
It may import `wire` and `mime`; only `engine` and `localserver` import it.

Everything from outside (clock, randomness, dialling, listening, threads) comes in through `ports`,
so that a simulation can stand in. Errors of sockets and TLS are mapped once, at the door, to the
few of `errors`: each is one sentence that names the thing, and a remedy.

Start reading at `stream` (a connection), then `dial` and `listen` (where streams come from), then
`pop3` (the smallest client).
"""
