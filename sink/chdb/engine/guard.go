package engine

import (
	"runtime"
	"unsafe"
)

// vet asks the engine's own parser about a text before it runs: a second line behind Parse, which reads with a lexer of
// its own. Several statements must never reach the engine as one, nor a query that writes outside it.
// A text the engine cannot parse passes: running it gives the engine's own message.
func (s *Session) vet(statement Statement) error {
	if s.user.ReadOnly {
		if err := statement.refuseReadOnly(); err != nil {
			return err
		}
	}
	seen := analysis{StructSize: uint32(unsafe.Sizeof(analysis{}))}
	queryText, queryLen := text(statement.Text)
	status := s.engine.lib.Classify(conn(s.connection), queryText, queryLen, nil, 0, &seen)
	runtime.KeepAlive(statement.Text)
	if status != 0 {
		return newError(CodeUnknown, "UNKNOWN_EXCEPTION", "The engine did not classify the statement")
	}
	if seen.Class == classUnknown {
		return nil
	}
	if seen.Statements > 1 && !statement.parallel { // the engine counts the arms of PARALLEL WITH
		return newError(CodeSyntax, "SYNTAX_ERROR", "Multi-statements are not allowed: send one statement at a time")
	}
	if seen.Class == classControl && statement.streams {
		return denied("a query that writes outside", "leave INTO OUTFILE out and let the client write the answer to a file.")
	}
	return nil
}

// checkFormat refuses what cannot be the name of a format: the name becomes part of a query text.
func checkFormat(format string) error {
	for i := range len(format) {
		if !isWord(format[i]) {
			return newError(CodeUnknownFormat, "UNKNOWN_FORMAT", "Unknown format %s", excerpt(format))
		}
	}
	if format == "" {
		return newError(CodeUnknownFormat, "UNKNOWN_FORMAT", "Unknown format: it has no name")
	}
	return nil
}
