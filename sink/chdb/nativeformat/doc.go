// Package nativeformat re-encodes blocks of ClickHouse's Native format between
// the engine, which reads and writes revision 0 of it, and clients, which speak
// a later revision of the native protocol.
//
// In come the chunks of an engine's answer ([CutBlock]) and the stream of a
// client ([CopyClientBlock]); out go the same values with the headers the other
// side expects. Values are never decoded: the types of a block tell where each
// column ends, and the bytes between are copied, so memory stays flat however
// large a result or an insert is.
//
// What never happens: a block makes this package allocate what it merely claims
// to hold, and no packet of a protocol is read or written here.
package nativeformat
