-- Presence is a lease: an observer expires it when `renewals` stands still by the observer's own clock.
CREATE TABLE presence (
  staff_id BIGINT PRIMARY KEY REFERENCES staff (id),
  renewals BIGINT NOT NULL,
  is_connected BOOLEAN NOT NULL,
  is_accepting BOOLEAN NOT NULL,
  is_visible BOOLEAN NOT NULL,
  -- How much of the grace a lost agent has used up; counted only while a router runs.
  grace_used_ms BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  -- When this agent was last given a conversation: the tie-breaker of least busy.
  assigned_at BIGINT NOT NULL
);
