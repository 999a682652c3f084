package engine

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Codes of ClickHouse's own errors that this package raises or that callers branch on.
// Source: src/Common/ErrorCodes.cpp of ClickHouse.
const (
	CodeSyntax         int32 = 62  // SYNTAX_ERROR
	CodeBadArguments   int32 = 36  // BAD_ARGUMENTS
	CodeUnknownFormat  int32 = 73  // UNKNOWN_FORMAT
	CodeReadOnly       int32 = 164 // READONLY
	CodeAborted        int32 = 236 // ABORTED
	CodeSessionLocked  int32 = 373 // SESSION_IS_LOCKED
	CodeCancelled      int32 = 394 // QUERY_WAS_CANCELLED
	CodeAccessDenied   int32 = 497 // ACCESS_DENIED
	CodeAuthentication int32 = 516 // AUTHENTICATION_FAILED
	CodeUnknown        int32 = 1002
)

// Error is an exception of ClickHouse: the engine's own, or one this package raises in ClickHouse's words.
// Clients branch on Code and show Message, so both travel over the wire unchanged.
type Error struct {
	Code    int32
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

// Unwrap returns what made this package end the statement: the context's error for a cancelled query,
// the reader's error for an insert whose body broke. It is nil for the engine's own exceptions.
func (e *Error) Unwrap() error { return e.cause }

func newError(code int32, name, format string, args ...any) *Error {
	return &Error{Code: code, Name: name, Message: "DB::Exception: " + fmt.Sprintf(format, args...)}
}

func (e *Error) because(cause error) *Error {
	e.cause = cause
	return e
}

// exceptionHead matches the start of every text ClickHouse makes of an exception. The engine sometimes puts words of
// its own before it, such as "Error: ".
var exceptionHead = regexp.MustCompile(`(?s)Code: (\d+)\.\s+(.*)$`)

// exceptionName matches the symbolic name ClickHouse puts after the message, and the version that may follow it.
var exceptionName = regexp.MustCompile(`\s*\(([A-Z][A-Z0-9_]+)\)(?:\s*\(version [^()]*(?:\([^()]*\))?\))?\.?\s*$`)

// stackMark stands between a message and its stack trace.
const stackMark = "Stack trace (when copying this message, always include the lines below):"

// parseError turns the text of an exception into an Error; a text without a code gets code 1002 (UNKNOWN_EXCEPTION).
func parseError(text string) *Error {
	text = strings.TrimSpace(text)
	head := exceptionHead.FindStringSubmatch(text)
	if head == nil {
		return &Error{Code: CodeUnknown, Name: "UNKNOWN_EXCEPTION", Message: "DB::Exception: " + text}
	}
	code, err := strconv.ParseInt(head[1], 10, 32)
	if err != nil {
		code = int64(CodeUnknown)
	}
	e := &Error{Code: int32(code), Message: head[2]}
	if message, stack, found := strings.Cut(e.Message, stackMark); found {
		e.Message, e.Stack = strings.TrimRight(message, " .,\n"), strings.TrimSpace(stack)
	}
	if at := exceptionName.FindStringSubmatchIndex(e.Message); at != nil {
		e.Name = e.Message[at[2]:at[3]]
		e.Message = e.Message[:at[0]]
	}
	// A statement refused inside another one comes wrapped in itself: "Code: 164. DB::Exception: Code: 164. DB::Exception: …".
	if strings.HasPrefix(e.Message, "DB::Exception: Code: "+head[1]+". ") {
		inner := parseError(strings.TrimPrefix(e.Message, "DB::Exception: "))
		e.Message = inner.Message
	}
	return e
}
