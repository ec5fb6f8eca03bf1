"""The mapping language: rows that read a record and write an event, as data.

`spec` reads a mapping file, `compile` turns it into plain Python, `interpret` does the same slowly and
obviously; the two agree on everything.
"""
