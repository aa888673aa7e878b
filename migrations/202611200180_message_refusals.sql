-- What a member of staff was told is not said, by client id. The answer may be lost on its way and things change meanwhile: the same sending is
-- answered the same for ever, or words refused before a later note would stand behind it.
CREATE TABLE refused_send (
  conversation_id BIGINT NOT NULL REFERENCES conversation (id),
  staff_id BIGINT NOT NULL REFERENCES staff (id),
  client_id TEXT NOT NULL,
  -- Whether the conversation was closed then, else it was somebody else's; and whether the words were kept as a draft.
  was_closed BOOLEAN NOT NULL,
  is_kept BOOLEAN NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (conversation_id, staff_id, client_id)
) {{clustered}};
