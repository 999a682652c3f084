package event

import (
	"fmt"
	"regexp"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Release is a period's city totals frozen under a name: what RELEASES keeps for
// ever on releases.<name>, once for each name.
type Release struct {
	Name   string `cbor:"1,keyasint"`
	Period string `cbor:"2,keyasint"`
	Note   string `cbor:"3,keyasint,omitempty"`
	// CreatedAt is when it was made, in Unix milliseconds.
	CreatedAt int64 `cbor:"4,keyasint"`
	// Received is the time, in Unix milliseconds, up to which figures had to be received
	// to count; 0 is no bound. Basis is the highest sequence of ACCEPTED folded in.
	Received  int64  `cbor:"5,keyasint,omitempty"`
	Basis     uint64 `cbor:"6,keyasint"`
	Catalogue string `cbor:"7,keyasint"`
	// Totals are in the catalogue's order, with their inputs.
	Totals []Total `cbor:"8,keyasint"`
	// Absent are the indicators that were named as absent: nobody had reported anything for
	// them. They are all that should have had a total and have none.
	Absent []string `cbor:"9,keyasint,omitempty"`
	// Person is who made it; releases of earlier versions do not say.
	Person Person `cbor:"31,keyasint,omitzero"`
}

// Created returns when the release was made.
func (r *Release) Created() time.Time { return time.UnixMilli(r.CreatedAt).UTC() }

// AsOf returns the time up to which figures had to be received to count; the zero time is
// no bound.
func (r *Release) AsOf() time.Time {
	if r.Received == 0 {
		return time.Time{}
	}
	return time.UnixMilli(r.Received).UTC()
}

// A release's name is a subject token; it may have letters of any script.
var releaseName = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}_-]{0,63}$`)

// CheckReleaseName returns why a release cannot have the name, or nil.
func CheckReleaseName(name string) error {
	if !releaseName.MatchString(name) {
		return fmt.Errorf("release name %q: want 1 to 64 letters, digits, - and _, with a letter or digit first", name)
	}
	return nil
}

// maxUnpackedRelease bounds a release after decompression, in bytes: far more than the
// totals of a period take, and less than would let a damaged message exhaust the memory.
const maxUnpackedRelease = 1 << 30

// EncodeRelease returns the message body: a version byte and CBOR, both compressed with
// Zstandard (RFC 8878), because inputs repeat many words.
func EncodeRelease(r *Release) ([]byte, error) {
	body, err := encodeBinary(totalsLayout, sizeOf(r.Totals), r)
	if err != nil {
		return nil, err
	}
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("compress release: %w", err)
	}
	defer w.Close()
	return w.EncodeAll(body, nil), nil
}

// DecodeRelease reads a message body.
func DecodeRelease(data []byte) (*Release, error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxUnpackedRelease))
	if err != nil {
		return nil, fmt.Errorf("decompress release: %w", err)
	}
	defer z.Close()
	body, err := z.DecodeAll(data, nil)
	if err != nil {
		return nil, Permanentf("decompress release: %w", err)
	}
	r := &Release{}
	if err := decodeBinary(body, totalsLayout, r); err != nil {
		return nil, err
	}
	return r, nil
}
