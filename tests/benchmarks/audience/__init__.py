"""Counts and a canvas over millions of profiles, beside hand-written DuckDB and indexed PostgreSQL."""
