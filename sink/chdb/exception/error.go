package exception

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/ClickHouse/ch-go/proto"
)

// Codes of ClickHouse that are younger than ch-go's list of them.
// Source: src/Common/ErrorCodes.cpp of ClickHouse.
const (
	CannotParseIPv4      proto.Error = 675
	CannotParseIPv6      proto.Error = 676
	UnsupportedMediaType proto.Error = 779
)

// Error is an exception of ClickHouse: raised by the engine, or by this program with ClickHouse's code and wording.
// Clients branch on Code and show Message, so both travel over the wire unchanged.
type Error struct {
	Code    proto.Error
	Name    string // the code's symbolic name, such as UNKNOWN_TABLE
	Message string // "DB::Exception: …" without the leading code and the trailing name
	Stack   string // the engine's stack trace; usually empty

	cause error
}

// Error prints the exception the way ClickHouse does: "Code: 60. DB::Exception: … (UNKNOWN_TABLE)".
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Code: %d. %s", e.Code, e.Message)
	if e.Name != "" {
		fmt.Fprintf(&b, " (%s)", e.Name)
	}
	return b.String()
}

// Unwrap returns the reason this program had to end a statement: the context's error for a cancelled query,
// the reader's error for an insert whose body broke. It is nil for exceptions of the engine.
func (e *Error) Unwrap() error { return e.cause }

// Newf makes an exception that this program raises, with ClickHouse's code and its symbolic name.
func Newf(code proto.Error, format string, args ...any) *Error {
	return &Error{Code: code, Name: code.String(), Message: "DB::Exception: " + fmt.Sprintf(format, args...)}
}

// WithCause sets the error that Unwrap returns.
func (e *Error) WithCause(cause error) *Error {
	e.cause = cause
	return e
}

// Cancelled is ClickHouse's answer to a query that was stopped before its end.
func Cancelled(cause error) *Error {
	return Newf(proto.ErrQueryWasCancelled, "Query was cancelled").WithCause(cause)
}

// Of finds the exception in err. An error without one is a fault of this process and becomes UNKNOWN_EXCEPTION,
// or QUERY_WAS_CANCELLED when its cause is the end of a context.
func Of(err error) *Error {
	var exception *Error
	switch {
	case errors.As(err, &exception):
		return exception
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Newf(proto.ErrQueryWasCancelled, "Query was cancelled: %v", err)
	default:
		return Newf(proto.ErrUnknownException, "%v", err)
	}
}

// exceptionHead matches the start of an exception printed by ClickHouse. The engine sometimes prints a word before it,
// such as "Error: ".
var exceptionHead = regexp.MustCompile(`(?s)Code: (\d+)\.\s+(.*)$`)

// exceptionName matches the symbolic name ClickHouse puts after the message, and the version that may follow it.
var exceptionName = regexp.MustCompile(`\s*\(([A-Z][A-Z0-9_]+)\)(?:\s*\(version [^()]*(?:\([^()]*\))?\))?\.?\s*$`)

// stackMark separates a message from its stack trace.
const stackMark = "Stack trace (when copying this message, always include the lines below):"

// Parse reads an exception that ClickHouse has printed; a text without a code becomes UNKNOWN_EXCEPTION.
func Parse(text string) *Error {
	text = strings.TrimSpace(text)
	head := exceptionHead.FindStringSubmatch(text)
	if head == nil {
		return Newf(proto.ErrUnknownException, "%s", text)
	}
	code, err := strconv.ParseInt(head[1], 10, 32)
	if err != nil {
		code = int64(proto.ErrUnknownException)
	}
	e := &Error{Code: proto.Error(code), Message: head[2]}
	if message, stack, found := strings.Cut(e.Message, stackMark); found {
		e.Message, e.Stack = strings.TrimRight(message, " .,\n"), strings.TrimSpace(stack)
	}
	if at := exceptionName.FindStringSubmatchIndex(e.Message); at != nil {
		e.Name = e.Message[at[2]:at[3]]
		e.Message = e.Message[:at[0]]
	}
	// A statement refused inside another one comes wrapped in itself: "Code: 164. DB::Exception: Code: 164. DB::Exception: …".
	if strings.HasPrefix(e.Message, "DB::Exception: Code: "+head[1]+". ") {
		inner := Parse(strings.TrimPrefix(e.Message, "DB::Exception: "))
		e.Message = inner.Message
	}
	return e
}
