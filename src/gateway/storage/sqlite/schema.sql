-- Layout 4. What changes often (leases, refusals) is kept apart from what is large (events), so that a claim
-- writes a few bytes an event. IF NOT EXISTS, because two processes may make a store at the same time.

CREATE TABLE IF NOT EXISTS source (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    undelivered INTEGER NOT NULL DEFAULT 0,
    undelivered_bytes INTEGER NOT NULL DEFAULT 0,
    dead_letters INTEGER NOT NULL DEFAULT 0,
    kept_bytes INTEGER NOT NULL DEFAULT 0 -- of its dead letters and calls
);

-- Undelivered events. AUTOINCREMENT: a seq acknowledged late must never be another event's.
CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    bucket INTEGER NOT NULL,             -- crc32(source NUL user) % 16
    source INTEGER NOT NULL REFERENCES source,
    user TEXT NOT NULL,
    size INTEGER NOT NULL,
    accepted_at REAL NOT NULL,
    refusals INTEGER NOT NULL DEFAULT 0, -- how often it was refused when it was sent alone
    leased_at REAL NOT NULL DEFAULT 0,
    lease_until REAL NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS event_place ON event (source, bucket);  -- and seq, as every index ends in the row's id
CREATE INDEX IF NOT EXISTS event_refused ON event (source, bucket, user) WHERE refusals > 0;

CREATE TABLE IF NOT EXISTS body (
    seq INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL,
    call INTEGER,
    event BLOB NOT NULL CHECK (typeof(event) = 'blob')
);

-- What was accepted and has not moved on into `seen` yet. AUTOINCREMENT: readers go on after the last id.
CREATE TABLE IF NOT EXISTS recent (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL,                -- 16 bytes of source NUL message_id
    at REAL NOT NULL
);

-- What was accepted before. By day first: new rows and expired ones lie together, although digests are random.
CREATE TABLE IF NOT EXISTS seen (
    day INTEGER NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (day, digest)
) WITHOUT ROWID;

-- How many digests `seen` has of each day.
CREATE TABLE IF NOT EXISTS seen_day (day INTEGER PRIMARY KEY, digests INTEGER NOT NULL);

CREATE TABLE IF NOT EXISTS call (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    always_kept INTEGER NOT NULL,        -- even where it has no dead letters
    size INTEGER NOT NULL,
    content BLOB NOT NULL,               -- MessagePack
    source INTEGER REFERENCES source
);
CREATE INDEX IF NOT EXISTS call_at ON call (source, at) WHERE always_kept;

CREATE TABLE IF NOT EXISTS dead_letter (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    source INTEGER NOT NULL REFERENCES source,
    rule TEXT NOT NULL,
    reason TEXT NOT NULL,
    pointer TEXT NOT NULL,
    line INTEGER,
    decodable INTEGER NOT NULL,
    call INTEGER,
    digest BLOB,                         -- of the accepted event that it was, as in `seen`
    size INTEGER NOT NULL,
    record BLOB NOT NULL CHECK (typeof(record) = 'blob'),
    event BLOB NOT NULL CHECK (typeof(event) = 'blob'),
    answer TEXT NOT NULL,                -- the destination's, with write keys masked
    accepted_at REAL,                    -- when that event was accepted, as in `seen`
    fingerprint BLOB,                    -- of a rejection: equal ones are one letter
    count INTEGER NOT NULL DEFAULT 1,    -- how often it came
    first_at REAL NOT NULL DEFAULT 0     -- when it came first; `at` is the last time
);
CREATE UNIQUE INDEX IF NOT EXISTS dead_letter_fingerprint ON dead_letter (fingerprint) WHERE fingerprint IS NOT NULL;
CREATE INDEX IF NOT EXISTS dead_letter_at ON dead_letter (source, at);
CREATE INDEX IF NOT EXISTS dead_letter_source ON dead_letter (source);  -- and id: a list in its order needs no sorting
CREATE INDEX IF NOT EXISTS dead_letter_rule ON dead_letter (rule);
CREATE INDEX IF NOT EXISTS dead_letter_call ON dead_letter (call) WHERE call IS NOT NULL;

-- When retention looked last, by which a clock that was set while no process ran is noticed.
CREATE TABLE IF NOT EXISTS sweep (id INTEGER PRIMARY KEY CHECK (id = 1), at REAL NOT NULL);

CREATE TRIGGER IF NOT EXISTS event_in AFTER INSERT ON event BEGIN
    UPDATE source SET undelivered = undelivered + 1, undelivered_bytes = undelivered_bytes + NEW.size WHERE id = NEW.source;
END;
CREATE TRIGGER IF NOT EXISTS event_out AFTER DELETE ON event BEGIN
    UPDATE source SET undelivered = undelivered - 1, undelivered_bytes = undelivered_bytes - OLD.size WHERE id = OLD.source;
    DELETE FROM body WHERE seq = OLD.seq;
END;
CREATE TRIGGER IF NOT EXISTS seen_in AFTER INSERT ON seen BEGIN
    INSERT INTO seen_day VALUES (NEW.day, 1) ON CONFLICT (day) DO UPDATE SET digests = digests + 1;
END;
CREATE TRIGGER IF NOT EXISTS seen_out AFTER DELETE ON seen BEGIN
    UPDATE seen_day SET digests = digests - 1 WHERE day = OLD.day;
    DELETE FROM seen_day WHERE day = OLD.day AND digests = 0;
END;
CREATE TRIGGER IF NOT EXISTS dead_letter_in AFTER INSERT ON dead_letter BEGIN
    UPDATE source SET dead_letters = dead_letters + 1, kept_bytes = kept_bytes + NEW.size WHERE id = NEW.source;
END;
CREATE TRIGGER IF NOT EXISTS dead_letter_out AFTER DELETE ON dead_letter BEGIN
    UPDATE source SET dead_letters = dead_letters - 1, kept_bytes = kept_bytes - OLD.size WHERE id = OLD.source;
    DELETE FROM call WHERE id = OLD.call AND NOT always_kept AND NOT EXISTS (SELECT 1 FROM dead_letter WHERE call = OLD.call);
END;
CREATE TRIGGER IF NOT EXISTS call_in AFTER INSERT ON call BEGIN
    UPDATE source SET kept_bytes = kept_bytes + NEW.size WHERE id = NEW.source;
END;
CREATE TRIGGER IF NOT EXISTS call_out AFTER DELETE ON call BEGIN
    UPDATE source SET kept_bytes = kept_bytes - OLD.size WHERE id = OLD.source;
END;

PRAGMA user_version = 4;
