package frame

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
)

// What one side packs the other unpacks, in frames of every method; a changed
// byte is noticed.
func TestFrames(t *testing.T) {
	plain := bytes.Repeat([]byte("淮安 320800 "), 300_000)
	for _, method := range []compress.Method{compress.None, compress.LZ4, compress.LZ4HC, compress.ZSTD} {
		var wire bytes.Buffer
		p := NewWriter(&wire, method)
		if _, err := p.Write(plain); err != nil {
			t.Fatal(err)
		}
		if err := p.Flush(); err != nil {
			t.Fatal(err)
		}
		sent := bytes.Clone(wire.Bytes())
		u := NewReader(&wire)
		got := make([]byte, len(plain))
		if _, err := io.ReadFull(u, got); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%s: %v", method, err)
		}
		u.Close()
		sent[checksumBytes+headBytes] ^= 1
		u = NewReader(bytes.NewReader(sent))
		var exception *exception.Error
		if _, err := io.ReadFull(u, got); !errors.As(err, &exception) || exception.Code != proto.ErrChecksumDoesntMatch {
			t.Errorf("%s: a changed byte: %v", method, err)
		}
		u.Close()
	}
}

func FuzzUnpack(f *testing.F) {
	for _, method := range []compress.Method{compress.None, compress.LZ4, compress.ZSTD} {
		var wire bytes.Buffer
		p := NewWriter(&wire, method)
		if _, err := p.Write(bytes.Repeat([]byte("citytally"), 20)); err != nil {
			f.Fatal(err)
		}
		if err := p.Flush(); err != nil {
			f.Fatal(err)
		}
		f.Add(wire.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		u := NewReader(bytes.NewReader(data))
		defer u.Close()
		if n, err := io.Copy(io.Discard, io.LimitReader(u, 1<<20)); err == nil && n > int64(1<<20) {
			t.Fatal("past the limit")
		}
	})
}
