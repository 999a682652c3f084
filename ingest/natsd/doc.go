// Package natsd runs a NATS server with JetStream inside this process: the
// log the pipeline stands on when no broker of one's own is configured.
//
// In goes a [Config]; out comes a [Server] that is ready: its directory is
// locked, its streams are recovered from disk and it accepts connections, on
// loopback TCP or only from this process ([Server.InProcess]). What it has to
// say goes to the logger passed in.
//
// A publish that has been acknowledged is on disk: by default every write is
// followed by an fsync before the acknowledgement, which NATS itself does not
// do. A power failure then takes at most what has no receipt: an unsynced tail,
// which is cut off at the next start. With a sync_interval of 2m, say, it takes
// the receipts of the last two minutes as well. What the promise costs is one
// fsync for all who publish at the same time: on an ext4 virtual disk a receipt of
// one who publishes alone takes 0.9 to 2.5 ms with it and 0.03 ms without
// (BenchmarkReceipt), of two hundred at the same time 0.12 to 0.2 ms and 0.09 to
// 0.2 ms each (BenchmarkGroup in stream). The disk has to keep its word: one that
// reports an fsync as done from a cache without power behind it promises nothing.
//
// Two processes never share a directory, and a crash leaves no lock
// behind, because the operating system holds it.
//
// A disk that is full is waited out. A stream of nats-server that could not write
// takes nothing more until the server is started again; that is done here, as
// soon as the disk takes a file of the largest message's size.
//
// The server installs no signal handlers and never exits the process.
package natsd
