// Package libchdb fetches the ClickHouse engine's library: it downloads the npm
// package that contains it once (178 MB), checks the package against its recorded
// SHA-512, and unpacks the library into the user's cache.
//
// In comes a cache directory; out goes the path of the library ([Fetch]). What
// never happens: a library appears in the cache in part, two processes download
// the same one at once, or a file is unpacked before its checksum was right.
package libchdb
