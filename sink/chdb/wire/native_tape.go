package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// tapeBytes is the window of a tape that reads from a source, in bytes.
const tapeBytes = 64 << 10

// tape reads a byte stream through a window and copies what it passes to a
// writer, without looking at it twice. It is how rows travel: the walker of a
// column moves the tape on, and the bytes in between go out in large pieces.
// A tape without a source reads the bytes it was made from and no more.
type tape struct {
	src io.Reader
	dst io.Writer // nil: nothing is copied
	buf []byte

	mark, pos, end int // buf[mark:pos] is passed but not yet copied, buf[pos:end] unread
}

func newTape(src io.Reader) *tape { return &tape{src: src, buf: make([]byte, tapeBytes)} }

func newChunkTape(chunk []byte) *tape { return &tape{buf: chunk, end: len(chunk)} }

// copyTo sends all that is passed from now on to dst; nil stops copying.
// The writer set before receives what was passed until now.
func (t *tape) copyTo(dst io.Writer) error {
	err := t.flush()
	t.dst = dst
	return err
}

func (t *tape) flush() error {
	passed := t.buf[t.mark:t.pos]
	t.mark = t.pos
	if t.dst == nil || len(passed) == 0 {
		return nil
	}
	_, err := t.dst.Write(passed)
	return err
}

// empty says whether a tape without a source has been read to its end.
func (t *tape) empty() bool { return t.pos == t.end }

// need makes n bytes, at most tapeBytes, available from pos on. It returns
// io.EOF when the stream ends before the first of them, io.ErrUnexpectedEOF
// when it ends among them. A failed read loses no byte: need may be called
// again.
func (t *tape) need(n int) error {
	if t.end-t.pos >= n {
		return nil
	}
	if t.src == nil {
		return t.short(io.EOF)
	}
	if err := t.flush(); err != nil {
		return err
	}
	t.end = copy(t.buf, t.buf[t.pos:t.end])
	t.mark, t.pos = 0, 0
	for t.end < n {
		got, err := t.src.Read(t.buf[t.end:])
		t.end += got
		if err != nil && t.end < n {
			return t.short(err)
		}
	}
	return nil
}

func (t *tape) short(err error) error {
	if errors.Is(err, io.EOF) && t.end > t.pos {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Read gives the bytes themselves, for a reader that sits on the tape.
func (t *tape) Read(p []byte) (int, error) {
	if err := t.need(1); err != nil {
		return 0, err
	}
	n := copy(p, t.buf[t.pos:t.end])
	t.pos += n
	return n, nil
}

// pass moves n bytes on.
func (t *tape) pass(n uint64) error {
	for n > 0 {
		if err := t.need(1); err != nil {
			return err
		}
		step := min(n, uint64(t.end-t.pos))
		t.pos += int(step)
		n -= step
	}
	return nil
}

// put writes bytes of its own between what is passed before and after.
func (t *tape) put(p []byte) error {
	if err := t.flush(); err != nil {
		return err
	}
	if t.dst == nil {
		return nil
	}
	_, err := t.dst.Write(p)
	return err
}

// drop keeps what read passes from being copied.
func (t *tape) drop(read func() error) error {
	dst := t.dst
	if err := t.copyTo(nil); err != nil {
		return err
	}
	err := read()
	t.mark, t.dst = t.pos, dst
	return err
}

func (t *tape) byte() (byte, error) {
	if err := t.need(1); err != nil {
		return 0, err
	}
	b := t.buf[t.pos]
	t.pos++
	return b, nil
}

func (t *tape) uint64() (uint64, error) {
	if err := t.need(8); err != nil {
		return 0, err
	}
	v := binary.LittleEndian.Uint64(t.buf[t.pos:])
	t.pos += 8
	return v, nil
}

var errVarint = errors.New("a variable-length number takes more than 10 bytes")

func (t *tape) uvarint() (uint64, error) {
	var v uint64
	for shift := uint(0); shift < 70; shift += 7 {
		b, err := t.byte()
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

// string reads a string of at most limit bytes. Memory grows with what has
// arrived, not with what the length claims.
func (t *tape) string(limit uint64) (string, error) {
	n, err := t.uvarint()
	if err != nil {
		return "", err
	}
	if n > limit {
		return "", fmt.Errorf("a string of %d bytes where at most %d are taken", n, limit)
	}
	if n <= uint64(t.end-t.pos) {
		s := string(t.buf[t.pos : t.pos+int(n)])
		t.pos += int(n)
		return s, nil
	}
	var text []byte
	for n > 0 {
		if err := t.need(1); err != nil {
			return "", err
		}
		step := min(n, uint64(t.end-t.pos))
		text = append(text, t.buf[t.pos:t.pos+int(step)]...)
		t.pos += int(step)
		n -= step
	}
	return string(text), nil
}

// passStrings moves over rows strings of any length.
func (t *tape) passStrings(rows uint64) error {
	for range rows {
		n, err := t.uvarint()
		if err != nil {
			return err
		}
		if n <= uint64(t.end-t.pos) {
			t.pos += int(n)
			continue
		}
		if err := t.pass(n); err != nil {
			return err
		}
	}
	return nil
}
