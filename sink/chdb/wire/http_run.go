package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/engine"
)

// queryRun is one query being answered, and what is known of it so far.
type queryRun struct {
	server *httpServer
	query  *httpQuery
	out    *output
	start  time.Time

	rows, readRows, readBytes, writtenRows uint64
}

// summary is the X-ClickHouse-Summary header's JSON, whose numbers are strings.
func (run *queryRun) summary() string {
	return fmt.Sprintf(`{"read_rows":"%d","read_bytes":"%d","written_rows":"%d","written_bytes":"0","total_rows_to_read":"%d",`+
		`"result_rows":"%d","result_bytes":"%d","elapsed_ns":"%d"}`,
		run.readRows, run.readBytes, run.writtenRows, run.readRows, run.rows+run.writtenRows, run.out.held.Len(),
		time.Since(run.start).Nanoseconds())
}

// do runs the query in a session of its own, or the one the client names.
func (run *queryRun) do(ctx context.Context) (err error) {
	q := run.query
	if err := q.readStatement(); err != nil {
		return err
	}
	end, err := run.server.running.start(q.id)
	if err != nil {
		return err
	}
	defer end()
	if q.sessionID == "" {
		user := q.user
		user.ReadOnly = user.ReadOnly || q.get
		session, err := run.server.engine.Session(ctx, user, q.database)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, session.Close()) }()
		return run.inSession(ctx, session)
	}
	return run.inKeptSession(ctx)
}

// inKeptSession runs the query in the session the client named. What the request's parameters change is for this request
// alone, so it is put back afterwards; what SET and USE statements change stays.
func (run *queryRun) inKeptSession(ctx context.Context) (err error) {
	q, sessions := run.query, run.server.sessions
	if q.get && !readsOnly(q.statement) {
		return exceptionf(proto.ErrReadonly, "%s: Cannot execute query in readonly mode.", q.user.Name)
	}
	session, err := sessions.acquire(sessionKey{q.user.Name, q.sessionID}, q.sessionCheck, func() (*engine.Session, error) {
		return run.server.engine.Session(ctx, q.user, "")
	})
	if err != nil {
		return err
	}
	damaged := false
	defer func() {
		err = errors.Join(err, sessions.release(session, q.sessionTimeout, q.closeSession || damaged))
	}()
	if len(q.settings) > 0 || q.database != "" {
		state, err := saveState(ctx, session.Session, q.settings)
		if err != nil {
			return err
		}
		defer func() {
			if restored := state.restore(ctx, session.Session); restored != nil {
				damaged = true
				run.server.cfg.Logger.Warn().Str("session_id", q.sessionID).Err(restored).Msg("http session dropped")
			}
		}()
	}
	if q.database != "" {
		if err := session.Exec(ctx, "USE "+httpQuoteName(q.database)); err != nil {
			return err
		}
	}
	return run.inSession(ctx, session.Session)
}

// readingWords begin the statements that ClickHouse's readonly=2 lets through.
var readingWords = map[string]bool{
	"SELECT": true, "WITH": true, "FROM": true, "SHOW": true, "DESCRIBE": true, "DESC": true, "EXPLAIN": true,
	"EXISTS": true, "VALUES": true, "SET": true, "USE": true,
}

// readsOnly says whether a statement begins with one of them. A kept session cannot be made read-only for one request,
// so this stands in for the engine's own check.
func readsOnly(statement engine.Statement) bool {
	if statement.Kind == engine.Insert {
		return false
	}
	text := strings.TrimLeft(statement.Text, "( \t\r\n")
	end := strings.IndexFunc(text, func(c rune) bool { return !unicode.IsLetter(c) })
	if end < 0 {
		end = len(text)
	}
	return readingWords[strings.ToUpper(text[:end])]
}

// inSession applies the settings, makes the external tables and runs the statement.
func (run *queryRun) inSession(ctx context.Context, session *engine.Session) (err error) {
	q := run.query
	if set := q.engineSettings().setStatement(); set != "" {
		if err := session.Exec(ctx, set); err != nil {
			return err
		}
	}
	for _, table := range q.external {
		if err := table.load(ctx, session); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, table.drop(ctx, session)) }()
	}
	statement := q.statement
	switch {
	case statement.Kind == engine.Insert && !statement.InsertSelect:
		rows, err := session.Insert(ctx, statement.InsertHead, firstOf(statement.Format, "Values"), q.body)
		run.writtenRows = rows
		return err
	case statement.Kind == engine.Insert:
		result, err := session.Query(ctx, statement.Text, "Null")
		if err == nil {
			run.writtenRows, run.readRows, run.readBytes = result.Rows, result.ReadRows, result.ReadBytes
		}
		return err
	default:
		return run.read(ctx, session)
	}
}

// read sends what a statement answers.
func (run *queryRun) read(ctx context.Context, session *engine.Session) error {
	q := run.query
	format := firstOf(q.statement.Format, q.format)
	header := run.out.w.Header()
	setHeader(header, "X-ClickHouse-Timezone", firstOf(q.settings.get("session_timezone"), run.server.engine.Timezone()))
	setHeader(header, "X-ClickHouse-Format", format)
	header.Set("Content-Type", contentType(format))
	if strings.EqualFold(format, "Native") && q.revision > 0 {
		return run.streamBlocks(ctx, session)
	}
	return run.stream(ctx, session, format)
}

// stream sends an answer as it comes.
func (run *queryRun) stream(ctx context.Context, session *engine.Session, format string) (err error) {
	stream, err := session.Stream(ctx, run.query.statement.Text, format)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	for {
		chunk, err := stream.Next()
		run.rows, run.readRows, run.readBytes = stream.Stats()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := run.out.Write(chunk); err != nil {
			return err
		}
	}
}

// engineSettings are the settings the engine is given: not those that would make it write Native in a way the blocks of a
// client's revision are not read from.
func (q *httpQuery) engineSettings() params {
	if q.revision == 0 {
		return q.settings
	}
	return slices.DeleteFunc(slices.Clone(q.settings), func(p param) bool {
		return strings.HasSuffix(p.name, "_format_native_encode_types_in_binary_format") ||
			strings.HasSuffix(p.name, "_format_native_decode_types_in_binary_format")
	})
}
