package event

import (
	"bytes"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// The layout versions in which binary messages are written; earlier ones are read for
// ever. A version may gain a field that is left out where it is empty (omitempty) and that
// an earlier program may ignore; any other change is a new version. Layout 2 packs columns and words into
// byte strings, and the inputs of a total into one text. In layout 3 of totals an input
// leaves out the indicator and the stage where they are those of the input before it; in
// that of accepted rows figures are withdrawn, and one id may come more than once. Layout 4
// of accepted rows is for a catalogue put in force, which no program may pass over, and layout
// 5 for rows that list entities, which are no figures; layout 6 is for figures that are held,
// and what is decided about them; layout 7 is for rules put in force, by which every program
// has to judge; layout 8 is for what the bureau sends on an area's behalf, and layout 9 for rows of
// lists that are held, which are no figures.
const (
	rowsLayout      = 3 // of accepted rows and of the decisions about them
	catalogueLayout = 4
	listsLayout     = 5
	holdsLayout     = 6
	rulesLayout     = 7
	behalfLayout    = 8
	acceptedLayout  = 9
	totalsLayout    = 3 // of totals and of releases
)

// maxLayoutVersion is the highest version that a later program may write. A program that
// meets a version newer than its own stops and leaves the message as it is; a version
// above this one is damage.
const maxLayoutVersion = 31

// maxElements is more than the largest message can hold. The library's own limit of
// 131,072 is less than the rows of one upload.
const maxElements = 64 << 20

var (
	// The same event is always encoded to the same bytes, with maps in order.
	binaryEncoding = must(cbor.CoreDetEncOptions().UserBufferEncMode())
	binaryDecoding = must(cbor.DecOptions{MaxArrayElements: maxElements, MaxMapPairs: maxElements}.DecMode())
)

// must returns the mode of constant options, which cannot be wrong.
func must[T any](mode T, err error) T {
	if err != nil {
		panic(err)
	}
	return mode
}

// encodeBinary returns a message body; size is an estimate of its length in bytes.
func encodeBinary(layout byte, size int, v any) ([]byte, error) {
	body := bytes.NewBuffer(append(make([]byte, 0, size), layout))
	if err := binaryEncoding.MarshalToBuffer(v, body); err != nil {
		return nil, fmt.Errorf("encode event: %w", err)
	}
	return body.Bytes(), nil
}

// decodeBinary reads a message body of any layout up to the newest.
func decodeBinary(data []byte, newest byte, v any) error {
	if len(data) == 0 || data[0] == 0 || data[0] > maxLayoutVersion {
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
