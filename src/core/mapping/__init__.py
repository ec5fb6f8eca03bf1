"""The mapping language: rows that read a record and write an event, as data.

`parser` reads a mapping file into the values of `model`; `specialize` and `redact` make the variant that an
operator's settings ask for; `compile` turns it into plain Python. `interpret` does the same, slowly and
obviously, and the two agree on everything. `mapper` holds a mapping ready to run.
"""
