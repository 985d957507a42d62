"""What follows from a notification: the bell, the letters a worker writes, the digest, and what each person chooses."""
