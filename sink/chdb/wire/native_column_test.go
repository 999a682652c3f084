package wire

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/ch-go/proto"
	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/sink/chdb/engine"
)

// walkedTypes are types whose columns the engine fills at random, nested in
// most ways that differ on the wire.
var walkedTypes = []string{
	"Int8", "UInt256", "Float32", "Bool", "Decimal(5, 2)", "Decimal(18, 2)", "Decimal(30, 2)", "Decimal(60, 2)",
	"String", "FixedString(7)", "UUID", "IPv4", "IPv6", "Date", "Date32", "DateTime", "DateTime64(3, 'UTC')",
	"Enum8('a, (\\'' = 1, 'b)' = 2)", "Enum16('x' = -300)", "Nullable(String)", "Nullable(Decimal(9, 1))",
	"LowCardinality(String)", "LowCardinality(Nullable(FixedString(2)))", "Array(LowCardinality(Nullable(String)))",
	"Array(Array(Nullable(UInt16)))", "Tuple(UInt8, Array(String))", "Tuple(`a b` UInt8, `c)` Nullable(String))",
	"Map(String, Array(UInt8))", "Map(LowCardinality(String), Tuple(a UInt8, b LowCardinality(String)))", "Nested(a UInt8, b String)",
	"Point", "Ring", "LineString", "Polygon", "MultiLineString", "MultiPolygon",
	"SimpleAggregateFunction(sum, UInt64)", "SimpleAggregateFunction(groupArrayArray, Array(String))",
}

