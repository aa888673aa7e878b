-- Scheduled backups: what was tried, and what became of it. The files lie in the folder that the operator has configured.
CREATE TABLE backup_run (
  -- The job that takes it.
  id BIGINT PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')),
  -- Who asked for it; none: the schedule.
  asked_by BIGINT REFERENCES staff (id),
  asked_at BIGINT NOT NULL,
  started_at BIGINT,
  finished_at BIGINT,
  took_ms BIGINT,
  -- Its name within the folder.
  file TEXT,
  bytes BIGINT,
  -- Contents of files that the store had lost.
  missing BIGINT NOT NULL,
  -- A code and its details, as JSON.
  trouble TEXT,
  details TEXT,
  -- Since when it is kept no longer.
  removed_at BIGINT
);
CREATE INDEX backup_run_kept ON backup_run (id) WHERE state = 'done' AND removed_at IS NULL;
CREATE INDEX backup_run_unfinished ON backup_run (id) WHERE state IN ('waiting', 'running');
