"""Tasks: pieces of work that people give each other on a campaign, and the boards of teams."""
