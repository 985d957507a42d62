"""Looking as another person: their pages as they see them, nothing changed, everything recorded under one's own name."""
