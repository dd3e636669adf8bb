"""The local identities of things in the store; a server's UID is never one of them."""

from typing import NewType

AccountId = NewType("AccountId", int)
"""One account: an incoming server (IMAP or POP3), an outgoing one, and an address."""

MailboxId = NewType("MailboxId", int)
"""One mailbox of an account."""

MessageId = NewType("MessageId", int)
"""One message, however many mailboxes it stands in; what the command line calls ID."""

PlacementId = NewType("PlacementId", int)
"""One message in one mailbox: a row of a message list."""

SendingId = NewType("SendingId", int)
"""One message on its way out."""

OperationId = NewType("OperationId", int)
"""One journaled change that a server has to hear of."""

QuestionId = NewType("QuestionId", int)
"""One stored question that a person has to answer."""

IdentityId = NewType("IdentityId", int)
"""One name and address that a person writes as."""

ContactId = NewType("ContactId", int)
"""One contact of the address book."""
