"""A page to write a source on, which shows at once what becomes of a body."""
