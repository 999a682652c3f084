package nativeprotocol

import (
	"context"
	"errors"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
	"github.com/citytally/citytally/sink/chdb/limits"
	"github.com/citytally/citytally/sink/chdb/statement"
	"github.com/citytally/citytally/sink/chdb/tables"
)

// query reads a Query packet and the external tables after it, runs the query and
// sends its answer. It returns an error only when the connection has to end.
func (c *connection) query(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	q, err := readRequest(c.in, c.revision, c.maxQueryBytes(), func(name string) (settingEncoding, error) {
		return c.server.settingEncoding(ctx, c.session, name)
	})
	if err != nil {
		return unreadable(err)
	}
	c.compressed = q.compressed
	external, err := c.readExternalTables()
	if err != nil {
		return err
	}
	if c.compressed {
		c.compressor.SetMethod(c.compression(q.settings))
	}
	err = c.run(ctx, cancel, q, external)
	var lost *clientGone
	var unreadable *protocolError
	switch {
	case err == nil:
		return c.sendNow([]byte{byte(proto.ServerCodeEndOfStream)})
	case errors.As(err, &lost), errors.As(err, &unreadable):
		return err
	}
	c.log.Debug().Err(err).Str("query_id", q.id).Msg("clickhouse query failed")
	return c.sendException(err)
}

// maxQueryBytes bounds what comes with a query beside its tables.
func (c *connection) maxQueryBytes() int {
	if c.user.ReadOnly {
		return limits.ReaderQueryBytes
	}
	return limits.QueryBytes
}

// run executes a query while watch looks at the socket. An INSERT that takes rows
// reads the socket itself instead.
func (c *connection) run(ctx context.Context, cancel context.CancelFunc, q request, external []tables.External) (err error) {
	parsed, err := statement.Parse(q.body)
	if err != nil {
		return err
	}
	if c.user.ReadOnly && !parsed.ReadsOnly() {
		// The engine would refuse it too, but only after the client has sent rows, and perhaps for a setting that comes with it.
		return exception.Newf(proto.ErrReadonly, "%s: Cannot execute query in readonly mode", c.user.Name)
	}
	if !q.complete {
		return exception.Newf(proto.ErrNotImplemented, "Only whole results are given, not a stage of the query: this server stands alone")
	}
	if parsed.Kind == statement.Insert && !parsed.InsertSelect && parsed.Inline == "" {
		if err := c.prepare(ctx, parsed, q, external); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.dropExternalTables(external)) }()
		return c.insert(ctx, cancel, parsed)
	}
	stop := c.watch(cancel)
	err = c.prepare(ctx, parsed, q, external)
	if err == nil {
		err = c.answer(ctx, parsed)
		err = errors.Join(err, c.dropExternalTables(external))
	}
	if gone := stop(); gone != nil {
		return gone
	}
	return err
}

// prepare applies the settings and parameters that came with the query, and
// creates its external tables.
func (c *connection) prepare(ctx context.Context, parsed statement.Statement, q request, external []tables.External) error {
	want := q.settings
	if parsed.ChangesSettings() {
		// SET changes the session for later queries; a setting that was sent with
		// this query alone must not end up there.
		want = nil
	}
	if err := c.settings.apply(ctx, c.session, want); err != nil {
		return err
	}
	if parsed.ChangesSession() {
		c.settings.forget()
		c.targets.forget()
	}
	if err := bindParameters(ctx, c.session, q.parameters); err != nil {
		return err
	}
	if len(external) > 0 && c.user.ReadOnly {
		return exception.Newf(proto.ErrReadonly, "%s: A user that may only read cannot send tables along with a query: "+
			"put the values in the query itself, in IN or VALUES", c.user.Name)
	}
	for i, table := range external {
		if err := table.Create(ctx, c.session); err != nil {
			return errors.Join(err, c.dropExternalTables(external[:i]))
		}
	}
	return nil
}

// answer runs a statement that takes no rows from the client and sends its answer
// and the final progress.
func (c *connection) answer(ctx context.Context, parsed statement.Statement) error {
	p := newProgress(c)
	err := c.sendAnswer(ctx, parsed, p)
	if err != nil {
		return err
	}
	return p.send()
}

func (c *connection) sendAnswer(ctx context.Context, parsed statement.Statement, p *progress) error {
	defer p.sendRegularly()()
	if parsed.Kind == statement.Insert {
		result, err := c.session.Query(ctx, statementText(parsed), "Null")
		if err != nil {
			return err
		}
		p.setWritten(result.Rows)
		return nil
	}
	r := &resultSender{conn: c, progress: p}
	if parsed.Kind == statement.Select {
		// The description has the time zones of DateTime, which blocks lack, and lets
		// the client have its header before the first rows. An error here is ignored:
		// a statement that cannot be described is no SELECT, and one that fails does so
		// again when it runs.
		if columns, err := tables.DescribeSelect(ctx, c.session, parsed.Text); err == nil {
			if err := r.begin(columns); err != nil {
				return err
			}
		}
	}
	if err := r.stream(ctx, parsed.Text); err != nil {
		return err
	}
	if r.columns == nil && parsed.Kind == statement.Select {
		if err := r.beginEmpty(ctx, parsed.Text); err != nil {
			return err
		}
	}
	return r.end()
}

// statementText puts an INSERT together again, with the rows of its text.
func statementText(s statement.Statement) string {
	switch {
	case s.Kind != statement.Insert || s.InsertSelect:
		return s.Text
	case s.Format == "Values":
		return s.InsertHead + " VALUES " + s.Inline
	default:
		return s.InsertHead + " FORMAT " + s.Format + "\n" + s.Inline
	}
}
