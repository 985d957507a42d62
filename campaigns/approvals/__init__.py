"""Approvals: who must decide about a version, the request, the decisions, and what is seen of them."""
