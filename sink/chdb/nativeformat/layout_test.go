package nativeformat

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/enginetest"
)

// Revisions of the native protocol: one that marks custom serializations and one that does not.
const (
	newRevision = 54460
	oldRevision = 54405
)

func TestMain(m *testing.M) { enginetest.Main(m) }

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
	s := enginetest.Session(t)
	for _, chType := range walkedTypes {
		query := "SELECT * FROM generateRandom('before LowCardinality(String), x " + strings.ReplaceAll(strings.ReplaceAll(chType, `\`, `\\`), "'", `\'`) + ", after String', 1, 5, 3) LIMIT 500"
		walk(t, s, chType, query)
	}
}

// JSON and types that generateRandom does not make.
func TestWalkerMeetsMoreBlocks(t *testing.T) {
	s := enginetest.Session(t)
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

func walk(t *testing.T, s *engine.Session, what, query string) {
	t.Helper()
	result, err := s.Query(t.Context(), query, "Native")
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	first, rest, err := CutBlock(result.Data)
	for err == nil && len(rest) > 0 {
		_, rest, err = CutBlock(rest)
	}
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	// The same bytes to a client's revision and back are the same again.
	var sent, back bytes.Buffer
	if err := first.CopyTo(&sent, newRevision); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	slow := NewReader(iotest.OneByteReader(&sent))
	if _, _, err := CopyClientBlock(&back, slow, newRevision); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	if !bytes.Equal(back.Bytes(), first.Bytes) {
		t.Errorf("%s: a block changed on its way", what)
	}
	if _, err := slow.Peek(1); !errors.Is(err, io.EOF) {
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
