-- Logos of sites: fetched by everybody under a random name. The content is a blob.
CREATE TABLE site_logo (
  id BIGINT PRIMARY KEY,
  public_id TEXT NOT NULL UNIQUE,
  site_id BIGINT NOT NULL REFERENCES site (id),
  blob TEXT NOT NULL UNIQUE,
  media_type TEXT NOT NULL,
  bytes BIGINT NOT NULL,
  width BIGINT NOT NULL,
  height BIGINT NOT NULL,
  -- NULL: the one the site shows. Else since when it is not shown: uploaded and not saved yet, or replaced. It goes a day later.
  unused_since BIGINT
);
CREATE UNIQUE INDEX site_logo_shown ON site_logo (site_id) WHERE unused_since IS NULL;
CREATE INDEX site_logo_site ON site_logo (site_id);
CREATE INDEX site_logo_unused ON site_logo (unused_since, id) WHERE unused_since IS NOT NULL;
