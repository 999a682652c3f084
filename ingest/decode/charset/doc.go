// Package charset decides in which encoding a text was written.
//
// In go the bytes of a file; out comes its text in UTF-8, with the encoding and the
// evidence for it. UTF-8, UTF-16 with and without a byte order mark, and GB18030, which
// Excel writes in China, are told apart, once for the whole text.
//
// What never happens: a byte is replaced or left out, two rows of one file are read in two
// encodings, or one of two encodings that fit is taken without evidence.
package charset
