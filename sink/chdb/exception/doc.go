// Package exception holds ClickHouse's exceptions: a code, its symbolic name
// and a message, as every ClickHouse client expects an error.
//
// In come the texts the engine prints ([Parse]), Go errors of this program
// ([Of]) and refusals of its own ([Newf]); out goes an *[Error]. What never
// happens: an exception loses the code by which a client decides whether to
// try again.
package exception
