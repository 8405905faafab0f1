"""Lazy layers, which compute only the visible part, and boxes extracted from them.

May import `kit` and `layers`.
"""
