-- What the foundation itself keeps. Owners: instance, node, lease, job, setting, idempotency and feed in yingda-base.
-- min_compatible: 202611200001

-- Facts about this database history: generation, known keys.
CREATE TABLE instance (
    key TEXT {{c}} PRIMARY KEY,
    value TEXT NOT NULL
) {{clustered}};

-- Who makes ids with which node bits, and how far ahead: see instance/node.rs.
CREATE TABLE node (
    node BIGINT PRIMARY KEY CHECK (node BETWEEN 0 AND 1023),
    holder TEXT {{c}},
    renewals BIGINT NOT NULL,
    id_floor BIGINT NOT NULL
) {{clustered}};

-- Who does a job that only one node may do. The row stays when nobody holds it; its epoch counts the holders.
CREATE TABLE lease (
    name TEXT {{c}} PRIMARY KEY,
    holder TEXT {{c}},
    renewals BIGINT NOT NULL,
    epoch BIGINT NOT NULL
) {{clustered}};

CREATE TABLE job (
    id BIGINT PRIMARY KEY,
    name TEXT {{c}} NOT NULL,
    payload TEXT NOT NULL,
    unique_key TEXT {{c}},
    state TEXT {{c}} NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'dead')),
    run_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    holder TEXT {{c}},
    renewals BIGINT NOT NULL,
    error TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
) {{clustered}};
CREATE INDEX job_waiting ON job (run_at, id) WHERE state = 'waiting';
CREATE INDEX job_running ON job (id) WHERE state = 'running';
CREATE INDEX job_finished ON job (finished_at, id) WHERE state = 'done';
CREATE INDEX job_dead ON job (id) WHERE state = 'dead';
-- A unique key stops a second job of its name until the first has ended.
CREATE UNIQUE INDEX job_unique ON job (name, unique_key) WHERE unique_key IS NOT NULL AND state IN ('waiting', 'running');

CREATE TABLE job_schedule (
    name TEXT {{c}} PRIMARY KEY,
    pattern TEXT {{c}} NOT NULL,
    next_at BIGINT NOT NULL
) {{clustered}};

CREATE TABLE setting (
    key TEXT {{c}} NOT NULL,
    scope TEXT {{c}} NOT NULL CHECK (scope IN ('operator', 'branch', 'site', 'group')),
    scope_id BIGINT NOT NULL,
    value TEXT NOT NULL,
    version BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by BIGINT,
    PRIMARY KEY (key, scope, scope_id)
) {{clustered}};
-- One row. Every change of a setting raises it in its own unit, so changes are numbered in the order they commit.
CREATE TABLE setting_head (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    version BIGINT NOT NULL
) {{clustered}};
INSERT INTO setting_head (id, version) VALUES (1, 0);

-- Answers that were given under an Idempotency-Key. A scope is who asked for what.
CREATE TABLE idempotency (
    scope TEXT {{c}} NOT NULL,
    key TEXT {{c}} NOT NULL,
    fingerprint {{bytes}} NOT NULL,
    status BIGINT NOT NULL,
    content_type TEXT,
    body {{bytes}} NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (scope, key)
) {{clustered}};
CREATE INDEX idempotency_age ON idempotency (created_at, scope, key);

-- How far a consumer of a feed has come.
CREATE TABLE feed_cursor (
    consumer TEXT {{c}} PRIMARY KEY,
    settled BIGINT NOT NULL,
    saved_at BIGINT NOT NULL
) {{clustered}};
