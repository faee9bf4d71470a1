-- PostgreSQL keeps here which node has which shard. One process has an SQLite file to itself: it holds every shard.
SELECT 1;
