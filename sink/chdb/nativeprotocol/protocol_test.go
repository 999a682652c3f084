package nativeprotocol

import (
	"bytes"
	"testing"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/sink/chdb/nativeformat"
	"github.com/citytally/citytally/sink/chdb/tables"
)

func TestUnquoteField(t *testing.T) {
	for dump, want := range map[string]string{
		`'a'`: "a", `'it\'s \\ \t'`: "it's \\ \t", `UInt64_7`: "7", `Int64_-7`: "-7", "plain": "plain", "''": "", "'": "'",
	} {
		if got := unquoteField(dump); got != want {
			t.Errorf("%s: got %q, want %q", dump, got, want)
		}
	}
}

func TestColumnsDescription(t *testing.T) {
	got := columnsDescription([]tables.Column{
		{Column: nativeformat.Column{Name: "a", Type: "UInt8"}},
		{Column: nativeformat.Column{Name: "b`", Type: "DateTime('UTC')"}, DefaultKind: "DEFAULT", DefaultExpression: "now('UTC')"},
	})
	want := "columns format version: 1\n2 columns:\n`a` UInt8\n`b\\`` DateTime(\\'UTC\\')\tDEFAULT\tnow(\\'UTC\\')\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
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
		encodings := func(string) (settingEncoding, error) { return encodedSigned, nil }
		q, err := readRequest(nativeformat.NewReader(bytes.NewReader(data)), revision, 1<<20, encodings)
		if err == nil && len(q.body)+len(q.id) > len(data) {
			t.Fatalf("more text than bytes")
		}
		_, _ = readGreeting(nativeformat.NewReader(bytes.NewReader(data)))
	})
}
