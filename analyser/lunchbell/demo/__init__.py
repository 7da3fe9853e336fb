"""A whole example school on this machine: its files, its day, and the processes that live through it."""
