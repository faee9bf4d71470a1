-- Addresses that get nothing any more, each known by a keyed hash only, so that the list holds no addresses and outlives the
-- erasure of whose they were. Read by key, once for each turn in which messages go out. `at` in microseconds since 1970.
CREATE TABLE suppressions (
    address UUID   NOT NULL PRIMARY KEY,
    reason  TEXT   NOT NULL,
    at      BIGINT NOT NULL
);

-- Keys of this deployment: of the links in messages and of the hashes above. Made once, the same for all nodes; a backup that
-- lacks them would lose the list and break every link that went out.
CREATE TABLE keys (
    name TEXT  NOT NULL PRIMARY KEY,
    key  BYTEA NOT NULL
);
