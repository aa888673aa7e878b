-- Signed identity of host sites: what they sign with, whom they named, and which signed words were used.
CREATE TABLE site_secret (
  id BIGINT PRIMARY KEY,
  site_id BIGINT NOT NULL REFERENCES site (id),
  -- Sealed; gone once it is retired.
  secret {{bytes}},
  created_at BIGINT NOT NULL,
  created_by BIGINT REFERENCES staff (id),
  used_at BIGINT,
  retired_at BIGINT,
  CHECK ((secret IS NULL) = (retired_at IS NOT NULL))
);
CREATE INDEX site_secret_site ON site_secret (site_id, id);
-- A customer the host site knows by an id of its own, with what it signed about them last.
CREATE TABLE customer_account (
  site_id BIGINT NOT NULL REFERENCES site (id),
  subject TEXT {{c}} NOT NULL,
  customer_id BIGINT NOT NULL UNIQUE REFERENCES customer (id),
  signed TEXT NOT NULL,
  signed_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (site_id, subject)
) {{clustered}};
-- A signed word counts once; its row stays until it has ended.
CREATE TABLE visit_proof (
  site_id BIGINT NOT NULL REFERENCES site (id),
  token_id TEXT {{c}} NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (site_id, token_id)
) {{clustered}};
CREATE INDEX visit_proof_end ON visit_proof (expires_at);
-- When a signed word last stood behind a device; NULL: the device of somebody nobody vouched for.
ALTER TABLE device ADD COLUMN identified_at BIGINT;
