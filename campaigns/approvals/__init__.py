"""Approvals: who has to sign what of a version before it runs, and that nothing runs without."""
