// Package chdb embeds ClickHouse: an engine in a child process of this same
// binary, which any ClickHouse client reaches on loopback, over the native
// protocol and over HTTP. The rest of the program is given a DSN and does not
// know whether a cluster or this package is behind it.
//
// [Start] runs the child and keeps it running; [Child] is what the child does:
// it loads the library that package libchdb has fetched (package engine) and
// serves both protocols (packages nativeprotocol and httpinterface).
//
// The listening sockets belong to the parent and are handed down, so the
// addresses stay the same when a crashed child is replaced, and clients that
// connect meanwhile wait instead of being refused. The settings, passwords
// among them, go to the child on its standard input and never appear on a
// command line. When the parent ends, whatever the way, standard input closes
// and the child ends too; on Linux the kernel kills it at once.
//
// No orphan remains and no lock: the locks are the operating system's and go
// with the processes.
package chdb
