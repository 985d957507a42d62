"""People, groups and profiles from a file: read, looked through, and applied exactly as looked through."""
