// Package backup copies the log into a directory and puts it back, message by message with its
// sequence and its time, so that what refers to a place in the log still does.
//
// [Take] fixes one place in every stream and then copies up to there, while the pipeline runs.
// The places go together because they are fixed in an order: first how far the consumers have
// come, then the streams that refer to others, at last those that are referred to. So a copy has
// every submission of which it has a verdict, every accepted figure of which it has a total, and
// no consumer is further than what it has brought about. What came later in a stream that is
// referred to is worked on again after a restore, as after a crash.
//
// A stream that only grows is copied once: each backup adds a segment of the messages since the
// last one. Streams from which single messages are taken (DEAD, COMMANDS, tokens) are copied
// whole each time. Segments have the format of nats-server's own stream archives, so the server
// restores them by itself. [Verify] reads a directory and holds it against its digests, and
// [Restore] puts it into a broker that has no streams yet.
//
// ClickHouse is not copied: it follows from the log. What only ClickHouse still holds (verdicts,
// totals and runs whose messages had expired before the first backup) is not in a backup.
//
// What never happens: a segment that is changed once it is in the manifest; a backup of one log
// that goes on with another; a restore over streams that exist.
package backup
