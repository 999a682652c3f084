package nativeformat

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
)

// maxTypeDepth bounds how deep types may nest, those in the data of Dynamic and
// JSON included.
const maxTypeDepth = 64

// shape is a way in which a column's values are stored in the Native format.
type shape int

const (
	fixed          shape = iota // layout.size bytes for each row
	text                        // a length and that many bytes for each row
	nullable                    // a mask, then the values
	array                       // the end of each row's array, then the elements of all
	group                       // one column after the other: Tuple, and the pairs of Map
	lowCardinality              // a dictionary, then each row's index in it
	variant                     // the number of each row's type, then a column for each type
	dynamic                     // a variant whose types are part of the data
	object                      // JSON
)

// layout tells where a column's bytes end: the shape of its type, and the
// layouts of the types inside. It is good for one block, because Dynamic and
// JSON read their parts from the block's data.
type layout struct {
	shape   shape
	size    uint64 // of fixed, in bytes a row
	parts   []*layout
	depth   int
	version uint64 // of dynamic and object, as their data names it
}

// typeSizes are the types of a fixed size, in bytes. Not among them are Decimal,
// FixedString and QBit, whose size depends on their arguments (see sizeOf).
var typeSizes = map[string]uint64{
	"Int8": 1, "Int16": 2, "Int32": 4, "Int64": 8, "Int128": 16, "Int256": 32,
	"UInt8": 1, "UInt16": 2, "UInt32": 4, "UInt64": 8, "UInt128": 16, "UInt256": 32,
	"Float32": 4, "Float64": 8, "BFloat16": 2, "Bool": 1, "Nothing": 1,
	"Date": 2, "Date32": 4, "DateTime": 4, "DateTime32": 4, "DateTime64": 8, "Time": 4, "Time64": 8,
	"Enum8": 1, "Enum16": 2, "UUID": 16, "IPv4": 4, "IPv6": 16, "Point": 16,
	"Decimal32": 4, "Decimal64": 8, "Decimal128": 16, "Decimal256": 32,
	"IntervalNanosecond": 8, "IntervalMicrosecond": 8, "IntervalMillisecond": 8, "IntervalSecond": 8,
	"IntervalMinute": 8, "IntervalHour": 8, "IntervalDay": 8, "IntervalWeek": 8, "IntervalMonth": 8,
	"IntervalQuarter": 8, "IntervalYear": 8,
}

// typeAliases are the types stored like another type.
var typeAliases = map[string]string{
	"Ring":            "Array(Point)",
	"LineString":      "Array(Point)",
	"Polygon":         "Array(Ring)",
	"MultiLineString": "Array(LineString)",
	"MultiPolygon":    "Array(Polygon)",
	"Geometry":        "Variant(LineString, MultiLineString, MultiPolygon, Point, Polygon, Ring)",
}

// parseType reads a type as ClickHouse names it, such as
// "Array(LowCardinality(Nullable(String)))". It refuses the states of aggregate
// functions, whose length only the function knows.
func parseType(name string) (*layout, error) { return parseTypeAt(name, 0) }

