// Package strict reads YAML that people write by hand, and reports every mistake in it at
// once.
//
// A [Decoder] lays a document over a struct that already holds the defaults. It reports
// unknown keys, with the key that was probably meant, keys that are set twice, values of the
// wrong kind, and durations without a unit, each with file, line and path. It remembers where
// every key was set, so that mistakes found by later checks, which know only the path, are
// reported with the line too.
//
// What never happens: a key that the struct does not have is ignored; a
// default silently takes the place of a value that cannot be read.
//
// Keys are the yaml tags of the fields, or their names in snake_case.
package strict
