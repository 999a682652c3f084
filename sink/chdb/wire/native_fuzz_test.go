package wire

import (
	"bytes"
	"io"
	"testing"

	"github.com/ClickHouse/ch-go/compress"
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
	var b proto.Buffer
	putEmptyBlock(&b)
	for _, seed := range [][]byte{block, block[:len(block)-3], b.Buf, bytes.ReplaceAll(block, []byte("String"), []byte("UInt64"))} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, data []byte, custom bool) {
		revision := serverRevision
		if !custom {
			revision = oldestRevision
		}
		var out bytes.Buffer
		in := newTape(bytes.NewReader(data))
		_, rows, err := copyClientBlock(&out, in, revision)
		if out.Len() > len(data)+32 {
			t.Fatalf("%d bytes made of %d", out.Len(), len(data))
		}
		if err != nil || rows == 0 {
			return
		}
		// What was taken can be read again, to the same byte.
		again := newChunkTape(out.Bytes())
		if _, got, err := readEngineBlock(again); err != nil || got != rows || !again.empty() {
			t.Fatalf("%d of %d rows again, %v", got, rows, err)
		}
	})
}

func FuzzReadRequest(f *testing.F) {
	for _, revision := range []int{oldestRevision, serverRevision} {
		var b proto.Buffer
		q := proto.Query{
			ID: "id", Body: "SELECT 1", Stage: proto.StageComplete, Info: proto.ClientInfo{Interface: proto.InterfaceTCP, Query: proto.ClientQueryInitial},
			Settings: []proto.Setting{{Key: "max_threads", Value: "1"}}, Parameters: []proto.Parameter{{Key: "n", Value: "'1'"}},
		}
		q.EncodeAware(&b, revision)
		f.Add(b.Buf[1:], revision == oldestRevision)
	}
	f.Fuzz(func(t *testing.T, data []byte, old bool) {
		revision := serverRevision
		if old {
			revision = oldestRevision
		}
		kinds := func(string) (settingKind, error) { return settingSigned, nil }
		q, err := readRequest(newTape(bytes.NewReader(data)), revision, kinds)
		if err == nil && len(q.body)+len(q.id) > len(data) {
			t.Fatalf("more text than bytes")
		}
		_, _ = readGreeting(newTape(bytes.NewReader(data)))
	})
}

func FuzzParseType(f *testing.F) {
	for _, seed := range walkedTypes {
		f.Add(seed)
	}
	f.Add("JSON(a UInt32, max_dynamic_paths=3, SKIP x, SKIP REGEXP 'y', `b c`.d Array(String))")
	f.Fuzz(func(t *testing.T, name string) {
		c, err := parseType(name)
		if err == nil && c.depth > maxTypeDepth {
			t.Fatalf("depth %d", c.depth)
		}
	})
}

func FuzzUnpack(f *testing.F) {
	for _, method := range []compress.Method{compress.None, compress.LZ4, compress.ZSTD} {
		var wire bytes.Buffer
		p := &packer{out: &wire}
		p.use(method)
		if _, err := p.Write(bytes.Repeat([]byte("citytally"), 20)); err != nil {
			f.Fatal(err)
		}
		if err := p.Flush(); err != nil {
			f.Fatal(err)
		}
		f.Add(wire.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		u := &unpacker{raw: newTape(bytes.NewReader(data))}
		defer u.close()
		if n, err := io.Copy(io.Discard, io.LimitReader(u, 1<<20)); err == nil && n > int64(1<<20) {
			t.Fatal("past the limit")
		}
	})
}
