// Command citytally takes figures from districts and keeps the city's totals.
//
// Every stage of the pipeline, the broker and the database run in this one
// program by default; the settings put real clusters in their place.
//
// This package holds the command line: each file has the flags of one subcommand
// and one call into the package that does its work. Package app is the running
// application, client asks a running instance, present prints answers in Chinese and
// English, demo and bench have the commands of those names.
//
// The package is large in files because every subcommand has one of its own.
package main
