"""What Lunchbell leaves on disk."""
