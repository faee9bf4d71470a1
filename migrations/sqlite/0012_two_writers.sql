-- The file has two writers, each with half of the shards, which write one after the other: what is due is found earliest
-- first over all shards, and the shard is part of the index so that what the other writer has is passed over in the index
-- alone. What is over or waits without a limit is not in it.
DROP INDEX instances_due;

CREATE INDEX instances_due ON instances (due_at, id, shard) WHERE due_at IS NOT NULL;
