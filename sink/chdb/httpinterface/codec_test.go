package httpinterface

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/citytally/citytally/sink/chdb/limits"
)

// encode packs text as a client would for a Content-Encoding.
func encode(t testing.TB, encoding, text string) string {
	t.Helper()
	var packed bytes.Buffer
	var w io.WriteCloser
	switch encoding {
	case "gzip":
		w = gzip.NewWriter(&packed)
	case "deflate":
		w = zlib.NewWriter(&packed)
	case "br":
		w = brotli.NewWriter(&packed)
	case "lz4":
		w = lz4.NewWriter(&packed)
	case "zstd":
		encoder, err := zstd.NewWriter(&packed)
		if err != nil {
			t.Fatal(err)
		}
		w = encoder
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.String()
}

func decode(t testing.TB, encoding, packed string) string {
	t.Helper()
	var r io.Reader = strings.NewReader(packed)
	var err error
	switch encoding {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "deflate":
		r, err = zlib.NewReader(r)
	case "br":
		r = brotli.NewReader(r)
	case "lz4":
		r = lz4.NewReader(r)
	case "zstd":
		var decoder *zstd.Decoder
		decoder, err = zstd.NewReader(r)
		defer decoder.Close()
		r = decoder
	case "frames":
		r = newFrameBody(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("decode %s: %v", encoding, err)
	}
	return string(text)
}

// framesOf packs text in one of ClickHouse's frames, by ch-go.
func framesOf(t testing.TB, text string) string {
	t.Helper()
	w := compress.NewWriter(compress.LevelZero, compress.ZSTD)
	if err := w.Compress([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return string(w.Data)
}

func TestEncodings(t *testing.T) {
	base := startHTTP(t, limits.Clients{})
	call{body: "CREATE TABLE http_encoded (s String) ENGINE = MergeTree ORDER BY s"}.must(t, base)
	const big = "SELECT number FROM numbers(500000)"
	plain := call{path: query(big)}.must(t, base)
	for _, encoding := range []string{"gzip", "deflate", "br", "zstd", "lz4"} {
		t.Run(encoding, func(t *testing.T) {
			accept := map[string]string{"Accept-Encoding": encoding}
			got := call{path: query(big, "enable_http_compression", "1"), header: accept}.send(t, base)
			if got.header.Get("Content-Encoding") != encoding {
				t.Fatalf("Content-Encoding %q, want %q", got.header.Get("Content-Encoding"), encoding)
			}
			if decode(t, encoding, got.body) != plain {
				t.Error("another answer than without encoding")
			}
			if got := (call{path: query(big), header: accept}).send(t, base); got.header.Get("Content-Encoding") != "" {
				t.Errorf("Content-Encoding %q without enable_http_compression", got.header.Get("Content-Encoding"))
			}
			failed := call{path: query("SELECT nosuch", "enable_http_compression", "1"), header: accept}.send(t, base)
			if text := decode(t, encoding, failed.body); failed.status != http.StatusNotFound || !strings.Contains(text, "Code: 47.") {
				t.Errorf("error: status %d, %q", failed.status, text)
			}
			empty := call{path: query("SELECT 1 WHERE 0", "enable_http_compression", "1"), header: accept}.send(t, base)
			if empty.body != "" || empty.header.Get("Content-Encoding") != "" {
				t.Errorf("empty answer: body %q, Content-Encoding %q; want neither", empty.body, empty.header.Get("Content-Encoding"))
			}
			body := encode(t, encoding, encoding+"\n")
			call{path: query("INSERT INTO http_encoded FORMAT TSV"), body: body, header: map[string]string{"Content-Encoding": encoding}}.must(t, base)
			query := encode(t, encoding, "SELECT s FROM http_encoded WHERE s = '"+encoding+"'")
			if got := (call{path: "/", body: query, header: map[string]string{"Content-Encoding": encoding}}).must(t, base); got != encoding+"\n" {
				t.Errorf("read back %q", got)
			}
		})
	}
	for _, method := range []string{"", "LZ4", "LZ4HC", "ZSTD", "NONE"} {
		t.Run("frames "+method, func(t *testing.T) {
			more := []string{"compress", "1"}
			if method != "" {
				more = append(more, "network_compression_method", method)
			}
			if got := (call{path: query(big, more...)}).must(t, base); decode(t, "frames", got) != plain {
				t.Error("another answer than without frames")
			}
		})
	}
	t.Run("frames in", func(t *testing.T) {
		call{path: query("INSERT INTO http_encoded FORMAT TSV", "decompress", "1"), body: framesOf(t, "fra") + framesOf(t, "med\n")}.must(t, base)
		if got := (call{path: query("SELECT s FROM http_encoded WHERE s = 'framed'")}).must(t, base); got != "framed\n" {
			t.Errorf("read back %q", got)
		}
	})
}

func TestChooseEncoding(t *testing.T) {
	for accept, want := range map[string]string{
		"": "", "identity": "", "gzip": "gzip", "gzip, deflate, br": "br", "GZIP;q=0.5": "gzip", "gzip;q=0, deflate": "deflate",
		"zstd, gzip": "zstd", "*": "",
	} {
		if got := chooseEncoding(accept); got != want {
			t.Errorf("Accept-Encoding %q: %q, want %q", accept, got, want)
		}
	}
}
