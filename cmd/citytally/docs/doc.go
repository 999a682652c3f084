// Package docs holds the program's documentation: Markdown pages that are read on
// disk and, with citytally docs, from the program itself.
//
// In come the files of this folder, at build time; out go the text of a page ([Page])
// and the list of pages ([List]). metrics.md is written by a test of package app; a
// test of package main holds whatever the pages name to what exists.
//
// What never happens: a page that the program has and the list does not.
package docs
