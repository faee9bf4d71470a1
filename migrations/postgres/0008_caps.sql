-- How many calls of a capped connection began in each slice of its window, `slice` being the time divided by the length of a
-- slice: no stretch as long as the window sees more calls than the cap, over all nodes and restarts. `granted` is what the
-- last claim got. Some sixty rows for each connection, read by key; older ones go with the next claim.
CREATE TABLE caps (
    connection TEXT   NOT NULL,
    slice      BIGINT NOT NULL,
    used       BIGINT NOT NULL,
    granted    BIGINT NOT NULL,
    PRIMARY KEY (connection, slice)
);
