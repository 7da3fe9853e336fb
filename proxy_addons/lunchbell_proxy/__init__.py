"""The proxy's addons, one reason each: what to open, what was seen, how it is judged, where it is kept."""
