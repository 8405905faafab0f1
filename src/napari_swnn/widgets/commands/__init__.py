"""Commands of the menus and the command palette, outside the panels."""
