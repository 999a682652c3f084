// Package natsd runs a NATS server with JetStream inside this process: the broker of the
// pipeline where the settings name no other.
//
// In goes a [Config]; out comes a [Server] that is ready: its directory is locked, its
// streams are recovered from disk, and it accepts connections, over TCP or only from this
// process ([Server.InProcess]), of the users that [Config.Access] has. The server's log goes to the logger passed in.
//
// A publish that has been acknowledged is on disk: by default every write is followed by
// an fsync before the acknowledgement, which NATS itself does not do. A power failure then
// costs at most messages without a receipt, an unsynced tail that is cut off at the next
// start. With a sync_interval of 2m it also costs the messages of the last two minutes.
//
// An fsync serves all who publish at the same time. On an ext4 virtual disk the receipt of
// one who publishes alone takes 0.9 to 2.5 ms with an fsync and 0.03 ms without
// (BenchmarkReceipt); of two hundred at the same time each takes 0.12 to 0.2 ms with and
// 0.09 to 0.2 ms without (BenchmarkGroup in stream). A disk that reports an fsync as done
// while the data is in a cache without a battery breaks the promise.
//
// When the disk is full, the server waits. A stream of nats-server that could not write
// stores nothing more until the server is started again; this package does that as soon
// as the disk takes a file of the largest message's size.
//
// What never happens: two processes use one directory at the same time; the server exits
// the process or installs a signal handler. A crash leaves no lock behind, because the
// operating system releases it.
package natsd
