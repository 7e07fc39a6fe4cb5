-- Who is signed in. Only hashes are kept: a stolen backup opens nothing.
-- migrate:up
CREATE TABLE staff_sessions (
    token_hash bytea PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX idx_staff_sessions_expires_at ON staff_sessions (expires_at);

-- Sign-in links are good once: the ids of those already used.
CREATE TABLE spent_sign_in_keys (
    key_id varchar(64) PRIMARY KEY,
    spent_at timestamptz NOT NULL DEFAULT now()
);

-- migrate:down
DROP TABLE staff_sessions, spent_sign_in_keys;
