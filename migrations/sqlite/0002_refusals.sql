-- Events that were not taken, so that their senders' mistakes can be seen. Only the newest of each shard are kept (the
-- writer deletes the others in the same transaction), so no flood of them fills the disk. A person's are erased with
-- the person; `profile` is null where no key could be read, and such rows are in shard 0.
CREATE TABLE refusals (
    shard    INTEGER NOT NULL,
    id       BLOB    NOT NULL,
    at       INTEGER NOT NULL,
    event_id TEXT,
    event    TEXT,
    profile  TEXT,
    field    TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    body     TEXT    NOT NULL,
    PRIMARY KEY (shard, id)
) STRICT;
