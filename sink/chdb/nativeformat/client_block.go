package nativeformat

import (
	"fmt"
	"io"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
)

// CopyClientBlock reads one block sent by a client of that revision and writes
// it to dst as the engine reads it, at revision 0. A block without columns,
// which ends the data, or without rows writes nothing.
func CopyClientBlock(dst io.Writer, r *Reader, revision int) (columns, rows uint64, err error) {
	if err := skipBlockInfo(r); err != nil {
		return 0, 0, truncated(err)
	}
	if columns, rows, err = readDimensions(r); err != nil {
		return 0, 0, truncated(err)
	}
	if rows == 0 {
		dst = io.Discard
	}
	var head proto.Buffer
	head.PutUVarInt(columns)
	head.PutUVarInt(rows)
	if _, err := dst.Write(head.Buf); err != nil {
		return 0, 0, err
	}
	for range columns {
		if err := r.copyTo(dst); err != nil {
			return 0, 0, err
		}
		c, err := readColumnHead(r)
		if err != nil {
			return 0, 0, err
		}
		if proto.FeatureCustomSerialization.In(revision) {
			if err := r.withoutCopy(func() error { return refuseCustomSerialization(r, c) }); err != nil {
				return 0, 0, err
			}
		}
		if err := skipValues(r, c, rows); err != nil {
			return 0, 0, err
		}
	}
	return columns, rows, r.copyTo(nil)
}

func refuseCustomSerialization(r *Reader, c Column) error {
	custom, err := r.Byte()
	if err != nil {
		return truncated(err)
	}
	if custom != 0 {
		return exception.Newf(proto.ErrNotImplemented, "Column %s comes in a serialization of its own (sparse, for one); "+
			"send plain columns", c.Name)
	}
	return nil
}

// skipBlockInfo moves over the numbered fields that precede a block.
func skipBlockInfo(r *Reader) error {
	for {
		number, err := r.Uvarint()
		if err != nil {
			return err
		}
		switch number {
		case 0:
			return nil
		case 1: // is_overflows
			err = r.Skip(1)
		case 2: // bucket_num
			err = r.Skip(4)
		default:
			err = fmt.Errorf("block info field %d is not known", number)
		}
		if err != nil {
			return err
		}
	}
}
