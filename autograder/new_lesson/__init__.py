"""A new lesson: both folders from a template, and its places in menus and lists."""
