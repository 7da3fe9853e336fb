"""What arrives while the school works: feeds of events, checked, rolled up and committed before they are acknowledged."""
