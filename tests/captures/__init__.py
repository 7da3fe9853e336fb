"""Recorded traffic through the addon's own hooks."""
