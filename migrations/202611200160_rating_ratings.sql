-- What customers say of the service they got: once per conversation, changed for a while.
CREATE TABLE rating (
  conversation_id BIGINT PRIMARY KEY REFERENCES conversation (id),
  stars BIGINT NOT NULL CHECK (stars BETWEEN 1 AND 5),
  -- Whether it counted as low when it was given: the threshold is a setting.
  is_low BOOLEAN NOT NULL,
  is_resolved BOOLEAN,
  comment TEXT,
  -- Whom it is about: the last owner.
  staff_id BIGINT REFERENCES staff (id),
  group_id BIGINT NOT NULL REFERENCES skill_group (id),
  rated_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE INDEX rating_staff ON rating (staff_id, rated_at);
CREATE INDEX rating_group ON rating (group_id, rated_at);
CREATE TABLE rating_reason (
  conversation_id BIGINT NOT NULL REFERENCES rating (conversation_id),
  reason TEXT NOT NULL,
  PRIMARY KEY (conversation_id, reason)
) {{clustered}};
-- An agent asked the customer to rate.
CREATE TABLE rating_invitation (
  conversation_id BIGINT PRIMARY KEY REFERENCES conversation (id),
  staff_id BIGINT NOT NULL REFERENCES staff (id),
  invited_at BIGINT NOT NULL
);
