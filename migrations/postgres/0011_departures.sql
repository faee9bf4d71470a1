-- Policies that the people of an address had unsubscribed from when they were erased, so that who comes back under it is not
-- written to again against their word. Keyed hashes, as in `suppressions`, and read together with it by key: hence no index
-- besides. A table of its own, so that a node of the version before goes on beside it. `at` in microseconds since 1970.
CREATE TABLE departures (
    address UUID   NOT NULL,
    policy  TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (address, policy)
);
