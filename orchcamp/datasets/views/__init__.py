"""The screens of customer data and of the rule builder."""
