-- When the next call of a throttled connection may begin, in microseconds since 1970. Nodes claim some slots at a time by
-- moving it on: so all of them together keep the rate, and a restart does not begin it anew. A few rows, read by key.
CREATE TABLE throttles (
    connection TEXT    NOT NULL PRIMARY KEY,
    free_at    BIGINT  NOT NULL
);
