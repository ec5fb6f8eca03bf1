"""What the gateway keeps: the records, the interface of a store, and the store in SQLite."""
