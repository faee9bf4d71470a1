-- Connections that operators have paused, and since when (microseconds since 1970): their calls are held. A few rows, which
-- every node reads once a second.
CREATE TABLE pauses (
    connection TEXT    NOT NULL PRIMARY KEY,
    since      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
