-- Second factors: a secret that is sealed, and what was shown and not yet confirmed.
CREATE TABLE second_factor (
  staff_id BIGINT PRIMARY KEY REFERENCES staff (id),
  secret {{bytes}},
  since BIGINT,
  last_step BIGINT NOT NULL,
  offered {{bytes}}
);
-- Hashes of random codes; a used one stays, so that it can be told from a mistyped one.
CREATE TABLE recovery_code (
  staff_id BIGINT NOT NULL REFERENCES staff (id),
  hash {{bytes}} NOT NULL,
  used_at BIGINT,
  PRIMARY KEY (staff_id, hash)
);
-- Logins whose password was right and whose code is still missing.
CREATE TABLE login_challenge (
  id BIGINT PRIMARY KEY,
  token_hash {{bytes}} NOT NULL UNIQUE,
  staff_id BIGINT NOT NULL REFERENCES staff (id),
  until_steady BIGINT NOT NULL,
  tries BIGINT NOT NULL
);
CREATE INDEX login_challenge_staff ON login_challenge (staff_id);
