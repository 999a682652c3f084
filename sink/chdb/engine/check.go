package engine

import (
	"runtime"
	"unsafe"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
	"github.com/citytally/citytally/sink/chdb/statement"
)

// check asks the engine's own parser about a statement before it runs, in case package statement has read it otherwise.
// It refuses several statements in one text, and a query that writes outside the engine.
// A text that the engine cannot parse passes, because running it gives the engine's own message.
func (s *Session) check(parsed statement.Statement) error {
	if s.user.onlyReads() && !parsed.ReadsOnly() {
		return errReadOnly()
	}
	seen := analysis{StructSize: uint32(unsafe.Sizeof(analysis{}))}
	queryText, queryLen := text(parsed.Text)
	status := s.engine.lib.Classify(connectionPointer(s.connection), queryText, queryLen, nil, 0, &seen)
	runtime.KeepAlive(parsed.Text)
	if status != 0 {
		return exception.Newf(proto.ErrUnknownException, "The engine did not classify the statement")
	}
	if seen.Class == classUnknown {
		return nil
	}
	if seen.Statements > 1 && !parsed.Parallel { // the engine counts each statement of PARALLEL WITH
		return exception.Newf(proto.ErrSyntaxError, "Multi-statements are not allowed: send one statement at a time")
	}
	if seen.Class == classControl && parsed.Streams {
		return statement.Denied("a query that writes outside", "leave INTO OUTFILE out and let the client write the answer to a file.")
	}
	return nil
}

func errReadOnly() error {
	return exception.Newf(proto.ErrReadonly, "Cannot execute query in readonly mode: this user may only read")
}
