package event

import (
	"bytes"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// The versions of the binary messages' layouts; earlier ones are read for ever. In
// a version, fields are only ever added. Layout 2 packs columns and words into
// byte strings, and a total's inputs into one text; in layout 3 an input leaves out
// what the one before says.
const (
	acceptedLayout = 2
	totalsLayout   = 3 // of releases too
)

// Versions that may come. A program that meets one during an upgrade stops and
// leaves the message as it is; anything else is damage.
const lastVersion = 31

// More elements than a message of the largest size can hold; the library's own
// limit of 131,072 is below the rows of one upload.
const maxElements = 64 << 20

var (
	// The same event is the same bytes, maps included.
	binaryEncoding = must(cbor.CoreDetEncOptions().UserBufferEncMode())
	binaryDecoding = must(cbor.DecOptions{MaxArrayElements: maxElements, MaxMapPairs: maxElements}.DecMode())
)

// must is for options that are constant.
func must[T any](mode T, err error) T {
	if err != nil {
		panic(err)
	}
	return mode
}

// encodeBinary writes a message of about so many bytes.
func encodeBinary(layout byte, size int, v any) ([]byte, error) {
	body := bytes.NewBuffer(append(make([]byte, 0, size), layout))
	if err := binaryEncoding.MarshalToBuffer(v, body); err != nil {
		return nil, fmt.Errorf("encode event: %w", err)
	}
	return body.Bytes(), nil
}

// decodeBinary reads a message of a layout up to the newest.
func decodeBinary(data []byte, newest byte, v any) error {
	if len(data) == 0 || data[0] == 0 || data[0] > lastVersion {
		return Permanentf("decode event: want layout version 1 to %d, got %.4x", newest, data)
	}
	if data[0] > newest {
		return &NewerLayout{Version: data[0], Newest: newest}
	}
	if err := binaryDecoding.Unmarshal(data[1:], v); err != nil {
		return Permanentf("decode event: %w", err)
	}
	return nil
}
