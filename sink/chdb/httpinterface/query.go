package httpinterface

import (
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
)

// maxDrainBytes is the most that is read of a refused request's body; clients read the answer only after they have sent
// the body.
const maxDrainBytes = 64 << 20

// runningQueries are the ids of the queries that run. ClickHouse refuses a second query with the id of a running one.
type runningQueries struct{ ids sync.Map }

// start reserves an id until end is called.
func (q *runningQueries) start(id string) (end func(), err error) {
	if _, running := q.ids.LoadOrStore(id, true); running {
		return nil, exception.Newf(proto.ErrQueryWithSameIDIsAlreadyRunning, "Query with id = %s is already running.", id)
	}
	return func() { q.ids.Delete(id) }, nil
}

// serveQuery answers a request that carries a query.
func (s *server) serveQuery(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	default:
		w.Header().Set("Allow", "GET, HEAD, POST, OPTIONS")
		http.Error(w, "Send queries with POST, or GET for reading", http.StatusMethodNotAllowed)
		return
	}
	all, err := parseParams(r.URL.RawQuery)
	q := &request{http: r}
	if err == nil {
		q, err = s.authenticate(r, all)
	}
	defer q.close()

	out := &output{w: w, compressed: q.compressed, settings: q.settings, waitForEnd: q.waitForEnd, spill: s.spill, bufferBytes: q.bufferBytes, exceptionTag: newExceptionTag()}
	if q.encodes() {
		out.encoding = chooseEncoding(r.Header.Get("Accept-Encoding"))
	}
	header := w.Header()
	header.Set("Access-Control-Expose-Headers", "X-ClickHouse-Query-Id,X-ClickHouse-Summary,X-ClickHouse-Server-Display-Name,"+
		"X-ClickHouse-Format,X-ClickHouse-Timezone,X-ClickHouse-Exception-Code,X-ClickHouse-Exception-Tag")
	setHeader(header, "X-ClickHouse-Exception-Tag", out.exceptionTag)
	if q.id != "" {
		setHeader(header, "X-ClickHouse-Query-Id", q.id)
	}
	run := &execution{server: s, request: q, out: out, start: time.Now()}
	out.beforeHeaders = func() { setHeader(header, "X-ClickHouse-Summary", run.summaryHeader()) }
	if err == nil {
		err = run.execute(r.Context())
	}
	if err == nil {
		err = out.finish()
	}
	out.removeSpillFile()
	if err != nil {
		s.fail(out, q, err)
	}
}

// authenticate finds the request's user, and reads its parameters and headers.
func (s *server) authenticate(r *http.Request, all params) (*request, error) {
	anonymous := &request{http: r}
	credentials, err := readCredentials(r, all)
	if err != nil {
		return anonymous, err
	}
	user, err := s.engine.Authenticate(credentials.user, credentials.password)
	if err != nil {
		s.logins.Failed(r.Context(), credentials.user, r.RemoteAddr)
		return anonymous, err
	}
	forget, err := s.knowClient(r, user)
	if err != nil {
		return anonymous, err
	}
	q, err := readQuery(r, all)
	q.user = user
	q.closers = append(q.closers, forget)
	if user.ReadOnly {
		q.bufferBytes = min(q.bufferBytes, minBufferBytes)
	}
	return q, err
}

// fail answers with err: as a status if the headers are not sent yet, otherwise inside the body, which it then breaks off.
func (s *server) fail(out *output, q *request, err error) {
	failure := exception.Of(err)
	s.log.Debug().Str("query_id", q.id).Int("code", int(failure.Code)).Err(err).Msg("http query failed")
	if q.http.Context().Err() == nil && q.http.Header.Get("Expect") == "" {
		_, _ = io.CopyN(io.Discard, q.http.Body, maxDrainBytes) // an error changes nothing: the answer is an error already
	}
	header := out.w.Header()
	setHeader(header, "X-ClickHouse-Exception-Code", strconv.Itoa(int(failure.Code)))
	if failure.Code == proto.ErrRequiredPassword {
		header.Set("WWW-Authenticate", `Basic realm="ClickHouse server HTTP API"`)
	}
	broken, failed := out.fail(httpStatus(failure.Code), exceptionText(failure, s.engine.Version(), q.readOnlyMethod, q.stackTrace))
	if broken || failed != nil {
		panic(http.ErrAbortHandler) // makes net/http close the connection without ending the body
	}
}
