-- The whole schema. Times are microseconds since 1970, `live` is 1 while an instance goes on by itself.
--
-- Every table that grows carries the shard in its primary key, so that the same schema can be distributed by it.
-- Texts compare byte by byte (COLLATE "C"): as in SQLite, faster, and an index survives a new version of the system's
-- collations. Tables whose rows change leave room in their pages (fillfactor) and are vacuumed early.
-- Every index costs a write in the hot path; each says what it is for.

CREATE TABLE meta (
    key   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- Fixed for ever: a profile's shard is the hash of its key modulo this number.
INSERT INTO meta (key, value) VALUES ('shards', '64');

-- One row per shard: who may write to it, and the sequence number of its last applied event.
CREATE TABLE shards (
    shard  SMALLINT NOT NULL PRIMARY KEY,
    epoch  BIGINT   NOT NULL,
    cursor BIGINT   NOT NULL
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

INSERT INTO shards (shard, epoch, cursor)
SELECT shard, 0, 0 FROM generate_series(0, 63) AS n (shard);

CREATE TABLE versions (
    journey     TEXT COLLATE "C" NOT NULL,
    version     TEXT COLLATE "C" NOT NULL,
    source      TEXT             NOT NULL,
    deployed_at BIGINT           NOT NULL,
    current     SMALLINT         NOT NULL,
    PRIMARY KEY (journey, version)
);

-- A guard, not a path: people enter one version of a journey at a time.
CREATE UNIQUE INDEX versions_current ON versions (journey) WHERE current = 1;

CREATE TABLE profiles (
    shard      SMALLINT         NOT NULL,
    key        TEXT COLLATE "C" NOT NULL,
    attributes TEXT             NOT NULL,
    entries    TEXT             NOT NULL,
    created_at BIGINT           NOT NULL,
    updated_at BIGINT           NOT NULL,
    PRIMARY KEY (shard, key)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE events (
    shard       SMALLINT         NOT NULL,
    sequence    BIGINT           NOT NULL,
    id          TEXT COLLATE "C" NOT NULL,
    name        TEXT COLLATE "C" NOT NULL,
    profile     TEXT COLLATE "C" NOT NULL,
    at          BIGINT           NOT NULL,
    received_at BIGINT           NOT NULL,
    properties  TEXT             NOT NULL,
    outcome     TEXT             NOT NULL,
    PRIMARY KEY (shard, sequence)
);

-- Finds repetitions of an event, and all events of a person; the sequence is carried along so that the newest are
-- found without reading the others.
CREATE UNIQUE INDEX events_profile ON events (shard, profile, id) INCLUDE (sequence);

-- The id comes first because pages of the dashboard are in the order of ids, which is the order of entry.
CREATE TABLE instances (
    id         UUID             NOT NULL,
    shard      SMALLINT         NOT NULL,
    journey    TEXT COLLATE "C" NOT NULL,
    version    TEXT COLLATE "C" NOT NULL,
    profile    TEXT COLLATE "C" NOT NULL,
    key        TEXT COLLATE "C" NOT NULL,
    status     SMALLINT         NOT NULL,
    live       SMALLINT         NOT NULL,
    step       TEXT COLLATE "C" NOT NULL,
    entered_at BIGINT           NOT NULL,
    updated_at BIGINT           NOT NULL,
    due_at     BIGINT,
    turn       BIGINT           NOT NULL,
    state      TEXT             NOT NULL,
    PRIMARY KEY (id, shard)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

-- Finds the live instances of the person an event is about (hot path), and all of them to show or erase.
CREATE INDEX instances_profile ON instances (shard, profile, live);

-- Finds what is due, earliest first, within each shard of a writer; what is over or waits without a limit is not in it.
CREATE INDEX instances_due ON instances (shard, due_at, id) WHERE due_at IS NOT NULL;

-- Finds the calls whose attempts were lost in a restart; holds only the calls under way.
CREATE INDEX instances_calling ON instances (id) WHERE status = 1;

-- Finds what an operator must look at, among millions that are well.
CREATE INDEX instances_failed ON instances (id) WHERE status = 4;

CREATE TABLE history (
    instance   UUID     NOT NULL,
    turn       BIGINT   NOT NULL,
    shard      SMALLINT NOT NULL,
    at         BIGINT   NOT NULL,
    happenings TEXT     NOT NULL,
    PRIMARY KEY (instance, turn, shard)
);

-- Changed by adding, in the transaction of what they count; one row per shard, so that writers never wait for another.
CREATE TABLE counters (
    journey TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    step    TEXT COLLATE "C" NOT NULL,
    shard   SMALLINT         NOT NULL,
    waiting BIGINT           NOT NULL,
    passed  BIGINT           NOT NULL,
    failed  BIGINT           NOT NULL,
    ended   BIGINT           NOT NULL,
    PRIMARY KEY (journey, version, step, shard)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000);
