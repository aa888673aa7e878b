-- The last entry that names a file. One that none ever named was uploaded and not sent: it is deleted after a day.
ALTER TABLE file ADD COLUMN seq BIGINT;
UPDATE file SET seq = (
  SELECT MAX(e.seq)
    FROM entry e
    JOIN entry_body b ON b.conversation_id = e.conversation_id AND b.seq = e.seq
   WHERE e.conversation_id = file.conversation_id AND e.kind = 'image' AND b.body LIKE '%"' || file.public_id || '"%'
);
CREATE INDEX file_unnamed ON file (created_at, id) WHERE seq IS NULL;
