package httpinterface

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/google/uuid"

	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/exception"
	"github.com/citytally/citytally/sink/chdb/limits"
	"github.com/citytally/citytally/sink/chdb/statement"
	"github.com/citytally/citytally/sink/chdb/tables"
)

// defaultQueryBytes is ClickHouse's default of the setting max_query_size, the most bytes of a statement without its rows.
// A client may raise it up to limits.QueryBytes.
const defaultQueryBytes = 256 << 10

// request is an HTTP request with a query: the user, the query, and how to answer it.
type request struct {
	http           *http.Request
	params         params
	settings       params
	user           engine.User
	id             string
	readOnlyMethod bool // GET and HEAD only read

	database, format string
	revision         int // of the native protocol, for format Native; 0 when the client gave none

	sessionID      string
	sessionTimeout time.Duration
	sessionCheck   bool
	closeSession   bool

	compressed, stackTrace, waitForEnd bool
	bufferBytes                        int // how much of the answer is buffered before the headers are sent

	statement statement.Statement
	body      io.Reader // the rows to insert, those in the statement's text first
	external  []tables.External
	closers   []func()
}

// readQuery reads everything of a request but the statement and the body.
func readQuery(r *http.Request, all params) (*request, error) {
	q := &request{http: r, params: all, readOnlyMethod: r.Method == http.MethodGet || r.Method == http.MethodHead}
	q.settings = all.settings(isMultipart(r))
	q.id = cmp.Or(all.get("query_id"), r.Header.Get("X-ClickHouse-Query-Id"))
	if q.id == "" {
		q.id = uuid.NewString()
	}
	q.database = cmp.Or(r.Header.Get("X-ClickHouse-Database"), all.get("database"))
	q.format = cmp.Or(r.Header.Get("X-ClickHouse-Format"), all.get("default_format"), "TabSeparated")
	q.sessionID = all.get("session_id")
	q.sessionCheck = all.get("session_check") == "1"

	var errs [8]error
	q.compressed, errs[0] = all.flag("compress")
	q.stackTrace, errs[1] = all.flag("stacktrace")
	q.waitForEnd, errs[2] = all.flag("wait_end_of_query")
	q.closeSession, errs[3] = all.flag("close_session")
	q.bufferBytes, errs[4] = all.number("buffer_size", minBufferBytes)
	q.revision, errs[5] = all.number("client_protocol_version", 0)
	q.sessionTimeout, errs[6] = sessionTimeout(all)
	if all.has("role") {
		errs[7] = exception.Newf(proto.ErrNotImplemented, "Parameter 'role': the embedded engine has no roles")
	}
	for _, err := range errs {
		if err != nil {
			return q, err
		}
	}
	q.bufferBytes = max(q.bufferBytes, minBufferBytes)
	return q, nil
}

// readStatement reads the statement, which is the parameter query, the body, or the first followed by the second. The rows
// of an INSERT remain in q.body.
func (q *request) readStatement() error {
	framed, err := q.params.flag("decompress")
	if err != nil {
		return err
	}
	body, closeBody, err := openBody(q.http, framed, q.user)
	if err != nil {
		return err
	}
	q.closers = append(q.closers, closeBody)

	query := q.params.get("query")
	if isMultipart(q.http) {
		if query, err = q.readMultipart(body, query); err != nil {
			return err
		}
		body = strings.NewReader("")
	}
	if query != "" {
		// When the parameter is an INSERT up to its FORMAT, the body holds rows and nothing else.
		parsed, err := statement.Parse(query)
		if err == nil && parsed.TakesRows() && parsed.Format != "" && strings.TrimSpace(parsed.Inline) == "" {
			q.statement, q.body = parsed, body
			return nil
		}
		query += "\n"
	}
	limit, err := q.queryLimit()
	if err != nil {
		return err
	}
	head := bytes.NewBufferString(query)
	_, err = io.CopyN(head, body, int64(max(limit+1-head.Len(), 0)))
	complete := errors.Is(err, io.EOF)
	if err != nil && !complete {
		return err
	}
	if strings.TrimSpace(head.String()) == "" {
		return exception.Newf(proto.ErrSyntaxError, "Syntax error: failed at position 1 (end of query): Empty query")
	}
	q.statement, err = statement.Parse(head.String())
	if !complete && (err != nil || !q.statement.TakesRows()) {
		return exception.Newf(proto.ErrSyntaxError, "Syntax error: Max query size exceeded (can be increased with the "+
			"`max_query_size` setting): the query is longer than %d bytes", limit)
	}
	if err != nil {
		return err
	}
	q.body = io.MultiReader(strings.NewReader(q.statement.Inline), body)
	return nil
}

// queryLimit is the most bytes a statement may have.
func (q *request) queryLimit() (int, error) {
	text, ok := q.settings.lookup("max_query_size")
	if !ok || q.user.ReadOnly {
		return defaultQueryBytes, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 0 {
		return 0, exception.Newf(proto.ErrCannotParseText, "Setting max_query_size: want a whole number, got '%s'", text)
	}
	if limit == 0 {
		return limits.QueryBytes, nil
	}
	return min(limit, limits.QueryBytes), nil
}

// close frees the decoders of the body.
func (q *request) close() {
	for _, one := range q.closers {
		one()
	}
}

// encodes says whether the answer may have a Content-Encoding: the setting enable_http_compression, off by default as in
// ClickHouse.
func (q *request) encodes() bool {
	on, err := q.params.flag("enable_http_compression")
	return err == nil && on
}
