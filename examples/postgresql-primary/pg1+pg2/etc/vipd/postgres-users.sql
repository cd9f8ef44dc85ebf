-- Once, on the node that is to be the primary first, in the database postgres.
CREATE USER vipd REPLICATION PASSWORD 'change-me' IN ROLE pg_monitor, pg_signal_backend;
-- To promote, and to make a server read-only.
GRANT EXECUTE ON FUNCTION pg_promote, pg_reload_conf TO vipd;
GRANT ALTER SYSTEM ON PARAMETER default_transaction_read_only, synchronous_standby_names TO vipd;
-- What pg_rewind reads with.
GRANT EXECUTE ON FUNCTION pg_ls_dir(text, boolean, boolean), pg_stat_file(text, boolean),
    pg_read_binary_file(text), pg_read_binary_file(text, bigint, bigint, boolean) TO vipd;
