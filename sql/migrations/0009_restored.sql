-- A restored database does not know which sign-in links were used after its backup: none from before is good any more.
-- migrate:up
ALTER TABLE cafe ADD COLUMN sign_in_keys_from timestamptz NOT NULL DEFAULT '-infinity';

-- migrate:down
ALTER TABLE cafe DROP COLUMN sign_in_keys_from;
