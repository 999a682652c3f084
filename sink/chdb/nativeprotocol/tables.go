package nativeprotocol

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
	"github.com/citytally/citytally/sink/chdb/limits"
	"github.com/citytally/citytally/sink/chdb/nativeformat"
	"github.com/citytally/citytally/sink/chdb/statement"
	"github.com/citytally/citytally/sink/chdb/tables"
)

// readExternalTables reads the Data packets that follow a query, until an empty
// block.
func (c *connection) readExternalTables() (external []tables.External, err error) {
	held := 0
	for {
		packet, err := c.in.Uvarint()
		if err != nil {
			return nil, &clientGone{err}
		}
		if packet != uint64(proto.ClientCodeData) {
			return nil, &protocolError{exception.Newf(proto.ErrUnexpectedPacketFromClient,
				"Unexpected packet %d from client, expected Data", packet)}
		}
		name, err := c.in.String(maxTextBytes)
		if err != nil {
			return nil, unreadable(err)
		}
		block := &boundedBuffer{left: limits.ExternalTableBytes - held}
		var dst io.Writer = block
		if c.user.ReadOnly { // prepare refuses the table
			dst = io.Discard
		}
		columns, rows, err := c.readBlockBody(dst)
		if err != nil {
			return nil, err
		}
		if columns == 0 {
			return external, nil
		}
		if c.user.ReadOnly {
			external = []tables.External{{Name: name}}
			continue
		}
		if external, err = addBlock(external, name, block.Bytes(), rows); err != nil {
			return nil, err
		}
		held += block.Len()
	}
}

// addBlock adds a block to the table of that name. The first block of a name adds
// the table.
func addBlock(external []tables.External, name string, block []byte, rows uint64) ([]tables.External, error) {
	if len(external) == 0 || external[len(external)-1].Name != name {
		if name == "" {
			return nil, &protocolError{errors.New("rows for a table without a name")}
		}
		if len(external) == maxExternalTables {
			return nil, &protocolError{fmt.Errorf("more than %d tables with one query", maxExternalTables)}
		}
		external = append(external, tables.External{Name: name, Format: "Native"})
	}
	table := &external[len(external)-1]
	if rows == 0 {
		return external, nil
	}
	if table.Structure == "" {
		first, _, err := nativeformat.CutBlock(block)
		if err != nil {
			return nil, &protocolError{err}
		}
		table.Structure = structure(first.Columns)
	}
	table.Rows = append(table.Rows, block...)
	return external, nil
}

// structure writes columns as CREATE TABLE takes them.
func structure(columns []nativeformat.Column) string {
	definitions := make([]string, len(columns))
	for i, c := range columns {
		definitions[i] = statement.QuoteName(c.Name) + " " + c.Type
	}
	return strings.Join(definitions, ", ")
}

// boundedBuffer is a buffer of at most left bytes.
type boundedBuffer struct {
	bytes.Buffer
	left int
}

// Write implements io.Writer.
func (b *boundedBuffer) Write(p []byte) (int, error) {
	if len(p) > b.left-b.Len() {
		return 0, exception.Newf(proto.ErrTooManyBytes, "The tables sent with the query take more than %d bytes: insert them into a table first", limits.ExternalTableBytes)
	}
	return b.Buffer.Write(p)
}

func (c *connection) dropExternalTables(external []tables.External) error {
	var errs []error
	for _, table := range external {
		errs = append(errs, table.Drop(context.Background(), c.session)) // the query's own context may have ended
	}
	return errors.Join(errs...)
}

// tablesStatus answers a TablesStatusRequest: every table that exists is not
// replicated.
func (c *connection) tablesStatus(ctx context.Context) error {
	count, err := c.in.Uvarint()
	if err != nil {
		return unreadable(err)
	}
	if count > maxTables {
		return &protocolError{fmt.Errorf("the status of %d tables is asked for", count)}
	}
	var wanted []string
	for range count {
		database, err := c.in.String(maxTextBytes)
		if err != nil {
			return unreadable(err)
		}
		table, err := c.in.String(maxTextBytes)
		if err != nil {
			return unreadable(err)
		}
		wanted = append(wanted, "("+statement.QuoteString(database)+", "+statement.QuoteString(table)+")")
	}
	var found [][]string
	if len(wanted) > 0 {
		found, err = tables.Rows(ctx, c.session, "SELECT database, name FROM system.tables WHERE (database, name) IN ("+strings.Join(wanted, ", ")+")")
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
