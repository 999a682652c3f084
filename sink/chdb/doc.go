// Package chdb embeds ClickHouse: an engine in a child process of this same
// binary, which any ClickHouse client reaches on loopback, over the native
// protocol and over HTTP.
//
// In comes a [Config]; out goes a [Server] with a DSN, so that the rest of the
// program does not know whether a cluster or this package is behind it.
//
// [Start] runs the child and keeps it running; [Child] is what the child does:
// it confines itself to the engine's files (package confine), loads the library
// that package libchdb has fetched (package engine) and serves both protocols
// (packages nativeprotocol and httpinterface).
//
// The parent owns the listening sockets and each child inherits them. The
// addresses therefore stay the same when a crashed child is replaced, and
// clients that connect meanwhile wait instead of being refused. The child reads
// its configuration, passwords included, from standard input. When the parent
// ends in any way, standard input closes and the child ends too; on Linux the
// kernel kills it at once.
//
// Below the data directory are engine, which the engine may write, and config, its
// configuration and grants, which it may only read.
//
// What never happens: a password appears on a command line; a child has its
// parent's environment or open files; a child outlives its parent; a lock of the data directory outlives the processes that hold it.
package chdb
