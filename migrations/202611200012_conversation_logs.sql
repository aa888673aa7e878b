-- Conversations are logs: see ARCHITECTURE.md, "Conversations are logs".
CREATE TABLE thread (
  id BIGINT PRIMARY KEY,
  customer_id BIGINT NOT NULL REFERENCES customer (id),
  channel_id BIGINT NOT NULL REFERENCES channel (id),
  created_at BIGINT NOT NULL,
  UNIQUE (customer_id, channel_id)
);
CREATE TABLE conversation (
  id BIGINT PRIMARY KEY,
  public_id TEXT NOT NULL UNIQUE,
  external_id TEXT,
  thread_id BIGINT NOT NULL REFERENCES thread (id),
  customer_id BIGINT NOT NULL REFERENCES customer (id),
  device_id BIGINT NOT NULL REFERENCES device (id),
  -- Opening is idempotent by (device, client_id); the hash tells a second opening with other content.
  client_id TEXT NOT NULL,
  opening_hash {{bytes}} NOT NULL,
  site_id BIGINT NOT NULL REFERENCES site (id),
  channel_id BIGINT NOT NULL REFERENCES channel (id),
  branch_id BIGINT REFERENCES branch (id),
  group_id BIGINT NOT NULL REFERENCES skill_group (id),
  state TEXT NOT NULL CHECK (state IN ('queued', 'served', 'closed')),
  -- The staff member who speaks to the customer; the epoch grows with each change.
  owner_id BIGINT REFERENCES staff (id),
  epoch BIGINT NOT NULL,
  -- rev grows with every change of the row; change_id is a time-ordered id that the feed reads.
  rev BIGINT NOT NULL,
  change_id BIGINT NOT NULL,
  -- The last seq, and the last one the customer may see.
  head BIGINT NOT NULL,
  customer_head BIGINT NOT NULL,
  locale TEXT NOT NULL,
  subject TEXT,
  page_url TEXT,
  page_title TEXT,
  opened_at BIGINT NOT NULL,
  queued_at BIGINT,
  -- Returned to the queue because the owner was lost: stands at its head.
  is_returned BOOLEAN NOT NULL,
  accepted_at BIGINT,
  closed_at BIGINT,
  close_reason TEXT CHECK (close_reason IN ('customer', 'agent', 'timeout', 'system')),
  -- The customer's oldest word that nobody has answered.
  waiting_since BIGINT,
  -- JSON: the last routing decision and its reason.
  why TEXT,
  previous_id BIGINT REFERENCES conversation (id),
  next_id BIGINT REFERENCES conversation (id),
  UNIQUE (device_id, client_id),
  CHECK ((state = 'served') = (owner_id IS NOT NULL)),
  CHECK ((state = 'closed') = (closed_at IS NOT NULL))
);
CREATE INDEX conversation_change ON conversation (change_id);
CREATE INDEX conversation_queue ON conversation (group_id, is_returned DESC, queued_at, id) WHERE state = 'queued';
CREATE INDEX conversation_owner ON conversation (owner_id) WHERE state = 'served';
CREATE INDEX conversation_closed ON conversation (group_id, closed_at, id) WHERE state = 'closed';
CREATE INDEX conversation_customer ON conversation (customer_id, id);
CREATE INDEX conversation_external ON conversation (external_id) WHERE external_id IS NOT NULL;
-- participant 1 is the customer, 0 (no row) the system. delivered and read: how far this one has come.
CREATE TABLE participant (
  conversation_id BIGINT NOT NULL REFERENCES conversation (id),
  participant BIGINT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('customer', 'agent', 'bot', 'supervisor', 'conferee')),
  staff_id BIGINT REFERENCES staff (id),
  name TEXT NOT NULL,
  joined_at BIGINT NOT NULL,
  delivered BIGINT NOT NULL,
  read BIGINT NOT NULL,
  PRIMARY KEY (conversation_id, participant)
) {{clustered}};
CREATE UNIQUE INDEX participant_staff ON participant (conversation_id, staff_id) WHERE staff_id IS NOT NULL;
-- Head for ever; the body stands apart and can be erased.
CREATE TABLE entry (
  conversation_id BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('text', 'image', 'file', 'voice', 'card', 'note', 'system')),
  v BIGINT NOT NULL,
  at BIGINT NOT NULL,
  participant BIGINT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('customer', 'agent', 'bot', 'supervisor', 'conferee', 'system')),
  audience TEXT NOT NULL CHECK (audience IN ('all', 'staff')),
  state TEXT NOT NULL CHECK (state IN ('kept', 'recalled', 'erased')),
  locale TEXT NOT NULL,
  client_id TEXT,
  body_hash {{bytes}},
  external_id TEXT,
  PRIMARY KEY (conversation_id, seq)
) {{clustered}};
CREATE UNIQUE INDEX entry_once ON entry (conversation_id, participant, client_id) WHERE client_id IS NOT NULL;
CREATE UNIQUE INDEX entry_external ON entry (external_id) WHERE external_id IS NOT NULL;
CREATE TABLE entry_body (
  conversation_id BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  body TEXT NOT NULL,
  fallback TEXT NOT NULL,
  PRIMARY KEY (conversation_id, seq)
) {{clustered}};
-- Where an outbound entry has got to on a channel that is not our own socket.
CREATE TABLE delivery (
  conversation_id BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  channel_id BIGINT NOT NULL REFERENCES channel (id),
  state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'delivered', 'read', 'failed')),
  at BIGINT NOT NULL,
  why TEXT,
  PRIMARY KEY (conversation_id, seq, channel_id)
) {{clustered}};
CREATE TABLE draft (
  staff_id BIGINT NOT NULL REFERENCES staff (id),
  conversation_id BIGINT NOT NULL REFERENCES conversation (id),
  text TEXT NOT NULL,
  rev BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (staff_id, conversation_id)
) {{clustered}};
-- Images (and later files) of a conversation. The content is a blob.
CREATE TABLE file (
  id BIGINT PRIMARY KEY,
  public_id TEXT NOT NULL UNIQUE,
  conversation_id BIGINT NOT NULL REFERENCES conversation (id),
  participant BIGINT NOT NULL,
  blob TEXT NOT NULL,
  media_type TEXT NOT NULL,
  bytes BIGINT NOT NULL,
  width BIGINT NOT NULL,
  height BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX file_conversation ON file (conversation_id);
