-- The last lines of the transaction that restores a café: nothing from before may be taken for the present.
SET search_path = public;
-- screens that knew the lost future start afresh
UPDATE stream_head SET epoch = gen_random_uuid(), home = history_home();
-- whoever was signed in signs in again, and sign-in links from before are good no more
DELETE FROM staff_sessions;
UPDATE cafe SET sign_in_keys_from = date_trunc('second', clock_timestamp());
