"""Hostile input: what arrives at /api/events, and what sites and clients send through the proxy."""
