"""What the gateway keeps: the records, the interface of a store, and the stores: SQLite's file, NATS's streams."""
