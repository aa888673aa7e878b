-- Sessions are judged by steady time, which a corrected wall clock does not move; created_at, seen_at and expires_at are for people.
-- Absent in rows of an older version, whose wall times are taken instead.
ALTER TABLE session ADD COLUMN begun_steady BIGINT;
ALTER TABLE session ADD COLUMN seen_steady BIGINT;
-- When the person last showed a password or a code.
ALTER TABLE session ADD COLUMN proven_steady BIGINT;
-- After a rotation the token before it still counts: until the new one was used, and for a moment after.
ALTER TABLE session ADD COLUMN old_token_hash {{bytes}};
ALTER TABLE session ADD COLUMN old_until_steady BIGINT;
CREATE UNIQUE INDEX session_old_token ON session (old_token_hash);
-- How it began: 'password', 'code', 'recovery_code', 'command', later others.
ALTER TABLE session ADD COLUMN method TEXT;
-- Begun when a second factor was asked for and there was none yet.
ALTER TABLE session ADD COLUMN must_enrol BOOLEAN NOT NULL DEFAULT FALSE;
-- What steady time it was when this wall time was read: one row, renewed every minute.
CREATE TABLE steady_time (
  id BIGINT PRIMARY KEY CHECK (id = 1),
  wall BIGINT NOT NULL,
  steady BIGINT NOT NULL
);
