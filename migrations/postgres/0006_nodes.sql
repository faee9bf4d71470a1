-- The nodes that share this database. A node is alive as long as its lease has not run out by the clock of this
-- server, which all of them share; it renews the lease every second. A few rows, read whole.
CREATE TABLE nodes (
    id         UUID   NOT NULL PRIMARY KEY,
    address    TEXT   NOT NULL,
    key        TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

-- Who holds the lease of a shard: a node, or nobody. Whoever is leased a shard raises its epoch, and every turn checks
-- the epoch: that, not the lease, keeps a node that was stopped for too long from writing.
ALTER TABLE shards ADD COLUMN owner UUID;
