package wire

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/google/uuid"

	"github.com/citytally/citytally/sink/chdb/engine"
)

// defaultQueryBytes is ClickHouse's max_query_size: a statement, inserted rows apart, is at most so long unless the
// setting of that name says otherwise, which goes up to maxQueryBytes here.
const defaultQueryBytes = 256 << 10

// httpQuery is one request for a query: who asks, what, and how it is to be answered.
type httpQuery struct {
	request  *http.Request
	params   params
	settings params
	user     engine.User
	id       string
	get      bool // the method allows reading only

	database, format string
	revision         int // of the native protocol, for blocks in the answer; 0 when the client did not say

	sessionID      string
	sessionTimeout time.Duration
	sessionCheck   bool
	closeSession   bool

	framed, stack, waitEnd bool
	hold                   int // bytes of an answer to hold back

	statement engine.Statement
	body      io.Reader // rows to insert; what of them came with the statement is its first part
	external  []formTable
	closers   []func()
}

// readQuery reads everything but the statement and the body.
func readQuery(r *http.Request, all params) (*httpQuery, error) {
	q := &httpQuery{request: r, params: all, get: r.Method == http.MethodGet || r.Method == http.MethodHead}
	q.settings = all.settings(isMultipart(r))
	q.id = firstOf(all.get("query_id"), r.Header.Get("X-ClickHouse-Query-Id"))
	if q.id == "" {
		q.id = uuid.NewString()
	}
	q.database = firstOf(r.Header.Get("X-ClickHouse-Database"), all.get("database"))
	q.format = firstOf(r.Header.Get("X-ClickHouse-Format"), all.get("default_format"), "TabSeparated")
	q.sessionID = all.get("session_id")
	q.sessionCheck = all.get("session_check") == "1"

	var errs [8]error
	q.framed, errs[0] = all.flag("compress")
	q.stack, errs[1] = all.flag("stacktrace")
	q.waitEnd, errs[2] = all.flag("wait_end_of_query")
	q.closeSession, errs[3] = all.flag("close_session")
	q.hold, errs[4] = all.number("buffer_size", minHold)
	q.revision, errs[5] = all.number("client_protocol_version", 0)
	q.sessionTimeout, errs[6] = sessionTimeout(all)
	if all.has("role") {
		errs[7] = exceptionf(proto.ErrNotImplemented, "Parameter 'role': the embedded engine has no roles")
	}
	for _, err := range errs {
		if err != nil {
			return q, err
		}
	}
	q.hold = max(q.hold, minHold)
	return q, nil
}

// readStatement reads the statement from the query parameter, the body, or one after the other, and leaves in q.body the
// rows to insert.
func (q *httpQuery) readStatement() error {
	framed, err := q.params.flag("decompress")
	if err != nil {
		return err
	}
	body, closeBody, err := openBody(q.request, framed)
	if err != nil {
		return err
	}
	q.closers = append(q.closers, closeBody)

	query := q.params.get("query")
	if isMultipart(q.request) {
		if query, err = q.readMultipart(body, query); err != nil {
			return err
		}
		body = strings.NewReader("")
	}
	if query != "" {
		// A query parameter that is an INSERT up to its FORMAT leaves the body, byte for byte, to the rows.
		statement, err := engine.Parse(query)
		if err == nil && statement.Kind == engine.Insert && !statement.InsertSelect && statement.Format != "" &&
			strings.TrimSpace(statement.Inline) == "" {
			q.statement, q.body = statement, body
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
		return exceptionf(proto.ErrSyntaxError, "Syntax error: failed at position 1 (end of query): Empty query")
	}
	q.statement, err = engine.Parse(head.String())
	insert := q.statement.Kind == engine.Insert && !q.statement.InsertSelect
	if !complete && (err != nil || !insert) {
		return exceptionf(proto.ErrSyntaxError, "Syntax error: Max query size exceeded (can be increased with the "+
			"`max_query_size` setting): the query is longer than %d bytes", limit)
	}
	if err != nil {
		return err
	}
	q.body = io.MultiReader(strings.NewReader(q.statement.Inline), body)
	return nil
}

// queryLimit is how long a statement may be, in bytes.
func (q *httpQuery) queryLimit() (int, error) {
	text, ok := q.settings.lookup("max_query_size")
	if !ok {
		return defaultQueryBytes, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 0 {
		return 0, exceptionf(proto.ErrCannotParseText, "Setting max_query_size: want a whole number, got '%s'", text)
	}
	if limit == 0 {
		return maxQueryBytes, nil
	}
	return min(limit, maxQueryBytes), nil
}

// close frees the decoders of the body.
func (q *httpQuery) close() {
	for _, one := range q.closers {
		one()
	}
}

// firstOf is the first text that is not empty.
func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// encodes says whether the answer may have a Content-Encoding (enable_http_compression; off by default, as in ClickHouse).
func (q *httpQuery) encodes() bool {
	on, err := q.params.flag("enable_http_compression")
	return err == nil && on
}
