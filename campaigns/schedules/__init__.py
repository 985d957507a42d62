"""When a campaign launches, as a value: read from its document, reckoned into moments, said in words. No models."""
