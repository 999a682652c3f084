// Package present shows what the program knows to people and to other programs:
// sentences in Chinese and English, tables, trees, CSV, JSON, and an HTML page
// with charts that is one file.
//
// In come results, declared here as the data that JSON carries ([Report],
// [Assessment], [Status] …) or by the packages that compute them; out goes text. A
// [Printer] writes in one language, with the names that a catalogue gives to areas
// and indicators. Every word that has a Chinese and an English form is in [Words],
// once. The wording follows the figure: an estimate is expected (预计), a qualified
// figure keeps its qualifier (近, 超, 约), shares move by percentage points
// (百分点), and a change that cannot be computed says why. Figures are rounded here
// and nowhere before, as the catalogue says; CSV and JSON are exact.
//
// What never happens: a question to a broker or a database; a figure that the
// results do not have; a resource that the page would load from elsewhere.
//
// The package is large because the words of both languages stand in it once, next to all
// that prints them.
package present
