package wire

import (
	"context"
	"errors"
	"fmt"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/engine"
)

// query reads a Query packet and the tables that follow it, runs it and sends
// its answer. It returns an error only when the connection cannot go on.
func (c *nativeConn) query(work context.Context) error {
	ctx, cancel := context.WithCancel(work)
	defer cancel()
	q, err := readRequest(c.in, c.revision, func(name string) (settingKind, error) {
		return c.server.settingKind(ctx, c.session, name)
	})
	if err != nil {
		return broken(err)
	}
	c.compressed = q.compressed
	tables, err := c.readExternalTables()
	if err != nil {
		return err
	}
	if c.compressed {
		c.packer.use(c.compression(q.settings))
	}
	err = c.run(ctx, cancel, q, tables)
	var lost *lostClient
	var unreadable *brokenProtocol
	switch {
	case err == nil:
		return c.sendNow([]byte{byte(proto.ServerCodeEndOfStream)})
	case errors.As(err, &lost), errors.As(err, &unreadable):
		return err
	}
	c.log.Debug().Err(err).Str("query_id", q.id).Msg("clickhouse query failed")
	return c.sendException(err)
}

// broken tells a packet that cannot be read from a client that has left.
func broken(err error) error {
	if isDisconnect(err) {
		return &lostClient{err}
	}
	return &brokenProtocol{err}
}

// run executes a query between the watch's begin and end, or as an insert,
// which reads the socket itself.
func (c *nativeConn) run(ctx context.Context, cancel context.CancelFunc, q request, tables []externalTable) (err error) {
	statement, err := engine.Parse(q.body)
	if err != nil {
		return err
	}
	if !q.complete {
		return exceptionf(proto.ErrNotImplemented, "Only whole results are given, not a stage of the query: this server stands alone")
	}
	if statement.Kind == engine.Insert && !statement.InsertSelect && statement.Inline == "" {
		if err := c.prepare(ctx, statement, q, tables); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.dropExternalTables(tables)) }()
		return c.insert(ctx, cancel, statement)
	}
	stop := c.watch(cancel)
	err = c.prepare(ctx, statement, q, tables)
	if err == nil {
		err = c.answer(ctx, statement)
		err = errors.Join(err, c.dropExternalTables(tables))
	}
	if gone := stop(); gone != nil {
		return gone
	}
	return err
}

// prepare gives the session what came with the query.
func (c *nativeConn) prepare(ctx context.Context, statement engine.Statement, q request, tables []externalTable) error {
	want := q.settings
	if isSet(statement) {
		// What the client sets now is for later queries too: nothing of this
		// query's own may be taken for it.
		want = nil
	}
	if err := c.settings.apply(ctx, c.session, want); err != nil {
		return err
	}
	if err := bindParameters(ctx, c.session, q.parameters); err != nil {
		return err
	}
	if len(tables) > 0 && c.user.ReadOnly {
		return exceptionf(proto.ErrReadonly, "%s: A user that may only read cannot send tables along with a query: "+
			"put the values in the query itself, in IN or VALUES", c.user.Name)
	}
	for i := range tables {
		if err := tables[i].create(ctx, c.session); err != nil {
			return errors.Join(err, c.dropExternalTables(tables[:i]))
		}
	}
	return nil
}

// isSet says whether a statement changes the session's settings.
func isSet(statement engine.Statement) bool {
	_, set := cutKeyword(statement.Text, "SET")
	return set && statement.Kind == engine.Other
}

// answer runs a statement that takes no rows from the client and sends what it
// yields.
func (c *nativeConn) answer(ctx context.Context, statement engine.Statement) error {
	p := newProgress(c)
	err := c.yield(ctx, statement, p)
	if err != nil {
		return err
	}
	return p.tell()
}

func (c *nativeConn) yield(ctx context.Context, statement engine.Statement, p *progress) error {
	defer p.beat()()
	if statement.Kind == engine.Insert {
		result, err := c.session.Query(ctx, statementText(statement), "Null")
		if err != nil {
			return err
		}
		p.wrote(result.Rows)
		return nil
	}
	r := &resultSender{conn: c, progress: p}
	if statement.Kind == engine.Select {
		// The header also goes to a client that waits for its first rows, and it
		// alone knows the zones of DateTime. What cannot be described is not a
		// SELECT; what fails fails again, in its own words, when it runs.
		if columns, err := describe(ctx, c.session, "(\n"+statement.Text+"\n)"); err == nil {
			if err := r.begin(fieldsOf(columns)); err != nil {
				return err
			}
		}
	}
	if err := r.stream(ctx, statement.Text); err != nil {
		return err
	}
	if r.fields == nil && statement.Kind == engine.Select {
		if err := r.beginEmpty(ctx, statement.Text); err != nil {
			return err
		}
	}
	return r.end()
}

// statementText is the whole INSERT again, rows in the text included.
func statementText(s engine.Statement) string {
	switch {
	case s.Kind != engine.Insert || s.InsertSelect:
		return s.Text
	case s.Format == "Values":
		return s.InsertHead + " VALUES " + s.Inline
	default:
		return s.InsertHead + " FORMAT " + s.Format + "\n" + s.Inline
	}
}

// described is a column as DESCRIBE tells of it.
type described struct {
	field
	defaultKind, defaultExpression string
}

// describe asks for the columns of a table, or of a query in parentheses.
func describe(ctx context.Context, s *engine.Session, what string) ([]described, error) {
	rows, err := queryRows(ctx, s, "DESCRIBE TABLE "+what+" SETTINGS print_pretty_type_names = 0, describe_compact_output = 0")
	if err != nil {
		return nil, err
	}
	columns := make([]described, len(rows))
	for i, row := range rows {
		if len(row) < 4 {
			return nil, fmt.Errorf("describe %s: %d columns of an answer, want at least 4", what, len(row))
		}
		columns[i] = described{field{row[0], row[1]}, row[2], row[3]}
	}
	return columns, nil
}

func fieldsOf(columns []described) []field {
	fields := make([]field, len(columns))
	for i, c := range columns {
		fields[i] = c.field
	}
	return fields
}
