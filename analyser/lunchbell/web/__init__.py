"""The analyser's pages, by aiohttp. `weekly` and `html` work without it, so that the command line can use them."""
