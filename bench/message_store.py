"""Fills the store of a new server with any number of messages, including the index of their ids."""

import sqlite3

ROOM = 1


def fill(database, count):
    """Writes `count` messages to the empty public room. Creates the index of ids at the end, which is faster."""
    connection = sqlite3.connect(database, isolation_level=None)
    (index,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'sends'").fetchone()
    for statement in ("PRAGMA synchronous = off", "PRAGMA cache_size = -262144", "BEGIN", "DROP INDEX sends"):
        connection.execute(statement)
    # Distributed ids, like those of real clients: an odd factor permutes all 64-bit numbers.
    connection.execute(
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1)"
        " INSERT INTO events (room_id, seq, kind, name, color, text, client_id, time_us, name_key)"
        " SELECT ?2, n, 1, 'member ' || (n % 1000), 'red',"
        " 'message ' || n || ' as people write them, neither very short nor very long, eighty or so',"
        " printf('%016x', n * 2654435761), 1600000000000000 + n * 1000, 'member ' || (n % 1000) FROM numbers",
        (count, ROOM))
    for statement in (index, "COMMIT", "PRAGMA wal_checkpoint(truncate)"):
        connection.execute(statement)
    connection.close()
