package nativeformat

import (
	"bytes"
	"testing"

	"github.com/ClickHouse/ch-go/proto"
)

// seedBlock is a small client block of several kinds of column.
func seedBlock() []byte {
	var b proto.Buffer
	writeBlockInfo(&b)
	b.PutInt(3)
	b.PutInt(1)
	b.PutString("s")
	b.PutString("Array(Nullable(String))")
	b.PutBool(false)
	b.PutUInt64(1)
	b.PutBool(false)
	b.PutString("x")
	b.PutString("l")
	b.PutString("LowCardinality(String)")
	b.PutBool(false)
	b.PutUInt64(dictionaryVersion)
	b.PutUInt64(ownDictionary)
	b.PutUInt64(1)
	b.PutString("k")
	b.PutUInt64(1)
	b.PutByte(0)
	b.PutString("j")
	b.PutString("JSON(a UInt8)")
	b.PutBool(false)
	b.PutUInt64(objectFlat)
	b.PutInt(1)
	b.PutString("p")
	b.PutUInt64(dynamicFlat)
	b.PutInt(1)
	b.PutString("Int8")
	b.PutByte(1)
	b.PutByte(0)
	b.PutByte(5)
	return b.Buf
}

func FuzzCopyClientBlock(f *testing.F) {
	block := seedBlock()
	for _, seed := range [][]byte{block, block[:len(block)-3], HeaderBlock(nil, 0), bytes.ReplaceAll(block, []byte("String"), []byte("UInt64"))} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, data []byte, custom bool) {
		revision := newRevision
		if !custom {
			revision = oldRevision
		}
		var out bytes.Buffer
		in := NewReader(bytes.NewReader(data))
		_, rows, err := CopyClientBlock(&out, in, revision)
		if out.Len() > len(data)+32 {
			t.Fatalf("%d bytes made of %d", out.Len(), len(data))
		}
		if err != nil || rows == 0 {
			return
		}
		// What was taken can be read again, to the same byte.
		if again, rest, err := CutBlock(out.Bytes()); err != nil || again.Rows != rows || len(rest) > 0 {
			t.Fatalf("%d of %d rows again, %v", again.Rows, rows, err)
		}
	})
}

func FuzzParseType(f *testing.F) {
	for _, seed := range walkedTypes {
		f.Add(seed)
	}
	f.Add("JSON(a UInt32, max_dynamic_paths=3, SKIP x, SKIP REGEXP 'y', `b c`.d Array(String))")
	f.Fuzz(func(t *testing.T, name string) {
		l, err := parseType(name)
		if err == nil && l.depth > maxTypeDepth {
			t.Fatalf("depth %d", l.depth)
		}
	})
}
