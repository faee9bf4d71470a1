-- How many people have come through the limits of journeys. Changed by adding, in the transaction of whoever comes
-- through, and only as long as it stays within the limit: so no two writers ever let too many through. Who they were is
-- kept with their profiles. A few rows, read whole.
CREATE TABLE limits (
    journey TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    taken   BIGINT  NOT NULL,
    most    BIGINT  NOT NULL,
    PRIMARY KEY (journey, name)
);
