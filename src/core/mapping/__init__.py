"""The mapping language: rows that read a record and write an event, as data.

`load` reads a mapping file into the values of `spec`; `settle` and `redact` make the variant an operator's
settings ask for; `compile` turns it into plain Python, and `interpret` does the same slowly and obviously. The
two agree on everything. `mapper` holds them together.
"""
