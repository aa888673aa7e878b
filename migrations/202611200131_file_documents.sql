-- Files besides images: their kind, and the cleaned name they were given.
ALTER TABLE file ADD COLUMN kind TEXT NOT NULL DEFAULT 'image' CHECK (kind IN ('image', 'document'));
ALTER TABLE file ADD COLUMN name TEXT;
-- One row: what all files take. Whoever brings one locks it first, so that quotas hold however many come at once.
CREATE TABLE file_total (
  id BIGINT PRIMARY KEY CHECK (id = 1),
  bytes BIGINT NOT NULL
) {{clustered}};
INSERT INTO file_total (id, bytes) SELECT 1, CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM file;
