"""The screens of channels, what recipients follow, and the demo's mailbox."""
