-- Whether a small copy was made of an image, or found not to be needed. Older images get theirs by a job.
ALTER TABLE file ADD COLUMN is_derived BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX file_underived ON file (id) WHERE NOT is_derived;
-- The small copy of an image. No row: the image itself is small enough, or its copy is still to be made.
CREATE TABLE file_thumbnail (
  file_id BIGINT PRIMARY KEY REFERENCES file (id),
  blob TEXT NOT NULL UNIQUE,
  media_type TEXT NOT NULL,
  bytes BIGINT NOT NULL,
  width BIGINT NOT NULL,
  height BIGINT NOT NULL
) {{clustered}};
-- Which entries name a file: one file may be sent more than once, and an upload may be sent in the episode that continues its own.
CREATE TABLE file_entry (
  conversation_id BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  file_id BIGINT NOT NULL REFERENCES file (id),
  PRIMARY KEY (conversation_id, seq)
) {{clustered}};
CREATE INDEX file_entry_file ON file_entry (file_id);
INSERT INTO file_entry (conversation_id, seq, file_id)
SELECT e.conversation_id, e.seq, MIN(f.id)
  FROM file f
  JOIN entry e ON e.conversation_id = f.conversation_id AND e.kind = 'image'
  JOIN entry_body b ON b.conversation_id = e.conversation_id AND b.seq = e.seq AND b.body LIKE '%"' || f.public_id || '"%'
 GROUP BY e.conversation_id, e.seq;
