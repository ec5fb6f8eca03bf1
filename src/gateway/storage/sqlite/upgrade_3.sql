-- Brings a store of layout 3 to the columns of layout 4; schema.sql then adds what else is new.

ALTER TABLE source ADD COLUMN undelivered_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE source ADD COLUMN kept_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE call ADD COLUMN source INTEGER REFERENCES source;
ALTER TABLE dead_letter ADD COLUMN accepted_at REAL;
ALTER TABLE dead_letter ADD COLUMN fingerprint BLOB;
ALTER TABLE dead_letter ADD COLUMN count INTEGER NOT NULL DEFAULT 1;
ALTER TABLE dead_letter ADD COLUMN first_at REAL NOT NULL DEFAULT 0;

DROP TRIGGER event_in;
DROP TRIGGER event_out;
DROP TRIGGER dead_letter_in;
DROP TRIGGER dead_letter_out;
DROP TRIGGER call_in;
DROP TRIGGER call_out;
DROP TABLE kept;

-- Never swept yet: nothing is deleted by age before the clock has proved itself.
CREATE TABLE sweep (id INTEGER PRIMARY KEY CHECK (id = 1), at REAL NOT NULL);
INSERT INTO sweep VALUES (1, 0);

-- What was accepted goes into `seen`, where a digest is found without reading the whole table.
INSERT OR REPLACE INTO seen (day, digest, at) SELECT CAST(at / 86400 AS INTEGER), digest, at FROM recent ORDER BY 1, 2, 3;
DELETE FROM recent;
WITH RECURSIVE days (day) AS (
    SELECT min(day) FROM seen UNION ALL SELECT (SELECT min(day) FROM seen WHERE day > days.day) FROM days WHERE day IS NOT NULL
)
UPDATE dead_letter SET first_at = at, accepted_at = (
    SELECT max(seen.at) FROM seen WHERE day IN (SELECT day FROM days) AND seen.digest = dead_letter.digest AND seen.at <= dead_letter.at
);

-- A call whose source nothing tells any longer counts as the first source's.
UPDATE call SET source = coalesce(
    (SELECT source FROM dead_letter WHERE call = call.id LIMIT 1),
    (SELECT min(id) FROM source)
);
UPDATE source SET
    undelivered_bytes = (SELECT coalesce(sum(size), 0) FROM event WHERE source = source.id),
    kept_bytes = (SELECT coalesce(sum(size), 0) FROM dead_letter WHERE source = source.id)
        + (SELECT coalesce(sum(size), 0) FROM call WHERE source = source.id);

-- Ids without their times, and how many there are of each day.
ALTER TABLE seen RENAME TO seen_with_times;
CREATE TABLE seen (
    day INTEGER NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (day, digest)
) WITHOUT ROWID;
CREATE TABLE seen_day (day INTEGER PRIMARY KEY, digests INTEGER NOT NULL);
INSERT INTO seen SELECT day, digest FROM seen_with_times;
INSERT INTO seen_day SELECT day, count(*) FROM seen GROUP BY day;
DROP TABLE seen_with_times;
