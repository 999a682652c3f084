// Package engine runs ClickHouse inside this process: libchdb, loaded through purego, without cgo.
//
// What comes in is a statement in a text, on a Session of some User; what goes out is ClickHouse's answer in any of its
// formats, whole (Query) or in chunks (Stream), or an *exception.Error with ClickHouse's own code and words. Rows go in through
// Insert. Streams and inserts have flat memory. A statement whose context ends is killed in the engine, and its call
// returns ClickHouse's QUERY_WAS_CANCELLED, which unwraps to the context's error.
//
// A process has one Engine, an Engine one data directory, a data directory one process. Sessions run in parallel; one
// session runs one statement at a time.
//
// libchdb is made for a user who owns the process, and lets a query read files, run commands and reach other hosts. An
// Engine serves others, so none of that may happen: four lines stand before it. Parse refuses by the text what grants
// do not stop (INTO OUTFILE, FROM INFILE, the function file, dictionaries from commands); it takes inline rows off, so
// that they reach the engine as data only; the engine's own parser has to confirm that there is one statement; and the
// engine's users.xml grants no source outside and pins the settings that name files. Read-only users read, and change
// settings as far as readonly=2 allows, and do nothing else.
//
// What the library cannot do, this package does not hide: query ids cannot be chosen, there is one ClickHouse user
// ("default") behind every User, and an INSERT larger than max_insert_block_size commits block by block.
package engine
