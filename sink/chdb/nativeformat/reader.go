package nativeformat

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// windowBytes is the size of the window of a Reader that has a source.
const windowBytes = 64 << 10

// Reader reads a byte stream through a window. What it skips can be copied to
// a writer in large pieces, so that rows travel without being decoded.
// A Reader without a source reads the bytes it was made from and no more.
// Its methods return io.EOF when the stream ends before the first byte wanted
// and io.ErrUnexpectedEOF when it ends later.
type Reader struct {
	src io.Reader
	dst io.Writer // receives what is skipped; nil when nothing is copied
	buf []byte

	mark, pos, end int // buf[mark:pos] is skipped but not yet copied, buf[pos:end] unread
}

// NewReader returns a Reader of src. It reads ahead by up to 64 KiB.
func NewReader(src io.Reader) *Reader { return &Reader{src: src, buf: make([]byte, windowBytes)} }

func newChunkReader(chunk []byte) *Reader { return &Reader{buf: chunk, end: len(chunk)} }

// copyTo makes dst receive what is skipped from now on; nil stops copying. The
// previous writer receives what was skipped before.
func (r *Reader) copyTo(dst io.Writer) error {
	err := r.flush()
	r.dst = dst
	return err
}

func (r *Reader) flush() error {
	skipped := r.buf[r.mark:r.pos]
	r.mark = r.pos
	if r.dst == nil || len(skipped) == 0 {
		return nil
	}
	_, err := r.dst.Write(skipped)
	return err
}

// Peek returns the next n bytes, at most 64 KiB, without moving over them.
// They are valid until the next call. A failed read loses no byte: Peek may be
// called again.
func (r *Reader) Peek(n int) ([]byte, error) {
	if err := r.need(n); err != nil {
		return nil, err
	}
	return r.buf[r.pos : r.pos+n], nil
}

// need makes n bytes, at most windowBytes, available from pos on.
func (r *Reader) need(n int) error {
	if r.end-r.pos >= n {
		return nil
	}
	if r.src == nil {
		return r.short(io.EOF)
	}
	if err := r.flush(); err != nil {
		return err
	}
	r.end = copy(r.buf, r.buf[r.pos:r.end])
	r.mark, r.pos = 0, 0
	for r.end < n {
		got, err := r.src.Read(r.buf[r.end:])
		r.end += got
		if err != nil && r.end < n {
			return r.short(err)
		}
	}
	return nil
}

func (r *Reader) short(err error) error {
	if errors.Is(err, io.EOF) && r.end > r.pos {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	if err := r.need(1); err != nil {
		return 0, err
	}
	n := copy(p, r.buf[r.pos:r.end])
	r.pos += n
	return n, nil
}

// Skip moves over n bytes.
func (r *Reader) Skip(n uint64) error {
	for n > 0 {
		if err := r.need(1); err != nil {
			return err
		}
		step := min(n, uint64(r.end-r.pos))
		r.pos += int(step)
		n -= step
	}
	return nil
}

// insert writes p after what was skipped before it and ahead of what follows.
func (r *Reader) insert(p []byte) error {
	if err := r.flush(); err != nil {
		return err
	}
	if r.dst == nil {
		return nil
	}
	_, err := r.dst.Write(p)
	return err
}

// withoutCopy calls read; what that skips is not copied.
func (r *Reader) withoutCopy(read func() error) error {
	dst := r.dst
	if err := r.copyTo(nil); err != nil {
		return err
	}
	err := read()
	r.mark, r.dst = r.pos, dst
	return err
}

// Byte reads one byte.
func (r *Reader) Byte() (byte, error) {
	if err := r.need(1); err != nil {
		return 0, err
	}
	b := r.buf[r.pos]
	r.pos++
	return b, nil
}

// Uint64 reads a number of 8 bytes, the lowest first.
func (r *Reader) Uint64() (uint64, error) {
	if err := r.need(8); err != nil {
		return 0, err
	}
	v := binary.LittleEndian.Uint64(r.buf[r.pos:])
	r.pos += 8
	return v, nil
}

var errVarint = errors.New("a variable-length number takes more than 10 bytes")

// Uvarint reads a number of variable length: 7 bits a byte, the lowest first.
func (r *Reader) Uvarint() (uint64, error) {
	var v uint64
	for shift := uint(0); shift < 70; shift += 7 {
		b, err := r.Byte()
		if err != nil {
			return 0, err
		}
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v, nil
		}
	}
	return 0, errVarint
}

// String reads a string, its length first, of at most limit bytes. Memory
// grows with what has arrived, not with what the length claims.
func (r *Reader) String(limit uint64) (string, error) {
	n, err := r.Uvarint()
	if err != nil {
		return "", err
	}
	if n > limit {
		return "", fmt.Errorf("a string of %d bytes where at most %d are taken", n, limit)
	}
	if n <= uint64(r.end-r.pos) {
		s := string(r.buf[r.pos : r.pos+int(n)])
		r.pos += int(n)
		return s, nil
	}
	var text []byte
	for n > 0 {
		if err := r.need(1); err != nil {
			return "", err
		}
		step := min(n, uint64(r.end-r.pos))
		text = append(text, r.buf[r.pos:r.pos+int(step)]...)
		r.pos += int(step)
		n -= step
	}
	return string(text), nil
}

// skipStrings moves over that many strings of any length.
func (r *Reader) skipStrings(rows uint64) error {
	for range rows {
		n, err := r.Uvarint()
		if err != nil {
			return err
		}
		if n <= uint64(r.end-r.pos) {
			r.pos += int(n)
			continue
		}
		if err := r.Skip(n); err != nil {
			return err
		}
	}
	return nil
}
