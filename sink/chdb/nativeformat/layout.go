package nativeformat

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"slices"
)

// Limits of what a column may declare about itself, far above what
// ClickHouse writes.
const (
	maxNameBytes    = 1 << 16 // of a column, a path or a type's name
	maxTypeBytes    = 1 << 20 // of a whole column's type
	maxDynamicTypes = 1 << 14 // of types in one Dynamic, and of paths in one JSON
)

// Versions of the layouts of Dynamic and JSON, as a column's data names them.
// Source: SerializationDynamic.h and SerializationObject.h of ClickHouse.
const (
	dynamicV1, dynamicV2, dynamicFlat            = 1, 2, 3
	objectV1, objectString, objectV2, objectFlat = 0, 1, 2, 3
)

// Bits of the number that begins a LowCardinality column's data.
// Source: SerializationLowCardinality.cpp of ClickHouse.
const (
	indexSizeBits     = 0xff
	globalDictionary  = 1 << 8
	ownDictionary     = 1 << 9
	dictionaryVersion = 1
)

// skipColumn moves over a whole column with that many rows. A column without
// rows has no bytes.
func (l *layout) skipColumn(r *Reader, rows uint64) error {
	if rows == 0 {
		return nil
	}
	if err := l.prefix(r); err != nil {
		return err
	}
	return l.data(r, rows)
}

// prefix moves over what precedes a column's data: versions, and the types and
// paths of Dynamic and JSON.
func (l *layout) prefix(r *Reader) error {
	switch l.shape {
	case lowCardinality:
		return expect(r, "LowCardinality dictionary", dictionaryVersion)
	case variant:
		if err := expect(r, "Variant", 0); err != nil {
			return err
		}
	case dynamic:
		return l.dynamicPrefix(r)
	case object:
		return l.objectPrefix(r)
	}
	return l.prefixParts(r)
}

func (l *layout) prefixParts(r *Reader) error {
	for _, part := range l.parts {
		if err := part.prefix(r); err != nil {
			return err
		}
	}
	return nil
}

func expect(r *Reader, what string, want uint64) error {
	got, err := r.Uint64()
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%s version %d where %d is known", what, got, want)
	}
	return nil
}

// data moves over the values of that many rows.
func (l *layout) data(r *Reader, rows uint64) error {
	if rows == 0 {
		return nil
	}
	switch l.shape {
	case fixed:
		return skipFixed(r, rows, l.size)
	case text:
		return r.skipStrings(rows)
	case nullable:
		if err := r.Skip(rows); err != nil {
			return err
		}
		return l.parts[0].data(r, rows)
	case array:
		elements, err := skipEnds(r, rows)
		if err != nil {
			return err
		}
		return l.parts[0].data(r, elements)
	case lowCardinality:
		return l.dictionary(r)
	case variant:
		return l.variantData(r, rows, 1, 255)
	case dynamic:
		return l.dynamicData(r, rows)
	case object:
		return l.objectData(r, rows)
	default: // a group
		for _, part := range l.parts {
			if err := part.data(r, rows); err != nil {
				return err
			}
		}
		return nil
	}
}

func skipFixed(r *Reader, rows, size uint64) error {
	over, total := bits.Mul64(rows, size)
	if over != 0 {
		return fmt.Errorf("%d values of %d bytes are more than there can be", rows, size)
	}
	return r.Skip(total)
}

// skipEnds moves over the ends of that many arrays and returns the last end,
// which is the number of all their elements.
func skipEnds(r *Reader, rows uint64) (uint64, error) {
	if err := skipFixed(r, rows-1, 8); err != nil {
		return 0, err
	}
	return r.Uint64()
}

// dictionary moves over a LowCardinality column's data, which repeats the number
// of rows.
func (l *layout) dictionary(r *Reader) error {
	kind, err := r.Uint64()
	if err != nil {
		return err
	}
	if kind&globalDictionary != 0 || kind&ownDictionary == 0 || kind&indexSizeBits > 3 {
		return fmt.Errorf("LowCardinality dictionary of unknown kind %#x", kind)
	}
	keys, err := r.Uint64()
	if err != nil {
		return err
	}
	key := l.parts[0]
	if key.shape == nullable {
		key = key.parts[0] // NULL is an entry of the dictionary, not a mask
	}
	if err := key.data(r, keys); err != nil {
		return err
	}
	rows, err := r.Uint64()
	if err != nil {
		return err
	}
	return skipFixed(r, rows, 1<<(kind&indexSizeBits))
}

