-- The whole schema. Times are microseconds since 1970, ids are 16 bytes, `live` is 1 while an instance goes on by itself.
--
-- Tables that grow are ordinary rowid tables on purpose: new rows go to the end of the file, whatever their key, and
-- only the small entries of the indexes land in random places. The tables without rowid are small and read by key.
-- Every index costs a write in the hot path; each says what it is for.

CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Fixed for ever: a profile's shard is the hash of its key modulo this number.
INSERT INTO meta (key, value) VALUES ('shards', '16');

-- One row per shard: who may write to it, and the sequence number of its last applied event.
CREATE TABLE shards (
    shard  INTEGER NOT NULL PRIMARY KEY,
    epoch  INTEGER NOT NULL,
    cursor INTEGER NOT NULL
) STRICT;

INSERT INTO shards (shard, epoch, cursor)
WITH RECURSIVE n (shard) AS (SELECT 0 UNION ALL SELECT shard + 1 FROM n WHERE shard < 15)
SELECT shard, 0, 0 FROM n;

CREATE TABLE versions (
    journey     TEXT    NOT NULL,
    version     TEXT    NOT NULL,
    source      TEXT    NOT NULL,
    deployed_at INTEGER NOT NULL,
    current     INTEGER NOT NULL,
    PRIMARY KEY (journey, version)
) STRICT;

-- A guard, not a path: people enter one version of a journey at a time.
CREATE UNIQUE INDEX versions_current ON versions (journey) WHERE current = 1;

CREATE TABLE profiles (
    shard      INTEGER NOT NULL,
    key        TEXT    NOT NULL,
    attributes TEXT    NOT NULL,
    entries    TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (shard, key)
) STRICT;

CREATE TABLE events (
    shard       INTEGER NOT NULL,
    sequence    INTEGER NOT NULL,
    id          TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    profile     TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    properties  TEXT    NOT NULL,
    outcome     TEXT    NOT NULL,
    PRIMARY KEY (shard, sequence)
) STRICT;

-- Finds repetitions of an event, and all events of a person.
CREATE UNIQUE INDEX events_profile ON events (shard, profile, id);

-- The id comes first because pages of the dashboard are in the order of ids, which is the order of entry.
CREATE TABLE instances (
    id         BLOB    NOT NULL,
    shard      INTEGER NOT NULL,
    journey    TEXT    NOT NULL,
    version    TEXT    NOT NULL,
    profile    TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    status     INTEGER NOT NULL,
    live       INTEGER NOT NULL,
    step       TEXT    NOT NULL,
    entered_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    due_at     INTEGER,
    turn       INTEGER NOT NULL,
    state      TEXT    NOT NULL,
    PRIMARY KEY (id, shard)
) STRICT;

-- Finds the live instances of the person an event is about (hot path), and all of them to show or erase.
CREATE INDEX instances_profile ON instances (shard, profile, live);

-- Finds what is due, earliest first. The one writer reads over all shards, so the shard is not part of it; what is
-- over or waits without a limit is not in it.
CREATE INDEX instances_due ON instances (due_at, id) WHERE due_at IS NOT NULL;

-- Finds the calls whose attempts were lost in a restart; holds only the calls under way.
CREATE INDEX instances_calling ON instances (id) WHERE status = 1;

-- Finds what an operator must look at, among millions that are well.
CREATE INDEX instances_failed ON instances (id) WHERE status = 4;

CREATE TABLE history (
    instance   BLOB    NOT NULL,
    turn       INTEGER NOT NULL,
    shard      INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    happenings TEXT    NOT NULL,
    PRIMARY KEY (instance, turn, shard)
) STRICT;

-- Changed by adding, in the transaction of what they count; one row per shard, so that writers never wait for another.
CREATE TABLE counters (
    journey TEXT    NOT NULL,
    version TEXT    NOT NULL,
    step    TEXT    NOT NULL,
    shard   INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    passed  INTEGER NOT NULL,
    failed  INTEGER NOT NULL,
    ended   INTEGER NOT NULL,
    PRIMARY KEY (journey, version, step, shard)
) STRICT, WITHOUT ROWID;
