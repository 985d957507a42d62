"""The one door: every way of signing in ends here, and asks for the second factor of whoever has one."""
