-- A session that ends is said so at once on channel cafe_sessions, by the first 16 digits of its hash: enough to find
-- it by for whoever has the cookie, and of no use to anybody else. Empty: any session may have ended.
-- migrate:up
CREATE FUNCTION announce_session_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        PERFORM pg_notify('cafe_sessions', '');
    ELSE
        PERFORM pg_notify('cafe_sessions', left(encode(OLD.token_hash, 'hex'), 16));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER announce_session_end AFTER DELETE OR UPDATE ON staff_sessions
    FOR EACH ROW EXECUTE FUNCTION announce_session_end();
CREATE TRIGGER announce_all_sessions_end AFTER TRUNCATE ON staff_sessions
    FOR EACH STATEMENT EXECUTE FUNCTION announce_session_end();

-- migrate:down
DROP TRIGGER announce_session_end ON staff_sessions;
DROP TRIGGER announce_all_sessions_end ON staff_sessions;
DROP FUNCTION announce_session_end;
