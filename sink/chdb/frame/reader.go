package frame

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/ch-go/proto"
	"github.com/go-faster/city"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/citytally/citytally/sink/chdb/exception"
)

const (
	checksumBytes = 16
	headBytes     = 9       // method and sizes
	maxBytes      = 1 << 30 // of a frame, packed or plain: ClickHouse's DBMS_MAX_COMPRESSED_SIZE
	keptBytes     = 4 << 20 // a larger buffer is given back after use

	methodNone byte = 0x02
	methodLZ4  byte = 0x82
	methodZSTD byte = 0x90
)

// Reader reads plain bytes from frames. A Read never takes bytes beyond the frame it needs, so whatever follows the last
// frame stays unread.
type Reader struct {
	src    io.Reader
	method byte // of the last frame
	packed bytes.Buffer
	plain  []byte
	rest   []byte // of plain, unread
	zstd   *zstd.Decoder
}

// NewReader returns a Reader of the frames in src. [Reader.Close] frees its decoder.
func NewReader(src io.Reader) *Reader { return &Reader{src: src} }

// Method is the method of the last frame; LZ4 before the first.
func (r *Reader) Method() compress.Method {
	switch r.method {
	case methodZSTD:
		return compress.ZSTD
	case methodNone:
		return compress.None
	default:
		return compress.LZ4
	}
}

// Read implements io.Reader. It returns io.EOF only when src ends between two frames, io.ErrUnexpectedEOF when it ends
// inside one.
func (r *Reader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// next reads and decompresses one frame.
func (r *Reader) next() error {
	var head [checksumBytes + headBytes]byte
	if _, err := io.ReadFull(r.src, head[:]); err != nil {
		return err
	}
	r.method = head[checksumBytes]
	size := binary.LittleEndian.Uint32(head[checksumBytes+1:])
	plain := binary.LittleEndian.Uint32(head[checksumBytes+5:])
	if size < headBytes || size > maxBytes || plain > maxBytes {
		return exception.Newf(proto.ErrTooLargeSizeCompressed, "A compressed frame of %d bytes for %d plain ones; at most %d are taken",
			size, plain, maxBytes)
	}
	r.packed.Reset()
	r.packed.Write(head[checksumBytes:])
	// CopyN grows the buffer with what arrives.
	if _, err := io.CopyN(&r.packed, r.src, int64(size-headBytes)); err != nil {
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	sum := city.CH128(r.packed.Bytes())
	if sum.Low != binary.LittleEndian.Uint64(head[:]) || sum.High != binary.LittleEndian.Uint64(head[8:]) {
		return exception.Newf(proto.ErrChecksumDoesntMatch, "Checksum doesn't match: corrupted data in a compressed frame")
	}
	if err := r.unpack(r.packed.Bytes()[headBytes:], int(plain)); err != nil {
		return exception.Newf(proto.ErrCannotDecompress, "Cannot decompress: %v", err)
	}
	r.rest = r.plain
	if r.packed.Cap() > keptBytes {
		r.packed = bytes.Buffer{}
	}
	return nil
}

// unpack decompresses into plain. Memory is taken only when the data can hold
// as many bytes as the frame says.
func (r *Reader) unpack(packed []byte, size int) (err error) {
	if cap(r.plain) > keptBytes && size <= keptBytes {
		r.plain = nil
	}
	n := 0
	switch r.method {
	case methodNone:
		r.plain = append(r.plain[:0], packed...)
		n = len(r.plain)
	case methodLZ4:
		if size > 255*len(packed)+64 {
			return errors.New("the plain size is beyond what LZ4 can pack")
		}
		r.plain = grown(r.plain, size)
		n, err = lz4.UncompressBlock(packed, r.plain)
	case methodZSTD:
		var head zstd.Header
		if err := head.Decode(packed); err == nil && head.HasFCS && head.FrameContentSize != uint64(size) {
			return fmt.Errorf("%d plain bytes where the frame says %d", head.FrameContentSize, size)
		}
		if r.zstd == nil {
			r.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
				zstd.WithDecoderMaxMemory(maxBytes))
			if err != nil {
				return err
			}
		}
		r.plain, err = r.zstd.DecodeAll(packed, r.plain[:0])
		n = len(r.plain)
	default:
		return fmt.Errorf("method 0x%02x is not LZ4, ZSTD or NONE", r.method)
	}
	if err != nil {
		return err
	}
	if n != size {
		return fmt.Errorf("%d plain bytes where the frame says %d", n, size)
	}
	return nil
}

func grown(p []byte, size int) []byte {
	if cap(p) < size {
		return make([]byte, size)
	}
	return p[:size]
}

// Close frees what the decoder holds.
func (r *Reader) Close() {
	if r.zstd != nil {
		r.zstd.Close()
	}
}
