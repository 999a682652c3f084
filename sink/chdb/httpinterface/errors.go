package httpinterface

import (
	"net/http"
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
)

// readonlyHint is what ClickHouse adds to READONLY (164) when the method GET is the reason.
const readonlyHint = "For queries over HTTP, method GET implies readonly. You should use method POST for modifying queries."

// statusByCode maps ClickHouse's exception codes to HTTP statuses; a code that is not here is a 500.
// Source: exceptionCodeToHTTPStatus of ClickHouse.
var statusByCode = func() map[proto.Error]int {
	groups := map[int][]proto.Error{
		http.StatusUnauthorized: {proto.ErrRequiredPassword},
		http.StatusForbidden: {proto.ErrUnknownUser, proto.ErrWrongPassword, proto.ErrAuthenticationFailed,
			proto.ErrSetNonGrantedRole, proto.ErrAccessDenied},
		http.StatusBadRequest: {proto.ErrBadArguments, proto.ErrCannotCompileRegexp, proto.ErrCannotParseText,
			proto.ErrCannotParseEscapeSequence, proto.ErrCannotParseQuotedString, proto.ErrCannotParseDate,
			proto.ErrCannotParseDatetime, proto.ErrCannotParseNumber, proto.ErrCannotParseDomainValueFromString,
			exception.CannotParseIPv4, exception.CannotParseIPv6, proto.ErrCannotParseInputAssertionFailed, proto.ErrCannotParseUUID,
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
		http.StatusUnsupportedMediaType:  {exception.UnsupportedMediaType},
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
func httpStatus(code proto.Error) int {
	if status, ok := statusByCode[code]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// exceptionText is the body of an error answer: the exception as ClickHouse prints it, with the server's version and, if
// stack is set, the stack trace.
func exceptionText(failure *exception.Error, version string, get, stack bool) string {
	text := strings.TrimRight(failure.Error(), "\n")
	if get && failure.Code == proto.ErrReadonly && !strings.Contains(text, readonlyHint) {
		if at := strings.LastIndex(text, " (READONLY)"); at >= 0 {
			text = strings.TrimSuffix(text[:at], ".") + ". " + readonlyHint + text[at:]
		} else {
			text += " " + readonlyHint
		}
	}
	if version != "" && !strings.Contains(text, "(version ") {
		text += " (version " + version + " (official build))"
	}
	if stack && failure.Stack != "" && !strings.Contains(text, failure.Stack) {
		text += "\nStack trace:\n\n" + failure.Stack
	}
	return text + "\n"
}
