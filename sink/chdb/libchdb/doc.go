// Package libchdb brings the ClickHouse engine's library to this machine: the
// npm package that carries it is downloaded once (178 MB packed), checked
// against its recorded SHA-512, and unpacked into this user's cache.
//
// In comes a cache directory; out goes the path of the library ([Fetch]). What
// never happens: a library appears in the cache in part, two processes download
// the same one at once, or a file is unpacked before its checksum was right.
package libchdb