func parseTypeAt(name string, depth int) (*layout, error) {
	if depth > maxTypeDepth {
		return nil, exception.Newf(proto.ErrTooDeepRecursion, "A type nests deeper than %d levels", maxTypeDepth)
	}
	family, args, err := splitType(name)
	if err != nil {
		return nil, err
	}
	if alias, ok := typeAliases[family]; ok {
		return parseTypeAt(alias, depth)
	}
	if size, ok := typeSizes[family]; ok {
		return &layout{shape: fixed, size: size}, nil
	}
	l := &layout{depth: depth}
	switch family {
	case "String":
		l.shape = text
	case "FixedString", "Decimal", "QBit":
		l.shape = fixed
		l.size, err = sizeOf(family, args)
	case "Nullable":
		l.shape = nullable
		err = l.addOnly(name, args)
	case "LowCardinality":
		l.shape = lowCardinality
		err = l.addOnly(name, args)
	case "Array":
		l.shape = array
		err = l.addOnly(name, args)
	case "Map", "Nested":
		// Both are arrays of tuples.
		pairs := &layout{shape: group, depth: depth + 1}
		l.shape, l.parts = array, []*layout{pairs}
		err = pairs.addAll(args)
	case "Tuple":
		l.shape = group
		if len(args) == 0 {
			l.shape, l.size = fixed, 1
		}
		err = l.addAll(args)
	case "Variant":
		l.shape = variant
		err = l.addAll(args)
	case "Dynamic":
		l.shape = dynamic
	case "JSON":
		l.shape = object
		err = l.addTypedPaths(args)
	case "SimpleAggregateFunction":
		if len(args) < 2 {
			return nil, unknownType(name)
		}
		return parseTypeAt(args[len(args)-1], depth)
	case "AggregateFunction":
		return nil, exception.Newf(proto.ErrNotImplemented, "The native protocol cannot carry %s here: "+
			"select finalizeAggregation(column) or use the -Merge combinator, or query over HTTP", name)
	default:
		return nil, unknownType(name)
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

func unknownType(name string) error {
	return exception.Newf(proto.ErrUnknownType, "Unknown data type family: %s", name)
}

// add appends a part with the layout of that type.
func (l *layout) add(name string) error {
	part, err := parseTypeAt(name, l.depth+1)
	if err != nil {
		return err
	}
	l.parts = append(l.parts, part)
	return nil
}

func (l *layout) addOnly(name string, args []string) error {
	if len(args) != 1 {
		return unknownType(name)
	}
	return l.add(args[0])
}

func (l *layout) addAll(args []string) error {
	for _, arg := range args {
		if _, elementType, named := cutTop(arg); named {
			arg = elementType
		}
		if err := l.add(arg); err != nil {
			return err
		}
	}
	return nil
}

// addTypedPaths adds the paths for which a JSON type gives a type, in the order
// of their columns: by name.
func (l *layout) addTypedPaths(args []string) error {
	type typedPath struct{ path, name string }
	var paths []typedPath
	for _, arg := range args {
		path, rest, ok := cutTop(arg)
		if !ok || path == "SKIP" || strings.Contains(path, "=") || strings.HasPrefix(rest, "=") {
			continue
		}
		paths = append(paths, typedPath{strings.ReplaceAll(path, "`", ""), rest})
	}
	slices.SortFunc(paths, func(a, b typedPath) int { return strings.Compare(a.path, b.path) })
	for _, p := range paths {
		if err := l.add(p.name); err != nil {
			return err
		}
	}
	return nil
}

// sizeOf is the size of a row, in bytes, of a type whose arguments decide it.
func sizeOf(family string, args []string) (uint64, error) {
	numbers := make([]uint64, len(args))
	for i, arg := range args {
		numbers[i], _ = strconv.ParseUint(arg, 10, 32) // anything but a number becomes 0, which is refused below
	}
	bad := fmt.Errorf("type %s(%s) has no size", family, strings.Join(args, ", "))
	switch {
	case len(args) == 0:
		return 0, bad
	case family == "FixedString" && numbers[0] > 0:
		return numbers[0], nil
	case family == "Decimal" && numbers[0] > 0 && numbers[0] <= 76:
		for _, class := range []struct{ digits, size uint64 }{{9, 4}, {18, 8}, {38, 16}, {76, 32}} {
			if numbers[0] <= class.digits {
				return class.size, nil
			}
		}
	case family == "QBit" && len(args) > 1 && numbers[1] > 0:
		// Each bit of the element is a FixedString with one bit for each dimension.
		if element := typeSizes[args[0]]; element > 0 {
			return 8 * element * ((numbers[1] + 7) / 8), nil
		}
	}
	return 0, bad
}

// splitType splits "Family(a, b)" into its family and arguments.
func splitType(name string) (family string, args []string, err error) {
	name = strings.TrimSpace(name)
	family, inside, found := strings.Cut(name, "(")
	if !found {
		return name, nil, nil
	}
	inside, closed := strings.CutSuffix(inside, ")")
	if !closed {
		return "", nil, unknownType(name)
	}
	start := 0
	for i := range topLevel(inside, ',') {
		args = append(args, strings.TrimSpace(inside[start:i]))
		start = i + 1
	}
	if last := strings.TrimSpace(inside[start:]); last != "" || start > 0 {
		args = append(args, last)
	}
	return family, args, nil
}

// cutTop splits s at the first space outside quotes and parentheses, which
// separates the name of a tuple's element or a JSON path from its type.
func cutTop(s string) (before, after string, found bool) {
	for i := range topLevel(s, ' ') {
		return s[:i], strings.TrimSpace(s[i+1:]), true
	}
	return s, "", false
}

// topLevel yields the positions of separator outside quotes and parentheses.
func topLevel(s string, separator byte) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		depth := 0
		var quote byte
		for i := 0; i < len(s); i++ {
			switch b := s[i]; {
			case quote != 0 && b == '\\':
				i++
			case quote != 0:
				if b == quote {
					quote = 0
				}
			case b == '\'' || b == '`' || b == '"':
				quote = b
			case b == '(':
				depth++
			case b == ')':
				depth--
			case b == separator && depth == 0:
				if !yield(i) {
					return
				}
			}
		}
	}
}
