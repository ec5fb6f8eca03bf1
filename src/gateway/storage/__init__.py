"""What the gateway keeps: the records, the interface of a store, and the stores in SQLite and in NATS."""
