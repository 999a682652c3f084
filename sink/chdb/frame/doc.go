// Package frame reads and writes ClickHouse's compressed frames, in which the
// native protocol carries blocks and the HTTP interface whole bodies.
//
// In come plain bytes ([Writer]) or frames ([Reader]); out go frames or plain
// bytes. A frame is a checksum of 16 bytes (CityHash128 of the rest), a byte
// for the method, the compressed size (those 9 bytes included), the plain size
// and the compressed data.
// Source: CompressedReadBufferBase.cpp of ClickHouse.
//
// What never happens: a frame makes the Reader allocate what its header merely
// claims, and a Reader takes a byte that follows its last frame.
package frame
