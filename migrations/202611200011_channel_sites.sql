-- Sites (brands) and the channels into them; customers and the devices they come by.
CREATE TABLE site (
  id BIGINT PRIMARY KEY,
  key TEXT {{c}} NOT NULL UNIQUE,
  name TEXT NOT NULL,
  branch_id BIGINT REFERENCES branch (id),
  default_group_id BIGINT NOT NULL REFERENCES skill_group (id),
  -- JSON: title, greeting, locale, hot_questions, origins, brand, preview, groups offered.
  profile TEXT NOT NULL,
  is_active BOOLEAN NOT NULL,
  rev BIGINT NOT NULL
);
CREATE TABLE channel (
  id BIGINT PRIMARY KEY,
  site_id BIGINT NOT NULL REFERENCES site (id),
  kind TEXT NOT NULL CHECK (kind IN ('web', 'app', 'wechat', 'qq', 'mail', 'phone')),
  name TEXT NOT NULL
);
CREATE INDEX channel_site ON channel (site_id);
CREATE TABLE customer (
  id BIGINT PRIMARY KEY,
  public_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  -- JSON list of {label, value}: facts the host page or staff gave, none of class C4.
  facts TEXT NOT NULL,
  tags TEXT NOT NULL,
  first_seen_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL
);
CREATE TABLE device (
  id BIGINT PRIMARY KEY,
  public_id TEXT NOT NULL UNIQUE,
  secret_hash {{bytes}} NOT NULL UNIQUE,
  site_id BIGINT NOT NULL REFERENCES site (id),
  customer_id BIGINT NOT NULL REFERENCES customer (id),
  locale TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  revoked_at BIGINT
);
CREATE INDEX device_customer ON device (customer_id);
