// Package engine runs ClickHouse inside this process: libchdb, loaded through purego, without cgo.
//
// In comes the text of a statement, on a [Session] of a [User]; out goes ClickHouse's answer in any of its formats, whole
// ([Session.Query]) or in chunks ([Session.Stream]), or an *exception.Error. Rows go in through [Session.Insert]. Streams
// and inserts take the same memory whatever their size. A statement whose context ends is killed in the engine, and its
// call returns ClickHouse's QUERY_WAS_CANCELLED, which unwraps to the context's error.
//
// A process has at most one [Engine], an engine one data directory, and a data directory one process. Sessions run in
// parallel; one session runs one statement at a time.
//
// What never happens: a client's statement reads or writes a file, runs a command or reaches another host, although
// libchdb allows all of this to the user who owns the process. Five things prevent it. Package statement refuses by the
// text what ClickHouse's grants do not stop (INTO OUTFILE, FROM INFILE, and every name that package judged refuses).
// It separates inline rows from the statement, so that they reach the engine as data only. The engine's own parser has
// to confirm that the text is one statement. A session has one of two roles, which the engine's users.xml grants what is
// needed: users who write, their databases; users who only read, SELECT on named views; and constraints fix every setting
// that package judged does not leave free. Tables of the database system that clients do not need are removed when the
// engine is opened, because no grant keeps anybody from them. Users who only read have the bounds of package limits.
//
// These five are checks in front of the engine, not a wall around it; the process that runs an engine has to be confined.
//
// Limits of the library remain visible: query ids cannot be chosen, every [User] is ClickHouse's user "default" inside
// the engine, and an INSERT larger than max_insert_block_size commits block by block.
package engine
