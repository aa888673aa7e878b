-- The audit log as a hash chain: see docs/decisions/audit-chain.md. The tables are made anew, so that all their texts compare by bytes.
DROP INDEX audit_unsealed;
ALTER TABLE audit_value RENAME TO audit_value_before;
ALTER TABLE audit_record RENAME TO audit_record_before;

-- session_id and method: how the actor was known; 0 and '' if by nothing.
-- origin_salt belongs to actor_name and address and goes with them when they are erased.
-- chain_seq, the seals and chain_hash are written once, by the sealer; NULL until then.
CREATE TABLE audit_record (
  id BIGINT PRIMARY KEY,
  at BIGINT NOT NULL,
  actor_kind TEXT {{c}} NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT {{c}} NOT NULL,
  session_id BIGINT NOT NULL DEFAULT 0,
  method TEXT {{c}} NOT NULL DEFAULT '',
  action TEXT {{c}} NOT NULL,
  object_kind TEXT {{c}} NOT NULL,
  object_id TEXT {{c}} NOT NULL,
  result TEXT {{c}} NOT NULL CHECK (result IN ('done', 'refused')),
  code TEXT {{c}} NOT NULL,
  address TEXT {{c}} NOT NULL,
  request TEXT {{c}} NOT NULL,
  origin_salt {{bytes}},
  chain_seq BIGINT UNIQUE,
  origin_seal {{bytes}},
  value_seal {{bytes}},
  chain_hash {{bytes}}
);
INSERT INTO audit_record
    (id, at, actor_kind, actor_id, actor_name, action, object_kind, object_id, result, code, address, request)
  SELECT id, at, actor_kind, actor_id, actor_name, action, object_kind, object_id, result, code, address, request
    FROM audit_record_before;
-- What waits for the sealer. A row that commits late on PostgreSQL appears here like any other: there is no place to run ahead of it.
CREATE INDEX audit_unsealed ON audit_record (id) WHERE chain_seq IS NULL;
CREATE INDEX audit_time ON audit_record (at, id);
CREATE INDEX audit_actor ON audit_record (actor_kind, actor_id, at, id);
CREATE INDEX audit_action ON audit_record (action, at, id);
CREATE INDEX audit_object ON audit_record (object_id, at, id);
CREATE INDEX audit_address ON audit_record (address, at, id);
CREATE INDEX audit_refused ON audit_record (at, id) WHERE result = 'refused';

-- Values before and after stand outside the chain with their salt, so that they can be erased: the chain holds salted hashes only.
CREATE TABLE audit_value (
  record_id BIGINT PRIMARY KEY REFERENCES audit_record (id),
  salt {{bytes}},
  before_value TEXT,
  after_value TEXT
);
INSERT INTO audit_value (record_id, before_value, after_value) SELECT record_id, before_value, after_value FROM audit_value_before;
DROP TABLE audit_value_before;
DROP TABLE audit_record_before;

-- One row: the head of the chain, how far it was anchored outside the database, and its name, random per chain.
CREATE TABLE audit_chain (
  id BIGINT PRIMARY KEY CHECK (id = 1),
  name TEXT {{c}} NOT NULL,
  sealed_seq BIGINT NOT NULL,
  sealed_hash {{bytes}} NOT NULL,
  sealed_at BIGINT NOT NULL,
  anchored_seq BIGINT NOT NULL,
  anchored_at BIGINT NOT NULL
);
-- Where records up to here were forgotten after their time. mac: by a key that is not in the database.
CREATE TABLE audit_checkpoint (
  chain_seq BIGINT PRIMARY KEY,
  hash {{bytes}} NOT NULL,
  at BIGINT NOT NULL,
  mac {{bytes}} NOT NULL
);
