package nativeformat

import (
	"fmt"

	"github.com/ClickHouse/ch-go/proto"
)

// Limits of a block, equal to those of ClickHouse's own reader or below.
const (
	maxBlockColumns = 1 << 16
	maxBlockRows    = 1 << 40
)

// Column is a column's name and ClickHouse type.
type Column struct{ Name, Type string }

// CheckTypes refuses columns whose values cannot be re-encoded: aggregate
// functions' states and types this package does not know.
func CheckTypes(columns []Column) error {
	for _, c := range columns {
		if _, err := parseType(c.Type); err != nil {
			return fmt.Errorf("column %s: %w", c.Name, err)
		}
	}
	return nil
}

// HeaderBlock returns a block of those columns and no rows, as a client of that
// revision reads it.
func HeaderBlock(columns []Column, revision int) []byte {
	var b proto.Buffer
	writeBlockInfo(&b)
	b.PutInt(len(columns))
	b.PutInt(0)
	for _, c := range columns {
		writeColumnHead(&b, c, revision)
	}
	return b.Buf
}

// writeBlockInfo writes what precedes every block on the wire: no overflow row,
// no bucket.
func writeBlockInfo(b *proto.Buffer) { proto.BlockInfo{BucketNum: -1}.Encode(b) }

// writeColumnHead writes a column's name, its type and, for clients that expect
// it, the flag that its values have no serialization of their own.
func writeColumnHead(b *proto.Buffer, c Column, revision int) {
	b.PutString(c.Name)
	b.PutString(c.Type)
	if proto.FeatureCustomSerialization.In(revision) {
		b.PutBool(false)
	}
}

// readDimensions reads how many columns and rows a block has.
func readDimensions(r *Reader) (columns, rows uint64, err error) {
	if columns, err = r.Uvarint(); err != nil {
		return 0, 0, err
	}
	if rows, err = r.Uvarint(); err != nil {
		return 0, 0, truncated(err)
	}
	if columns > maxBlockColumns || rows > maxBlockRows {
		return 0, 0, fmt.Errorf("a block of %d columns and %d rows", columns, rows)
	}
	return columns, rows, nil
}

func readColumnHead(r *Reader) (c Column, err error) {
	if c.Name, err = r.String(maxNameBytes); err != nil {
		return Column{}, truncated(err)
	}
	if c.Type, err = r.String(maxTypeBytes); err != nil {
		return Column{}, truncated(err)
	}
	return c, nil
}

func skipValues(r *Reader, c Column, rows uint64) error {
	l, err := parseType(c.Type)
	if err != nil {
		return fmt.Errorf("column %s: %w", c.Name, err)
	}
	if err := l.skipColumn(r, rows); err != nil {
		return fmt.Errorf("column %s of type %s: %w", c.Name, c.Type, truncated(err))
	}
	return nil
}
