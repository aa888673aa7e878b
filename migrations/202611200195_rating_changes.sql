-- How often a rating was given or changed: each time is an entry, and they must not be without end.
ALTER TABLE rating ADD COLUMN changes BIGINT NOT NULL DEFAULT 1;
