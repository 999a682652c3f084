// Package wording knows how bureaus of statistics word the headers of their tables.
//
// In goes a header; out comes which period it names by its place to that of the table (本月, 1-本月累计),
// whether it is of last year's figures or of the change since and of what, and whether it is of
// something that is no figure of the period at all. Of other texts it tells which units they state.
package wording
