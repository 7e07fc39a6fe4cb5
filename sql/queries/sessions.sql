-- name: spend_sign_in_key(key_id, issued_at)$
-- The key's id the first time, nothing ever after; nor for a key from before this database was restored.
INSERT INTO spent_sign_in_keys (key_id)
SELECT :key_id FROM cafe WHERE sign_in_keys_from < to_timestamp(CAST(:issued_at AS float8))
ON CONFLICT DO NOTHING RETURNING key_id;

-- name: open_session(token_hash, seconds)!
-- Keeps a new session's hash, and lets the expired ones go.
WITH old AS (DELETE FROM staff_sessions WHERE expires_at < now())
INSERT INTO staff_sessions (token_hash, expires_at) VALUES (:token_hash, now() + make_interval(secs => :seconds));

-- name: find_session(token_hash)$
-- When a session that is still good expires.
SELECT expires_at FROM staff_sessions WHERE token_hash = :token_hash AND expires_at > now();

-- name: close_session(token_hash)!
DELETE FROM staff_sessions WHERE token_hash = :token_hash;

-- name: close_all_sessions()!
DELETE FROM staff_sessions;
