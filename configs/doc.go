// Package configs holds the settings: one file, one struct, one place where
// every stage's own Config is put together.
//
// [Load] takes the built-in defaults, lays a YAML file over them, then the
// environment, and checks the result: an unknown key, a value of the wrong
// kind, settings that contradict each other. All mistakes come back at once,
// each with the line or the variable it stands in. Whoever has Settings from
// Load has settings that work together.
//
// citytally.yaml in this folder lists every key with its default, unit and
// meaning; a test keeps it complete. Every key can be given in the environment
// as well: CITYTALLY_ and the path in capitals, with _ for the dots, so that
// sink.batch_rows is CITYTALLY_SINK_BATCH_ROWS. Lists are written as in YAML,
// [a, b]. An empty variable counts as unset.
//
// The package decides nothing: an empty address means the embedded server, but
// whether and where that is started is the program's business.
package configs
