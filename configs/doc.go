// Package configs holds the settings: one file, one struct, one place where
// every stage's own Config is put together.
//
// [Load] takes the built-in defaults, lays a YAML file over them, then the environment, and
// checks the result for unknown keys, values of the wrong kind, and settings that contradict
// each other. It reports all mistakes at once, each with its line or variable. Settings that
// Load returns work together.
//
// citytally.yaml in this folder lists every key with its default, unit and
// meaning; a test keeps it complete. Every key can be given in the environment
// as well: CITYTALLY_ and the path in capitals, with _ for the dots, so that
// sink.batch_rows is CITYTALLY_SINK_BATCH_ROWS. Lists are written as in YAML,
// [a, b]. An empty variable counts as unset.
//
// What never happens: settings with a mistake are returned; the package starts a
// server. An empty address means the embedded one, and the program decides whether
// and where to start it.
package configs
