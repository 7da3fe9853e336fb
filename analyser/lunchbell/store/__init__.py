"""SQLite: the schema and its migrations, what is written, and the questions asked of it."""
