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
// do. Two processes never share a directory, and a crash leaves no lock
// behind, because the operating system holds it.
//
// A disk that is full is waited out. A stream of nats-server that could not write
// takes nothing more until the server is started again; that is done here, as
// soon as the disk takes a file of the largest message's size.
//
// The server installs no signal handlers and never exits the process.
package natsd
