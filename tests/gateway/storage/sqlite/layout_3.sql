-- A store as springhead wrote it while its layout was 3.

PRAGMA page_size = 8192;
PRAGMA user_version = 3;
BEGIN TRANSACTION;
CREATE TABLE body (
    seq INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL,
    call INTEGER,
    event BLOB NOT NULL CHECK (typeof(event) = 'blob')
);
INSERT INTO "body" VALUES(3,'waiting 1',NULL,X'7B7D');
INSERT INTO "body" VALUES(4,'waiting 2',NULL,X'7B7D');
CREATE TABLE call (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    always_kept INTEGER NOT NULL,        -- even where it has no dead letters
    size INTEGER NOT NULL,
    content BLOB NOT NULL                -- MessagePack
);
INSERT INTO "call" VALUES(1,1790100060.0,0,87,X'85A66D6574686F64A4504F5354A375726CAB2F76312F776562686F6F6BA76865616465727381AA757365722D6167656E7491A76578616D706C65A5717565727981A16192A131A132A4626F6479C4085B7B7D2C207B7D5D');
INSERT INTO "call" VALUES(2,1790100120.0,1,81,X'85A66D6574686F64A4504F5354A375726CAB2F76312F776562686F6F6BA76865616465727381AA757365722D6167656E7491A76578616D706C65A5717565727981A16192A131A132A4626F6479C4025B5D');
CREATE TABLE dead_letter (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    source INTEGER NOT NULL REFERENCES source,
    rule TEXT NOT NULL,
    reason TEXT NOT NULL,
    pointer TEXT NOT NULL,
    line INTEGER,
    decodable INTEGER NOT NULL,
    call INTEGER,
    digest BLOB,                         -- of the event in `seen` that it was, so that a replay is stored again
    size INTEGER NOT NULL,
    record BLOB NOT NULL CHECK (typeof(record) = 'blob'),
    event BLOB NOT NULL CHECK (typeof(event) = 'blob'),
    answer TEXT NOT NULL                 -- the destination's, with write keys masked
);
INSERT INTO "dead_letter" VALUES(1,1790000000.0,1,'delivery/400','the destination answered 400','',NULL,1,NULL,X'12FDD43680683AE3B1BFEC6B63109B51',230,X'',X'7B7D','');
INSERT INTO "dead_letter" VALUES(2,1790100060.0,1,'schema/required','type is required','/0',3,1,1,NULL,218,X'7B7D',X'','');
INSERT INTO "dead_letter" VALUES(3,1790100060.0,1,'schema/required','type is required','/0',3,1,1,NULL,218,X'7B7D',X'','');
INSERT INTO "dead_letter" VALUES(4,1790100120.0,2,'delivery/400','the destination answered 400','',NULL,1,NULL,X'F20E4C0C775BA2E86FD473B55A6C772E',230,X'',X'7B7D','');
CREATE TABLE event (
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
INSERT INTO "event" VALUES(3,14,1,'ada',2,1790100000.0,0,1790100120.0,1790100180.0);
INSERT INTO "event" VALUES(4,14,1,'ada',2,1790100000.0,0,1790100120.0,1790100180.0);
CREATE TABLE kept (id INTEGER PRIMARY KEY CHECK (id = 1), bytes INTEGER NOT NULL);
INSERT INTO "kept" VALUES(1,1064);
CREATE TABLE recent (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL,                -- 16 bytes of source NUL message_id
    at REAL NOT NULL
);
INSERT INTO "recent" VALUES(5,X'F20E4C0C775BA2E86FD473B55A6C772E',1790100060.0);
INSERT INTO "recent" VALUES(6,X'EE6DA9EDDC6EA12DDE53674C72022D79',1790100120.0);
CREATE TABLE seen (
    day INTEGER NOT NULL,
    digest BLOB NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (day, digest)
) WITHOUT ROWID;
INSERT INTO "seen" VALUES(20717,X'12FDD43680683AE3B1BFEC6B63109B51',1790000000.0);
INSERT INTO "seen" VALUES(20717,X'FE90C3FA4795EFE3BD2943450888776C',1790000000.0);
INSERT INTO "seen" VALUES(20718,X'60D8A926FE87F5F402B7508083B57723',1790100000.0);
INSERT INTO "seen" VALUES(20718,X'A9F661A0229707309ED9D99C0AC48DAE',1790100000.0);
CREATE TABLE source (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    undelivered INTEGER NOT NULL DEFAULT 0,
    dead_letters INTEGER NOT NULL DEFAULT 0
);
INSERT INTO "source" VALUES(1,'auth0',2,3);
INSERT INTO "source" VALUES(2,'slack',0,1);
CREATE INDEX event_place ON event (source, bucket);
CREATE INDEX event_refused ON event (source, bucket, user) WHERE refusals > 0;
CREATE INDEX dead_letter_source ON dead_letter (source);
CREATE INDEX dead_letter_rule ON dead_letter (rule);
CREATE INDEX dead_letter_call ON dead_letter (call) WHERE call IS NOT NULL;
CREATE TRIGGER event_in AFTER INSERT ON event BEGIN
    UPDATE source SET undelivered = undelivered + 1 WHERE id = NEW.source;
END;
CREATE TRIGGER event_out AFTER DELETE ON event BEGIN
    UPDATE source SET undelivered = undelivered - 1 WHERE id = OLD.source;
    DELETE FROM body WHERE seq = OLD.seq;
END;
CREATE TRIGGER dead_letter_in AFTER INSERT ON dead_letter BEGIN
    UPDATE source SET dead_letters = dead_letters + 1 WHERE id = NEW.source;
    UPDATE kept SET bytes = bytes + NEW.size;
END;
CREATE TRIGGER dead_letter_out AFTER DELETE ON dead_letter BEGIN
    UPDATE source SET dead_letters = dead_letters - 1 WHERE id = OLD.source;
    UPDATE kept SET bytes = bytes - OLD.size;
    DELETE FROM call WHERE id = OLD.call AND NOT always_kept AND NOT EXISTS (SELECT 1 FROM dead_letter WHERE call = OLD.call);
END;
CREATE TRIGGER call_in AFTER INSERT ON call BEGIN
    UPDATE kept SET bytes = bytes + NEW.size;
END;
CREATE TRIGGER call_out AFTER DELETE ON call BEGIN
    UPDATE kept SET bytes = bytes - OLD.size;
END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('event',6);
INSERT INTO "sqlite_sequence" VALUES('recent',6);
INSERT INTO "sqlite_sequence" VALUES('dead_letter',4);
INSERT INTO "sqlite_sequence" VALUES('call',2);
COMMIT;
