package wire

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

// Layouts of Dynamic and JSON, as their data names them.
// Source: SerializationDynamic.h and SerializationObject.h of ClickHouse.
const (
	dynamicV1, dynamicV2, dynamicFlat            = 1, 2, 3
	objectV1, objectString, objectV2, objectFlat = 0, 1, 2, 3
)

// Bits of the word that opens a LowCardinality column's data.
// Source: SerializationLowCardinality.cpp of ClickHouse.
const (
	indexSizeBits     = 0xff
	globalDictionary  = 1 << 8
	ownDictionary     = 1 << 9
	dictionaryVersion = 1
)

// passColumn moves the tape over a whole column of rows values. A column of
// no rows has no bytes.
func (c *column) passColumn(t *tape, rows uint64) error {
	if rows == 0 {
		return nil
	}
	if err := c.prefix(t); err != nil {
		return err
	}
	return c.data(t, rows)
}

// prefix moves over what stands before a column's data: versions, and the
// types and paths of Dynamic and JSON.
func (c *column) prefix(t *tape) error {
	switch c.shape {
	case lowCardinality:
		return expect(t, "LowCardinality dictionary", dictionaryVersion)
	case variant:
		if err := expect(t, "Variant", 0); err != nil {
			return err
		}
	case dynamic:
		return c.dynamicPrefix(t)
	case object:
		return c.objectPrefix(t)
	}
	return c.prefixParts(t)
}

func (c *column) prefixParts(t *tape) error {
	for _, part := range c.parts {
		if err := part.prefix(t); err != nil {
			return err
		}
	}
	return nil
}

func expect(t *tape, what string, want uint64) error {
	got, err := t.uint64()
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%s version %d where %d is known", what, got, want)
	}
	return nil
}

// data moves over the values of rows rows.
func (c *column) data(t *tape, rows uint64) error {
	if rows == 0 {
		return nil
	}
	switch c.shape {
	case fixed:
		return passFixed(t, rows, c.size)
	case text:
		return t.passStrings(rows)
	case nullable:
		if err := t.pass(rows); err != nil {
			return err
		}
		return c.parts[0].data(t, rows)
	case array:
		elements, err := passEnds(t, rows)
		if err != nil {
			return err
		}
		return c.parts[0].data(t, elements)
	case lowCardinality:
		return c.dictionary(t)
	case variant:
		return c.variantData(t, rows, 1, 255)
	case dynamic:
		return c.dynamicData(t, rows)
	case object:
		return c.objectData(t, rows)
	default: // group
		for _, part := range c.parts {
			if err := part.data(t, rows); err != nil {
				return err
			}
		}
		return nil
	}
}

func passFixed(t *tape, rows, size uint64) error {
	over, total := bits.Mul64(rows, size)
	if over != 0 {
		return fmt.Errorf("%d values of %d bytes are more than there can be", rows, size)
	}
	return t.pass(total)
}

// passEnds moves over the ends of rows arrays and returns the last: the number
// of all their elements.
func passEnds(t *tape, rows uint64) (uint64, error) {
	if err := passFixed(t, rows-1, 8); err != nil {
		return 0, err
	}
	return t.uint64()
}

// dictionary moves over a LowCardinality column, which holds its own number of
// rows.
func (c *column) dictionary(t *tape) error {
	kind, err := t.uint64()
	if err != nil {
		return err
	}
	if kind&globalDictionary != 0 || kind&ownDictionary == 0 || kind&indexSizeBits > 3 {
		return fmt.Errorf("LowCardinality dictionary of unknown kind %#x", kind)
	}
	keys, err := t.uint64()
	if err != nil {
		return err
	}
	key := c.parts[0]
	if key.shape == nullable {
		key = key.parts[0] // NULL is a place in the dictionary
	}
	if err := key.data(t, keys); err != nil {
		return err
	}
	rows, err := t.uint64()
	if err != nil {
		return err
	}
	return passFixed(t, rows, 1<<(kind&indexSizeBits))
}

// variantData moves over the numbers that say which part each row belongs to,
// size bytes each, and over the parts. A row with the number null has no value.
func (c *column) variantData(t *tape, rows, size, null uint64) error {
	counts := make([]uint64, len(c.parts))
	for range rows {
		if err := t.need(int(size)); err != nil {
			return err
		}
		var number [8]byte
		copy(number[:size], t.buf[t.pos:])
		t.pos += int(size)
		part := binary.LittleEndian.Uint64(number[:])
		if part == null {
			continue
		}
		if part >= uint64(len(counts)) {
			return fmt.Errorf("a value of type number %d where there are %d", part, len(counts))
		}
		counts[part]++
	}
	for i, part := range c.parts {
		if err := part.data(t, counts[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *column) dynamicPrefix(t *tape) (err error) {
	if c.layout, err = t.uint64(); err != nil {
		return err
	}
	switch c.layout {
	case dynamicV1:
		if _, err = t.uvarint(); err != nil { // the most types there may be
			return err
		}
	case dynamicV2, dynamicFlat:
	default:
		return fmt.Errorf("layout %d of Dynamic is not known", c.layout)
	}
	names, err := readNames(t, maxTypeBytes)
	if err != nil {
		return err
	}
	if c.layout != dynamicFlat {
		// Values of types too many to have columns of their own lie together as
		// strings; the columns are in the order of their names.
		names = append(names, "SharedVariant")
		slices.Sort(names)
	}
	c.parts = nil
	for _, name := range names {
		if name == "SharedVariant" {
			name = "String"
		}
		if err := c.add(name); err != nil {
			return err
		}
	}
	if c.layout != dynamicFlat {
		if err := expect(t, "Variant", 0); err != nil {
			return err
		}
	}
	return c.prefixParts(t)
}

func (c *column) dynamicData(t *tape, rows uint64) error {
	if c.layout != dynamicFlat {
		return c.variantData(t, rows, 1, 255)
	}
	types := uint64(len(c.parts))
	size := uint64(1)
	if types > 255 {
		size = 2
	}
	return c.variantData(t, rows, size, types)
}

// readNames reads a counted list of strings.
func readNames(t *tape, limit uint64) ([]string, error) {
	count, err := t.uvarint()
	if err != nil {
		return nil, err
	}
	if count > maxDynamicTypes {
		return nil, fmt.Errorf("%d types or paths in one column where at most %d are taken", count, maxDynamicTypes)
	}
	var names []string
	for range count {
		name, err := t.string(limit)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// objectPrefix makes one part of each dynamic path, after those of the typed
// paths.
func (c *column) objectPrefix(t *tape) (err error) {
	if c.layout, err = t.uint64(); err != nil {
		return err
	}
	switch c.layout {
	case objectString:
		return nil
	case objectV1:
		if _, err = t.uvarint(); err != nil { // the most paths there may be
			return err
		}
	case objectV2, objectFlat:
	default:
		return fmt.Errorf("layout %d of JSON is not known", c.layout)
	}
	paths, err := readNames(t, maxNameBytes)
	if err != nil {
		return err
	}
	for range paths {
		if err := c.add("Dynamic"); err != nil {
			return err
		}
	}
	if c.layout != objectFlat {
		// Paths too many to have columns of their own.
		if err := c.add("Array(Tuple(String, String))"); err != nil {
			return err
		}
	}
	return c.prefixParts(t)
}

func (c *column) objectData(t *tape, rows uint64) error {
	if c.layout == objectString {
		return t.passStrings(rows)
	}
	for _, part := range c.parts {
		if err := part.data(t, rows); err != nil {
			return err
		}
	}
	return nil
}

// truncated makes the end of a stream inside a block an unexpected one.
func truncated(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
