-- Once, on the node that is to be the primary first; a clone brings it to the other one.
-- It logs in to its own server by the socket, and to the other one from its address.
CREATE USER vipd@localhost IDENTIFIED BY 'change-me';
CREATE USER vipd@'192.0.2.%' IDENTIFIED BY 'change-me';
GRANT READ_ONLY ADMIN, REPLICATION SLAVE ADMIN, SLAVE MONITOR, BINLOG MONITOR, RELOAD
    ON *.* TO vipd@localhost;
-- The rest is what a clone is read with.
GRANT READ_ONLY ADMIN, REPLICATION SLAVE, SLAVE MONITOR, BINLOG MONITOR, RELOAD, SELECT, SHOW VIEW,
    TRIGGER, EVENT, LOCK TABLES
    ON *.* TO vipd@'192.0.2.%';
