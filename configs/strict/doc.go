// Package strict reads YAML that people write by hand, and leaves nothing they
// got wrong for later.
//
// A [Decoder] lays a document over a struct that already holds the defaults. It
// refuses unknown keys and says which was probably meant, keys given twice,
// values of the wrong kind, and durations without a unit, and goes on after
// each: all mistakes come back at once, with file, line and path. It remembers
// where every key was set, so that checks made later, which know only the path,
// are told with the line too.
//
// Keys are the yaml tags of the fields, or their names in snake_case.
package strict
