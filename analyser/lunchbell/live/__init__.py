"""What arrives while the school works: feeds of events, checked, and committed before they are acknowledged."""