// variantData moves over a number of size bytes for each row, which says in
// which part the row's value is, and then over the parts. A row with the number
// null has no value.
func (l *layout) variantData(r *Reader, rows, size, null uint64) error {
	counts := make([]uint64, len(l.parts))
	for range rows {
		if err := r.need(int(size)); err != nil {
			return err
		}
		var number [8]byte
		copy(number[:size], r.buf[r.pos:])
		r.pos += int(size)
		part := binary.LittleEndian.Uint64(number[:])
		if part == null {
			continue
		}
		if part >= uint64(len(counts)) {
			return fmt.Errorf("a value of type number %d where there are %d", part, len(counts))
		}
		counts[part]++
	}
	for i, part := range l.parts {
		if err := part.data(r, counts[i]); err != nil {
			return err
		}
	}
	return nil
}

func (l *layout) dynamicPrefix(r *Reader) (err error) {
	if l.version, err = r.Uint64(); err != nil {
		return err
	}
	switch l.version {
	case dynamicV1:
		if _, err = r.Uvarint(); err != nil { // max_types
			return err
		}
	case dynamicV2, dynamicFlat:
	default:
		return fmt.Errorf("layout %d of Dynamic is not known", l.version)
	}
	names, err := readNames(r, maxTypeBytes)
	if err != nil {
		return err
	}
	if l.version != dynamicFlat {
		// Values of types beyond max_types share one column of strings. The columns
		// are in the order of their types' names.
		names = append(names, "SharedVariant")
		slices.Sort(names)
	}
	l.parts = nil
	for _, name := range names {
		if name == "SharedVariant" {
			name = "String"
		}
		if err := l.add(name); err != nil {
			return err
		}
	}
	if l.version != dynamicFlat {
		if err := expect(r, "Variant", 0); err != nil {
			return err
		}
	}
	return l.prefixParts(r)
}

func (l *layout) dynamicData(r *Reader, rows uint64) error {
	if l.version != dynamicFlat {
		return l.variantData(r, rows, 1, 255)
	}
	types := uint64(len(l.parts))
	size := uint64(1)
	if types > 255 {
		size = 2
	}
	return l.variantData(r, rows, size, types)
}

// readNames reads a counted list of strings.
func readNames(r *Reader, limit uint64) ([]string, error) {
	count, err := r.Uvarint()
	if err != nil {
		return nil, err
	}
	if count > maxDynamicTypes {
		return nil, fmt.Errorf("%d types or paths in one column where at most %d are taken", count, maxDynamicTypes)
	}
	var names []string
	for range count {
		name, err := r.String(limit)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// objectPrefix reads the dynamic paths and adds one part for each, after the
// parts of the typed paths.
func (l *layout) objectPrefix(r *Reader) (err error) {
	if l.version, err = r.Uint64(); err != nil {
		return err
	}
	switch l.version {
	case objectString:
		return nil
	case objectV1:
		if _, err = r.Uvarint(); err != nil { // max_dynamic_paths
			return err
		}
	case objectV2, objectFlat:
	default:
		return fmt.Errorf("layout %d of JSON is not known", l.version)
	}
	paths, err := readNames(r, maxNameBytes)
	if err != nil {
		return err
	}
	for range paths {
		if err := l.add("Dynamic"); err != nil {
			return err
		}
	}
	if l.version != objectFlat {
		// The paths beyond max_dynamic_paths share one column.
		if err := l.add("Array(Tuple(String, String))"); err != nil {
			return err
		}
	}
	return l.prefixParts(r)
}

func (l *layout) objectData(r *Reader, rows uint64) error {
	if l.version == objectString {
		return r.skipStrings(rows)
	}
	for _, part := range l.parts {
		if err := part.data(r, rows); err != nil {
			return err
		}
	}
	return nil
}

// truncated returns io.ErrUnexpectedEOF for io.EOF: the stream ended inside a
// block.
func truncated(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
