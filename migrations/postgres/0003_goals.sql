-- How many instances have reached their journey's goal; counted for the journey as a whole (its empty step).
ALTER TABLE counters ADD COLUMN reached BIGINT NOT NULL DEFAULT 0;
