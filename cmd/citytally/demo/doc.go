// Package demo shows the whole pipeline at work, on sample figures of 淮安.
//
// In come settings; [Run] starts everything, uploads the sample submissions of every
// area over HTTP, waits until the city totals are in ClickHouse, and prints the
// report from there.
//
// What never happens: a change to a pipeline in use, where [Isolate] has changed the
// settings first.
package demo
