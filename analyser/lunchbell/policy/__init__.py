"""The core that decides: pure, standard library only, no clock, no files.

Import what you need from its modules; importing the core loads neither aiohttp nor mitmproxy.
"""
