package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/engine"
)

// externalTable is a table the client sends for one query to read.
type externalTable struct {
	name   string
	fields []field
	blocks bytes.Buffer // as the engine reads them
}

// readExternalTables reads the Data packets that follow a query, up to the
// empty one.
func (c *nativeConn) readExternalTables() (tables []externalTable, err error) {
	held := 0
	for {
		packet, err := c.in.uvarint()
		if err != nil {
			return nil, &lostClient{err}
		}
		if packet != uint64(proto.ClientCodeData) {
			return nil, &brokenProtocol{exceptionf(proto.ErrUnexpectedPacketFromClient,
				"Unexpected packet %d from client, expected Data", packet)}
		}
		name, err := c.in.string(maxNameBytes)
		if err != nil {
			return nil, broken(err)
		}
		block := &boundedBuffer{left: maxExternalBytes - held}
		columns, rows, err := c.readBlockBody(block)
		if err != nil {
			return nil, err
		}
		if columns == 0 {
			return tables, nil
		}
		if tables, err = addBlock(tables, name, block.Bytes(), rows); err != nil {
			return nil, err
		}
		held += block.Len()
	}
}

// addBlock adds a block to the table of that name, which its first block makes.
func addBlock(tables []externalTable, name string, block []byte, rows uint64) ([]externalTable, error) {
	if len(tables) == 0 || tables[len(tables)-1].name != name {
		if name == "" {
			return nil, &brokenProtocol{errors.New("rows for a table without a name")}
		}
		if len(tables) == maxSettings {
			return nil, &brokenProtocol{fmt.Errorf("more than %d tables with one query", maxSettings)}
		}
		tables = append(tables, externalTable{name: name})
	}
	table := &tables[len(tables)-1]
	if rows == 0 {
		return tables, nil
	}
	if table.fields == nil {
		fields, _, err := readEngineBlock(newChunkTape(block))
		if err != nil {
			return nil, &brokenProtocol{err}
		}
		table.fields = fields
	}
	table.blocks.Write(block)
	return tables, nil
}

// boundedBuffer holds at most left bytes.
type boundedBuffer struct {
	bytes.Buffer
	left int
}

// Write implements io.Writer.
func (b *boundedBuffer) Write(p []byte) (int, error) {
	if len(p) > b.left-b.Len() {
		return 0, exceptionf(proto.ErrTooManyBytes, "The tables sent with the query take more than %d bytes: insert them into a table first", maxExternalBytes)
	}
	return b.Buffer.Write(p)
}

// create makes the table, for this session alone, and fills it.
func (t *externalTable) create(ctx context.Context, s *engine.Session) error {
	columns := make([]string, len(t.fields))
	for i, f := range t.fields {
		columns[i] = quotedName(f.Name) + " " + f.Type
	}
	err := s.Exec(ctx, "CREATE TEMPORARY TABLE "+quotedName(t.name)+" ("+strings.Join(columns, ", ")+") ENGINE = Memory")
	if err != nil {
		return fmt.Errorf("create external table %s: %w", t.name, err)
	}
	if _, err := s.Insert(ctx, "INSERT INTO "+quotedName(t.name), "Native", &t.blocks); err != nil {
		return errors.Join(fmt.Errorf("fill external table %s: %w", t.name, err), t.drop(s))
	}
	return nil
}

func (t *externalTable) drop(s *engine.Session) error {
	// The query's own context may have ended.
	if err := s.Exec(context.Background(), "DROP TEMPORARY TABLE IF EXISTS "+quotedName(t.name)); err != nil {
		return fmt.Errorf("drop external table %s: %w", t.name, err)
	}
	return nil
}

func (c *nativeConn) dropExternalTables(tables []externalTable) error {
	var errs []error
	for i := range tables {
		errs = append(errs, tables[i].drop(c.session))
	}
	return errors.Join(errs...)
}

func quotedName(name string) string { return "`" + nameEscapes.Replace(name) + "`" }

// tablesStatus answers a request for the state of tables: of those that exist,
// that they are not replicated.
func (c *nativeConn) tablesStatus(ctx context.Context) error {
	count, err := c.in.uvarint()
	if err != nil {
		return broken(err)
	}
	if count > maxTables {
		return &brokenProtocol{fmt.Errorf("the status of %d tables is asked for", count)}
	}
	var wanted []string
	for range count {
		database, err := c.in.string(maxNameBytes)
		if err != nil {
			return broken(err)
		}
		table, err := c.in.string(maxNameBytes)
		if err != nil {
			return broken(err)
		}
		wanted = append(wanted, "("+httpQuoteString(database)+", "+httpQuoteString(table)+")")
	}
	var found [][]string
	if len(wanted) > 0 {
		found, err = queryRows(ctx, c.session, "SELECT database, name FROM system.tables WHERE (database, name) IN ("+strings.Join(wanted, ", ")+")")
		if err != nil {
			return err
		}
	}
	var b proto.Buffer
	proto.ServerCodeTablesStatus.Encode(&b)
	b.PutInt(len(found))
	for _, row := range found {
		b.PutString(row[0])
		b.PutString(row[1])
		b.PutBool(false)
	}
	return c.sendNow(b.Buf)
}

// isDisconnect says whether an error is the end of a connection rather than
// something it said.
func isDisconnect(err error) bool {
	var network net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &network)
}
