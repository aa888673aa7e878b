-- Browsers that have logged somebody in: their guesses are counted apart from those of strangers. The secret is one per browser.
CREATE TABLE known_device (
  id BIGINT PRIMARY KEY,
  staff_id BIGINT NOT NULL REFERENCES staff (id),
  secret_hash {{bytes}} NOT NULL,
  used_at BIGINT NOT NULL,
  UNIQUE (staff_id, secret_hash)
);
-- Passwords somebody had before, as hashes: so that they do not come back.
CREATE TABLE old_password (
  id BIGINT PRIMARY KEY,
  staff_id BIGINT NOT NULL REFERENCES staff (id),
  hash TEXT NOT NULL
);
CREATE INDEX old_password_staff ON old_password (staff_id, id);
