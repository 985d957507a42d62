"""The versions of a campaign: how the next begins, what state each is in, and what differs between two."""
