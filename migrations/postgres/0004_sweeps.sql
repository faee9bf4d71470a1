-- One pass over the people of a shard: to watch them for an audience, or to let them into a journey at its time. It is
-- moved on in the transaction of what it does, so that it goes on where it was, whatever happens to the process. A new
-- run under the same name takes the place of the one before.
CREATE TABLE sweeps (
    shard SMALLINT NOT NULL,
    name  TEXT     NOT NULL,
    run   TEXT     NOT NULL,
    after TEXT     NOT NULL,
    done  SMALLINT NOT NULL,
    PRIMARY KEY (shard, name)
);

-- Lists who belongs to an audience, key by key; holds only those who are watched for one.
CREATE INDEX instances_members ON instances (shard, journey, step, profile) WHERE status = 10;
