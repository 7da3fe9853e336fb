"""The proxy seen from outside: each case once straight to an independent origin, once through Lunchbell."""
