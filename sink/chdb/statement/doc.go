// Package statement reads ClickHouse's SQL as far as a server in front of the
// engine has to, and refuses what would leave the engine.
//
// In comes the text of a query; out goes a [Statement]: its kind, its FORMAT
// clause, an INSERT's target and columns, and the rows that stand in the text
// itself. [NewValuesReader] checks rows in the format Values, which are
// expressions, as they pass. An exception is ClickHouse's own: SYNTAX_ERROR for
// several statements or open quotes, ACCESS_DENIED for INTO OUTFILE, FROM
// INFILE, and what package judged refuses: functions, table functions, engines,
// formats, dictionary sources. Strings are looked into only where the engine
// evaluates them: in structures of table functions, and in dictionary sources.
//
// What never happens: a text that this package takes for data is read as SQL
// by the engine. The lexer follows ClickHouse's own, token by token. These
// refusals are one line of defence among several, described in package engine.
package statement
