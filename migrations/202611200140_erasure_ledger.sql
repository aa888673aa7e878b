-- What was erased, when and why: ids and codes only, nothing of what it was. The same stands in a file beside the key file, since a
-- backup that is older than an erasure knows nothing of it.
-- No foreign keys: the ledger may know of conversations that a restored database does not have.
CREATE TABLE erasure (
  id BIGINT PRIMARY KEY,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('entry', 'conversation', 'customer')),
  conversation_id BIGINT,
  -- The entry, or the last one of the conversation then.
  seq BIGINT,
  -- When that entry was made: after a restore another one may stand at its place.
  entry_at BIGINT,
  customer_id BIGINT,
  reason TEXT NOT NULL,
  staff_id BIGINT NOT NULL,
  -- The last conversation of the customer that is done.
  reached BIGINT NOT NULL,
  done_at BIGINT
);
CREATE INDEX erasure_undone ON erasure (id) WHERE done_at IS NULL;
