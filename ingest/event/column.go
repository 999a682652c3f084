package event

import (
	"encoding/binary"
	"errors"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"
)

// Column is a column of whole numbers in a binary message. In CBOR it is a byte string
// of varints as encoding/binary writes them, zigzag-encoded where T has a sign. Reading
// it is some ten times as fast as reading the array of numbers of layout 1.
type Column[T integer] []T

type integer interface {
	~uint8 | ~uint16 | ~uint32 | ~uint64 | ~int64
}

func hasSign[T integer]() bool { return ^T(0) < 0 }

// MarshalCBOR writes the byte string.
func (c Column[T]) MarshalCBOR() ([]byte, error) {
	b := make([]byte, 0, 2*len(c))
	for _, v := range c {
		if hasSign[T]() {
			b = binary.AppendVarint(b, int64(v))
		} else {
			b = binary.AppendUvarint(b, uint64(v))
		}
	}
	return binaryEncoding.Marshal(b)
}

var errColumn = errors.New("a column holds no such numbers")

// UnmarshalCBOR reads a byte string, or an array of layout 1.
func (c *Column[T]) UnmarshalCBOR(data []byte) error {
	if isArray(data) {
		return binaryDecoding.Unmarshal(data, (*[]T)(c))
	}
	var b []byte
	if err := binaryDecoding.Unmarshal(data, &b); err != nil {
		return err
	}
	var values []T
	if n := countVarints(b); n > 0 {
		values = make([]T, 0, n)
	}
	for len(b) > 0 {
		var v T
		var n int
		var fits bool
		if hasSign[T]() {
			var wide int64
			wide, n = binary.Varint(b)
			v = T(wide)
			fits = int64(v) == wide
		} else {
			var wide uint64
			wide, n = binary.Uvarint(b)
			v = T(wide)
			fits = uint64(v) == wide
		}
		if n <= 0 || !fits {
			return errColumn
		}
		values, b = append(values, v), b[n:]
	}
	*c = values
	return nil
}

// countVarints counts the varints in b: each ends with the byte whose top bit is 0.
func countVarints(b []byte) (n int) {
	for _, c := range b {
		n += int(c>>7 ^ 1)
	}
	return n
}

// Words is a list of words in a binary message. In CBOR it is one byte string with each
// word after its length, so that all words share one copy; in layout 1 it was an array
// of texts.
type Words []string

// MarshalCBOR writes the byte string.
func (w Words) MarshalCBOR() ([]byte, error) {
	size := 0
	for _, word := range w {
		size += len(word) + 1
	}
	b := make([]byte, 0, size)
	for _, word := range w {
		b = appendField(b, word)
	}
	return binaryEncoding.Marshal(b)
}

var errWords = errors.New("a list of words is no UTF-8, or cut off")

// UnmarshalCBOR reads a byte string, or an array of layout 1. The words are parts of one
// text, which stays in memory as long as any of them.
func (w *Words) UnmarshalCBOR(data []byte) error {
	if isArray(data) {
		return binaryDecoding.Unmarshal(data, (*[]string)(w))
	}
	var packed cbor.ByteString
	if err := binaryDecoding.Unmarshal(data, &packed); err != nil {
		return err
	}
	text := string(packed)
	if !utf8.ValidString(text) {
		return errWords
	}
	n := 0
	for rest := text; rest != ""; n++ {
		var ok bool
		if _, rest, ok = cutWord(rest); !ok {
			return errWords
		}
	}
	*w = nil
	if n > 0 {
		*w = make(Words, n)
	}
	for i := range *w {
		(*w)[i], text, _ = cutWord(text)
	}
	return nil
}

// cutWord cuts the first word off a packed list.
func cutWord(text string) (word, rest string, ok bool) {
	length, n := binary.Uvarint([]byte(text[:min(len(text), binary.MaxVarintLen64)]))
	if n <= 0 || length > uint64(len(text)-n) {
		return "", "", false
	}
	end := n + int(length)
	return text[n:end], text[end:], true
}

// isArray reports whether data begins with a CBOR array (major type 4).
func isArray(data []byte) bool { return len(data) > 0 && data[0]>>5 == 4 }
