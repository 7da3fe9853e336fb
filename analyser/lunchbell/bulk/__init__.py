"""Logs that other proxies wrote: formats, reading, and the roll-up of one file, which is mergeable."""
