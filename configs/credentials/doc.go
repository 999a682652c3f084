// Package credentials keeps the secrets that the program makes for its own servers.
//
// In goes a data directory; out comes a [Store], the names and secrets of one file below it
// that its owner alone can read. [Open] makes the secrets that are missing, at the first start
// of a server; [Load] reads what is there, for the commands that connect to it.
//
// What never happens: a secret is replaced or shown in an error; the file is taken while
// others can read it; a reader sees half of it.
package credentials
