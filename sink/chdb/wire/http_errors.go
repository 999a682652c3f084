package wire

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/engine"
)

// readonlyHint is what ClickHouse adds to code 164 when the method was the reason.
const readonlyHint = "For queries over HTTP, method GET implies readonly. You should use method POST for modifying queries."

// Codes younger than ch-go's list of them.
const (
	errCannotParseIPv4      proto.Error = 675
	errCannotParseIPv6      proto.Error = 676
	errUnsupportedMediaType proto.Error = 779
)

// statusByCode maps ClickHouse's exception codes to HTTP statuses as the server's exceptionCodeToHTTPStatus does;
// a code that is not here is a 500.
var statusByCode = func() map[proto.Error]int {
	groups := map[int][]proto.Error{
		http.StatusUnauthorized: {proto.ErrRequiredPassword},
		http.StatusForbidden: {proto.ErrUnknownUser, proto.ErrWrongPassword, proto.ErrAuthenticationFailed,
			proto.ErrSetNonGrantedRole, proto.ErrAccessDenied},
		http.StatusBadRequest: {proto.ErrBadArguments, proto.ErrCannotCompileRegexp, proto.ErrCannotParseText,
			proto.ErrCannotParseEscapeSequence, proto.ErrCannotParseQuotedString, proto.ErrCannotParseDate,
			proto.ErrCannotParseDatetime, proto.ErrCannotParseNumber, proto.ErrCannotParseDomainValueFromString,
			errCannotParseIPv4, errCannotParseIPv6, proto.ErrCannotParseInputAssertionFailed, proto.ErrCannotParseUUID,
			proto.ErrDuplicateColumn, proto.ErrIllegalColumn, proto.ErrThereIsNoColumn, proto.ErrUnknownElementInAst,
			proto.ErrUnknownTypeOfAstNode, proto.ErrTooDeepAst, proto.ErrTooBigAst, proto.ErrUnexpectedAstStructure,
			proto.ErrSyntaxError, proto.ErrIncorrectData, proto.ErrTypeMismatch, proto.ErrValueIsOutOfRangeOfDataType},
		http.StatusNotFound: {proto.ErrUnknownTable, proto.ErrUnknownFunction, proto.ErrUnknownIdentifier, proto.ErrUnknownType,
			proto.ErrUnknownStorage, proto.ErrUnknownDatabase, proto.ErrUnknownSetting, proto.ErrUnknownDirectionOfSorting,
			proto.ErrUnknownAggregateFunction, proto.ErrUnknownFormat, proto.ErrUnknownDatabaseEngine,
			proto.ErrUnknownTypeOfQuery, proto.ErrUnknownRole},
		http.StatusRequestEntityTooLarge: {proto.ErrQueryIsTooLarge},
		http.StatusNotImplemented:        {proto.ErrNotImplemented},
		http.StatusServiceUnavailable:    {proto.ErrSocketTimeout, proto.ErrCannotOpenFile, proto.ErrCannotScheduleTask},
		http.StatusLengthRequired:        {proto.ErrHTTPLengthRequired},
		http.StatusRequestTimeout:        {proto.ErrTimeoutExceeded},
		http.StatusUnsupportedMediaType:  {errUnsupportedMediaType},
	}
	statuses := make(map[proto.Error]int)
	for status, codes := range groups {
		for _, code := range codes {
			statuses[code] = status
		}
	}
	return statuses
}()

// httpStatus is the HTTP status for an exception code.
func httpStatus(code int32) int {
	if status, ok := statusByCode[proto.Error(code)]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// asEngineError finds the exception in err.
// An error without one is a fault of this process, and gets ClickHouse's UNKNOWN_EXCEPTION, or QUERY_WAS_CANCELLED when
// the cause is a context's end.
func asEngineError(err error) *engine.Error {
	var exception *engine.Error
	switch {
	case errors.As(err, &exception):
		return exception
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return exceptionf(proto.ErrQueryWasCancelled, "Query was cancelled: %v", err)
	default:
		return exceptionf(proto.ErrUnknownException, "%v", err)
	}
}

// exceptionText is the body of an error answer: the exception as ClickHouse prints it, with the server's version.
func exceptionText(exception *engine.Error, version string, get, stack bool) string {
	text := strings.TrimRight(exception.Error(), "\n")
	if get && exception.Code == engine.CodeReadOnly && !strings.Contains(text, readonlyHint) {
		if at := strings.LastIndex(text, " (READONLY)"); at >= 0 {
			text = strings.TrimSuffix(text[:at], ".") + ". " + readonlyHint + text[at:]
		} else {
			text += " " + readonlyHint
		}
	}
	if version != "" && !strings.Contains(text, "(version ") {
		text += " (version " + version + " (official build))"
	}
	if stack && exception.Stack != "" && !strings.Contains(text, exception.Stack) {
		text += "\nStack trace:\n\n" + exception.Stack
	}
	return text + "\n"
}
