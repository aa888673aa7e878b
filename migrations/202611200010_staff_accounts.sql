-- Branches, skill groups, accounts, roles, scopes, sessions.
CREATE TABLE branch (
  id BIGINT PRIMARY KEY,
  parent_id BIGINT REFERENCES branch (id),
  name TEXT {{c}} NOT NULL UNIQUE
);
-- Every ancestor of a branch, itself included: a scope on a branch holds for all below it.
CREATE TABLE branch_closure (
  ancestor_id BIGINT NOT NULL REFERENCES branch (id),
  descendant_id BIGINT NOT NULL REFERENCES branch (id),
  PRIMARY KEY (ancestor_id, descendant_id)
);
CREATE TABLE skill_group (
  id BIGINT PRIMARY KEY,
  branch_id BIGINT REFERENCES branch (id),
  name TEXT {{c}} NOT NULL UNIQUE,
  is_active BOOLEAN NOT NULL
);
-- is_builtin: an account of the program itself, such as the one of bench sessions. It stands in no list and has no password.
CREATE TABLE staff (
  id BIGINT PRIMARY KEY,
  login TEXT {{c}} NOT NULL UNIQUE,
  name TEXT {{c}} NOT NULL,
  branch_id BIGINT REFERENCES branch (id),
  is_builtin BOOLEAN NOT NULL,
  is_active BOOLEAN NOT NULL,
  max_conversations BIGINT NOT NULL CHECK (max_conversations BETWEEN 0 AND 100),
  rev BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
-- Apart from the account, because it has another owner: auth.
CREATE TABLE staff_password (
  staff_id BIGINT PRIMARY KEY REFERENCES staff (id),
  hash TEXT NOT NULL,
  must_change BOOLEAN NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE TABLE role (
  id BIGINT PRIMARY KEY,
  name TEXT {{c}} NOT NULL UNIQUE,
  is_builtin BOOLEAN NOT NULL
);
CREATE TABLE role_permission (
  role_id BIGINT NOT NULL REFERENCES role (id),
  permission TEXT {{c}} NOT NULL,
  PRIMARY KEY (role_id, permission)
);
CREATE TABLE staff_role (
  staff_id BIGINT NOT NULL REFERENCES staff (id),
  role_id BIGINT NOT NULL REFERENCES role (id),
  PRIMARY KEY (staff_id, role_id)
);
CREATE INDEX staff_role_role ON staff_role (role_id);
CREATE TABLE group_member (
  group_id BIGINT NOT NULL REFERENCES skill_group (id),
  staff_id BIGINT NOT NULL REFERENCES staff (id),
  PRIMARY KEY (group_id, staff_id)
);
CREATE INDEX group_member_staff ON group_member (staff_id);
-- Row visibility, one table for lists, counts, pushes and search. Conversations one owns are always visible.
-- 'group' and 'branch' name a target; 'all' has target 0. Membership of a group adds a row with is_member.
CREATE TABLE staff_scope (
  staff_id BIGINT NOT NULL REFERENCES staff (id),
  kind TEXT NOT NULL CHECK (kind IN ('group', 'branch', 'all')),
  target_id BIGINT NOT NULL,
  is_member BOOLEAN NOT NULL,
  PRIMARY KEY (staff_id, kind, target_id)
);
CREATE TABLE session (
  id BIGINT PRIMARY KEY,
  token_hash {{bytes}} NOT NULL UNIQUE,
  staff_id BIGINT NOT NULL REFERENCES staff (id),
  kind TEXT NOT NULL CHECK (kind IN ('cookie', 'bearer', 'bench')),
  created_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  address TEXT NOT NULL,
  agent TEXT NOT NULL,
  revoked_at BIGINT
);
CREATE INDEX session_staff ON session (staff_id);
CREATE INDEX session_expiry ON session (expires_at);
-- Failed logins by account and by address: 'login:…' or 'address:…' and a hash, since people type passwords into the wrong field.
CREATE TABLE login_failure (
  subject TEXT {{c}} PRIMARY KEY,
  count BIGINT NOT NULL,
  last_at BIGINT NOT NULL
);
CREATE INDEX login_failure_age ON login_failure (last_at);
-- What was taken away, in the order of time: nodes read it as a feed and cut sockets within 2 s.
CREATE TABLE revocation (
  id BIGINT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('session', 'staff', 'device')),
  subject_id BIGINT NOT NULL
);
CREATE TABLE audit_record (
  id BIGINT PRIMARY KEY,
  at BIGINT NOT NULL,
  actor_kind TEXT NOT NULL,
  actor_id BIGINT NOT NULL,
  actor_name TEXT NOT NULL,
  action TEXT NOT NULL,
  object_kind TEXT NOT NULL,
  object_id TEXT NOT NULL,
  result TEXT NOT NULL CHECK (result IN ('done', 'refused')),
  code TEXT NOT NULL,
  address TEXT NOT NULL,
  request TEXT NOT NULL,
  sealed_in BIGINT
);
CREATE INDEX audit_unsealed ON audit_record (id) WHERE sealed_in IS NULL;
-- Values before and after stand outside the chain, so that they can be erased.
CREATE TABLE audit_value (
  record_id BIGINT PRIMARY KEY REFERENCES audit_record (id),
  before_value TEXT,
  after_value TEXT
);
