// Package enginetest opens the embedded engine inside a test binary, for tests
// of what stands on it: in come a test and SQL, out go the engine, its answers
// and clickhouse-go connections to a server under test.
//
// The library serves one engine per process, so all tests of a package share
// one, and each keeps to tables of its own name. What never happens: a package
// whose TestMain is [Main] leaves a goroutine or a directory behind.
package enginetest
