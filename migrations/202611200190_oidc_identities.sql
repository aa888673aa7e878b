-- Whom the operator's own provider means by a subject. Neither is used twice: one account of a provider is one account here.
CREATE TABLE staff_identity (
  id BIGINT PRIMARY KEY,
  staff_id BIGINT NOT NULL REFERENCES staff (id),
  issuer TEXT {{c}} NOT NULL,
  subject TEXT {{c}} NOT NULL,
  linked_at BIGINT NOT NULL,
  used_at BIGINT,
  UNIQUE (issuer, subject),
  UNIQUE (staff_id, issuer)
);
-- Attempts that came back, each of them once; kept until they could not come back anyway.
CREATE TABLE oidc_return (
  state_hash {{bytes}} PRIMARY KEY,
  until_steady BIGINT NOT NULL
);
CREATE INDEX oidc_return_age ON oidc_return (until_steady);
-- A login that the provider vouched for and whose code is still missing.
ALTER TABLE login_challenge ADD COLUMN is_vouched BOOLEAN NOT NULL DEFAULT FALSE;
