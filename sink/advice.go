package sink

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/citytally/citytally/sink/digest"
)

// The error codes of ClickHouse (src/Common/ErrorCodes.cpp) for which Advice has more to say
// than the error itself.
const (
	codeNoSuchColumn      = 16
	codeUnknownIdentifier = 47
	codeTypeMismatch      = 53
	codeUnknownTable      = 60
	codeUnknownDatabase   = 81
	codeCannotWrite       = 75
	codeTimeout           = 159
	codeReadonly          = 164
	codeUnknownUser       = 192
	codeWrongPassword     = 193
	codeNoPassword        = 194
	codeTooManyQueries    = 202
	codeNetworkTimeout    = 209
	codeNetwork           = 210
	codeMemoryLimit       = 241
	codeTableIsReadOnly   = 242
	codeNotEnoughSpace    = 243
	codeTooManyParts      = 252
	codeAllConnections    = 279
	codeKeeper            = 999
	codeCannotAllocate    = 173
	codeCannotScheduleJob = 439
	codeAccessDenied      = 497
	codeAuthentication    = 516
)

// Advice says in a few words what a person can do about an error of a Store.
func Advice(err error) string {
	switch {
	case isOtherTable(err):
		return "a table or a column is missing or altered, which no recomputation mends; have new tables filled from the log: citytally replay --into clickhouse"
	case hasCode(err, codeAuthentication, codeUnknownUser, codeWrongPassword, codeNoPassword):
		return "check user and password in clickhouse.dsn"
	case hasCode(err, codeReadonly, codeAccessDenied):
		return "grant the user of clickhouse.dsn CREATE, SELECT and INSERT on its database, without readonly"
	case hasCode(err, codeTableIsReadOnly, codeKeeper):
		return "the table is read-only: look after ClickHouse Keeper"
	case isDiskFull(err):
		return "free disk space where ClickHouse keeps its data, which for the embedded one is the data directory"
	case hasCode(err, codeCannotWrite):
		return "ClickHouse cannot write where it keeps its data, for the reason that it names; look after that disk"
	case digest.IsUnreadable(err):
		return "a part of a table is damaged; citytally recompute puts it aside and fills in from the log what it held"
	case hasCode(err, codeMemoryLimit, codeCannotAllocate):
		return "give ClickHouse more memory, or lower sink.batch_rows"
	case hasCode(err, codeTooManyParts):
		return "merges lag behind; wait, or raise sink.batch_rows"
	case hasCode(err, codeTooManyQueries, codeCannotScheduleJob):
		return "the server is busy; wait, or raise its limit on queries and threads"
	case hasCode(err, codeTimeout), errors.Is(err, context.DeadlineExceeded), isSilent(err):
		return "the insert took too long; look at the server's load, or raise sink.insert_timeout"
	case isNetwork(err):
		return "start ClickHouse, or correct the address in clickhouse.dsn"
	}
	return "look at what ClickHouse says of it: for the embedded one in the log of citytally, for another server in that server's log"
}

// isOtherTable reports whether a table or column is not there, or of another type.
func isOtherTable(err error) bool {
	return hasCode(err, codeUnknownTable, codeNoSuchColumn, codeUnknownDatabase, codeUnknownIdentifier, codeTypeMismatch)
}

// failure says what could not be done, and what a person can do about it where no recomputation helps.
func failure(what string, err error) error {
	if isOtherTable(err) {
		return fmt.Errorf("%s: %w; %s", what, err, Advice(err))
	}
	return fmt.Errorf("%s: %w", what, err)
}

// isDiskFull reports whether ClickHouse has no room for what it was to write.
func isDiskFull(err error) bool {
	return hasCode(err, codeNotEnoughSpace) || strings.Contains(err.Error(), "No space left on device") || strings.Contains(err.Error(), "Disk quota exceeded")
}

// isSilent reports whether a connected server did not answer in time.
func isSilent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "read" && op.Timeout()
}

func isNetwork(err error) bool {
	var network net.Error
	return errors.As(err, &network) || hasCode(err, codeNetwork, codeNetworkTimeout, codeAllConnections) ||
		errors.Is(err, clickhouse.ErrAcquireConnTimeout) || strings.Contains(err.Error(), "EOF")
}

func hasCode(err error, codes ...int32) bool {
	code, ok := errorCode(err)
	return ok && slices.Contains(codes, code)
}

func errorCode(err error) (int32, bool) {
	var exception *clickhouse.Exception
	if errors.As(err, &exception) {
		return exception.Code, true
	}
	return 0, false
}