// The walker must know exactly where each column the engine writes ends, whole
// and when it arrives byte by byte.
func TestWalkerMeetsTheEnginesBlocks(t *testing.T) {
	s := testSession(t)
	for _, chType := range walkedTypes {
		query := "SELECT * FROM generateRandom('before LowCardinality(String), x " + strings.ReplaceAll(strings.ReplaceAll(chType, `\`, `\\`), "'", `\'`) + ", after String', 1, 5, 3) LIMIT 500"
		walk(t, s, chType, query)
	}
}

// JSON and types that generateRandom does not make.
func TestWalkerMeetsMoreBlocks(t *testing.T) {
	s := testSession(t)
	for _, expression := range []string{
		`CAST(concat('{"a":', toString(number), ',"b":{"c":[1,"x"]},"d', toString(number % 20), '":"y"}'), 'JSON')`,
		`CAST(concat('{"a":', toString(number), ',"b":{"c":[1,"x"]},"d', toString(number % 20), '":"y"}'), 'JSON(a UInt32, max_dynamic_paths=3, max_dynamic_types=2, SKIP x, SKIP REGEXP \'y.*\')')`,
		`CAST('{"a b":{"z":[1]},"k":"v"}', 'JSON(k LowCardinality(String), ` + "`a b`" + `.z Array(Nullable(UInt8)))')`,
		"[CAST('{\"a\":1}', 'JSON')]",
		"if(number % 3 = 0, NULL, if(number % 3 = 1, number::Dynamic, ['x']::Dynamic))",
		"if(number % 3 = 0, number::Dynamic(max_types = 1), ('x', number)::Dynamic(max_types = 1))",
		"toBFloat16(1.5)", "CAST(number % 2 = 0 ? 'x'::Variant(String, UInt8) : 3::UInt8::Variant(String, UInt8), 'Variant(String, UInt8)')",
		"[toLowCardinality('x')::Variant(LowCardinality(String), UInt8), 3::UInt8::Variant(LowCardinality(String), UInt8), NULL]",
		"[]", "[NULL]", "NULL", "tuple()", "map()", "toIntervalDay(number)", "[toLowCardinality('a')]", "CAST([], 'Array(LowCardinality(String))')",
		"emptyArrayString()", "CAST((number, [1.5, 2]), 'Tuple(UInt8, Array(Float32))')", "CAST([1, 2, 3], 'QBit(Float32, 3)')",
		"toTime64(number, 3)", "toTime(number)", "number = 3 ? toLowCardinality(NULL::Nullable(String)) : toLowCardinality('x'::Nullable(String))",
	} {
		walk(t, s, expression, "SELECT 'before' AS before, "+expression+" AS x, number AS after FROM numbers(100)")
		walk(t, s, expression+", flat", "SELECT "+expression+" AS x, number AS after FROM numbers(100) SETTINGS output_format_native_use_flattened_dynamic_and_json_serialization = 1")
		walk(t, s, expression+", text", "SELECT "+expression+" AS x, number AS after FROM numbers(100) SETTINGS output_format_native_write_json_as_string = 1")
	}
}

func testSession(t testing.TB) *engine.Session {
	t.Helper()
	s, err := testEngine(t).Session(t.Context(), engine.User{}, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func walk(t *testing.T, s *engine.Session, what, query string) {
	t.Helper()
	result, err := s.Query(t.Context(), query, "Native")
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	whole := newChunkTape(result.Data)
	blocks := 0
	for ; !whole.empty(); blocks++ {
		if _, _, err := readEngineBlock(whole); err != nil {
			t.Errorf("%s: %v", what, err)
			return
		}
	}
	if blocks == 0 {
		t.Errorf("%s: no blocks", what)
	}
	// The same bytes to a client's revision and back are the same again.
	fields, _, err := readEngineBlock(newChunkTape(result.Data))
	if err != nil {
		t.Fatal(err)
	}
	var sent, back bytes.Buffer
	if err := copyEngineBlock(&sent, newChunkTape(result.Data), fields, serverRevision); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	slow := newTape(iotest.OneByteReader(&sent))
	if _, _, err := copyClientBlock(&back, slow, serverRevision); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	if !bytes.Equal(back.Bytes(), result.Data[:back.Len()]) {
		t.Errorf("%s: a block changed on its way", what)
	}
	if err := slow.need(1); !errors.Is(err, io.EOF) {
		t.Errorf("%s: bytes left after the block: %v", what, err)
	}
}

func TestParseType(t *testing.T) {
	for _, bad := range []string{"", "Nothing2", "Array", "Array()", "Array(UInt8", "Array(UInt8, UInt8)", "FixedString(0)", "FixedString(x)",
		"Decimal(77, 1)", "AggregateFunction(sum, UInt8)", "Nullable(", "Tuple(a)", "SimpleAggregateFunction(sum)",
		strings.Repeat("Array(", 100) + "UInt8" + strings.Repeat(")", 100)} {
		if _, err := parseType(bad); err == nil {
			t.Errorf("%.60s: taken", bad)
		}
	}
}

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
	got := columnsDescription([]described{
		{field: field{"a", "UInt8"}},
		{field: field{"b`", "DateTime('UTC')"}, defaultKind: "DEFAULT", defaultExpression: "now('UTC')"},
	})
	want := "columns format version: 1\n2 columns:\n`a` UInt8\n`b\\`` DateTime(\\'UTC\\')\tDEFAULT\tnow(\\'UTC\\')\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What one side packs the other unpacks, in frames of every method; a changed
// byte is noticed.
func TestFrames(t *testing.T) {
	plain := bytes.Repeat([]byte("淮安 320800 "), 300_000)
	for _, method := range []compress.Method{compress.None, compress.LZ4, compress.LZ4HC, compress.ZSTD} {
		var wire bytes.Buffer
		p := &packer{out: &wire}
		p.use(method)
		if _, err := p.Write(plain); err != nil {
			t.Fatal(err)
		}
		if err := p.Flush(); err != nil {
			t.Fatal(err)
		}
		sent := bytes.Clone(wire.Bytes())
		u := &unpacker{raw: newTape(&wire)}
		got := make([]byte, len(plain))
		if _, err := io.ReadFull(u, got); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%s: %v", method, err)
		}
		u.close()
		sent[frameChecksumBytes+frameHeadBytes] ^= 1
		u = &unpacker{raw: newTape(bytes.NewReader(sent))}
		var exception *engine.Error
		if _, err := io.ReadFull(u, got); !errors.As(err, &exception) || exception.Code != int32(proto.ErrChecksumDoesntMatch) {
			t.Errorf("%s: a changed byte: %v", method, err)
		}
		u.close()
	}
}
