package httpinterface

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/exception"
	"github.com/citytally/citytally/sink/chdb/statement"
)

// execution is one query being answered, and its counts so far.
type execution struct {
	server  *server
	request *request
	out     *output
	start   time.Time

	rows, readRows, readBytes, writtenRows uint64
}

// summaryHeader is the value of the header X-ClickHouse-Summary: JSON whose numbers are strings.
func (run *execution) summaryHeader() string {
	return fmt.Sprintf(`{"read_rows":"%d","read_bytes":"%d","written_rows":"%d","written_bytes":"0","total_rows_to_read":"%d",`+
		`"result_rows":"%d","result_bytes":"%d","elapsed_ns":"%d"}`,
		run.readRows, run.readBytes, run.writtenRows, run.readRows, run.rows+run.writtenRows, run.out.buffered.Len(),
		time.Since(run.start).Nanoseconds())
}

// execute runs the query in a session of its own, or in the kept session that the client names.
func (run *execution) execute(ctx context.Context) (err error) {
	q := run.request
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
		user.Reading = q.readOnlyMethod
		session, err := run.server.engine.Session(ctx, user, q.database)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, session.Close()) }()
		return run.inSession(ctx, session)
	}
	return run.inKeptSession(ctx)
}

// inKeptSession runs the query in the session that the client names. What the request's parameters change is undone
// afterwards; what the statements SET and USE change stays.
func (run *execution) inKeptSession(ctx context.Context) (err error) {
	q, sessions := run.request, run.server.sessions
	if q.readOnlyMethod && !q.statement.ReadsOnly() { // a kept session cannot be made read-only for one request
		return exception.Newf(proto.ErrReadonly, "%s: Cannot execute query in readonly mode.", q.user.Name)
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
				run.server.log.Warn().Str("session_id", q.sessionID).Err(restored).Msg("http session dropped")
			}
		}()
	}
	if q.database != "" {
		if err := session.Exec(ctx, "USE "+statement.QuoteName(q.database)); err != nil {
			return err
		}
	}
	return run.inSession(ctx, session.Session)
}

// inSession applies the settings, creates the external tables and runs the statement.
func (run *execution) inSession(ctx context.Context, session *engine.Session) (err error) {
	q := run.request
	if set := q.engineSettings().within(session).setStatement(); set != "" {
		if err := session.Exec(ctx, set); err != nil {
			return err
		}
	}
	for _, table := range q.external {
		if err := table.Create(ctx, session); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, table.Drop(ctx, session)) }()
	}
	switch {
	case q.statement.TakesRows():
		rows, err := session.Insert(ctx, q.statement.InsertHead, cmp.Or(q.statement.Format, "Values"), q.body)
		run.writtenRows = rows
		return err
	case q.statement.Kind == statement.Insert:
		result, err := session.Query(ctx, q.statement.Text, "Null")
		if err == nil {
			run.writtenRows, run.readRows, run.readBytes = result.Rows, result.ReadRows, result.ReadBytes
		}
		return err
	default:
		return run.answer(ctx, session)
	}
}

// answer sends the answer of a statement that is no INSERT.
func (run *execution) answer(ctx context.Context, session *engine.Session) error {
	q := run.request
	format := cmp.Or(q.statement.Format, q.format)
	header := run.out.w.Header()
	setHeader(header, "X-ClickHouse-Timezone", cmp.Or(q.settings.get("session_timezone"), run.server.engine.Timezone()))
	setHeader(header, "X-ClickHouse-Format", format)
	header.Set("Content-Type", contentType(format))
	if strings.EqualFold(format, "Native") && q.revision > 0 {
		return run.streamBlocks(ctx, session)
	}
	return run.stream(ctx, session, format)
}

// stream sends an answer chunk by chunk.
func (run *execution) stream(ctx context.Context, session *engine.Session, format string) (err error) {
	stream, err := session.Stream(ctx, run.request.statement.Text, format)
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

// engineSettings are the settings for the engine. When blocks have to be re-encoded for the client's revision, they lack
// those settings that would make the engine write types in binary, which package nativeformat does not read.
func (q *request) engineSettings() params {
	if q.revision == 0 {
		return q.settings
	}
	return slices.DeleteFunc(slices.Clone(q.settings), func(p param) bool {
		return strings.HasSuffix(p.name, "_format_native_encode_types_in_binary_format") ||
			strings.HasSuffix(p.name, "_format_native_decode_types_in_binary_format")
	})
}
